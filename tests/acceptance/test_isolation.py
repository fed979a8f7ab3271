"""Streams in several languages side by side: each hears what it hears alone, and nothing else."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from audio import material
from recordings import Samples, beckett, clip, error_rate, errors, plain
from sferic import Options, Recognizer, Session
from sferic.audio import SAMPLE_RATE
from sferic.models import ModelStore
from sferic.protocol.messages import Transcription
from sferic.recognition.whisper import loading
from sferic.recognition.whisper.ctranslate_backend import CTranslateBackend
from sferic.recognition.whisper.engine import WhisperEngine
from sferic.speech.vad import VoiceActivityModel

BYTES_A_SECOND = 2 * SAMPLE_RATE
PATIENCE_S = 120
HURRY = 1.5
"""How many times as fast as it was spoken audio comes."""
PAUSE = np.zeros(SAMPLE_RATE, np.float32)


@pytest.fixture
def batching() -> Iterator[Recognizer]:
    """The default model as it runs on a GPU, but on a CPU."""
    store = ModelStore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "_ONNX_TYPES", {})
        folder = store.ensure("whisper-base").folder
        engine = WhisperEngine(folder, device="cpu", workers=8, batch=8)
    voice = VoiceActivityModel(store.ensure("silero-vad").folder / "silero_vad_16k_op15.onnx")
    with Recognizer(engine, voice) as recognizer:
        yield recognizer


class Speaker:
    """Somebody who speaks in one language."""

    def __init__(self, name: str, language: str, samples: Samples) -> None:
        self.name = name
        self._options = Options(language=language)
        self._audio = material.linear16(np.concatenate([samples, PAUSE]))
        self._chance = random.Random(name)

    async def heard(
        self, recognizer: Recognizer, *, hurry: float = 0.0, leaves: bool = False
    ) -> list[Transcription]:
        """What is said about it, or only the first of that if it leaves in the middle.

        Args:
            recognizer: The model.
            hurry: How many times as fast as it was spoken the audio comes; 0 is at once.
            leaves: Whether it leaves as soon as it has been heard.
        """
        messages: list[Transcription] = []
        async with Session(self._options, recognizer=recognizer) as session:
            speaking = asyncio.create_task(self._speak(session, hurry))
            async for message in session:
                assert isinstance(message, Transcription)
                messages.append(message)
                if leaves:
                    speaking.cancel()
                    break
        await asyncio.gather(speaking, return_exceptions=leaves)
        return messages

    async def _speak(self, session: Session, hurry: float) -> None:
        at = 0
        while at < len(self._audio):
            size = self._chance.choice([999, 3200, 8000])
            await session.feed(self._audio[at : at + size])
            at += size
            await asyncio.sleep(size / BYTES_A_SECOND / hurry if hurry else 0)
        await session.finish()


def speakers() -> list[Speaker]:
    languages = {
        "en/quick_brown_fox": "en",
        "es/pangrama": "es",
        "fr/pangrama": "multi",
        "it/pangrama": "it",
        "pt/pangrama": "pt",
        "en/counting": "multi",
    }
    return [Speaker(name, language, clip(name)[0]) for name, language in languages.items()]


def finals(messages: Sequence[Transcription]) -> list[Transcription]:
    return [message for message in messages if message.is_final and message.transcript]


def text(messages: Sequence[Transcription]) -> str:
    return " ".join(final.transcript for final in finals(messages))


def partials(messages: Sequence[Transcription]) -> list[list[str]]:
    return [plain(message.transcript) for message in messages if not message.is_final]


async def test_streams_side_by_side_hear_what_each_hears_alone(recognizer: Recognizer) -> None:
    await assert_apart(recognizer)


async def test_so_do_streams_whose_windows_are_decoded_as_one(
    batching: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = batching.routing.models[0].engine()
    assert isinstance(engine, WhisperEngine)
    backend = engine._backend
    assert isinstance(backend, CTranslateBackend)
    sizes: list[int] = []
    run = backend._run

    def noting(jobs: Sequence[Any]) -> Any:
        sizes.append(len(jobs))
        return run(jobs)

    monkeypatch.setattr(backend._batcher, "_work", noting)
    await assert_apart(batching)
    assert max(sizes) > 1
    assert backend._batcher.waiting == 0


async def assert_apart(recognizer: Recognizer) -> None:
    several = speakers()
    leaving = [Speaker("leaves", "en", beckett()), Speaker("left", "it", clip("it/conteggio")[0])]
    async with asyncio.timeout(PATIENCE_S):
        alone = [await speaker.heard(recognizer) for speaker in several]
        together = await asyncio.gather(
            *(speaker.heard(recognizer, hurry=HURRY) for speaker in several),
            *(speaker.heard(recognizer, hurry=HURRY, leaves=True) for speaker in leaving),
        )
    assert recognizer.waiting == 0
    for speaker, before, now in zip(several, alone, together, strict=False):
        assert error_rate(text(before), text(now)) <= 0.1, speaker.name
        assert {m.language for m in finals(now)} == {m.language for m in finals(before)}
    for index, messages in enumerate(together[: len(several)]):
        for partial in partials(messages):
            assert_nearest(partial, index, [plain(text(other)) for other in alone])
    assert sum(len(partials(messages)) for messages in together) >= len(together)


def assert_nearest(partial: list[str], index: int, texts: Sequence[list[str]]) -> None:
    """A partial of more than a few words is of its own stream, however badly it was heard."""
    if len(partial) >= 4:
        distances = [distance(partial, text) for text in texts]
        assert min(distances) == distances[index], partial


def distance(partial: list[str], text: list[str]) -> int:
    """Words in which a partial differs from the same words of a text, wherever they stand."""
    starts = range(max(len(text) - len(partial), 0) + 1)
    return min(errors(partial, text[start : start + len(partial)]) for start in starts)
