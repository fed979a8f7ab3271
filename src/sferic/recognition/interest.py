"""Whether somebody still waits for what a thread is to do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

Wanted: TypeAlias = Callable[[], bool]
"""Whether anybody still waits for the answer; may be asked from any thread."""


class AbandonedError(Exception):
    """Nobody waits any more for what was to be done."""


def always() -> bool:
    """Say of work that nobody can leave that it is waited for."""
    return True


@contextmanager
def awaited() -> Iterator[Wanted]:
    """Tell threads whether the block, which awaits what they do, has been left."""
    left = threading.Event()
    try:
        yield lambda: not left.is_set()
    finally:
        left.set()
