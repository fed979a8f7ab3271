"""How alike written words sound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.recognition.sounds import likenesses, sound_of

letters = st.text(min_size=1, max_size=12).filter(lambda text: len(sound_of(text).exact))


def likeness(one: str, other: str) -> float:
    (found,) = likenesses([sound_of(one)], [sound_of(other)])
    return float(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Blackwell", "black well"),
        ("Philipp", "Filip"),
        ("Stefan", "Stephan,"),
        ("Muller", "Müller"),
        ("Katya", "Catia"),
        ("Максим", "максим."),
    ],
)
def test_spellings_of_one_sound_are_the_same(one: str, other: str) -> None:
    assert likeness(one, other) == 1


@pytest.mark.parametrize(
    ("word", "near", "far"),
    [
        ("Huang", "Wong", "table"),
        ("Sferic", "spheric", "sweater"),
        ("Kubernetes", "Cooper Netties", "communities"),
        ("Anaïs", "Annie's", "onions"),
        ("Путин", "Будин", "Париж"),
    ],
)
def test_what_sounds_alike_is_nearer(word: str, near: str, far: str) -> None:
    assert likeness(word, near) > likeness(word, far)


@given(letters)
def test_everything_sounds_like_itself(text: str) -> None:
    assert likeness(text, text) == 1


@given(letters, letters)
def test_likeness_has_two_equal_sides_and_bounds(one: str, other: str) -> None:
    assert likeness(one, other) == pytest.approx(likeness(other, one), abs=1e-5)
    assert 0 <= likeness(one, other) <= 1


@given(st.lists(st.tuples(letters, letters), max_size=6))
def test_many_are_compared_as_one_by_one(pairs: list[tuple[str, str]]) -> None:
    together = likenesses([sound_of(one) for one, _ in pairs], [sound_of(two) for _, two in pairs])
    assert together.tolist() == pytest.approx([likeness(*pair) for pair in pairs], abs=1e-5)
