"""Sessions with every kind of model, from bytes to messages."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from engines import FakeVoiceActivity, Samples, cut, linear16
from recognition.sherpa import tiny
from recognition.sherpa.loading import MACHINE, loaded
from sferic import Options, Recognizer, Session
from sferic.protocol.messages import Transcription

STREAMING: dict[str, Callable[[Path], Path]] = {
    "zipformer": lambda folder: tiny.zipformer(folder, version=1),
    "zipformer2": tiny.zipformer,
    "nemo-streaming-transducer": tiny.nemo_streaming_transducer,
    "nemotron": lambda folder: tiny.nemo_streaming_transducer(folder, prompted=True),
    "nemo-streaming-ctc": tiny.nemo_streaming_ctc,
}
OFFLINE: dict[str, Callable[[Path], Path]] = {
    "parakeet": tiny.nemo_transducer,
    "nemo-transducer": lambda folder: tiny.nemo_transducer(folder, durations=False),
    "nemo-ctc": tiny.nemo_ctc,
    "sense-voice": tiny.sense_voice,
    "moonshine": tiny.moonshine,
}


@pytest.fixture(scope="module", params=[*STREAMING, *OFFLINE])
def recognizer(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Recognizer]:
    make = (STREAMING | OFFLINE)[request.param]
    engine = loaded(make(tmp_path_factory.mktemp("models") / request.param))
    with Recognizer(engine, FakeVoiceActivity(), machine=MACHINE) as recognizer:
        yield recognizer


async def heard(recognizer: Recognizer, *parts: Samples) -> list[Transcription]:
    options = Options(language="en", word_timestamps=True)
    async with Session(options, recognizer=recognizer) as session:
        for data in cut(linear16(*parts), 6400):
            await session.feed(data)
        await session.finish()
        messages = [message async for message in session]
    return [message for message in messages if isinstance(message, Transcription)]


async def test_finals_say_the_words_with_their_times(recognizer: Recognizer) -> None:
    first, second = tiny.spoken(0, 2, 4), tiny.spoken(5, 3)
    messages = await heard(recognizer, tiny.hush(1), first, tiny.hush(1.5), second, tiny.hush(1))
    finals = [message for message in messages if message.is_final]
    assert [final.transcript for final in finals] == ["Red I green.", "Greyish.", ""]
    found = [word for final in finals for word in final.words or ()]
    assert [word.start for word in found] == pytest.approx([1.0, 1.5, 2.0, 4.0], abs=0.4)
    assert all(word.end > word.start for word in found)
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))


async def test_partials_come_while_somebody_speaks_and_finals_keep_what_they_said(
    recognizer: Recognizer,
) -> None:
    options = Options(language="en", numerals="false")
    speech = linear16(tiny.hush(1), tiny.spoken(0, 1, 4), tiny.hush(0.2))
    async with Session(options, recognizer=recognizer) as session:
        for data in cut(speech, 6400):
            await session.feed(data)
        messages = aiter(session)
        said = ""
        while "blue" not in said:
            partial = await anext(messages)
            assert isinstance(partial, Transcription)
            assert not partial.is_final
            said = partial.transcript
        assert not said.rstrip().endswith(".")
        await session.finish()
        rest = [message async for message in messages]
    finals = [each for each in rest if isinstance(each, Transcription) and each.is_final]
    assert [final.transcript for final in finals] == ["Red blue green."]
    assert finals[0].transcript.startswith(said.strip())


async def test_streams_side_by_side_hear_what_each_would_hear_alone(
    recognizer: Recognizer,
) -> None:
    talks = [(0, 1, 4), (5, 1, 0, 4), (4, 0), (1, 5)]
    audio = [(tiny.hush(0.5 + 0.07 * n), tiny.spoken(*talk)) for n, talk in enumerate(talks)]
    alone = [text(await heard(recognizer, *parts)) for parts in audio]
    together = await asyncio.gather(*(heard(recognizer, *parts) for parts in audio))
    assert [text(messages) for messages in together] == alone
    assert alone[0] == "Red blue green."


def text(messages: Sequence[Transcription]) -> str:
    return " ".join(each.transcript for each in messages if each.transcript and each.is_final)
