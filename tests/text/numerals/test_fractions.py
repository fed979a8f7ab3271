import pytest

from sferic.text.numbers import reader
from sferic.text.numerals import grammar
from sferic.text.numerals.fractions import half, read


@pytest.mark.parametrize(
    ("language", "said", "expected"),
    [
        ("en", "point one four", (".14", 3)),
        ("en", "point oh five percent", (".05", 3)),
        ("it", "virgola venticinque", (",25", 2)),
        ("it", "punto uno punto tre", (".1.3", 4)),
        ("nl", "en een half", (",5", 3)),
        ("pt", "e meio", (",5", 2)),
        ("hi", "दशमलव पाँच", (".5", 2)),
    ],
)
def test_what_follows_a_whole_number_is_read(
    language: str, said: str, expected: tuple[str, int]
) -> None:
    known = grammar.load(language)

    assert known is not None
    assert read(said.split(), 0, known, reader(language)) == expected


@pytest.mark.parametrize("said", ["point", "point taken", "people", "and a", ""])
def test_a_sign_without_digits_is_nothing(said: str) -> None:
    known = grammar.load("en")

    assert known is not None
    assert read(said.split(), 0, known, reader("en"))[1] == 0
    assert half(said.split(), 0, known) == 0
