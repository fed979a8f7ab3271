"""The end of a text that may be in the middle of a number."""

from collections.abc import Sequence

from sferic.recognition.hypothesis import Word
from sferic.text.numbers import NumberReader
from sferic.text.numerals.grammar import Grammar
from sferic.text.numerals.tokens import Token, tokenize

_ENDS = frozenset(".?!…।॥")
_MAX_WORDS = 64


def count(words: Sequence[Word], grammar: Grammar, numbers: NumberReader) -> int:
    """Return how many of the last words may belong to a number that goes on."""
    tokens = tokenize(words[-_MAX_WORDS:])
    if not tokens or _ENDS.intersection(tokens[-1].trail):
        return 0
    start = len(tokens)
    while start and _belongs(tokens, start - 1, grammar, numbers):
        start -= 1
    while start < len(tokens) and _only_joins(tokens, start, grammar, numbers):
        start += 1
    return sum(len(token.words) for token in tokens[start:])


def _belongs(tokens: Sequence[Token], at: int, grammar: Grammar, numbers: NumberReader) -> bool:
    token = tokens[at]
    last = at == len(tokens) - 1
    if not token.norm or (not last and token.trail not in {"", ","}):
        return False
    return _is_number(token.norm, numbers) or _may_join(token.norm, grammar, numbers)


def _is_number(norm: str, numbers: NumberReader) -> bool:
    if norm[0].isdecimal():
        return True
    return (
        numbers.digit(norm) is not None
        or numbers.repeat(norm) is not None
        or numbers.cardinal([norm], 0) is not None
    )


def _may_join(norm: str, grammar: Grammar, numbers: NumberReader) -> bool:
    return norm in grammar.points + grammar.dots + grammar.minus or numbers.joins(norm)


def _only_joins(tokens: Sequence[Token], at: int, grammar: Grammar, numbers: NumberReader) -> bool:
    """Tell whether a word joins numbers, and so is none where none stands before it."""
    norm = tokens[at].norm
    if _is_number(norm, numbers) or norm in grammar.minus:
        return False
    both = numbers.cardinal([token.norm for token in tokens[at : at + 2]], 0)
    return both is None or both.count == 1
