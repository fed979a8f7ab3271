"""From number words to numbers.

A number is read from left to right, as in "Zahlwörter" of every grammar: what is added has to be
smaller than the smallest place of what stands before it, and what multiplies has to be greater than
what it multiplies. Words are found in a tree of letters, so that it does not matter whether they
are written together. Work is bounded by a few states for each letter.
"""

import functools
import math
from collections.abc import Sequence

import msgspec

from sferic.text.numbers.folding import fold
from sferic.text.numbers.table import Entry, Node, Table, load

_MAX_TOKENS = 32
_MAX_LETTERS = 120
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


class _State(msgspec.Struct, frozen=True):
    """How far a number has come."""

    total: int = 0
    """What is finished: the thousands, once `thousand` was said."""
    ceiling: float = math.inf
    """What follows the total has to be under this."""
    group: int = 0
    """What was said since."""
    room: float = math.inf
    """What is added to the group has to be under this."""
    wants_factor: bool = False
    wants_more: bool = False
    said: bool = False
    in_hundreds: bool = False

    @property
    def is_whole(self) -> bool:
        return self.said and not (self.wants_factor or self.wants_more)


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
            start = _State(group=value, room=1, said=True)
            return self._read(tokens, at + 1, start) or best if 0 < value < 10**6 else best
        return self._read(tokens, at, _State())

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

    def _read(self, tokens: Sequence[str], at: int, start: _State) -> Reading | None:
        """Read a number from states at places, the places in order of the text."""
        best: Reading | None = None
        waiting: dict[int, list[_State]] = {0: [start]}
        parts = _Parts(tokens, at)
        begin = at - 1 if start.said else at
        while waiting:
            place = min(waiting)
            for state in waiting.pop(place)[:_MAX_STATES]:
                for end, entry in _matches(self._table.root, parts, place):
                    following = _advance(state, entry)
                    if following is None:
                        continue
                    waiting.setdefault(end, []).append(following)
                    token = parts.token_ending_at(end)
                    if token is not None and following.is_whole:
                        best = _longer(best, following, token - begin)
        return best


def _longer(best: Reading | None, state: _State, count: int) -> Reading:
    if best is not None and best.count >= count:
        return best
    value = state.total + state.group
    return Reading(value, count, spelled=True, in_hundreds=state.in_hundreds)


class _Parts:
    """The letters of some tokens, folded as far as they are looked at."""

    def __init__(self, tokens: Sequence[str], at: int) -> None:
        self._tokens = tokens
        self._next = at
        self._last = min(len(tokens), at + _MAX_TOKENS)
        self._letters = ""
        self._breaks: dict[int, int | None] = {}

    def letter(self, place: int) -> str:
        """Return the letter at a place, or nothing behind the last."""
        while place >= len(self._letters) and self._next < self._last:
            for part in (folded := fold(self._tokens[self._next])).split("-"):
                self._letters += part
                self._breaks.setdefault(len(self._letters), None)
            self._next += 1
            if folded[:1].isdigit() or len(self._letters) > _MAX_LETTERS * _MAX_TOKENS:
                # Digits in the middle of words are a number of their own.
                self._last = self._next
            self._breaks[len(self._letters)] = self._next
        return self._letters[place] if place < len(self._letters) else ""

    def is_break(self, place: int) -> bool:
        """Tell whether a token, or a part of one, ends at a place."""
        return place in self._breaks

    def token_ending_at(self, place: int) -> int | None:
        """Return the index behind the token that ends at a place, if one does."""
        return self._breaks.get(place)


def _matches(root: Node, parts: _Parts, place: int) -> list[tuple[int, Entry]]:
    """Find the words that begin at a place, the longest first, and where each ends."""
    found: list[tuple[int, Entry]] = []
    node = root
    begin = place
    while True:
        letter = parts.letter(place)
        if place > begin and parts.is_break(place) and not node.breaks:
            break
        following = node.children.get(letter)
        if following is None:
            break
        node = following
        place += 1
        found.extend((place, entry) for entry in node.entries)
    found.reverse()
    return found


def _advance(state: _State, entry: Entry) -> _State | None:
    """Return how far a number has come with one more word, or nothing if it cannot follow."""
    if entry.joins:
        return _joined(state, entry)
    if entry.article:
        return None if state.said else _State(group=1, room=1, wants_factor=True, said=True)
    if entry.multiplies:
        return _multiplied(state, entry.value)
    return _added(state, entry.value)


def _joined(state: _State, entry: Entry) -> _State | None:
    if not state.is_whole or min(state.room, state.ceiling) < entry.value:
        return None
    return msgspec.structs.replace(state, wants_more=True)


def _added(state: _State, value: int) -> _State | None:
    if state.wants_factor or value >= min(state.room, state.ceiling) or (state.said and value == 0):
        return None
    room = _smallest_place(value)
    if value >= 1000 and not state.group:
        return _State(state.total + value, room, 0, room, said=True)
    group = state.group + value
    return _State(state.total, state.ceiling, group, room, said=True, in_hundreds=state.in_hundreds)


def _smallest_place(value: int) -> int:
    """Return what has to be greater than anything added to a number: 100 for 300.

    Nothing is added to ten: `ten five` is no fifteen anywhere.
    """
    if value in {0, 10}:
        return 1
    place = 1
    while value % (place * 10) == 0:
        place *= 10
    return place


def _multiplied(state: _State, factor: int) -> _State | None:
    if state.wants_more and state.group:
        return None
    if state.group == 0:
        if state.said and state.total and factor >= state.ceiling:
            return _raised(state, factor)
        return _added(state, factor) if factor < 1000 else _closed(state, 1, factor)
    if factor == 100:
        return _hundreds(state)
    if factor > state.ceiling:
        return _raised(state, factor)
    return _closed(state, state.group, factor)


def _hundreds(state: _State) -> _State | None:
    """Multiply by a hundred: two hundred, nineteen hundred, but no hundred and two hundred."""
    value = state.group * 100
    if state.group >= 100 or (state.group % 10 == 0) or value >= state.ceiling:
        return None
    return _State(state.total, state.ceiling, value, 100, said=True, in_hundreds=state.group > 9)


def _closed(state: _State, count: int, factor: int) -> _State | None:
    value = count * factor
    if value >= state.ceiling or count >= max(factor, 1000):
        return None
    return _State(state.total + value, factor, 0, factor, said=True)


def _raised(state: _State, factor: int) -> _State | None:
    """Multiply all that was said: dos mil quinientos millones."""
    count = state.total + state.group
    if count >= factor or factor < 10**6:
        return None
    return _State(count * factor, factor, 0, factor, said=True)


@functools.lru_cache(maxsize=64)
def reader(language: str) -> NumberReader:
    """Return the reader of a language.

    Args:
        language: One of the codes of `sferic.languages`.

    Raises:
        LookupError: there are no number words for it.
    """
    return NumberReader(load(language))
