"""What live streams ask for, measured while they are open."""

import math
import time
from collections.abc import Callable

from sferic.recognition.capacity import Demand
from sferic.recognition.load import Load

_MEMORY = 1200.0
"""Seconds of open stream after which what was seen counts a third."""
_PRIOR = 120.0
"""Seconds of open stream that the assumption counts for."""
_LEAST = 0.5
"""Share of what is assumed below which a stream is not thought to ask: the silent may speak up."""


class DemandMeter:
    """Looks at the load again and again, on the thread of the event loop.

    Args:
        usage: The load.
        assumed: What a stream is thought to ask for before anything is known.
        clock: Seconds.
        cpu: CPU seconds of the thread of the event loop.
    """

    def __init__(
        self,
        usage: Load,
        assumed: Demand | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        self._usage = usage
        self._assumed = assumed or Demand()
        self._clock, self._cpu = clock, cpu
        self._at, self._loop, self._hearing = clock(), cpu(), usage.hearing
        self._finals = 0
        self._asked = _Mean(self._assumed.finals, self._assumed.speaking)
        self._spent = _Mean(
            self._assumed.overhead - self._assumed.loop,
            self._assumed.loop,
        )

    def look(self, *, live: int, background: int, finals: int) -> None:
        """Take in what happened since the last look.

        Args:
            live: Live streams that are open.
            background: Streams of audio that comes faster than it was spoken.
            finals: Finals with text that live streams have been sent so far.
        """
        now, loop, hearing = self._clock(), self._cpu(), self._usage.hearing
        seconds = now - self._at
        streams = live * seconds
        if streams > 0:
            speaking = min(self._usage.speaking, live) * seconds
            self._asked.add(streams, finals - self._finals, speaking)
            if not background:
                self._spent.add(streams, hearing - self._hearing, loop - self._loop)
        self._at, self._loop, self._hearing, self._finals = now, loop, hearing, finals

    @property
    def demand(self) -> Demand:
        """What a stream asks for, as far as is known."""
        finals, speaking = self._asked.values
        hearing, loop = self._spent.values
        assumed = self._assumed
        return Demand(
            finals=max(finals, _LEAST * assumed.finals),
            speaking=min(max(speaking, _LEAST * assumed.speaking), 1.0),
            overhead=hearing + loop,
            loop=loop,
        )


class _Mean:
    """Amounts a second of open stream, older ones fading; at first what was assumed."""

    def __init__(self, *assumed: float) -> None:
        self._assumed = assumed
        self._amounts = [0.0 for _ in assumed]
        self._weight = 0.0

    def add(self, streams: float, *amounts: float) -> None:
        """Take in what so many seconds of open stream brought."""
        kept = math.exp(-streams / _MEMORY)
        self._weight = self._weight * kept + streams
        self._amounts = [
            before * kept + now for before, now in zip(self._amounts, amounts, strict=True)
        ]

    @property
    def values(self) -> tuple[float, ...]:
        whole = _PRIOR + self._weight
        return tuple(
            (_PRIOR * assumed + amount) / whole
            for assumed, amount in zip(self._assumed, self._amounts, strict=True)
        )
