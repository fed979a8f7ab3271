"""Pieces of one stream in turn, with an engine that decodes as it hears."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from engines import FakeVoiceActivity, Samples, names, say, silence, texts
from recognition.listening import FakeStreamingEngine
from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.incremental import IncrementalRecognition
from sferic.recognition.recognizer import Recognizer
from sferic.speech.segmenter import Ending, Piece, Segmenter
from sferic.speech.timeline import Timeline

S = SAMPLE_RATE


class Stream:
    """A stream that hears what a test says; the pieces are cut by the test."""

    def __init__(self, recognizer: Recognizer, engine: FakeStreamingEngine, *parts: Samples):
        self.timeline = Timeline()
        self.segmenter = Segmenter(threshold=0.5, min_speech=1600, endpoint_silence=9600)
        self._activity = recognizer.voice_activity.stream()
        self.recognition = IncrementalRecognition(
            recognizer,
            engine,
            ["en"],
            timeline=self.timeline,
            segmenter=self.segmenter,
            hotwords=[("w1", 2.0)],
        )
        self.hear(*parts)

    def hear(self, *parts: Samples) -> None:
        for part in parts:
            self.timeline.append(part)
            for probability in self._activity.feed(part):
                self.segmenter.feed(probability)

    async def draft(self) -> Hypothesis:
        return await self.recognition.draft(since=0.0)

    async def final(self, start: float, end: float, ending: Ending = "silence") -> list[str]:
        return texts(await self.words(start, end, ending))

    async def words(self, start: float, end: float, ending: Ending = "silence") -> tuple[Word, ...]:
        piece = Piece(round(start * S), round(end * S), ending, round(end * S))
        return (await self.recognition.final(piece)).words


@pytest.fixture
def engine() -> FakeStreamingEngine:
    return FakeStreamingEngine()


@pytest_asyncio.fixture
async def recognizer(engine: FakeStreamingEngine) -> AsyncIterator[Recognizer]:
    recognizer = Recognizer(engine, FakeVoiceActivity())
    yield recognizer
    assert recognizer.waiting == 0
    engine.running.set()
    await asyncio.to_thread(recognizer.close)
    assert engine.closed


async def test_drafts_grow_with_the_audio(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1), say(1))
    assert texts((await stream.draft()).words) == []
    stream.hear(say(2))
    draft = await stream.draft()
    assert (texts(draft.words), draft.settled) == (names(1), 0)
    stream.hear(say(3), say(4))
    draft = await stream.draft()
    assert (texts(draft.words), draft.settled) == (names(1, 2, 3), 2)
    assert len(engine.opened) == 1


async def test_no_audio_is_decoded_twice(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1), say(1))
    await stream.draft()
    stream.hear(say(2), silence(0.2))
    await stream.draft()
    start = stream.segmenter.piece_start
    assert start is not None
    stream.hear(silence(0.5))
    assert await stream.final(start / S, 1.9) == names(1, 2)
    [decoding] = engine.opened
    heard = stream.timeline[start : start + len(decoding.heard)]
    np.testing.assert_array_equal(decoding.heard, heard)


async def test_a_final_brings_out_what_the_model_still_holds_back(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1), say(1, gap=0))
    [word] = await stream.words(0.2, 1.4)
    assert (word.text, word.start, word.end) == ("w1", 1 * S, round(1.4 * S))
    [decoding] = engine.opened
    assert len(decoding.heard) == round(1.2 * S) + engine.flush


@pytest.mark.parametrize(("seconds", "taken"), [(0.1, 0.0), (0.5, 0.3)])
async def test_what_follows_is_the_audio_of_the_silence_if_there_is_one(
    recognizer: Recognizer, engine: FakeStreamingEngine, seconds: float, taken: float
) -> None:
    noise = np.full(round(seconds * S), 0.01, np.float32)
    stream = Stream(recognizer, engine, silence(1), say(1, gap=0), noise, say(2), silence(0.5))
    assert await stream.final(0.2, 1.44, "pause") == names(1)
    heard = engine.opened[0].heard[-engine.flush :]
    count = round(taken * S)
    assert (heard[:count] == noise[0]).all()
    assert not heard[count:].any()


async def test_each_piece_has_a_decoding_of_its_own(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1), say(1), silence(1), say(2), silence(1))
    assert await stream.final(0.2, 1.9) == names(1)
    [word] = await stream.words(1.9, 3.4)
    assert (word.text, word.start) == ("w2", round(2.5 * S))
    assert [decoding.start for decoding in engine.opened] == [round(0.2 * S), round(1.9 * S)]
    assert {decoding.hotwords for decoding in engine.opened} == {(("w1", 2.0),)}


async def test_a_piece_that_is_torn_in_a_word_goes_on_in_the_next(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1), say(1, 2, 3), silence(1))
    first = await stream.final(0.2, 2.2, "length")
    second = await stream.final(2.2, 3.0)
    assert first + second == names(1, 2, 3)
    assert first == names(1)
    assert len(engine.opened) == 1


async def test_a_draft_behind_a_cut_says_only_what_has_been_in_no_final(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1), say(1, 2, 3))
    assert await stream.final(0.2, 2.45, "split") == names(1)
    stream.segmenter.split()
    assert stream.recognition.needed_from(10 * S) == round(1.4 * S)
    stream.hear(say(4), silence(0.2))
    draft = await stream.draft()
    assert (texts(draft.words), draft.settled) == (names(2, 3, 4), 2)


async def test_much_audio_is_decoded_in_several_turns(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1), *(say(n) for n in range(20)), silence(1))
    assert await stream.final(0.2, 11.5) == names(*range(20))
    assert engine.opened[0].turns == 3


async def test_a_draft_that_is_cancelled_leaves_its_decoding_to_the_final(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1), say(1), silence(0.2))
    engine.running.clear()
    drafting = asyncio.create_task(stream.draft())
    await engine.held()
    drafting.cancel()
    finishing = asyncio.create_task(asyncio.wait([drafting]))
    engine.running.set()
    await finishing
    assert await stream.final(0.2, 1.9) == names(1)


async def test_what_failed_for_another_stream_is_begun_anew(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    good = Stream(recognizer, engine, silence(1), say(1), say(2), silence(0.2))
    bad = Stream(recognizer, engine, silence(0.8), say(3), silence(1))
    await good.draft()
    engine.running.clear()
    held = asyncio.create_task(Stream(recognizer, engine, silence(1), say(9)).final(0, 1.4))
    await engine.held()
    engine.poisonous = {round(0.1 * S)}
    finals = [
        asyncio.create_task(good.final(0.2, 2.4)),
        asyncio.create_task(bad.final(0.1, 1.7)),
    ]
    await asyncio.sleep(0.01)
    engine.running.set()
    outcomes = await asyncio.gather(*finals, return_exceptions=True)
    await held
    assert outcomes[0] == names(1, 2)
    assert isinstance(outcomes[1], MemoryError)


async def test_between_pieces_there_is_nothing_to_say(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(2))
    assert (await stream.draft()).words == ()
    assert stream.recognition.needed_from(123) == 123
    assert not engine.opened


def test_partials_come_with_the_steps_of_the_engine_and_no_rarer_under_load() -> None:
    engine = FakeStreamingEngine()
    engine.step = SAMPLE_RATE // 2
    with Recognizer(engine, FakeVoiceActivity()) as recognizer:
        for _ in range(20):
            recognizer.usage.partial(1.0, since=0.5)
        assert recognizer.cadence == 0.5
        assert recognizer.longest_interval == 0.5
        interval = recognizer.workload.interval
        assert interval is not None
        assert (interval.least, interval.most) == (0.5, 0.5)


async def test_a_final_that_somebody_waited_for_is_noted_once(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1), *(say(n) for n in range(20)), silence(1))
    await stream.final(0.2, 11.5)
    [answer] = recognizer.usage.answers()
    assert 0 <= answer.waited <= answer.took
    await stream.recognition.final(Piece(round(11.5 * S), 12 * S), background=True)
    assert len(recognizer.usage.answers()) == 1


async def test_speech_that_never_pauses_is_begun_anew_now_and_then_and_loses_nothing(
    recognizer: Recognizer, engine: FakeStreamingEngine
) -> None:
    stream = Stream(recognizer, engine, silence(1))
    said: list[str] = []
    start = 0.0
    for turn in range(8):
        stream.hear(*(say(number) for number in range(turn * 40, turn * 40 + 40)))
        end = stream.timeline.end / S
        said += await stream.final(start, end, "length")
        stream.timeline.forget(stream.recognition.needed_from(round(end * S)))
        start = end
    stream.hear(silence(1))
    said += await stream.final(start, stream.timeline.end / S)
    assert said == names(*range(320))
    assert len(engine.opened) == 2
