"""What follows a whole number: a decimal sign and digits, or a half."""

from collections.abc import Sequence

from sferic.text.numbers import NumberReader
from sferic.text.numerals.grammar import Grammar


def read(said: Sequence[str], at: int, grammar: Grammar, reader: NumberReader) -> tuple[str, int]:
    """Read decimals, the rest of a version, or a half, if they are at a place.

    Args:
        said: What is said, in lower case.
        at: The place behind the whole number.
        grammar: The language.
        reader: Its number words.

    Returns:
        What is written, the sign included, and how many tokens it takes; none if nothing is there.
    """
    for signs, mark in ((grammar.points, grammar.decimal), (grammar.dots, ".")):
        decimals, count = _after_sign(said, at, signs, mark, reader)
        if count:
            return decimals, count
    return grammar.decimal + "5", half(said, at, grammar)


def half(said: Sequence[str], at: int, grammar: Grammar) -> int:
    """Return how many tokens there say that a half is to be added."""
    for phrase in map(str.split, grammar.halves):
        if list(said[at : at + len(phrase)]) == phrase:
            return len(phrase)
    return 0


def _after_sign(
    said: Sequence[str], at: int, signs: Sequence[str], mark: str, reader: NumberReader
) -> tuple[str, int]:
    text, end = "", at
    while end + 1 < len(said) and said[end] in signs:
        digits, count = _decimals(said, end + 1, reader)
        if not digits:
            break
        text, end = text + mark + digits, end + 1 + count
        mark = "."  # What has a second sign is a version.
    return text, end - at


def _decimals(said: Sequence[str], at: int, reader: NumberReader) -> tuple[str, int]:
    text, end = "", at
    while end < len(said):
        reading = reader.cardinal(said, end)
        if reading and reading.value < 100 and (reading.count == 1 or reading.value > 10):
            text, end = text + str(reading.value), end + reading.count
            continue
        digit = reader.digit(said[end])
        if digit is None:
            break
        text, end = text + digit, end + 1
    return text, end - at
