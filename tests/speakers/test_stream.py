"""When a stream has its speech looked at, and that a final finds everything decided."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.speakers.diarization import Diarization
from sferic.speakers.stream import StreamSpeakers
from sferic.speakers.voices import Limits
from sferic.speech.segmenter import Piece, Segmenter, SpeechEnded
from sferic.speech.timeline import Timeline
from sferic.speech.vad import FRAME
from speakers.loudness import LoudnessNetworks
from speakers.voices import words

S = SAMPLE_RATE


class Listening:
    """A stream that hears samples in blocks."""

    def __init__(self, networks: LoudnessNetworks) -> None:
        self.timeline = Timeline()
        self.segmenter = Segmenter(threshold=0.5, min_speech=1600, endpoint_silence=6 * S // 10)
        self.pieces: list[Piece] = []
        self.running = 0
        self.speakers = StreamSpeakers(
            Diarization(networks).tracker(Limits(), telephone=False),
            networks,
            run=self._run,
            timeline=self.timeline,
            segmenter=self.segmenter,
        )

    async def _run(self, work: Callable[[], Any]) -> Any:
        self.running += 1
        assert self.running == 1
        await asyncio.sleep(0)
        self.running -= 1
        return work()

    async def hear(self, samples: NDArray[np.float32], *, block: int = FRAME) -> None:
        for at in range(0, len(samples) // FRAME * FRAME, block):
            part = samples[at : at + block]
            self.timeline.append(part)
            for frame in range(0, len(part), FRAME):
                loud = float(np.abs(part[frame : frame + FRAME]).mean() > 0.05)
                for event in self.segmenter.feed(loud):
                    if isinstance(event, Piece):
                        self.speakers.ended(event)
                        self.pieces.append(event)
                    elif isinstance(event, SpeechEnded):
                        self.speakers.paused(event.at)
            self.speakers.heard()
            await asyncio.sleep(0)

    async def settle(self) -> None:
        if self.speakers._looking is not None:
            await self.speakers._looking


def said(*parts: tuple[float, float]) -> NDArray[np.float32]:
    """Seconds at each loudness."""
    return np.concatenate(
        [np.full(round(seconds * S), level, np.float32) for seconds, level in parts]
    )


@pytest.fixture
def networks() -> LoudnessNetworks:
    return LoudnessNetworks()


async def test_a_final_finds_its_speakers_decided(networks: LoudnessNetworks) -> None:
    stream = Listening(networks)
    await stream.hear(said((3, 0.2), (3, 0.4), (1, 0)))
    await stream.settle()
    before = len(networks.segmented), len(networks.embedded)
    await stream.speakers.decide(stream.pieces[0])
    assert (len(networks.segmented), len(networks.embedded)) == before
    found = stream.speakers.assign(words((0.25, 2.75, 0), (3.25, 5.75, 0)))
    assert {word.speaker for word in found if word.end < 3 * S} == {0}
    assert {word.speaker for word in found if word.start > 3 * S} == {1}


@pytest.mark.parametrize("block", [FRAME, 10 * FRAME, 31 * FRAME])
async def test_the_same_audio_has_the_same_speakers_however_it_is_cut(
    networks: LoudnessNetworks, block: int
) -> None:
    stream = Listening(networks)
    await stream.hear(said((13, 0.2), (7, 0.4), (1, 0), (0.7, 0.2), (1, 0)), block=block)
    found = []
    for piece in stream.pieces:
        await stream.speakers.decide(piece)
        start, end = piece.start / S, piece.voice_end / S
        found += [word.speaker for word in stream.speakers.assign(words((start, end, 0)))]
    assert set(found) == {0, 1}
    assert found[-1] == 0


async def test_pieces_that_end_before_an_earlier_one_is_decided_keep_their_turns(
    networks: LoudnessNetworks,
) -> None:
    stream = Listening(networks)
    parts = [(2.0, 0.2), (1.0, 0.0), (2.0, 0.4), (1.0, 0.0), (2.0, 0.2), (1.0, 0.0)]
    await stream.hear(said(*parts))
    await stream.settle()
    speakers = []
    for piece in stream.pieces:
        await stream.speakers.decide(piece)
        (word, *_) = stream.speakers.assign(words((piece.start / S + 1, piece.end / S, 0)))
        speakers.append(word.speaker)
    assert speakers == [0, 1, 0]


async def test_no_network_sees_more_than_eight_seconds(networks: LoudnessNetworks) -> None:
    stream = Listening(networks)
    await stream.hear(said((21, 0.2), (1, 0)))
    await stream.speakers.decide(stream.pieces[0])
    assert max(networks.segmented) <= 8 * S
    assert max(networks.embedded) <= 2 * S


async def test_silence_costs_nothing_and_keeps_five_seconds(networks: LoudnessNetworks) -> None:
    stream = Listening(networks)
    await stream.hear(said((60, 0)))
    assert not networks.segmented
    assert stream.speakers.needed_from(60 * S) == 55 * S


async def test_a_network_that_fails_is_told_to_who_waits(networks: LoudnessNetworks) -> None:
    stream = Listening(networks)
    networks.failure = RuntimeError("no")
    await stream.hear(said((3, 0.2), (1, 0)))
    with pytest.raises(RuntimeError, match="no"):
        await stream.speakers.decide(stream.pieces[0])


async def test_closing_leaves_no_work_behind(networks: LoudnessNetworks) -> None:
    stream = Listening(networks)
    await stream.hear(said((9, 0.2)))
    await stream.speakers.close()
    assert stream.running == 0
