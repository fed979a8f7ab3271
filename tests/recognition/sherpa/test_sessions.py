"""Sessions with streaming models, from bytes to messages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines import FakeVoiceActivity, Samples, cut, linear16
from recognition.sherpa import tiny
from sferic import Options, Recognizer, Session
from sferic.models import LocalModel
from sferic.protocol.messages import Transcription
from sferic.recognition import families
from sferic.recognition.hardware import Machine

MACHINE = Machine(workers=1, cores=2)


def loaded(folder: Path, family: str | None = None) -> Recognizer:
    model = LocalModel(name=folder.name, family=family, folder=folder, languages=("en",))
    running = families.Running(machine=MACHINE)
    engine = families.load(families.identified(model), running)
    return Recognizer(engine, FakeVoiceActivity(), machine=MACHINE)


@pytest.fixture(scope="module", params=[1, 2])
def recognizer(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Recognizer]:
    folder = tiny.zipformer(tmp_path_factory.mktemp("models") / "tiny-en", version=request.param)
    with loaded(folder) as recognizer:
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
    messages = await heard(
        recognizer,
        tiny.hush(1),
        tiny.tone(0),
        tiny.hush(0.2),
        tiny.tone(2),
        tiny.hush(0.2),
        tiny.tone(4),
        tiny.hush(1.5),
        tiny.tone(5),
        tiny.tone(3),
        tiny.hush(1),
    )
    finals = [message.transcript for message in messages if message.is_final]
    assert finals == ["One I four.", "Fiveteen.", ""]
