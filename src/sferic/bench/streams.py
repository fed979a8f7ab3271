"""Streams in real time through the recognizer of this process, as many as are asked for."""

import asyncio
import time
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.bench.listening import CHUNK_S, Listener, Waited
from sferic.protocol.options import Options
from sferic.recognition.capacity import Capacity
from sferic.recognition.demand import DemandMeter
from sferic.recognition.load import Costs
from sferic.recognition.recognizer import Recognizer
from sferic.session import Session

SETTLE_S = 4.0
"""From the beginning of a step until it is measured."""

_ENDED = "a stream ended by itself"
_SPREAD_S = 2.0
"""In which the new streams of a step begin."""
_LOOK_EVERY_S = 1.0
_CHUNK = round(SAMPLE_RATE * CHUNK_S)


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What so many streams were like for a while."""

    streams: int
    seconds: float
    finals: tuple[float, ...]
    """Seconds from each decision to its final, or as long as it is missing by now."""
    partials: tuple[float, ...]
    """Seconds from each partial to the next."""
    cpu_s: float
    """Of this process, user and system."""
    busy: float
    """Share of the workers' time, at the end."""
    interval: float
    """Seconds between two partials, at the end; 0 if there are none."""
    costs: Costs
    """What finals and partials have cost so far."""
    capacity: Capacity
    """What a server would take by now."""


def together(one: Observed, other: Observed) -> Observed:
    """Two looks at the same streams, as if they had been one."""
    return msgspec.structs.replace(
        other,
        seconds=one.seconds + other.seconds,
        finals=one.finals + other.finals,
        partials=one.partials + other.partials,
        cpu_s=one.cpu_s + other.cpu_s,
    )


class Streams:
    """A growing number of streams that repeat recordings, each from a place of its own.

    Args:
        recognizer: Of this process.
        tapes: Recordings, mono at 16 kHz, each at least a second long.
        options: Of every stream: linear16 at 16 kHz, with `vad_events`.
        within: Seconds that finals may take.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        tapes: Sequence[NDArray[np.float32]],
        options: Options,
        *,
        within: float,
    ) -> None:
        self._recognizer = recognizer
        self._tapes = [_linear16(tape) for tape in tapes]
        self._options = options
        self._within = within
        self._meter = DemandMeter(recognizer.usage)
        self._listeners: list[Listener] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def observe(self, streams: int, seconds: float) -> Observed:
        """Have so many streams, at least as many as before, and look at them.

        Raises:
            SfericError: A stream failed.
        """
        for number in range(len(self._tasks), streams):
            after = _SPREAD_S * (number - len(self._tasks) + 0.5) / streams
            self._tasks.append(asyncio.create_task(self._talk(number, after)))
        await self._pass(SETTLE_S)
        start, cpu = time.monotonic(), time.process_time()
        await self._pass(seconds)
        end, cpu = time.monotonic(), time.process_time() - cpu
        finals = [wait for each in self._listeners for wait in each.finals]
        finals += [
            wait
            for each in self._listeners
            for wait in each.overdue(end)
            if wait.seconds > self._within
        ]
        partials = [wait for each in self._listeners for wait in each.partials]
        return Observed(
            streams=streams,
            seconds=end - start,
            finals=_between(finals, start, end),
            partials=_between(partials, start, end),
            cpu_s=cpu,
            busy=min(self._recognizer.usage.occupied, 1.0),
            interval=self._recognizer.cadence or 0.0,
            costs=self._recognizer.usage.steady,
            capacity=self._recognizer.holds(self._meter.demand, within=self._within),
        )

    async def close(self) -> None:
        """End all streams."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(self, seconds: float) -> None:
        """Let time pass, and see that all streams are well."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            done, _ = await asyncio.wait(
                self._tasks, timeout=min(left, _LOOK_EVERY_S), return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
                raise RuntimeError(_ENDED)
            finals = sum(len(each.finals) for each in self._listeners)
            self._meter.look(live=len(self._tasks), background=0, finals=finals)

    async def _talk(self, number: int, after: float) -> None:
        await asyncio.sleep(after)
        tape = self._tapes[number % len(self._tapes)]
        # The golden ratio spreads any number of places evenly.
        at = int(number * 0.618034 * len(tape)) % len(tape)
        async with Session(self._options, recognizer=self._recognizer) as session:
            began = time.monotonic()
            listener = Listener(began, self._options.endpoint_silence_ms / 1000)
            self._listeners.append(listener)
            feeding = asyncio.create_task(_feed(session, tape, at, began))
            try:
                async for message in session:
                    listener.take(message, time.monotonic())
            finally:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)


async def _feed(session: Session, tape: NDArray[np.int16], start: int, began: float) -> None:
    """Speak a tape from some place on, again and again."""
    due = began
    while True:
        due += CHUNK_S
        await asyncio.sleep(due - time.monotonic())
        chunk = tape.take(range(start, start + _CHUNK), mode="wrap")
        start = (start + _CHUNK) % len(tape)
        await session.feed(chunk.tobytes())


def _linear16(tape: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.rint(np.clip(tape, -1, 1) * 32_767).astype("<i2")


def _between(waits: Sequence[Waited], start: float, end: float) -> tuple[float, ...]:
    """Seconds of those that began in a stretch of time."""
    return tuple(wait.seconds for wait in waits if start <= wait.since < end)
