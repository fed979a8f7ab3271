"""Digits that are dictated: telephones, cards, codes."""

from collections.abc import Sequence

import msgspec

from sferic.text.numbers import NumberReader
from sferic.text.numerals import writing
from sferic.text.numerals.grammar import Grammar
from sferic.text.numerals.readings import AHEAD, Readings
from sferic.text.numerals.tokens import Token

_MAX_GROUPS = 40
_CUE_REACH = 8
_ENOUGH = 4
_FEW = 3
_LONG = 7


class Dictated(msgspec.Struct, frozen=True):
    """Digits that were dictated, and how they are written."""

    text: str
    count: int


class Dictation:
    """Finds dictated digits in the tokens of one text."""

    def __init__(
        self,
        tokens: Sequence[Token],
        readings: Readings,
        grammar: Grammar,
        reader: NumberReader,
        *,
        full: bool,
        auto: bool,
    ) -> None:
        self._tokens = tokens
        self._readings = readings
        self._grammar = grammar
        self._reader = reader
        self._full = full
        self._auto = auto

    def starts(self, at: int) -> bool:
        """Tell whether dictated digits may begin at a token."""
        norm = self._tokens[at].norm
        return self._reader.digit(norm) is not None or self._reader.repeat(norm) is not None

    def run(self, at: int) -> Dictated | None:
        """Read digits that begin at a token and are not several numbers."""
        groups: list[str] = []
        repeats = commas = 0
        place = at
        while place < len(self._tokens) and len(groups) < _MAX_GROUPS:
            said = self._readings.ahead(place)
            found = self._reader.digits(said, 0)
            if found is None:
                break
            groups.extend(found.groups)
            repeats += sum(self._reader.repeat(norm) is not None for norm in said[: found.count])
            place += found.count
            last = self._tokens[place - 1].trail
            goes_on = found.count == AHEAD or (found.count == len(said) and last == ",")
            if not goes_on:
                break
            commas += last == ","
        count = place - at
        if not groups or not self._spelled(at, place):
            return None
        if not self._is_one(groups, repeats=repeats, listed=commas >= len(groups) - 1):
            return None
        return Dictated(self._write("".join(groups), at), count)

    def _spelled(self, start: int, end: int) -> bool:
        return any(not token.norm[:1].isdigit() for token in self._tokens[start:end])

    def _is_one(self, groups: Sequence[str], *, repeats: int, listed: bool) -> bool:
        """Tell whether groups of digits are one string, not a list, a score or counting."""
        if repeats:
            return len(groups) > 1 or not self._auto
        if len(groups) < _FEW or (_counts(groups) and (listed or len(groups) == _FEW)):
            return False
        singles = sum(len(group) == 1 for group in groups)
        if singles == len(groups):
            return len(groups) >= _ENOUGH or not listed
        if any(len(group) == 3 and group.endswith("00") for group in groups[1:-1]):
            return False
        pairs = [group for group in groups if len(group) == 2]
        if singles < 2 and pairs and all(group.endswith(("0", "5")) for group in pairs):
            return False
        enough = groups[0] == "0" or sum(map(len, groups)) >= _LONG
        return enough or singles >= _FEW or len(pairs) >= len(groups) - 1

    def _write(self, digits: str, at: int) -> str:
        before = self._tokens[max(0, at - _CUE_REACH) : at]
        if self._full and any(token.norm in self._grammar.phone_cues for token in before):
            return writing.phone(digits, self._grammar)
        return digits


def _counts(groups: Sequence[str]) -> bool:
    """Tell whether somebody is counting: each number is one more, or less, than the one before."""
    numbers = [int(group) for group in groups]
    steps = {after - before for before, after in zip(numbers, numbers[1:], strict=False)}
    return len(steps) == 1 and abs(steps.pop()) == 1
