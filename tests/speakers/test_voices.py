"""When an embedding is a known voice, when a new one, and how sure that is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.speakers.networks import EMBEDDING_SIZE
from sferic.speakers.voices import MOST_SPEAKERS, Limits, Vector, Voices


def axis(number: int) -> Vector:
    found: Vector = np.eye(EMBEDDING_SIZE, dtype=np.float32)[number]
    return found


def between(number: int, likeness: float) -> Vector:
    """A vector of length 1 that is so much like the first axis, and otherwise like another."""
    return np.float32(likeness) * axis(0) + np.float32(np.sqrt(1 - likeness**2)) * axis(number)


def known(threshold: float = 0.35) -> Voices:
    """Two voices: the first two axes."""
    voices = Voices(threshold, Limits())
    for number in range(2):
        learn(voices, axis(number), 3.0)
    return voices


def learn(voices: Voices, mean: Vector, seconds: float) -> None:
    voices.learn(mean, seconds, longest=min(seconds, 1.5))


@pytest.mark.parametrize(
    ("seconds", "likeness", "new"),
    [
        (3.0, 0.34, True),
        (3.0, 0.36, False),
        (1.25, 0.34, True),
        (1.0, 0.34, False),
        (1.0, 0.19, True),
        (0.7, 0.19, False),
        (0.7, 0.14, True),
        (0.6, 0.0, False),
    ],
)
def test_the_less_there_is_of_a_voice_the_less_it_must_be_like_others_to_be_new(
    seconds: float, likeness: float, new: bool
) -> None:
    voices = known()
    learn(voices, between(5, likeness), seconds)
    assert len(voices) == 2 + new


def test_the_first_voice_needs_little() -> None:
    voices = Voices(0.35, Limits())
    learn(voices, axis(0), 0.3)
    assert not len(voices)
    learn(voices, axis(0), 0.4)
    assert len(voices) == 1


def test_likeness_does_not_depend_on_how_much_a_voice_has_learned() -> None:
    voices = known()
    for _ in range(50):
        learn(voices, axis(0), 3.0)
    assert voices.likeness(axis(0)) == pytest.approx([1, 0], abs=1e-5)


def test_a_voice_learns_from_what_is_clearly_its_own_alone() -> None:
    voices = known()
    before = voices.likeness(axis(5))
    learn(voices, between(5, 0.38), 3.0)
    learn(voices, between(5, 0.9), 0.9)
    assert voices.likeness(axis(5)) == pytest.approx(before)
    learn(voices, between(5, 0.9), 1.0)
    assert voices.likeness(axis(5))[0] > before[0]


def test_speakers_that_nobody_counts_end_at_eight() -> None:
    voices = Voices(0.35, Limits.of(least=None, most=None))
    for number in range(20):
        learn(voices, axis(number), 3.0)
    assert len(voices) == MOST_SPEAKERS


def test_more_than_eight_have_to_be_asked_for() -> None:
    assert Limits.of(least=None, most=12).most == 12
    assert Limits.of(least=10, most=None).most == 10


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=8),
    st.floats(0.25, 2),
    st.floats(0.01, 0.5),
)
def test_probabilities_add_up_and_rise_with_likeness(
    likeness: list[float], seconds: float, more: float
) -> None:
    voices = known()
    before = voices.probabilities(np.array(likeness, np.float32), seconds)
    after = voices.probabilities(np.array([likeness[0] + more, *likeness[1:]], np.float32), seconds)
    assert before.sum() == pytest.approx(1, abs=1e-5)
    assert after[0] >= before[0] - 1e-6


def test_short_speech_makes_less_sure() -> None:
    voices = known()
    likeness = np.array([0.6, 0.2], np.float32)
    found = [voices.probabilities(likeness, seconds)[0] for seconds in (0.3, 0.6, 1.5)]
    assert found == sorted(found)
