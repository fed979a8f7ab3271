"""Many conversations and a few workers, in a time of their own: what the formulas are held against.

The rules are those of the scheduler and of `Load.cadence`, written down once more: finals before
partials, those in their order, these by who has waited longest; nothing is interrupted.
"""

import heapq
import itertools
import math
import random

from sferic.recognition.capacity import Workload

_SILENCE_S = 0.6
_LOOK_S = 0.05
_LEAST = 0.15
_MEMORY_S = 4.0


class Conversations:
    """So many streams that speak and pause.

    Args:
        streams: How many.
        workload: What they cost; overhead is not simulated.
        seed: Of all lengths.
    """

    def __init__(self, streams: int, workload: Workload, *, seed: int = 0) -> None:
        assert workload.interval is not None
        self.waits: list[float] = []
        """Seconds from each decision until a worker began with the final."""
        self._draw = random.Random(seed)
        self._streams = streams
        self._workload = workload
        self._interval = workload.interval
        self._workers = self._free = workload.machine.workers
        self._finals: list[float] = []
        self._partials: dict[int, float] = {}
        self._speaking = [False] * streams
        self._last = [0.0] * streams
        self._busy = _Fading()
        self._due = _Fading()
        self._events: list[tuple[float, int, str, int]] = []
        self._order = itertools.count()
        self._now = 0.0

    def run(self, seconds: float) -> None:
        """Let time pass."""
        for stream in range(self._streams):
            self._plan(self._draw.random() / self._workload.demand.finals, "begin", stream)
        while self._events and self._events[0][0] <= seconds:
            self._now, _, kind, stream = heapq.heappop(self._events)
            getattr(self, f"_{kind}")(stream)
            self._give()

    def _begin(self, stream: int) -> None:
        demand = self._workload.demand
        length = max(0.5, self._length(demand.speaking / demand.finals, 0.5))
        pause = max(0.7, self._length((1 - demand.speaking) / demand.finals, 0.5))
        self._speaking[stream], self._last[stream] = True, self._now
        self._plan(length, "stop", stream)
        self._plan(length + _SILENCE_S, "decide", stream)
        self._plan(length + pause, "begin", stream)
        self._plan(_LOOK_S, "look", stream)

    def _stop(self, stream: int) -> None:
        self._speaking[stream] = False

    def _decide(self, stream: int) -> None:
        self._partials.pop(stream, None)
        self._finals.append(self._now)

    def _look(self, stream: int) -> None:
        if not self._speaking[stream]:
            return
        waiting = stream in self._partials
        if not waiting and self._now - self._last[stream] >= self._cadence():
            self._partials[stream] = self._last[stream]
        self._plan(_LOOK_S, "look", stream)

    def _final_done(self, _: int) -> None:
        self._free += 1

    def _partial_done(self, stream: int) -> None:
        self._free += 1
        self._due.add(self._now - self._last[stream], self._now)
        self._last[stream] = self._now

    def _give(self) -> None:
        costs = self._workload.costs
        while self._free and (self._finals or self._partials):
            self._free -= 1
            if self._finals:
                length = self._length(costs.final, self._workload.variation)
                self._busy.add(length, self._now)
                self.waits.append(self._now - self._finals.pop(0))
                self._plan(length, "final_done", 0)
            else:
                stream = min(self._partials, key=lambda one: self._partials[one])
                del self._partials[stream]
                self._plan(self._length(costs.partial, 0.4), "partial_done", stream)

    def _cadence(self) -> float:
        free = max(
            self._workload.filled * self._workers - self._busy.at(self._now), _LEAST * self._workers
        )
        needed = self._due.at(self._now) * self._workload.costs.partial / free
        return min(max(self._interval.least, needed), self._interval.most)

    def _length(self, mean: float, variation: float) -> float:
        shape = variation**-2
        return self._draw.gammavariate(shape, mean / shape)

    def _plan(self, after: float, kind: str, stream: int) -> None:
        heapq.heappush(self._events, (self._now + after, next(self._order), kind, stream))


class _Fading:
    """An amount a second, as `Load` has it."""

    def __init__(self) -> None:
        self._amount = self._at = 0.0

    def add(self, amount: float, now: float) -> None:
        self._amount = self.at(now) * _MEMORY_S + amount
        self._at = now

    def at(self, now: float) -> float:
        return self._amount * math.exp((self._at - now) / _MEMORY_S) / _MEMORY_S
