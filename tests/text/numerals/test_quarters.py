import pytest

from sferic.text.numbers import reader
from sferic.text.numerals import grammar
from sferic.text.numerals.quarters import Quarters, read, written


@pytest.mark.parametrize(
    ("language", "said", "expected"),
    [
        ("hi", "साढ़े तीन बजे", Quarters(value=14, scale=1, count=2)),
        ("hi", "पौने दो लाख", Quarters(value=7, scale=100_000, count=3)),
        ("hi", "सवा सौ", Quarters(value=5, scale=100, count=2)),
        ("hi", "डेढ़ हज़ार", Quarters(value=6, scale=1000, count=2)),
        ("hi", "ढाई", Quarters(value=10, scale=1, count=1)),
        ("hi", "साढ़े लोग", None),
        ("hi", "साढ़े", None),
        ("hi", "तीन", None),
        ("nl", "anderhalf miljoen", Quarters(value=6, scale=10**6, count=2)),
        ("nl", "anderhalve 1000", Quarters(value=6, scale=1, count=1)),
    ],
)
def test_quarters_are_read_with_what_multiplies_them(
    language: str, said: str, expected: Quarters | None
) -> None:
    known = grammar.load(language)

    assert known is not None
    assert read(said.split(), 0, known, reader(language)) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(3, "0,75"), (6, "1,5"), (8, "2"), (13, "3,25"), (14, "3,5")]
)
def test_quarters_are_written_with_decimals(value: int, expected: str) -> None:
    assert written(value, ",") == expected
