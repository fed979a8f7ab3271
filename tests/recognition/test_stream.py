"""Pieces of one stream in turn, with an engine whose every word is known."""

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from engines import GERMAN, FakeEngine, Samples, fake_recognizer, names, say, silence, texts
from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word
from sferic.recognition.recognizer import Recognizer
from sferic.recognition.stream import StreamRecognition
from sferic.speech.segmenter import Ending, Piece, Segmenter
from sferic.speech.timeline import Timeline
from sferic.speech.vad import FRAME

S = SAMPLE_RATE


class Stream:
    """A stream whose audio is there already; a test cuts its pieces."""

    def __init__(self, recognizer: Recognizer, *parts: Samples, languages: Sequence[str] = ("en",)):
        self.timeline = Timeline()
        self.segmenter = Segmenter(threshold=0.5, min_speech=1600, endpoint_silence=9600)
        activity = recognizer.voice_activity.stream()
        for part in parts:
            self.timeline.append(part)
            for probability in activity.feed(part):
                self.segmenter.feed(probability)
        self.recognition = StreamRecognition(
            recognizer, languages, timeline=self.timeline, segmenter=self.segmenter
        )

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
    recognizer.close()


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
    assert texts((await stream.recognition.draft()).words) == names(1, 2, 3)


async def test_without_an_open_piece_there_is_no_draft(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    assert (await Stream(recognizer, silence(3)).recognition.draft()).words == ()
    assert engine.calls == []


async def test_a_draft_goes_on_from_settled_words(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    stream = Stream(recognizer, say(1, 2, 3))
    for _ in range(3):
        await stream.recognition.draft()
    assert [texts(call.prefix) for call in engine.calls] == [[], [], names(1, 2)]
    assert all(call.draft for call in engine.calls)


async def test_a_draft_of_long_speech_has_all_its_words_and_little_audio(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    numbers = range(30)
    stream = Stream(recognizer)
    activity = recognizer.voice_activity.stream()
    for number in numbers:
        part = say(number)
        stream.timeline.append(part)
        for probability in activity.feed(part):
            stream.segmenter.feed(probability)
        heard = texts((await stream.recognition.draft()).words)
        assert heard == names(*range(number + 1))
    lengths = [call.end - call.start for call in engine.calls]
    assert max(lengths) < 9 * S


async def test_a_draft_after_a_tear_takes_up_what_was_cut_off(recognizer: Recognizer) -> None:
    stream = Stream(recognizer, say(*range(10), gap=0))
    [torn] = stream.segmenter.split()
    assert isinstance(torn, Piece)
    first = await stream.recognition.final(torn)
    rest = await stream.recognition.draft()
    assert [*texts(first.words), *texts(rest.words)] == names(*range(10))
    assert torn.end % FRAME == 0
