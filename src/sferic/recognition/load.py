"""What recognition costs on this machine, and how busy it is, measured while it runs."""

import math
import threading
import time
from collections.abc import Callable

import msgspec

_MEMORY_S = 4.0
"""Time constant of rates: what happened so long ago counts a third."""
_LEARNING = 0.1
"""Weight of a new measurement of a cost."""
_BUSY = 0.85
"""Share of the workers' time that finals and partials are to take together at most."""
_LEAST = 0.15
"""Share that partials have in any case."""


class Costs(msgspec.Struct, frozen=True):
    """Seconds that a worker is taken."""

    final: float
    partial: float


class Load:
    """Follows finals and partials of all streams.

    Args:
        workers: Pieces of work done at the same time.
        costs: What they cost as far as it is known beforehand.
        clock: Seconds.
    """

    def __init__(
        self,
        workers: int,
        costs: Costs,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workers = workers
        self._clock = clock
        self._lock = threading.Lock()
        self._final, self._partial = costs.final, costs.partial
        self._finals = _Rate()
        self._finals_busy = _Rate()
        self._partials_busy = _Rate()
        self._speaking = _Rate()

    def final(self, seconds: float) -> None:
        """A final has taken a worker so long."""
        with self._lock:
            now = self._clock()
            self._final += _LEARNING * (seconds - self._final)
            self._finals.add(1, now)
            self._finals_busy.add(seconds, now)

    def partial(self, seconds: float, *, since: float) -> None:
        """A partial has taken a worker so long; `since` seconds before, its stream had one."""
        with self._lock:
            now = self._clock()
            self._partial += _LEARNING * (seconds - self._partial)
            self._partials_busy.add(seconds, now)
            self._speaking.add(since, now)

    @property
    def costs(self) -> Costs:
        """What they have cost of late."""
        return Costs(self._final, self._partial)

    @property
    def busy(self) -> float:
        """Share of the workers' time that is taken, 0 to 1."""
        with self._lock:
            now = self._clock()
            return (self._finals_busy.at(now) + self._partials_busy.at(now)) / self._workers

    @property
    def finals_a_second(self) -> float:
        """Finals a second, of all streams."""
        with self._lock:
            return self._finals.at(self._clock())

    @property
    def speaking(self) -> float:
        """Streams that get partials, on average."""
        with self._lock:
            return self._speaking.at(self._clock())

    def cadence(self, *, least: float, most: float) -> float:
        """Seconds of speech between two partials of a stream at which the workers keep up."""
        with self._lock:
            now = self._clock()
            free = _BUSY * self._workers - self._finals_busy.at(now)
            free = max(free, _LEAST * self._workers)
            needed = self._speaking.at(now) * self._partial / free
        return min(max(least, needed), most)


class _Rate:
    """An amount a second, older amounts fading."""

    def __init__(self) -> None:
        self._amount = 0.0
        self._at = 0.0

    def add(self, amount: float, now: float) -> None:
        self._amount = self._faded(now) + amount
        self._at = now

    def at(self, now: float) -> float:
        return self._faded(now) / _MEMORY_S

    def _faded(self, now: float) -> float:
        return self._amount * math.exp((self._at - now) / _MEMORY_S)
