import pytest

from sferic.text.numerals import writing
from sferic.text.numerals.grammar import Grammar, Ordinals

ENGLISH = Grammar(
    group=",",
    group_from=4,
    ordinals=Ordinals(suffixes={"1": "st", "2": "nd", "11": "th", "": "th"}),
    phones={"10": "3-3-4"},
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(999, "999"), (1000, "1,000"), (123456, "123,456"), (10**7, "10,000,000")],
)
def test_digits_are_grouped_by_three(value: int, expected: str) -> None:
    assert writing.integer(value, ENGLISH) == expected


def test_digits_are_grouped_from_as_many_as_the_language_says() -> None:
    assert writing.integer(1234, Grammar(group=".", group_from=5)) == "1234"
    assert writing.integer(12345, Grammar(group=".", group_from=5)) == "12.345"


def test_lakhs_and_crores_are_grouped_by_two() -> None:
    grammar = Grammar(group=",", group_from=4, lakhs=True)

    assert writing.integer(1234, grammar) == "1,234"
    assert writing.integer(12345678, grammar) == "1,23,45,678"


@pytest.mark.parametrize(
    ("value", "expected"), [(21, "21st"), (11, "11th"), (22, "22nd"), (5, "5th")]
)
def test_ordinals_end_as_their_last_digits_say(value: int, expected: str) -> None:
    assert writing.ordinal(value, "", ENGLISH) == expected


def test_ordinals_end_as_they_sound_where_that_decides() -> None:
    grammar = Grammar(ordinals=Ordinals(sounds={"a": ".ª", "o": ".º"}))

    assert writing.ordinal(21, "vigésima", grammar) == "21.ª"


def test_telephones_are_grouped_where_the_language_says_how() -> None:
    assert writing.phone("5551234567", ENGLISH) == "555-123-4567"
    assert writing.phone("555123", ENGLISH) == "555123"
