from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sferic.audio import SAMPLE_RATE
from sferic.speech.segmenter import (
    LONGEST_PIECE,
    POST_ROLL,
    PRE_ROLL,
    WARM_UP,
    Piece,
    SegmentEnded,
    Segmenter,
    SpeechEnded,
    SpeechEvent,
    SpeechStarted,
)
from sferic.speech.vad import FRAME

MS = SAMPLE_RATE // 1000


def segmenter(
    *, threshold: float = 0.5, min_speech_ms: int = 100, silence_ms: int = 600
) -> Segmenter:
    return Segmenter(
        threshold=threshold, min_speech=min_speech_ms * MS, endpoint_silence=silence_ms * MS
    )


def frames(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE / FRAME)


def fed(segmenter: Segmenter, probability: float, count: int) -> list[SpeechEvent]:
    return [event for _ in range(count) for event in segmenter.feed(probability)]


def pieces(events: list[SpeechEvent]) -> list[Piece]:
    return [event for event in events if isinstance(event, Piece)]


def frames_until_the_end(silence_ms: int, *, speech: int = 40) -> int:
    following = segmenter(silence_ms=silence_ms)
    fed(following, 1, speech)
    for count in range(1, 1000):
        if SegmentEnded() in following.feed(0):
            return count
    raise AssertionError


