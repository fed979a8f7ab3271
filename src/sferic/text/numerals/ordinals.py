"""Ordinals, read as the cardinals they are made of."""

from collections.abc import Sequence

from sferic.text.numbers import NumberReader
from sferic.text.numerals import writing
from sferic.text.numerals.grammar import Grammar
from sferic.text.numerals.number import Number


def read(said: Sequence[str], last: int, grammar: Grammar, reader: NumberReader) -> Number | None:
    """Read words the last of which is an ordinal, and the ordinals behind it."""
    best: Number | None = None
    said = list(said)
    spoken = list(said)
    for end in range(last, len(said)):
        for cardinal in _cardinals(said[end], grammar):
            reading = reader.cardinal([*said[:end], cardinal], 0)
            if reading and reading.spelled and reading.count == end + 1:
                text = writing.ordinal(reading.value, spoken[end], grammar)
                best = Number(reading.value, text, end + 1, spelled=True)
                said[end] = cardinal
                break
        else:
            return best
    return best


def _cardinals(word: str, grammar: Grammar) -> list[str]:
    """Return what a word for an ordinal may be made of."""
    stem, dash, word = word.rpartition("-")
    return [
        stem + dash + word.removesuffix(ending) + instead
        for ending, replacements in grammar.ordinals.endings.items()
        if word.endswith(ending)
        for instead in replacements
    ]
