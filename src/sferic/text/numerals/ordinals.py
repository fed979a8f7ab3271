"""Ordinals, read as the cardinals they are made of."""

from collections.abc import Sequence

from sferic.text.numbers import NumberReader
from sferic.text.numerals import writing
from sferic.text.numerals.grammar import Grammar
from sferic.text.numerals.number import Number

_TEN = 10


def read(said: Sequence[str], last: int, grammar: Grammar, reader: NumberReader) -> Number | None:
    """Read words the last of which is an ordinal, and the ordinals behind it."""
    best: Number | None = None
    said = list(said)
    spoken = list(said)
    for end in range(last, len(said)):
        for cardinal in _cardinals(said[end], grammar):
            value = _value([*said[:end], cardinal], best, grammar, reader)
            if value is not None:
                text = writing.ordinal(value, spoken[end], grammar)
                best = Number(value, text, end + 1, spelled=True)
                said[end] = cardinal
                break
        else:
            return best
    return best


def _value(
    said: Sequence[str], before: Number | None, grammar: Grammar, reader: NumberReader
) -> int | None:
    """Return the value of words that are all one number, or a unit behind a tenth."""
    reading = reader.cardinal(said, 0)
    if reading and reading.spelled and reading.count == len(said):
        return reading.value
    if before is None or before.value != _TEN or not grammar.ordinals.teens_apart:
        return None
    unit = reader.cardinal(said[-1:], 0)
    joined = unit is not None and unit.value < _TEN and before.count == len(said) - 1
    return _TEN + unit.value if unit and joined else None


def _cardinals(word: str, grammar: Grammar) -> list[str]:
    """Return what a word for an ordinal may be made of."""
    stem, dash, word = word.rpartition("-")
    return [
        stem + dash + word.removesuffix(ending) + instead
        for ending, replacements in grammar.ordinals.endings.items()
        if word.endswith(ending)
        for instead in replacements
    ]
