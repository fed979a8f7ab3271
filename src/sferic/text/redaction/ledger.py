"""The numbers of a session's secrets."""

from collections import OrderedDict

LIMIT = 2_000
"""How many values of a session keep their number. Beyond it the one not met for longest loses it."""


class Ledger:
    """Gives the same value the same number, counted per type from one.

    Holds what a placeholder stands for, and shows it to nobody: there is no way out of it but
    numbers. A value that was forgotten gets a new number when it comes again; numbers are never
    given twice.
    """

    __slots__ = ("_limit", "_numbers", "_used")

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._used: dict[str, int] = {}
        self._numbers: OrderedDict[tuple[str, int], int] = OrderedDict()

    def __repr__(self) -> str:
        return f"<Ledger of {len(self._numbers)}>"

    def number(self, kind: str, value: str) -> int:
        """Return the number of a value, a new one if it is new."""
        # The hash of a process is salted, so even a dump of memory shows no value in clear.
        key = (kind, hash(value))
        known = self._numbers.get(key)
        if known is None:
            known = self._used[kind] = self._used.get(kind, 0) + 1
            self._numbers[key] = known
            if len(self._numbers) > self._limit:
                self._numbers.popitem(last=False)
        self._numbers.move_to_end(key)
        return known

    def has(self, kind: str, value: str) -> bool:
        """Tell whether a value of a type has a number."""
        return (kind, hash(value)) in self._numbers

    def preview(self) -> "Preview":
        """Return what gives the same numbers without keeping any."""
        return Preview(self)

    def _known(self, kind: str, value: str) -> int | None:
        return self._numbers.get((kind, hash(value)))

    def _next(self, kind: str) -> int:
        return self._used.get(kind, 0) + 1


class Preview:
    """Numbers as a ledger would give them next, for text that is not final."""

    __slots__ = ("_given", "_ledger", "_used")

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._used: dict[str, int] = {}
        self._given: dict[tuple[str, int], int] = {}

    def __repr__(self) -> str:
        return f"<Preview of {self._ledger!r}>"

    def number(self, kind: str, value: str) -> int:
        """Return the number of a value, the one it would get if it is new."""
        ledger = self._ledger
        known = ledger._known(kind, value)  # noqa: SLF001
        if known is not None:
            return known
        key = (kind, hash(value))
        if key not in self._given:
            following = self._used.get(kind, ledger._next(kind))  # noqa: SLF001
            self._used[kind] = following + 1
            self._given[key] = following
        return self._given[key]
