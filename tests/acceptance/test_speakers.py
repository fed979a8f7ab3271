"""Real voices: who speaks in conversations made of recordings that test dependencies ship."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

import recordings
from benchmarks.harness.attribution import attribution
from benchmarks.harness.conversations import Conversation, Speech, Spoken
from benchmarks.harness.speaking import listen
from sferic.audio import SAMPLE_RATE
from sferic.models import ModelStore
from sferic.speakers.diarization import Diarization
from sferic.speakers.networks import SpeakerNetworks
from sferic.speech.vad import VoiceActivityModel

S = SAMPLE_RATE


class Line(NamedTuple):
    """What somebody says."""

    speaker: str
    samples: recordings.Samples


@pytest.fixture(scope="module")
def diarization() -> Diarization:
    return Diarization.load()


@pytest.fixture(scope="module")
def voice_activity() -> VoiceActivityModel:
    return VoiceActivityModel(next(ModelStore().ensure("silero-vad").folder.glob("*.onnx")))


def reader(first: float, last: float) -> Line:
    return Line("reader", recordings.two_cities()[round(first * S) : round(last * S)])


def speaker(language: str, *names: str) -> Iterator[Line]:
    for name in names:
        yield Line(language, recordings.clip(f"{language}/{name}")[0])


def talk(*lines: Line, gap: float = 0.4) -> Conversation:
    """The lines one after the other; words are where it is not quiet."""
    parts, speech, words, at = [], [], [], 0
    for line in lines:
        samples = line.samples / np.sqrt(np.square(line.samples).mean()) * 0.06
        loud = np.convolve(np.abs(samples), np.ones(800) / 800, "same") > 0.01
        voiced = np.flatnonzero(loud)
        first, last = at + int(voiced[0]), at + int(voiced[-1])
        speech.append(Speech(first, last, line.speaker))
        borders = np.arange(first, last, 3 * S // 10).tolist()
        words += [
            Spoken(start, end, frozenset([line.speaker]))
            for start, end in pairwise(borders)
            if loud[start - at : end - at].mean() > 0.8
        ]
        parts += [samples, np.zeros(round(gap * S), np.float32)]
        at += len(samples) + round(gap * S)
    return Conversation(
        name="test",
        group="test",
        samples=np.concatenate(parts).astype(np.float32),
        rate=S,
        speech=tuple(speech),
        words=tuple(words),
    )


CONVERSATION = talk(
    reader(0.0, 5.5),
    *speaker("en", "quick_brown_fox", "counting"),
    reader(6.0, 12.0),
    *speaker("es", "pangrama"),
    *speaker("en", "hello_world"),
    reader(12.5, 20.0),
    *speaker("es", "conteo"),
    *speaker("en", "counting"),
    reader(20.5, 26.0),
)


def test_three_voices_are_told_apart(
    diarization: Diarization, voice_activity: VoiceActivityModel
) -> None:
    outcome = listen(CONVERSATION, diarization, voice_activity)
    found = attribution(CONVERSATION, outcome.labelled)
    assert found.found == 3
    assert found.alone > 50
    assert found.alone_right / found.alone >= 0.95
    assert outcome.labelled[0].speaker == 0


def test_one_voice_stays_one(diarization: Diarization, voice_activity: VoiceActivityModel) -> None:
    alone = talk(reader(0, 44))
    outcome = listen(alone, diarization, voice_activity)
    assert {each.speaker for each in outcome.labelled} == {0}


def test_no_more_speakers_are_found_than_the_stream_says(
    diarization: Diarization, voice_activity: VoiceActivityModel
) -> None:
    outcome = listen(CONVERSATION, diarization, voice_activity, max_speakers=2)
    assert {each.speaker for each in outcome.labelled} == {0, 1}


def test_the_same_audio_has_the_same_speakers(
    diarization: Diarization, voice_activity: VoiceActivityModel
) -> None:
    first, second = (listen(CONVERSATION, diarization, voice_activity) for _ in range(2))
    assert first.labelled == second.labelled


def test_embeddings_of_a_voice_are_alike_and_of_two_are_not() -> None:
    networks = SpeakerNetworks.load()
    voice = recordings.two_cities()
    one, same = networks.embed(voice[: 2 * S]), networks.embed(voice[10 * S : 12 * S])
    (line,) = speaker("en", "quick_brown_fox")
    other = networks.embed(line.samples[: 2 * S])
    assert one.shape == (192,)
    assert float(one @ same) > 0.5
    assert float(one @ other) < 0.25


def test_segmentation_tells_silence_from_voices() -> None:
    networks = SpeakerNetworks.load()
    quiet = np.zeros(2 * S, np.float32)
    samples = np.concatenate([quiet, recordings.two_cities()[S : 4 * S], quiet])
    found = networks.segment(samples)
    assert found.shape[1] == 7
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-3)
    assert found[20:80, 0].mean() > 0.9
    assert found[150:270, 0].mean() < 0.2
