import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.text.numbers import DigitRun, Reading, reader

ENGLISH = [
    ("zero", 0, 1),
    ("twenty five", 25, 2),
    ("twenty-five", 25, 1),
    ("twentyfive", 25, 1),
    ("one hundred and five", 105, 4),
    ("a hundred", 100, 2),
    ("hundred", 100, 1),
    ("nineteen hundred", 1900, 2),
    ("two thousand and twenty six", 2026, 5),
    ("one hundred twenty three thousand four hundred fifty six", 123_456, 9),
    ("two million five hundred thousand", 2_500_000, 5),
    ("three lakh", 300_000, 2),
    ("25", 25, 1),
    ("25 million", 25_000_000, 2),
    ("seven of them", 7, 1),
    ("ten four", 10, 1),
    ("nineteen eighty four", 19, 1),
    ("one hundred and", 100, 2),
    ("one two", 1, 1),
]


@pytest.mark.parametrize(("said", "value", "count"), ENGLISH)
def test_the_longest_well_formed_number_is_read(said: str, value: int, count: int) -> None:
    reading = reader("en").cardinal(said.split(), 0)

    assert reading == Reading(value, count, spelled=not said.isdecimal())


@pytest.mark.parametrize("said", ["a", "and", "and five", "oneself", "tenor", "", "-", "to", "²"])
def test_what_is_no_number_is_not_read(said: str) -> None:
    assert reader("en").cardinal(said.split(" "), 0) is None


@pytest.mark.parametrize(
    ("said", "groups"),
    [
        ("four two four two", "4 2 4 2"),
        ("oh seven triple five", "0 7 555"),
        ("forty two 4242 double oh", "42 4242 00"),
        ("one eight hundred five five five 0123 please", "1 800 5 5 5 0123"),
    ],
)
def test_dictated_digits_are_read_as_they_are_grouped(said: str, groups: str) -> None:
    run = reader("en").digits(said.split(), 0)

    count = len(said.removesuffix(" please").split())
    assert run == DigitRun(groups.replace(" ", ""), count, tuple(groups.split()))


def test_no_digits_are_no_run() -> None:
    assert reader("en").digits(["please", "four"], 0) is None
    assert reader("en").digits(["double"], 0) is None


WORDS = st.sampled_from(
    ["one", "hundred", "thousand", "million", "and", "a", "twenty", "five", "25", "oh", "x"]
)


@given(st.lists(WORDS, min_size=1))
def test_a_reading_takes_tokens_that_are_there(tokens: list[str]) -> None:
    for at in range(len(tokens)):
        reading = reader("en").cardinal(tokens, at)
        assert reading is None or 0 < reading.count <= len(tokens) - at


def test_there_is_no_reader_for_an_unknown_language() -> None:
    with pytest.raises(LookupError):
        reader("tlh")
