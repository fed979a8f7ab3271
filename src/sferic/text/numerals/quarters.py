"""Numbers that are said in quarters: anderhalf, साढ़े तीन, पौने दो लाख."""

from collections.abc import Sequence

import msgspec

from sferic.text.numbers import NumberReader
from sferic.text.numerals.grammar import Grammar

_DECIMALS = ("", "25", "5", "75")
_HUNDRED = 100
_SCALES = frozenset((_HUNDRED, 10**3, 10**5, 10**6, 10**7, 10**9))


class Quarters(msgspec.Struct, frozen=True):
    """Some quarters, as they stand in a text."""

    value: int
    """How many there are."""
    scale: int
    """What they are multiplied by; 1 if nothing."""
    count: int
    """How many tokens they take."""


def read(said: Sequence[str], at: int, grammar: Grammar, reader: NumberReader) -> Quarters | None:
    """Read quarters that begin at a place: a word for them, or one that adds them to a number.

    Args:
        said: What is said, in lower case.
        at: The place.
        grammar: The language, with its words for quarters.
        reader: Its number words.
    """
    found = _sum(said, at, grammar, reader)
    if found is None:
        return None
    value, count = found
    after = (
        reader.cardinal(said[at + count : at + count + 1], 0) if at + count < len(said) else None
    )
    if after is not None and after.spelled and after.value in _SCALES:
        return Quarters(value, after.value, count + 1)
    return Quarters(value, 1, count)


def _sum(
    said: Sequence[str], at: int, grammar: Grammar, reader: NumberReader
) -> tuple[int, int] | None:
    word = said[at]
    if word in grammar.adds_quarters and at + 1 < len(said):
        number = reader.cardinal(said[at + 1 : at + 2], 0)
        if number is not None and 0 < number.value < _HUNDRED:
            return 4 * number.value + grammar.adds_quarters[word], 2
    return (grammar.in_quarters[word], 1) if word in grammar.in_quarters else None


def written(value: int, decimal: str) -> str:
    """Write a number of quarters with a decimal sign: 14 as 3.5."""
    decimals = _DECIMALS[value % 4]
    return f"{value // 4}{decimal}{decimals}" if decimals else str(value // 4)