class Followed:
    """A segmenter with what it said, and everything that holds at any time checked."""

    def __init__(self, inner: Segmenter) -> None:
        self.inner = inner
        self.events: list[SpeechEvent] = []
        self.time = 0
        self.needed = 0

    def feed(self, probability: float) -> None:
        self.time += FRAME
        self._take(self.inner.feed(probability))

    def flush(self, *, more: int) -> None:
        self._take(self.inner.flush(self.time + more))
        assert self.inner.piece_start is None
        assert not self.inner.segment_open
        assert self.inner.flush(self.time + more) == []

    def split(self) -> None:
        opened = self.inner.piece_start is not None
        events = self.inner.split()
        assert [type(event) for event in events] == [Piece] * opened
        self._take(events)

    def _take(self, events: list[SpeechEvent]) -> None:
        for piece in pieces(events):
            assert piece.start >= self.needed, "it needs what it has said that it does not"
        self.events += events
        needed = self.inner.needed_from
        assert needed >= self.needed
        self.needed = needed
        assert self.inner.piece_start is None or self.inner.segment_open

    @property
    def pieces(self) -> list[Piece]:
        return pieces(self.events)

    def spans(self) -> list[tuple[int, int]]:
        turns = [event for event in self.events if isinstance(event, SpeechStarted | SpeechEnded)]
        assert [type(turn) for turn in turns] == [SpeechStarted, SpeechEnded] * (len(turns) // 2)
        return [
            (started.at, ended.at) for started, ended in zip(turns[::2], turns[1::2], strict=True)
        ]


PROBABILITY = st.sampled_from([0.0, 0.02, 0.2, 0.36, 0.45, 0.5, 0.9, 1.0]) | st.floats(0, 1)
RUN = st.tuples(PROBABILITY, st.integers(1, 12) | st.integers(1, 900))
INTERRUPTION = st.sampled_from([("flush", 0), ("flush", 1), ("flush", 511), ("split", 0)])
STREAM = st.lists(RUN | INTERRUPTION, max_size=25)
PARAMETERS = {
    "threshold": st.sampled_from([0.02, 0.1, 0.5, 0.9]),
    "min_speech_ms": st.sampled_from([0, 32, 100, 1000, 10_000]),
    "silence_ms": st.sampled_from([100, 300, 420, 600, 800, 3000, 10_000]),
}


@settings(max_examples=300, deadline=None)
@given(stream=STREAM, **PARAMETERS)
@example(
    stream=[(0.9, 5), ("flush", 500), (0.9, 5)],
    threshold=0.5,
    min_speech_ms=32,
    silence_ms=600,
)
@example(
    stream=[(0.9, 1), (0.4, 900), (0.9, 9)],
    threshold=0.5,
    min_speech_ms=100,
    silence_ms=600,
)
def test_whatever_is_heard_and_whenever_it_is_interrupted(
    stream: list[tuple[float | str, int]], threshold: float, min_speech_ms: int, silence_ms: int
) -> None:
    following = Followed(
        segmenter(threshold=threshold, min_speech_ms=min_speech_ms, silence_ms=silence_ms)
    )
    for what, count in stream:
        match what:
            case "flush":
                following.flush(more=count)
            case "split":
                following.split()
            case _:
                for _ in range(count):
                    following.feed(float(what))
    following.flush(more=0)
    assert_ordered(following.pieces)
    spans = following.spans()
    times = [time for span in spans for time in span]
    assert times == sorted(times)
    for start, end in spans:
        assert_covered(start, end, following.pieces)
    assert_each_segment_ends_once(following.events)


def assert_ordered(pieces: list[Piece]) -> None:
    for piece in pieces:
        assert piece.start <= piece.end
        assert piece.end - piece.start <= LONGEST_PIECE + FRAME
        assert 0 <= piece.voice_end <= piece.end
    for before, after in pairwise(pieces):
        assert before.end <= after.start


def assert_covered(start: int, end: int, pieces: list[Piece]) -> None:
    for piece in pieces:
        if piece.start <= start < piece.end:
            start = piece.end
    assert start >= end, "speech that is in no piece"


def assert_each_segment_ends_once(events: list[SpeechEvent]) -> None:
    open_pieces = 0
    for event in events:
        if isinstance(event, Piece):
            open_pieces += 1
        elif isinstance(event, SegmentEnded):
            assert open_pieces, "a segment without a piece"
            open_pieces = 0
    assert not open_pieces, "a segment that did not end"


def test_a_turn_from_its_first_sound_to_the_silence_that_ends_it() -> None:
    following = segmenter()
    events = [*fed(following, 0, 50), *fed(following, 1, 40), *fed(following, 0, 40)]
    start, end = 50 * FRAME, 90 * FRAME
    assert events == [
        SpeechStarted(start),
        SpeechEnded(end),
        Piece(start - PRE_ROLL, end + POST_ROLL, voice_end=end),
        SegmentEnded(),
    ]


def test_a_piece_has_what_comes_before_and_after_only_as_far_as_it_was_heard() -> None:
    following = segmenter(silence_ms=100)
    fed(following, 0, 3)
    events = [*fed(following, 1, 40), *fed(following, 0, 10)]
    assert pieces(events) == [Piece(0, 47 * FRAME, voice_end=43 * FRAME)]


def test_the_first_word_of_a_stream_is_taken_from_its_first_sample_on() -> None:
    following = segmenter()
    before = WARM_UP // FRAME - 1
    assert fed(following, 0, before) == []
    assert following.needed_from == 0
    events = [*fed(following, 1, 40), *fed(following, 0, 40)]
    assert [piece.start for piece in pieces(events)] == [0]


def test_two_pieces_share_no_audio() -> None:
    following = segmenter(silence_ms=100)
    once = [*fed(following, 1, 20), *fed(following, 0, 4)]
    again = [*fed(following, 1, 20), *fed(following, 0, 4)]
    assert pieces(again)[0].start == pieces(once)[0].end == 24 * FRAME


@pytest.mark.parametrize("silence_ms", [100, 300, 600, 800, 2500])
def test_a_segment_ends_with_the_first_frame_that_completes_its_silence(silence_ms: int) -> None:
    assert frames_until_the_end(silence_ms) == -(-silence_ms * MS // FRAME)


@settings(max_examples=30)
@given(silence_ms=st.integers(100, 2000), pause_share=st.floats(0, 0.99))
def test_a_shorter_pause_does_not_end_a_segment(silence_ms: int, pause_share: float) -> None:
    following = segmenter(silence_ms=silence_ms)
    pause = int(pause_share * (-(-silence_ms * MS // FRAME) - 1))
    events = [*fed(following, 1, 20), *fed(following, 0, pause), *fed(following, 1, 20)]
    assert not [event for event in events if isinstance(event, Piece | SegmentEnded)]


@pytest.mark.parametrize("min_speech_ms", [0, 32, 100, 250, 1000])
def test_speech_begins_with_the_frame_that_completes_the_shortest_speech(
    min_speech_ms: int,
) -> None:
    enough = max(-(-min_speech_ms * MS // FRAME), 1)
    following = segmenter(min_speech_ms=min_speech_ms)
    assert fed(following, 1, enough - 1) == []
    assert fed(following, 1, 1) == [SpeechStarted(0)]


def test_a_click_is_no_speech() -> None:
    following = segmenter(min_speech_ms=100)
    events = [*fed(following, 1, 3), *fed(following, 0, 100)]
    assert events == []
    assert following.flush(103 * FRAME) == []


def test_many_clicks_are_no_speech() -> None:
    following = segmenter(min_speech_ms=100)
    assert [event for _ in range(50) for event in fed(following, 1, 1) + fed(following, 0, 3)] == []


def test_rare_clicks_in_a_murmur_are_no_speech_and_need_no_audio() -> None:
    following = segmenter(min_speech_ms=100)
    for _ in range(50):
        assert fed(following, 1, 1) + fed(following, 0.4, 20) == []
    assert following.needed_from >= 50 * 21 * FRAME - SAMPLE_RATE


def test_a_click_in_a_pause_does_not_prolong_it() -> None:
    following = segmenter(silence_ms=800)
    fed(following, 1, 20)
    events = [*fed(following, 0, 15), *fed(following, 1, 2), *fed(following, 0, 8)]
    assert SegmentEnded() in events


def test_speech_goes_on_at_a_lower_probability_than_it_begins() -> None:
    following = segmenter(threshold=0.5)
    assert fed(following, 0.45, 30) == []
    fed(following, 0.5, 10)
    assert fed(following, 0.45, 60) == []
    assert SegmentEnded() in fed(following, 0.3, 30)


def test_a_pause_is_told_though_the_segment_goes_on() -> None:
    following = segmenter(silence_ms=800)
    events = [*fed(following, 1, 20), *fed(following, 0, 15), *fed(following, 1, 20)]
    assert events == [SpeechStarted(0), SpeechEnded(20 * FRAME), SpeechStarted(35 * FRAME)]
    assert following.segment_open


def test_the_longer_a_piece_the_shorter_the_pause_that_ends_it() -> None:
    pauses = []
    for seconds in (2.0, 11.0, 14.0, 18.0, 21.0):
        following = segmenter(silence_ms=800)
        fed(following, 1, frames(seconds))
        for count in range(1, 100):
            if pieces(following.feed(0)):
                pauses.append(count)
                break
    assert pauses[0] == pauses[1] == -(-800 * MS // FRAME)
    assert pauses[1] > pauses[2] > pauses[3] > pauses[4] >= -(-100 * MS // FRAME)


def test_the_segment_of_a_piece_that_ended_early_lasts_until_its_own_silence() -> None:
    following = segmenter(silence_ms=800)
    fed(following, 1, frames(20))
    paused = fed(following, 0, 20)
    assert [piece.ending for piece in pieces(paused)] == ["pause"]
    assert following.segment_open
    assert SegmentEnded() in fed(following, 0, 6)


def test_speech_after_such_a_pause_is_the_next_piece_of_the_same_segment() -> None:
    following = segmenter(silence_ms=800)
    fed(following, 1, frames(20))
    [first] = pieces(fed(following, 0, 12))
    assert SegmentEnded() not in fed(following, 1, 20)
    [second] = pieces(following.flush(frames(20) * FRAME + 32 * FRAME))
    assert second.start == first.end


def test_speech_without_a_pause_is_torn_where_it_gets_too_long() -> None:
    following = segmenter()
    torn = pieces(fed(following, 1, frames(50)))
    assert [piece.ending for piece in torn] == ["length", "length"]
    assert all(piece.torn for piece in torn)
    assert torn[1].start == torn[0].end


def test_a_split_closes_the_piece_and_opens_the_next() -> None:
    following = segmenter()
    assert following.split() == []
    fed(following, 1, 20)
    assert following.split() == [Piece(0, 20 * FRAME, "split", voice_end=20 * FRAME)]
    assert following.piece_start == 20 * FRAME
    assert following.segment_open


def test_a_flush_in_mid_speech_ends_it_there() -> None:
    following = segmenter()
    fed(following, 1, 20)
    now = 20 * FRAME + 300
    assert following.flush(now) == [
        SpeechEnded(now),
        Piece(0, now, voice_end=now),
        SegmentEnded(),
    ]


def test_a_flush_in_a_pause_ends_speech_where_it_ended() -> None:
    following = segmenter()
    fed(following, 1, 20)
    fed(following, 0, 5)
    end = 20 * FRAME
    assert following.flush(25 * FRAME) == [
        SpeechEnded(end),
        Piece(0, 25 * FRAME, voice_end=end),
        SegmentEnded(),
    ]


def test_a_click_after_speech_does_not_move_where_its_voice_ended() -> None:
    following = segmenter(silence_ms=600)
    fed(following, 1, 20)
    events = [*fed(following, 0, 12), *fed(following, 1, 2), *fed(following, 0, 30)]
    assert following.voice_end == 20 * FRAME
    assert [piece.voice_end for piece in pieces(events)] == [20 * FRAME]


def test_speech_that_goes_on_moves_where_the_voice_ends() -> None:
    following = segmenter(silence_ms=600)
    for count in (20, 40):
        fed(following, 1, 10)
        assert following.voice_end == (count - 10) * FRAME
        fed(following, 0, 10)
    [piece] = pieces(following.flush(40 * FRAME))
    assert piece.voice_end == 30 * FRAME


def test_speech_that_has_only_just_begun_is_not_lost_in_a_flush() -> None:
    following = segmenter(min_speech_ms=100)
    fed(following, 1, 2)
    assert SpeechStarted(0) in following.flush(2 * FRAME)


def test_after_a_flush_in_mid_frame_time_does_not_go_back() -> None:
    following = segmenter(min_speech_ms=0)
    fed(following, 1, 5)
    following.flush(5 * FRAME + 500)
    assert fed(following, 1, 1) == [SpeechStarted(5 * FRAME + 500)]


def test_a_voice_in_the_last_moment_of_a_pause_is_not_taken_for_silence() -> None:
    following = segmenter(silence_ms=600, min_speech_ms=1000)
    fed(following, 1, 40)
    events = [*fed(following, 0, 12), *fed(following, 1, 40)]
    assert events == [SpeechEnded(40 * FRAME), SpeechStarted(52 * FRAME)]


def test_a_click_in_the_last_moment_of_a_pause_ends_the_segment_after_all() -> None:
    following = segmenter(silence_ms=600)
    fed(following, 1, 40)
    assert SegmentEnded() not in [*fed(following, 0, 17), *fed(following, 1, 3)]
    assert SegmentEnded() in following.feed(0)


def test_spoken_counts_the_speech_of_the_open_piece() -> None:
    following = segmenter()
    fed(following, 1, 15)
    assert following.spoken == 15 * FRAME
    fed(following, 0, 40)
    fed(following, 1, 10)
    assert following.spoken == 10 * FRAME


def test_speech_within_a_stretch_is_what_touches_it() -> None:
    following = segmenter()
    for _ in range(3):
        fed(following, 1, 10)
        fed(following, 0, 30)
    fed(following, 1, 10)
    spans = [(start * FRAME, (start + 10) * FRAME) for start in (0, 40, 80, 120)]
    assert following.speech_within(0, 130 * FRAME) == spans
    assert following.speech_within(10 * FRAME, 41 * FRAME) == spans[1:2]
    assert following.speech_within(50 * FRAME, 80 * FRAME) == []
