"""From number words to numbers.

A number is read from left to right, by way of the states of `sferic.text.numbers.states`. Words are
found in a tree of letters, so that it does not matter whether they are written together. Work is
bounded by a few states for each letter.
"""

import functools
from collections.abc import Sequence

import msgspec

from sferic.text.numbers.folding import fold
from sferic.text.numbers.letters import Letters, matches
from sferic.text.numbers.states import State, advance
from sferic.text.numbers.table import Node, Table, load

_MAX_STATES = 6
_MAX_DIGITS = 15
_MAX_RUN = 64
_SEPARATORS = str.maketrans("", "", "-.()/ ")
"""What stands between the digits of one number, such as that of a telephone."""


class Reading(msgspec.Struct, frozen=True):
    """A number, as it stands in a text."""

    value: int
    count: int
    """How many tokens it takes."""
    spelled: bool
    """Whether any of it was said in words."""
    in_hundreds: bool = False
    """Whether it was said in more than nine hundreds, as years are: nineteen hundred four."""


class DigitRun(msgspec.Struct, frozen=True):
    """Digits that were dictated one after the other, singly or in small groups."""

    digits: str
    count: int
    """How many tokens they take."""
    groups: tuple[str, ...]
    """The digits as they were grouped: `double five` and `forty two` are one group each."""


class NumberReader:
    """Reads numbers in one language. Made by `reader`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def cardinal(self, tokens: Sequence[str], at: int) -> Reading | None:
        """Read the longest well-formed cardinal that begins at a token.

        Args:
            tokens: Words without the punctuation around them, in any case. A token of digits is a
                number too, and may be multiplied: `25`, `2 million`.
            at: Index of the token it begins with.
        """
        token = tokens[at]
        if token.isdecimal():
            if len(token) > _MAX_DIGITS:
                return None
            value = int(token)
            best = Reading(value, 1, spelled=False)
            # Only a group of digits can be multiplied, and nothing can be added to it.
            start = State(group=value, room=1, said=True)
            return self._read(tokens, at + 1, start) or best if 0 < value < 10**6 else best
        found = self._read(tokens, at, State())
        if found is None or found.count == 1 or not self._multiplies(tokens, at + found.count):
            return found
        # Two hundred, three hundred: the three belongs to what follows.
        return self._read(tokens[: at + found.count - 1], at, State()) or found

    def _multiplies(self, tokens: Sequence[str], at: int) -> bool:
        return at < len(tokens) and self.scale(tokens[at]) > 0

    def scale(self, token: str) -> int:
        """Return what a word such as `thousand` or `millions` multiplies by; 0 for other words."""
        if token.isdecimal():
            return 0
        node = self._table.root
        for letter in fold(token):
            following = node.children.get(letter)
            if following is None:
                return 0
            node = following
        return max((entry.value for entry in node.entries if entry.multiplies), default=0)

    def digit(self, token: str) -> str | None:
        """Return the digit that a token says or is, in a place where digits are dictated."""
        if len(token) == 1 and token.isdecimal():
            return str(int(token))
        return self._table.digits.get(fold(token))

    def repeat(self, token: str) -> int | None:
        """Return how often a token says that the digit after it comes: 2 for `double`."""
        return self._table.repeats.get(fold(token))

    def joins(self, token: str) -> bool:
        """Tell whether a token may stand before or between the words of a number: `and`, `a`."""
        return fold(token) in self._table.joins

    def digits(self, tokens: Sequence[str], at: int) -> DigitRun | None:
        """Read the longest run of dictated digits that begins at a token.

        Digits may be said one by one, repeated (`double five`), in numbers under ten thousand that
        stand for their own digits (`forty two`, `eight hundred`), or be written in groups, with or
        without separators (`4242`, `555-0123`). A run has at most 64 tokens.
        """
        groups: list[str] = []
        place = at
        while place < len(tokens) and place - at < _MAX_RUN:
            found = self._group(tokens, place)
            if found is None:
                break
            group, count = found
            groups.append(group)
            place += count
        return DigitRun("".join(groups), place - at, tuple(groups)) if groups else None

    def _group(self, tokens: Sequence[str], at: int) -> tuple[str, int] | None:
        token = tokens[at]
        bare = token.removeprefix("+").translate(_SEPARATORS)
        if bare.isdecimal():
            return bare, 1
        times = self.repeat(token)
        if times is not None:
            repeated = self.digit(tokens[at + 1]) if at + 1 < len(tokens) else None
            return (repeated * times, 2) if repeated is not None else None
        reading = self.cardinal(tokens, at)
        if reading is not None and reading.value < 10_000:
            count = reading.count
            after = tokens[at + count] if at + count < len(tokens) else ""
            if count > 2 and self.digit(tokens[at + count - 1]) and self.digit(after):
                # Eight hundred, five five five.
                shorter = self.cardinal(tokens[: at + count - 1], at)
                reading = shorter or reading
            return str(reading.value), reading.count
        digit = self.digit(token)
        return (digit, 1) if digit is not None else None

    def _read(self, tokens: Sequence[str], at: int, start: State) -> Reading | None:
        """Read a number from states at places, the places in order of the text."""
        if not start.said and not _may_begin(self._table.root, tokens[at]):
            return None
        best: Reading | None = None
        waiting: dict[int, list[State]] = {0: [start]}
        letters = Letters(tokens, at)
        begin = at - 1 if start.said else at
        while waiting:
            place = min(waiting)
            for state in waiting.pop(place)[:_MAX_STATES]:
                for end, entry in matches(self._table.root, letters, place):
                    following = advance(state, entry)
                    if following is None:
                        continue
                    waiting.setdefault(end, []).append(following)
                    token = letters.token_ending_at(end)
                    if token is not None and following.is_whole:
                        best = _longer(best, following, token - begin)
        return best


def _may_begin(node: Node, token: str) -> bool:
    """Tell, in little time, that a token cannot begin a number, as most cannot."""
    begun = False
    for letter in fold(token):
        if letter == "-":
            return True
        following = node.children.get(letter)
        if following is None:
            return begun
        node = following
        begun = begun or bool(node.entries)
    return begun or node.breaks


def _longer(best: Reading | None, state: State, count: int) -> Reading:
    if best is not None and best.count >= count:
        return best
    value = state.total + state.group
    return Reading(value, count, spelled=True, in_hundreds=state.in_hundreds)


@functools.lru_cache(maxsize=64)
def reader(language: str) -> NumberReader:
    """Return the reader of a language.

    Args:
        language: One of the codes of `sferic.languages`.

    Raises:
        LookupError: there are no number words for it.
    """
    return NumberReader(load(language))
