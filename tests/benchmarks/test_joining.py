import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.harness.joining import PAUSES_S, Joint, join, trimmed
from benchmarks.harness.speech import Utterance
from sferic.audio import SAMPLE_RATE


def tone(seconds: float, amplitude: float) -> bytes:
    """A loud sound between half a second of faint noise before and behind it."""
    noise = np.random.default_rng(0).normal(0, 5, SAMPLE_RATE // 2)
    sound = amplitude * np.sin(np.arange(round(seconds * SAMPLE_RATE)))
    return np.concatenate([noise, sound, noise]).astype("<i2").tobytes()


def seconds(audio: bytes) -> float:
    return len(audio) / 2 / SAMPLE_RATE


def level(audio: bytes) -> float:
    return float(np.sqrt(np.mean(np.frombuffer(audio, dtype="<i2").astype(float) ** 2)))


@pytest.fixture
def utterances(tmp_path: Path) -> list[Utterance]:
    made = []
    for number in range(6):
        path = tmp_path / f"{number}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(tone(2.0, 1000 * (number + 1)))
        made.append(
            Utterance(
                audio=path.name,
                lang="en",
                text=f"word{number}",
                duration=3.0,
                sample_rate=SAMPLE_RATE,
                path=path,
            )
        )
    return made


def test_silence_around_the_sound_is_taken_off() -> None:
    assert seconds(trimmed(tone(2.0, 8000))) == pytest.approx(2.1, abs=0.03)


def test_recordings_come_to_a_common_level() -> None:
    loud, faint = level(trimmed(tone(2.0, 20_000))), level(trimmed(tone(2.0, 500)))
    assert loud == pytest.approx(faint, rel=0.02)


def test_what_is_silent_all_over_is_kept() -> None:
    assert trimmed(b"") == b""
    assert len(trimmed(bytes(SAMPLE_RATE))) == SAMPLE_RATE


@pytest.mark.parametrize("joint", PAUSES_S)
def test_every_recording_is_in_one_stream_with_its_text(
    utterances: list[Utterance], joint: Joint
) -> None:
    streams = join(utterances, joint, length_s=5.0, seed=1)
    said = [part.text for each in streams for part in each.parts]
    assert sorted(said) == [f"word{number}" for number in range(6)]
    assert said != sorted(said)
    shortest, longest = PAUSES_S[joint]
    for each in streams:
        assert [each.parts[0].start, each.parts[-1].end] == [0, each.seconds]
        for one, other in pairwise(each.parts):
            assert one.end - one.start == pytest.approx(2.1, abs=0.03)
            assert shortest <= round(other.start - one.end, 3) <= longest
    assert all(each.seconds >= 5 for each in streams[:-1])


def test_the_same_seed_makes_the_same_streams(utterances: list[Utterance]) -> None:
    first = join(utterances, "pauses", length_s=5.0, seed=3)
    assert join(utterances, "pauses", length_s=5.0, seed=3) == first
    assert join(utterances, "pauses", length_s=5.0, seed=4) != first
