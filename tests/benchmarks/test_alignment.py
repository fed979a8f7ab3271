from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.harness.alignment import RATE, SphinxAligner, UnalignedError, pronounceable
from recordings import two_cities

OPENING = "It was the best of times, it was the worst of times, it was the age of wisdom"
OPENING_S = 6.4


@pytest.fixture(scope="module")
def aligner() -> SphinxAligner:
    return SphinxAligner()


@pytest.fixture(scope="module")
def opening() -> NDArray[np.int16]:
    """The words of `OPENING`, with a pause after each clause."""
    return (two_cities(RATE)[: int(OPENING_S * RATE)] * 32767).astype("<i2")


def energy(samples: NDArray[np.int16], start: float, end: float) -> float:
    """Root mean square of a stretch."""
    part = samples[int(start * RATE) : int(end * RATE)].astype(float)
    return float(np.sqrt(np.mean(part**2)))


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("It's FIVE o’clock, twenty-five past!", "it's five o'clock twenty five past"),
        ("Set 30 or 25 to 0 (now)", "set thirty or twenty five to zero now"),
        ("in 1984", "in 1984"),
    ],
)
def test_text_becomes_the_words_that_are_spoken(text: str, spoken: str) -> None:
    assert pronounceable(text) == spoken.split()


def test_words_are_found_in_order_within_the_recording(
    aligner: SphinxAligner, opening: NDArray[np.int16]
) -> None:
    found = aligner.align(opening.tobytes(), OPENING)
    assert [word.text.split("(")[0] for word in found] == pronounceable(OPENING)
    assert all(word.start < word.end <= OPENING_S for word in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert sum(word.sure for word in found) >= len(found) - 2


def test_words_beside_a_pause_end_and_begin_where_the_sound_does(
    aligner: SphinxAligner, opening: NDArray[np.int16]
) -> None:
    found = aligner.align(opening.tobytes(), OPENING)
    pauses = [(one, other) for one, other in pairwise(found) if other.start - one.end > 0.25]
    assert pauses
    for one, other in pauses:
        silence = energy(opening, one.end + 0.06, other.start - 0.06)
        assert energy(opening, one.end - 0.06, one.end) > 3 * silence
        assert energy(opening, other.start, other.start + 0.08) > 3 * silence


def test_silence_put_between_words_moves_those_behind_it_by_its_length(
    aligner: SphinxAligner, opening: NDArray[np.int16]
) -> None:
    before = aligner.align(opening.tobytes(), OPENING)
    index = next(
        place for place, word in enumerate(before) if word.start - before[place - 1].end > 0.2
    )
    middle = int((before[index - 1].end + before[index].start) / 2 * RATE)
    silence = np.random.default_rng(0).normal(0, 20, RATE * 7 // 10).astype("<i2")
    longer = np.concatenate([opening[:middle], silence, opening[middle:]])
    after = aligner.align(longer.tobytes(), OPENING)
    for place, (one, other) in enumerate(zip(before, after, strict=True)):
        moved = 0.7 if place >= index else 0.0
        assert other.start - one.start == pytest.approx(moved, abs=0.05)
        assert other.end - one.end == pytest.approx(moved, abs=0.05)


def test_the_same_recording_is_aligned_the_same_every_time(
    aligner: SphinxAligner, opening: NDArray[np.int16]
) -> None:
    first = aligner.align(opening.tobytes(), OPENING)
    aligner.align(opening[::2].tobytes(), "the age of wisdom")
    assert aligner.align(opening.tobytes(), OPENING) == first


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("It was the grzmblf", "not in the dictionary"),
        ("", "no words"),
        (f"{OPENING} " * 9, "do not fit"),
    ],
)
def test_what_cannot_be_aligned_is_said_with_the_reason(
    aligner: SphinxAligner, opening: NDArray[np.int16], text: str, reason: str
) -> None:
    with pytest.raises(UnalignedError, match=reason):
        aligner.align(opening.tobytes(), text)
