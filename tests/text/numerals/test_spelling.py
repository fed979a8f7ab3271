import pytest

from sferic.text.numerals import grammar
from sferic.text.numerals.spelling import in_address


@pytest.mark.parametrize(
    ("language", "said", "expected"),
    [
        ("en", "rossi", "rossi"),
        ("pt", "joão", "joao"),
        ("pt", "dáblio", "w"),
        ("de", "müller", "mueller"),
        ("hi", "rahul", "rahul"),
        ("hi", "जीमेल", "gmail"),
        ("hi", "एस", "s"),
        ("hi", "राहुल", "rahul"),
        ("hi", "प्रिया", "priya"),
        ("hi", "संजय", "sanjay"),
        ("hi", "फ़रज़ाना", "farazana"),
        ("hi", "", ""),
    ],
)
def test_addresses_are_written_in_latin_letters(language: str, said: str, expected: str) -> None:
    known = grammar.load(language)

    assert known is not None
    assert in_address(said, known.addresses) == expected
