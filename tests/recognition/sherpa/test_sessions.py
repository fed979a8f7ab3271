"""Sessions with every kind of model, from bytes to messages."""

from collections.abc import Callable, Iterator
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


def loaded(folder: Path) -> Recognizer:
    model = LocalModel(name=folder.name, family=None, folder=folder, languages=("en",))
    engine = families.load(families.identified(model), families.Running(machine=MACHINE))
    return Recognizer(engine, FakeVoiceActivity(), machine=MACHINE)


@pytest.fixture(scope="module", params=[*STREAMING, *OFFLINE])
def recognizer(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Recognizer]:
    make = (STREAMING | OFFLINE)[request.param]
    with loaded(make(tmp_path_factory.mktemp("models") / request.param)) as recognizer:
        yield recognizer


async def heard(recognizer: Recognizer, *parts: Samples) -> list[Transcription]:
    options = Options(language="en", word_timestamps=True)
    async with Session(options, recognizer=recognizer) as session:
        for data in cut(linear16(*parts), 6400):
            await session.feed(data)
        await session.finish()
        messages = [message async for message in session]
    return [message for message in messages if isinstance(message, Transcription)]


def talk(*tones: int) -> Samples:
    return tiny.spoken(*tones)


async def test_finals_say_the_words_with_their_times(recognizer: Recognizer) -> None:
    first, second = talk(0, 2, 4), talk(5, 3)
    messages = await heard(recognizer, tiny.hush(1), first, tiny.hush(1.5), second, tiny.hush(1))
    finals = [message for message in messages if message.is_final]
    assert [final.transcript for final in finals] == ["Red I green.", "Greyish.", ""]
    print([[(w.word, w.start, w.end, w.confidence) for w in f.words or ()] for f in finals])
