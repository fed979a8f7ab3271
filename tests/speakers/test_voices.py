"""When an embedding is a known voice, when a new one, and how sure that is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.speakers.networks import EMBEDDING_SIZE
from sferic.speakers.voices import MOST_SPEAKERS, Limits, Vector, Voice, Voices


def axis(number: int) -> Vector:
    found: Vector = np.eye(EMBEDDING_SIZE, dtype=np.float32)[number]
    return found


def between(number: int, likeness: float) -> Vector:
    """A vector of length 1 that is so much like the first axis, and otherwise like another."""
    return np.float32(likeness) * axis(0) + np.float32(np.sqrt(1 - likeness**2)) * axis(number)


def voice(embedding: Vector, seconds: float) -> Voice:
    """Two embeddings that are the same."""
    return Voice(np.array([embedding] * 2), np.full(2, seconds / 2, np.float32))


def known(threshold: float = 0.5) -> Voices:
    """Two voices that much is known of: the first two axes."""
    voices = Voices(threshold, Limits())
    for number in range(2):
        voices.learn([voice(axis(number), 60.0)])
    return voices


def likeness(one: Voice, other: Voice) -> float:
    return float(one.direction @ other.direction)


def scattered(number: int, count: int, chance: np.random.Generator, noise: float) -> Voice:
    found = axis(number) + noise * chance.standard_normal((count, EMBEDDING_SIZE)) / 14
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return Voice(found.astype(np.float32), np.ones(count, np.float32))


@pytest.mark.parametrize("noise", [0.5, 1.0, 1.5])
def test_a_voice_is_like_itself_whatever_its_embeddings_differ_by(noise: float) -> None:
    chance = np.random.default_rng(0)
    one, other = (scattered(0, 20, chance, noise) for _ in range(2))
    assert likeness(one, other) == pytest.approx(1, abs=0.12)
    assert likeness(one, scattered(1, 20, chance, noise)) == pytest.approx(0, abs=0.12)


@pytest.mark.parametrize(
    ("seconds", "alike", "new"),
    [(3.1, 0.4, True), (20, 0.6, False), (2.0, 0.4, False), (1.3, 0.1, True), (1.1, 0.0, False)],
)
def test_the_less_there_is_of_a_voice_the_less_it_must_be_like_others_to_be_new(
    seconds: float, alike: float, new: bool
) -> None:
    voices = known()
    voices.learn([voice(between(5, alike), seconds)])
    assert len(voices) == 2 + new


def test_the_first_voice_needs_little() -> None:
    voices = Voices(0.5, Limits())
    voices.learn([voice(axis(0), 0.3)])
    assert not len(voices)
    voices.learn([voice(axis(0), 0.3)])
    assert len(voices) == 1


def test_what_is_said_of_a_new_voice_adds_up_until_it_is_known() -> None:
    voices = known()
    for _ in range(2):
        voices.learn([voice(axis(5), 0.5)])
        assert len(voices) == 2
    voices.learn([voice(axis(5), 0.5)])
    assert len(voices) == 3


def test_what_turns_out_to_be_a_known_voice_goes_to_it() -> None:
    voices = known()
    chance = np.random.default_rng(1)
    # Alone this is like none; with more of the same it is like the first.
    for _ in range(8):
        voices.learn([scattered(0, 1, chance, 1.2)])
    assert len(voices) == 2


def test_voices_that_wait_are_no_more_than_twenty() -> None:
    voices = known()
    for number in range(60):
        voices.learn([voice(axis(10 + number), 0.4 + number / 1000)])
    assert len(voices) == 2
    assert len(voices._waiting) == 20
    assert min(each.seconds for each in voices._waiting) > 0.43


def test_speakers_that_nobody_counts_end_at_eight() -> None:
    voices = Voices(0.5, Limits.of(least=None, most=None))
    for number in range(20):
        voices.learn([voice(axis(number), 4.0)])
    assert len(voices) == MOST_SPEAKERS


def test_more_than_eight_have_to_be_asked_for() -> None:
    assert Limits.of(least=None, most=12).most == 12
    assert Limits.of(least=10, most=None).most == 10


@given(st.floats(-0.5, 0.9), st.floats(0.25, 5), st.floats(0.01, 0.1))
def test_probabilities_add_up_and_rise_with_likeness(
    alike: float, seconds: float, more: float
) -> None:
    voices = known()
    before = voices.probabilities(between(5, alike), seconds)
    after = voices.probabilities(between(5, alike + more), seconds)
    assert len(before) == 3
    assert before.sum() == pytest.approx(1, abs=1e-5)
    assert after[0] >= before[0] - 1e-6


def test_short_speech_makes_less_sure() -> None:
    voices = known()
    found = [voices.probabilities(between(1, 0.75), seconds)[0] for seconds in (0.3, 0.6, 1.5)]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_voices_much_alike_are_parted_while_more_are_expected() -> None:
    patient, eager = (Voices(0.5, Limits.of(least=least, most=None)) for least in (1, 2))
    for voices in (patient, eager):
        voices.learn([voice(axis(0), 10.0), voice(between(1, 0.58), 10.0)])
    assert (len(patient), len(eager)) == (1, 2)
