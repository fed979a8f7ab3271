"""What recognition costs on this machine, and how busy it is, measured while it runs."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable

import msgspec

_MEMORY_S = 4.0
"""Time constant of rates: what happened so long ago counts a third."""
_LEARNING = 0.1
"""Weight of a new measurement of a cost."""
_STEADY_LEARNING = 0.03
"""The same where a few unusual ones should not count for much; the first ones weigh more."""
_PRIOR = 3
"""Measurements that what was known beforehand counts for there."""
_VARIATION = 0.65
"""Coefficient of variation of finals, until it is known."""
_RECENT_S = 30.0
"""For which answers are remembered."""
_FEWEST_ANSWERS = 20
"""With fewer there is no 95th percentile."""
_BUSY = 0.7
"""Share of the workers' time that finals and partials are to take together at most."""
_LEAST = 0.15
"""Share that partials have in any case."""


class Costs(msgspec.Struct, frozen=True):
    """Seconds that a worker is taken."""

    final: float
    partial: float


class Answer(msgspec.Struct, frozen=True):
    """A final that somebody waited for."""

    at: float
    """When it was there, by the clock of the load."""
    waited: float
    """Seconds until its turn came."""
    took: float
    """Seconds from the decision to the words."""


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
        self._background_busy = _Rate()
        self._steady_final = _Steady(costs.final)
        self._steady_partial = _Steady(costs.partial)
        self._squared = _Steady(costs.final**2 * (1 + _VARIATION**2))
        self._answers: deque[Answer] = deque()
        self._hearing = 0.0

    def final(self, seconds: float, *, background: bool = False) -> None:
        """A final has taken a worker so long; in the `background` nobody waits for it."""
        with self._lock:
            now = self._clock()
            if background:
                self._background_busy.add(seconds, now)
                return
            self._steady_final.add(seconds)
            self._squared.add(seconds**2)
            self._final += _LEARNING * (seconds - self._final)
            self._finals.add(1, now)
            self._finals_busy.add(seconds, now)

    def partial(self, seconds: float, *, since: float, background: bool = False) -> None:
        """A partial has taken a worker so long; `since` seconds before, its stream had one."""
        with self._lock:
            now = self._clock()
            if background:
                self._background_busy.add(seconds, now)
                return
            self._steady_partial.add(seconds)
            self._partial += _LEARNING * (seconds - self._partial)
            self._partials_busy.add(seconds, now)
            self._speaking.add(since, now)

    def answered(self, *, waited: float, took: float) -> None:
        """A final that somebody waited for is there.

        Args:
            waited: Seconds until a worker was free for it.
            took: Seconds from the decision to end to its words.
        """
        with self._lock:
            now = self._clock()
            self._answers.append(Answer(now, waited, took))
            self._forget_answers(now)

    def heard(self, seconds: float) -> None:
        """Decoding of audio and its voice activity have taken so much CPU time."""
        with self._lock:
            self._hearing += seconds

    @property
    def hearing(self) -> float:
        """CPU seconds that they have taken so far."""
        with self._lock:
            return self._hearing

    @property
    def steady(self) -> Costs:
        """What finals and partials of live streams cost, over a longer time than `costs`."""
        with self._lock:
            return Costs(self._steady_final.mean, self._steady_partial.mean)

    @property
    def variation(self) -> float:
        """Coefficient of variation of what finals of live streams cost."""
        with self._lock:
            mean, squared = self._steady_final.mean, self._squared.mean
            return math.sqrt(max(squared - mean**2, 0.0)) / mean if mean else 0.0

    @property
    def late(self) -> float:
        """Seconds that finals of late have waited for a worker at the 95th percentile.

        0 with too few to tell.
        """
        with self._lock:
            self._forget_answers(self._clock())
            waited = sorted(answer.waited for answer in self._answers)
        if len(waited) < _FEWEST_ANSWERS:
            return 0.0
        return waited[math.ceil(0.95 * len(waited)) - 1]

    def answers(self, *, after: float = -math.inf) -> list[Answer]:
        """Those of late that were there after some time by the clock."""
        with self._lock:
            return [answer for answer in self._answers if answer.at > after]

    @property
    def costs(self) -> Costs:
        """What they have cost of late."""
        return Costs(self._final, self._partial)

    @property
    def busy(self) -> float:
        """Share of the workers' time that live streams take, 0 to 1."""
        with self._lock:
            return self._live_busy() / self._workers

    @property
    def occupied(self) -> float:
        """Share of the workers' time that is taken, work in the background included."""
        with self._lock:
            busy = self._live_busy() + self._background_busy.at(self._clock())
            return busy / self._workers

    @property
    def finals_a_second(self) -> float:
        """Finals a second, of all live streams."""
        with self._lock:
            return self._finals.at(self._clock())

    @property
    def speaking(self) -> float:
        """Live streams that get partials, on average."""
        with self._lock:
            return self._speaking.at(self._clock())

    @property
    def filled(self) -> float:
        """Share of the workers' time up to which partials come more often than they must."""
        return _BUSY

    def cadence(self, *, least: float, most: float) -> float:
        """Seconds of speech between two partials of a stream at which the workers keep up."""
        with self._lock:
            now = self._clock()
            free = _BUSY * self._workers - self._finals_busy.at(now)
            free = max(free, _LEAST * self._workers)
            needed = self._speaking.at(now) * self._partial / free
        return min(max(least, needed), most)

    def _live_busy(self) -> float:
        now = self._clock()
        return self._finals_busy.at(now) + self._partials_busy.at(now)

    def _forget_answers(self, now: float) -> None:
        while self._answers and self._answers[0].at < now - _RECENT_S:
            self._answers.popleft()


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


class _Steady:
    """A mean that begins with what was known beforehand and forgets slowly."""

    def __init__(self, known: float) -> None:
        self.mean = known
        self._seen = _PRIOR

    def add(self, value: float) -> None:
        self._seen += 1
        self.mean += max(1 / self._seen, _STEADY_LEARNING) * (value - self.mean)
