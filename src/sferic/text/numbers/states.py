"""How a number grows, word by word.

What is added has to be smaller than the smallest place of what stands before it, and what
multiplies has to be greater than what it multiplies, as in the grammars of all these languages.
"""

import math

import msgspec

from sferic.text.numbers.table import Entry


class State(msgspec.Struct, frozen=True):
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
    """Whether something that multiplies has to follow, as after `a`."""
    wants_more: bool = False
    """Whether something smaller has to follow, as after `and`."""
    is_stem: bool = False
    """Whether the last word is not one that a number ends with."""
    said: bool = False
    in_hundreds: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the number may end here."""
        return self.said and not (self.wants_factor or self.wants_more or self.is_stem)


def advance(state: State, entry: Entry) -> State | None:
    """Return how far a number has come with one more word, or nothing if it cannot follow."""
    if entry.joins:
        return _joined(state, entry)
    if entry.article:
        return _begun(state)
    if entry.tail and not (state.group or state.total):
        return None
    following = (_multiplied if entry.multiplies else _added)(state, entry.value)
    if following is not None and (entry.stem or entry.closed):
        room = 1 if entry.closed else following.room
        return msgspec.structs.replace(following, is_stem=entry.stem, room=room)
    return following


def _begun(state: State) -> State | None:
    if state.group or state.wants_more:
        return None
    return msgspec.structs.replace(state, group=1, room=1, wants_factor=True, said=True)


def _joined(state: State, entry: Entry) -> State | None:
    ready = state.is_whole or state.is_stem
    if not ready or min(state.room, state.ceiling) < entry.value:
        return None
    return msgspec.structs.replace(state, wants_more=True, is_stem=False)


def _added(state: State, value: int) -> State | None:
    if state.wants_factor or value >= min(state.room, state.ceiling) or (state.said and value == 0):
        return None
    room = _smallest_place(value)
    if value >= 1000 and not state.group:
        return State(state.total + value, room, 0, room, said=True)
    group = state.group + value
    return State(state.total, state.ceiling, group, room, said=True, in_hundreds=state.in_hundreds)


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


def _multiplied(state: State, factor: int) -> State | None:
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


def _hundreds(state: State) -> State | None:
    """Multiply by a hundred: two hundred, nineteen hundred, but no hundred and two hundred."""
    value = state.group * 100
    if state.group >= 100 or (state.group % 10 == 0) or value >= state.ceiling:
        return None
    return State(state.total, state.ceiling, value, 100, said=True, in_hundreds=state.group > 9)


def _closed(state: State, count: int, factor: int) -> State | None:
    value = count * factor
    if value >= state.ceiling or count >= max(factor, 1000):
        return None
    return State(state.total + value, factor, 0, factor, said=True)


def _raised(state: State, factor: int) -> State | None:
    """Multiply all that was said: dos mil quinientos millones."""
    count = state.total + state.group
    if count >= factor or factor < 10**6:
        return None
    return State(count * factor, factor, 0, factor, said=True)
