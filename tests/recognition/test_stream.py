"""Pieces of one stream in turn, with an engine whose every word is known."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from functools import partial

import pytest
import pytest_asyncio

from engines import GERMAN, FakeEngine, Samples, fake_recognizer, names, say, silence, texts
from sferic.audio import SAMPLE_RATE
from sferic.recognition.claim import Rank
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.recognizer import Recognizer
from sferic.recognition.stream import StreamRecognition
from sferic.speech.segmenter import Ending, Piece, Segmenter, SpeechEvent
from sferic.speech.timeline import Timeline
from sferic.speech.vad import FRAME

S = SAMPLE_RATE
PATIENCE_S = 20

HUSH = silence(0.3)
"""Not yet the end of a segment."""
END = silence(0.7)


class Stream:
    """A stream that hears what a test says; the pieces are cut by the test, or by the silence."""

    def __init__(self, recognizer: Recognizer, *parts: Samples, languages: Sequence[str] = ("en",)):
        self.timeline = Timeline()
        self.segmenter = Segmenter(threshold=0.5, min_speech=1600, endpoint_silence=9600)
        self._activity = recognizer.voice_activity.stream()
        self.hear(*parts)
        assert isinstance(recognizer.engine, FakeEngine)
        self.recognition = StreamRecognition(
            recognizer,
            recognizer.engine,
            languages,
            timeline=self.timeline,
            segmenter=self.segmenter,
        )

    def hear(self, *parts: Samples) -> list[Piece]:
        """Hear some more; return the pieces that are complete."""
        pieces = []
        for part in parts:
            self.timeline.append(part)
            for probability in self._activity.feed(part):
                pieces += _pieces(self.segmenter.feed(probability))
        return pieces

    async def draft(self) -> Hypothesis:
        return await self.recognition.draft(since=0.0)

    async def decide_early(self) -> Hypothesis:
        return await self.recognition.decide_early(since=0.0)

    async def final(self, start: float, end: float, ending: Ending = "silence") -> list[str]:
        return texts(await self.words(start, end, ending))

    async def words(self, start: float, end: float, ending: Ending = "silence") -> tuple[Word, ...]:
        piece = Piece(round(start * S), round(end * S), ending)
        return (await self.recognition.final(piece)).words


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest_asyncio.fixture
async def recognizer(engine: FakeEngine) -> AsyncIterator[Recognizer]:
    recognizer = fake_recognizer(engine)
    yield recognizer
    assert recognizer.waiting == 0
    engine.running.set()
    await asyncio.to_thread(recognizer.close)


async def test_a_piece_is_its_words_at_their_times(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, silence(1), say(1, 2), silence(1))
    [one, two] = await stream.words(0.7, 2.4)
    assert (one.text, one.start, one.end) == ("w1", 1 * S, round(1.4 * S))
    assert (two.text, two.start, two.end) == ("w2", round(1.5 * S), round(1.9 * S))


async def test_a_piece_without_words_is_empty(recognizer: Recognizer) -> None:
    assert await Stream(recognizer, silence(3)).final(0, 2) == []


# Torn pieces


async def test_of_torn_speech_no_word_is_lost_or_doubled(recognizer: Recognizer) -> None:
    numbers = range(100)
    stream = Stream(recognizer, say(*numbers, gap=0))
    heard = []
    for start, end in ((0.0, 9.1), (9.1, 20.3), (20.3, 31.15)):
        heard += await stream.final(start, end, "length")
    heard += await stream.final(31.15, 40)
    assert heard == names(*numbers)


async def test_words_after_the_cut_keep_their_times(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, say(*range(50), gap=0))
    spoken = [*await stream.words(0, 9.1, "length"), *await stream.words(9.1, 20)]
    assert [word.start for word in spoken] == [number * 6400 for number in range(50)]


async def test_a_cut_is_made_in_a_pause_where_there_is_one(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, say(*range(20), gap=0), silence(0.2), say(*range(20, 30), gap=0))
    assert await stream.final(0, 11, "length") == names(*range(20))
    stream.timeline.forget(round(8.1 * S))
    assert await stream.final(11, 12.2) == names(*range(20, 30))


async def test_a_torn_piece_with_one_long_word_is_left_to_the_next(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, silence(5), say(1, length=3 * S, gap=0), silence(2))
    assert await stream.final(4.7, 6.8, "length") == []
    assert await stream.final(6.8, 8.4) == names(1)


async def test_a_torn_piece_without_words_leaves_nothing(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, silence(10), say(1))
    assert await stream.final(0, 10, "length") == []
    assert await stream.final(10, 10.5) == names(1)


async def test_what_the_next_piece_takes_up_again_is_still_needed(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, say(*range(50), gap=0))
    await stream.final(0, 15, "length")
    stream.timeline.forget(stream.recognition.needed_from(15 * S))
    assert await stream.final(15, 20) == names(*range(36, 50))


# Speech that no word accounts for


async def test_a_beginning_that_the_decoder_left_out_is_decoded_alone(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(*range(12)), silence(1))
    engine.overlooks = set(names(*range(1, 8)))
    assert await stream.final(0, 6.5) == names(*range(12))
    first, alone = engine.calls
    assert (first.start, first.end) == (0, round(6.5 * S))
    assert (alone.start, alone.end) == (0, 4 * S)


async def test_a_beginning_that_the_decoder_is_not_sure_of_stays_left_out(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(*range(12)), silence(1))
    engine.overlooks = engine.unsure = set(names(*range(8)))
    assert await stream.final(0, 6.5) == names(*range(8, 12))


async def test_a_word_or_two_left_out_are_not_worth_another_decoding(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(*range(12)), silence(1))
    engine.overlooks = set(names(4, 5))
    await stream.final(0, 6.5)
    assert len(engine.calls) == 1


# A piece that follows another closely


async def test_a_piece_that_follows_closely_is_decoded_with_the_one_before(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2), silence(1), say(3, 4), silence(1))
    assert await stream.final(0, 1.4) == names(1, 2)
    assert await stream.final(1.7, 3.4) == names(3, 4)
    assert engine.calls[-1].start == 0
    assert texts(engine.calls[-1].prefix) == names(1, 2)


async def test_the_sentence_before_is_left_open(recognizer: Recognizer, engine: FakeEngine) -> None:
    engine.closes = True
    stream = Stream(recognizer, say(1, 2), silence(1), say(3, 4), silence(1))
    assert await stream.final(0, 1.4) == ["w1", "w2."]
    assert await stream.final(1.7, 3.4) == ["w3", "w4."]
    assert texts(engine.calls[-1].prefix) == ["w1", "w2"]


async def test_a_piece_long_after_the_one_before_is_decoded_alone(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2), silence(4), say(3, 4), silence(1))
    await stream.final(0, 1.4)
    assert await stream.final(4.7, 6.4) == names(3, 4)
    assert engine.calls[-1].prefix == ()


async def test_two_long_pieces_are_not_decoded_together(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(*range(20)), silence(1), say(*range(20, 40)))
    await stream.final(0, 10.4)
    assert await stream.final(10.7, 21) == names(*range(20, 40))
    assert engine.calls[-1].prefix == ()


async def test_languages_are_told_apart_piece_by_piece(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    parts = say(1, 2), silence(1), say(GERMAN), silence(1)
    stream = Stream(recognizer, *parts, languages=("en", "de"))
    first = await stream.recognition.final(Piece(0, round(1.4 * S)))
    second = await stream.recognition.final(Piece(round(1.7 * S), 3 * S))
    assert (first.language, second.language) == ("en", "de")
    assert engine.calls[-1].prefix == ()


async def test_a_decoder_that_does_not_hold_on_to_the_words_before_starts_afresh(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2), silence(1), say(3, 4), silence(1))
    await stream.final(0, 1.4)
    engine.holds_on = False
    stream.timeline._samples[: S // 2] = 0  # the first word is not heard again
    assert await stream.final(1.7, 3.4) == names(3, 4)
    assert [call.prefix != () for call in engine.calls] == [False, True, False]
    assert engine.calls[-1].start == round(1.7 * S)


async def test_a_decoder_that_says_the_words_before_again_starts_afresh(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2, 3), silence(1), say(4, 5), silence(1))
    await stream.final(0, 1.9)
    engine.recites = True
    assert await stream.final(2.2, 3.9) == names(4, 5)
    assert [call.prefix != () for call in engine.calls] == [False, True, False]


async def test_context_whose_audio_is_gone_is_not_used(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2), silence(1), say(3, 4), silence(1))
    await stream.final(0, 1.4)
    stream.timeline.forget(S)
    spoken = await stream.words(1.7, 3.4)
    assert [(word.text, word.start) for word in spoken] == [("w3", 2 * S), ("w4", 5 * S // 2)]


async def test_audio_is_needed_while_it_may_be_context(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, say(1, 2), silence(9))
    assert stream.recognition.needed_from(0) == 0
    await stream.final(0, 1.4)
    assert stream.recognition.needed_from(2 * S) == 0
    assert stream.recognition.needed_from(9 * S) == 9 * S


async def test_context_of_what_was_cut_off_is_needed_too(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(*range(5), gap=0), silence(0.2), say(5, length=4 * S, gap=0))
    assert await stream.final(0, 5, "split") == names(*range(5))
    stream.timeline.forget(stream.recognition.needed_from(5 * S))
    assert await stream.final(5, 6.2) == names(5)
    assert engine.calls[-1].start == 0


async def test_audio_is_needed_while_it_is_decoded(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2), silence(1), say(3, 4), silence(1))
    await stream.final(0, 1.4)
    needed: list[int] = []
    transcribe = engine.transcribe

    def noting(*arguments: object, **options: object) -> object:
        needed.append(stream.recognition.needed_from(99 * S))
        return transcribe(*arguments, **options)  # type: ignore[arg-type]

    engine.transcribe = noting  # type: ignore[assignment,method-assign]
    await stream.final(1.7, 3.4)
    assert needed == [0]


# Drafts


async def test_a_draft_is_the_open_piece_so_far(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, silence(1), say(1, 2, 3, gap=0))
    assert texts((await stream.draft()).words) == names(1, 2, 3)


async def test_without_an_open_piece_there_is_no_draft(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    assert (await Stream(recognizer, silence(3)).draft()).words == ()
    assert engine.calls == []


async def test_a_draft_goes_on_from_settled_words(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2, 3))
    for _ in range(3):
        await stream.draft()
    assert [texts(call.prefix) for call in engine.calls] == [[], [], names(1, 2)]
    assert all(call.draft for call in engine.calls)


async def test_a_draft_of_long_speech_has_all_its_words_and_little_audio(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    numbers = range(30)
    stream = Stream(recognizer)
    for number in numbers:
        stream.hear(say(number))
        heard = texts((await stream.draft()).words)
        assert heard == names(*range(number + 1))
    lengths = [call.end - call.start for call in engine.calls]
    assert max(lengths) < 9 * S


async def test_a_draft_after_a_tear_takes_up_what_was_cut_off(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, say(*range(10), gap=0))
    [torn] = stream.segmenter.split()
    assert isinstance(torn, Piece)
    first = await stream.recognition.final(torn)
    rest = await stream.draft()
    assert [*texts(first.words), *texts(rest.words)] == names(*range(10))
    assert torn.end % FRAME == 0


async def test_a_draft_that_had_to_wait_covers_what_was_said_meanwhile(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    occupying = await occupied(recognizer, engine)
    stream = Stream(recognizer, say(1, 2, gap=0))
    drafting = asyncio.create_task(stream.draft())
    await until_waiting(recognizer, 1)
    stream.hear(say(3, 4, gap=0))
    engine.running.set()
    assert texts((await drafting).words) == names(1, 2, 3, 4)
    await occupying


async def test_a_draft_is_told_what_the_one_before_heard(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2, 3))
    for _ in range(3):
        await stream.draft()
    assert [texts(call.guess) for call in engine.calls] == [[], names(1, 2, 3), names(3)]


async def test_a_final_is_told_what_drafts_heard_and_how_much_of_it_is_settled(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2, 3))
    for _ in range(2):
        await stream.draft()
    [piece] = stream.hear(say(4), END)
    assert texts((await stream.recognition.final(piece)).words) == names(1, 2, 3, 4)
    final = engine.calls[-1]
    assert (texts(final.guess), final.trusted, final.prefix) == (names(1, 2, 3), 2, ())


async def test_the_guess_for_a_final_has_also_what_long_drafts_leave_out(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer)
    for number in range(20):
        stream.hear(say(number))
        await stream.draft()
    assert engine.calls[-1].context
    [piece] = stream.hear(END)
    await stream.recognition.final(piece)
    assert texts(engine.calls[-1].guess) == names(*range(20))
    assert engine.calls[-1].trusted >= 15


async def test_drafts_of_one_piece_are_no_guess_for_another(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2, 3))
    for _ in range(2):
        await stream.draft()
    [first] = stream.hear(END)
    await stream.recognition.final(first)
    [second] = stream.hear(say(4), END)
    await stream.recognition.final(second)
    assert (engine.calls[-1].guess, engine.calls[-1].trusted) == ((), 0)


# A decoder that stops before the speech does


async def test_a_final_is_decoded_on_where_the_decoder_stopped(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.stops_after = 5
    stream = Stream(recognizer, say(*range(15), gap=0))
    [piece] = stream.hear(END)
    spoken = (await stream.recognition.final(piece)).words
    assert texts(spoken) == names(*range(15))
    assert [word.start for word in spoken] == [number * 6400 for number in range(15)]
    assert [call.start for call in engine.calls] == [0, 5 * 6400, 10 * 6400]


async def test_a_piece_is_decoded_on_a_few_times_at_most(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.stops_after = 2
    stream = Stream(recognizer, say(*range(40), gap=0))
    assert await stream.final(0, 16) == names(*range(8))
    assert len(engine.calls) == 4


async def test_what_is_heard_further_on_is_not_believed_if_it_is_not_sure(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.stops_after = 5
    engine.unsure = {*names(*range(5, 10))}
    stream = Stream(recognizer, say(*range(15), gap=0))
    assert await stream.final(0, 6) == names(*range(5))
    assert len(engine.calls) == 2


async def test_a_piece_without_any_word_is_not_decoded_on(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.changes_its_mind = True
    stream = Stream(recognizer, say(*range(15), gap=0))
    assert await stream.final(0, 6) == []
    assert len(engine.calls) == 1


async def test_a_word_or_two_at_the_end_are_no_reason_to_decode_on(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.stops_after = 5
    stream = Stream(recognizer, say(*range(7), gap=0))
    assert await stream.final(0, 2.8) == names(*range(5))
    assert len(engine.calls) == 1


async def test_a_draft_goes_on_where_the_decoder_stopped(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.stops_after = 5
    stream = Stream(recognizer, say(*range(15), gap=0))
    drafts = [texts((await stream.draft()).words) for _ in range(3)]
    assert drafts == [names(*range(count)) for count in (5, 10, 15)]
    assert [call.start for call in engine.calls] == [0, 5 * 6400, 10 * 6400]
    assert texts(engine.calls[-1].context) == names(*range(10))


# Who goes away


@pytest.mark.parametrize("draft", [False, True])
async def test_the_engine_hears_that_nobody_waits_any_more(
    recognizer: Recognizer, engine: FakeEngine, draft: bool
) -> None:
    engine.running.clear()
    stream = Stream(recognizer, say(1, 2))
    waiting = asyncio.create_task(stream.draft() if draft else stream.words(0, 1))
    await engine.called(1)
    [call] = engine.calls
    assert call.claim.wanted()
    assert call.claim.rank is (Rank.PARTIAL if draft else Rank.FINAL)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert not call.claim.wanted()


async def test_nobody_waits_for_what_was_to_be_decided_early_in_a_stream_that_is_closed(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    stream = Stream(recognizer, say(1, 2), HUSH)
    await given_up(asyncio.create_task(stream.decide_early()), when=engine.called(1))
    [call] = engine.calls
    assert call.claim.wanted()
    await stream.recognition.close()
    assert not call.claim.wanted()


# Finals decided early


async def test_a_final_that_was_decided_early_costs_no_further_decoding(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2), HUSH)
    early = await stream.decide_early()
    assert texts(early.words) == names(1, 2)
    [piece] = stream.hear(END)
    assert await stream.recognition.final(piece) == early
    [call] = engine.calls
    assert not call.draft
    assert (call.start, call.end) == (0, len(say(1, 2)) + len(HUSH))


async def test_a_click_after_it_was_decided_changes_nothing(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2), silence(0.4))
    await stream.decide_early()
    [piece] = stream.hear(say(9, length=900, gap=0), END)
    assert texts((await stream.recognition.final(piece)).words) == names(1, 2)
    assert len(engine.calls) == 1


async def test_a_final_is_decoded_anew_if_more_was_said_after_it_was_decided(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2), HUSH)
    await stream.decide_early()
    [piece] = stream.hear(say(3), END)
    assert texts((await stream.recognition.final(piece)).words) == names(1, 2, 3)
    assert len(engine.calls) == 2
    assert engine.calls[-1].start == 0


async def test_the_last_of_several_early_decisions_counts(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1), HUSH)
    await stream.decide_early()
    stream.hear(say(2), HUSH)
    await stream.decide_early()
    [piece] = stream.hear(END)
    assert texts((await stream.recognition.final(piece)).words) == names(1, 2)
    assert len(engine.calls) == 2


async def test_what_is_decided_early_is_for_one_piece_only(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1), HUSH)
    await stream.decide_early()
    [first] = stream.hear(END)
    await stream.recognition.final(first)
    [second] = stream.hear(say(2), END)
    assert texts((await stream.recognition.final(second)).words) == names(2)
    assert len(engine.calls) == 2


async def test_what_is_just_being_decided_is_waited_for(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    stream = Stream(recognizer, say(1, 2), HUSH)
    await given_up(asyncio.create_task(stream.decide_early()), when=engine.called(1))
    [piece] = stream.hear(END)
    finishing = asyncio.create_task(stream.recognition.final(piece))
    await asyncio.sleep(0)
    assert not finishing.done()
    assert recognizer.waiting == 0
    engine.running.set()
    assert texts((await finishing).words) == names(1, 2)
    assert len(engine.calls) == 1


async def test_what_still_waits_to_be_decided_early_is_given_up(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    occupying = await occupied(recognizer, engine)
    stream = Stream(recognizer, say(1, 2), HUSH)
    deciding = asyncio.create_task(stream.decide_early())
    await given_up(deciding, when=until_waiting(recognizer, 1))
    [piece] = stream.hear(END)
    finishing = asyncio.create_task(stream.recognition.final(piece))
    await asyncio.sleep(0)
    await until_waiting(recognizer, 1)
    engine.running.set()
    assert texts((await finishing).words) == names(1, 2)
    await occupying
    assert [call.draft for call in engine.calls] == [False, False]


async def test_a_final_does_not_wait_in_the_place_of_what_was_to_be_decided_early(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    occupying = await occupied(recognizer, engine)
    other = Stream(recognizer, say(9))
    drafting = asyncio.create_task(other.draft())
    await until_waiting(recognizer, 1)
    stream = Stream(recognizer, say(1, 2), HUSH)
    deciding = asyncio.create_task(stream.decide_early())
    await given_up(deciding, when=until_waiting(recognizer, 2))
    [piece] = stream.hear(END)
    finishing = asyncio.create_task(stream.recognition.final(piece))
    await asyncio.sleep(0)
    engine.running.set()
    await asyncio.gather(occupying, drafting, finishing)
    assert [texts(call.heard) for call in engine.calls] == [[], names(1, 2), names(9)]


async def test_a_final_is_late_from_the_decision_on_and_by_what_it_waited_for_a_worker(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    occupying = await occupied(recognizer, engine)
    stream = Stream(recognizer)
    [piece] = stream.hear(say(1), END)
    decided = time.monotonic() - 3.0
    finishing = asyncio.create_task(stream.recognition.final(piece, asked=decided))
    await until_waiting(recognizer, 1)
    await asyncio.sleep(0.05)
    engine.running.set()
    await asyncio.gather(occupying, finishing)
    [answer] = recognizer.usage.answers()
    assert 0.05 <= answer.waited < 3.0 <= answer.took


async def test_nobody_waits_for_a_final_in_the_background(recognizer: Recognizer) -> None:
    stream = Stream(recognizer)
    [piece] = stream.hear(say(1), END)
    await stream.recognition.final(piece, background=True)
    assert recognizer.usage.answers() == []


async def test_a_final_that_was_decided_early_has_waited_for_nobody(
    recognizer: Recognizer,
) -> None:
    stream = Stream(recognizer, say(1), HUSH)
    await stream.decide_early()
    [piece] = stream.hear(END)
    await stream.recognition.final(piece)
    [answer] = recognizer.usage.answers()
    assert answer.waited == 0.0


async def test_of_one_stream_only_one_early_decision_waits(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    occupying = await occupied(recognizer, engine)
    stream = Stream(recognizer, say(1), HUSH)
    await given_up(asyncio.create_task(stream.decide_early()), when=until_waiting(recognizer, 1))
    stream.hear(say(2), HUSH)
    deciding = asyncio.create_task(stream.decide_early())
    for _ in range(5):
        await asyncio.sleep(0)
    assert recognizer.waiting == 1
    engine.running.set()
    assert texts((await deciding).words) == names(1, 2)
    await occupying
    assert len(engine.calls) == 2


async def test_a_final_overtakes_what_others_decide_early(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    occupying = await occupied(recognizer, engine)
    hushed, ended = (Stream(recognizer, say(number), HUSH) for number in (1, 2))
    deciding = asyncio.create_task(hushed.decide_early())
    await until_waiting(recognizer, 1)
    [piece] = ended.hear(END)
    finishing = asyncio.create_task(ended.recognition.final(piece))
    await until_waiting(recognizer, 2)
    engine.running.set()
    await asyncio.gather(occupying, deciding, finishing)
    assert [texts(call.heard) for call in engine.calls] == [[], names(2), names(1)]


async def test_what_is_just_being_decided_is_urgent_from_the_moment_it_is_waited_for(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.stops_after = 5
    engine.running.clear()
    stream = Stream(recognizer, say(*range(9), gap=0), HUSH)
    await given_up(asyncio.create_task(stream.decide_early()), when=engine.called(1))
    others = [
        asyncio.create_task(Stream(recognizer, say(number)).draft()) for number in range(80, 100)
    ]
    await until_waiting(recognizer, len(others))
    [piece] = stream.hear(END)
    finishing = asyncio.create_task(stream.recognition.final(piece))
    await asyncio.sleep(0)
    engine.running.set()
    assert texts((await finishing).words) == names(*range(9))
    await asyncio.gather(*others)
    # Some of the others get the thread in the moment between the two decodings.
    in_turn = [texts(call.heard) for call in engine.calls]
    assert in_turn[0] == names(*range(9))
    assert in_turn.index(names(*range(5, 9))) < len(others) // 2


async def test_a_torn_piece_is_never_what_was_decided_early(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(*range(8)), HUSH)
    await stream.decide_early()
    [torn] = _pieces(stream.segmenter.split())
    assert torn.voice_end == stream.segmenter.voice_end
    heard = texts((await stream.recognition.final(torn)).words)
    assert len(engine.calls) == 2
    [rest] = stream.hear(END)
    assert [*heard, *texts((await stream.recognition.final(rest)).words)] == names(*range(8))


async def test_without_an_open_piece_nothing_is_decided_early(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    assert (await Stream(recognizer, silence(3)).decide_early()).words == ()
    assert engine.calls == []


async def test_what_is_decided_early_is_decoded_with_the_piece_before_as_the_final_would_be(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2))
    [first] = stream.hear(END)
    await stream.recognition.final(first)
    stream.hear(silence(0.3), say(3, 4), HUSH)
    early = await stream.decide_early()
    assert texts(early.words) == names(3, 4)
    assert texts(engine.calls[-1].prefix) == names(1, 2)
    [second] = stream.hear(END)
    assert await stream.recognition.final(second) == early
    assert len(engine.calls) == 2


async def test_what_is_decided_early_takes_up_what_was_cut_off(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(*range(10), gap=0))
    [torn] = _pieces(stream.segmenter.split())
    first = texts((await stream.recognition.final(torn)).words)
    stream.hear(say(10), HUSH)
    early = texts((await stream.decide_early()).words)
    assert [*first, *early] == names(*range(11))
    [rest] = stream.hear(END)
    assert texts((await stream.recognition.final(rest)).words) == early
    assert len(engine.calls) == 2


async def test_drafts_keep_their_settled_words_through_an_early_decision(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2, 3))
    for _ in range(2):
        await stream.draft()
    stream.timeline._samples[: S // 2] = say(9, gap=1600)  # the first word sounds otherwise now
    stream.hear(say(4), HUSH)
    early = await stream.decide_early()
    assert texts(early.words) == names(1, 2, 3, 4)
    assert early.settled == 2
    stream.hear(say(5))
    after = await stream.draft()
    assert texts(engine.calls[-1].prefix) == names(1, 2)
    assert texts(after.words) == names(1, 2, 3, 4, 5)
    [piece] = stream.hear(END)
    assert texts((await stream.recognition.final(piece)).words) == names(9, 2, 3, 4, 5)


async def test_the_final_is_what_was_decided_and_not_what_drafts_had_settled_on(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2, 3))
    for _ in range(2):
        await stream.draft()
    stream.timeline._samples[: S // 2] = say(9, gap=1600)
    stream.hear(HUSH)
    assert texts((await stream.decide_early()).words) == names(1, 2, 3)
    [piece] = stream.hear(END)
    assert texts((await stream.recognition.final(piece)).words) == names(9, 2, 3)
    assert len(engine.calls) == 3


async def test_an_error_in_what_is_decided_early_is_told_to_who_awaits_it(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.failure = OSError("it is a test")
    stream = Stream(recognizer, say(1, 2), HUSH)
    with pytest.raises(OSError, match="a test"):
        await stream.decide_early()


async def test_an_error_in_what_is_decided_early_is_one_of_the_final(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    stream = Stream(recognizer, say(1, 2), HUSH)
    await given_up(asyncio.create_task(stream.decide_early()), when=engine.called(1))
    [piece] = stream.hear(END)
    finishing = asyncio.create_task(stream.recognition.final(piece))
    await asyncio.sleep(0)
    engine.failure = OSError("it is a test")
    engine.running.set()
    with pytest.raises(OSError, match="a test"):
        await finishing


@pytest.mark.parametrize("then", ["goes on", "is closed", "is dropped"])
async def test_an_error_in_what_is_decided_early_and_not_needed_is_nobodys(
    recognizer: Recognizer, engine: FakeEngine, then: str
) -> None:
    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, problem: problems.append(problem))
    engine.running.clear()
    stream = Stream(recognizer, say(1, 2), HUSH)
    await given_up(asyncio.create_task(stream.decide_early()), when=engine.called(1))
    engine.failure = OSError("it is a test")
    engine.running.set()
    assert stream.recognition._early is not None
    await asyncio.wait([stream.recognition._early.task])
    engine.failure = None
    if then == "goes on":
        [piece] = stream.hear(say(3), END)
        assert texts((await stream.recognition.final(piece)).words) == names(1, 2, 3)
    if then == "is closed":
        await stream.recognition.close()
    del stream
    gc.collect()
    await asyncio.sleep(0)
    assert problems == []


@pytest.mark.parametrize("begun", [True, False])
async def test_a_stream_that_is_closed_leaves_nothing_behind(
    recognizer: Recognizer, engine: FakeEngine, begun: bool
) -> None:
    occupying = None if begun else await occupied(recognizer, engine)
    engine.running.clear()
    stream = Stream(recognizer, say(1, 2), HUSH)
    deciding = asyncio.create_task(stream.decide_early())
    await given_up(deciding, when=engine.called(1) if begun else until_waiting(recognizer, 1))
    assert stream.recognition._early is not None
    task = stream.recognition._early.task
    await stream.recognition.close()
    assert recognizer.waiting == 0
    assert task.cancelled()
    engine.running.set()
    if occupying is not None:
        await occupying
    assert len(engine.calls) == 1
    await stream.recognition.close()


async def test_a_final_that_is_cancelled_takes_what_is_being_decided_early_with_it(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    stream = Stream(recognizer, say(1, 2), HUSH)
    await given_up(asyncio.create_task(stream.decide_early()), when=engine.called(1))
    assert stream.recognition._early is not None
    task = stream.recognition._early.task
    [piece] = stream.hear(END)
    finishing = asyncio.create_task(stream.recognition.final(piece))
    await given_up(finishing, when=asyncio.sleep(0))
    assert task.cancelled()
    engine.running.set()


async def given_up(task: "asyncio.Task[Hypothesis]", *, when: Awaitable[object]) -> None:
    """Cancel a task when something has happened."""
    await asyncio.sleep(0)
    await when
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def occupied(recognizer: Recognizer, engine: FakeEngine) -> "asyncio.Task[Hypothesis]":
    """Keep the one thread busy until the engine runs."""
    engine.running.clear()
    nothing = silence(1)
    other = asyncio.create_task(
        recognizer.final(lambda: partial(engine.transcribe, nothing, languages=["en"]))
    )
    await engine.called(1)
    return other


async def until_waiting(recognizer: Recognizer, count: int) -> None:
    """Wait until so many turns are asked for."""
    async with asyncio.timeout(PATIENCE_S):
        while recognizer.waiting != count:  # noqa: ASYNC110  # nobody else asks for an event
            await asyncio.sleep(0)


def _pieces(events: Sequence[SpeechEvent]) -> list[Piece]:
    return [event for event in events if isinstance(event, Piece)]


async def test_a_draft_binds_no_final_that_may_be_in_another_language() -> None:
    engine = FakeEngine()
    with fake_recognizer(engine) as recognizer:
        for languages, trusted in ((("en",), True), (("en", "de"), False)):
            stream = Stream(recognizer, say(1, 2, 3), languages=languages)
            await stream.draft()
            await stream.draft()
            await stream.final(0, 1.5)
            last = engine.calls_of(draft=False)[-1]
            assert last.guess
            assert bool(last.trusted) is trusted
