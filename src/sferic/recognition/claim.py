"""Who waits for what a thread is to do, and whether anybody still does."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum

import msgspec


class Rank(IntEnum):
    """How urgent work is."""

    FINAL = 0
    PARTIAL = 1
    BACKGROUND = 2
    """Audio that came faster than it was spoken: nobody waits for a word of it."""


class AbandonedError(Exception):
    """Nobody waits any more for what was to be done."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's wish that something be done."""

    rank: Rank = Rank.FINAL
    wanted: Callable[[], bool] = lambda: True
    """Whether anybody still waits for it; may be asked from any thread."""

    def check(self) -> None:
        """Raise AbandonedError if nobody waits any more."""
        if not self.wanted():
            raise AbandonedError


PLAIN = Claim()
"""Of somebody who waits for a final and does not leave."""


@contextmanager
def awaited(rank: Rank = Rank.FINAL) -> Iterator[Claim]:
    """A claim that lasts until the block, which awaits what is done, has been left."""
    left = threading.Event()
    try:
        yield Claim(rank=rank, wanted=lambda: not left.is_set())
    finally:
        left.set()
