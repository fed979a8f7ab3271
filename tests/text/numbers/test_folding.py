import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.text.numbers.folding import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Fünf", "funf"),
        ("șase", "şase"),
        ("дев'ять", "дев’ять"),
        ("vingt‑cinq", "vingt-cinq"),
        ("हज़ार", "हजार"),
        ("पाँच", "पांच"),
        ("पन्द्रह", "पंद्रह"),
        ("ਨੌਂ", "ਨੌਂ"),
        ("നാൽ", "നാല്‍"),
        ("fünf\u00adzig", "fünfzig"),
    ],
)
def test_spellings_of_one_word_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("दस", "दो"), ("six", "sex"), ("எட்டு", "ஏழு")])
def test_other_words_stay_others(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_words_that_flow_together_fall_apart() -> None:
    assert fold("இரண்டாயிரம்") == fold("இரண்ட்") + fold("ஆயிரம்")


@given(st.text(max_size=12))
def test_folding_is_done_once(text: str) -> None:
    assert fold(fold(text)) in {fold(text), fold(fold(fold(text)))}
