import wave
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.endurance_audio import PAUSES_S, Programme, WindowTooShortError
from benchmarks.harness.speech import Utterance

RATE = 16_000
LEVEL = 3000


@pytest.fixture
def utterances(tmp_path: Path) -> list[Utterance]:
    """Twelve recordings of 1 to 3.75 s, each of a level of its own."""
    rows = []
    for number in range(12):
        seconds = 1 + number / 4
        path = tmp_path / f"{number}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            samples = np.full(round(seconds * RATE), LEVEL + 100 * number, "<i2")
            file.writeframes(samples.tobytes())
        row = Utterance(
            audio=f"en/set/{number}.wav",
            lang="en",
            text=f"number {number}",
            duration=seconds,
            sample_rate=RATE,
            path=path,
        )
        rows.append(row)
    return rows


def programme(utterances: list[Utterance], *, fresh: bool = False, seed: int = 0) -> Programme:
    return Programme(utterances, count=3, window_s=20, seed=seed, fresh=fresh)


@pytest.mark.parametrize("fresh", [False, True])
def test_each_recording_is_in_the_audio_where_it_is_said_to_be(
    utterances: list[Utterance], fresh: bool
) -> None:
    made = programme(utterances, fresh=fresh)
    audio = np.frombuffer(b"".join(made.blocks()), "<i2")
    assert len(audio) == made.seconds * RATE == 60 * RATE
    spoken = np.zeros(len(audio), bool)
    for start, end, row in made.placed:
        place = slice(round(start * RATE), round(end * RATE))
        spoken[place] = True
        assert set(audio[place]) == {LEVEL + 100 * int(Path(row.audio).stem)}
        assert end - start == pytest.approx(row.duration)
    assert np.abs(audio[~spoken]).max() < 100


def test_recordings_are_a_short_pause_apart(utterances: list[Utterance]) -> None:
    made = programme(utterances)
    [*made.blocks()]
    window = made.windows[0]
    pauses = [later.start - earlier.end for earlier, later in pairwise(window)]
    assert all(PAUSES_S[0] <= pause <= PAUSES_S[1] for pause in pauses)
    assert 20 - window[-1].end < 1 + 2 * PAUSES_S[1]


def test_windows_are_the_same_unless_fresh_ones_are_wanted(utterances: list[Utterance]) -> None:
    first, second, third = programme(utterances).blocks()
    assert first == second == third
    assert len({*programme(utterances, fresh=True).blocks()}) == 3


def test_a_seed_makes_the_same_programme_again(utterances: list[Utterance]) -> None:
    first, again, other = (
        [*programme(utterances, fresh=True, seed=seed).blocks()] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_fresh_windows_take_all_recordings_in_turn(utterances: list[Utterance]) -> None:
    made = Programme(utterances, count=12, window_s=20, seed=0, fresh=True)
    [*made.blocks()]
    counts = Counter(each.utterance.audio for each in made.placed)
    assert len(counts) == len(utterances)
    assert made.references()[0] == " ".join(each.utterance.text for each in made.windows[0])


def test_a_window_that_holds_no_recording_is_refused(utterances: list[Utterance]) -> None:
    with pytest.raises(WindowTooShortError, match=r"a window of 0\.5 s"):
        Programme(utterances, count=1, window_s=0.5, seed=0)
