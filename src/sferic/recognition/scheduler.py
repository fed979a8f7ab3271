"""Who of all streams is decoded next: finals before partials, and nobody forgotten."""

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sferic.recognition.claim import AbandonedError, Rank

T = TypeVar("T")

_TURNS = 8
"""One turn of so many goes to work in the background, if there is any."""
_CLOSED = "the scheduler is closed"


class Scheduler:
    """Gives the threads that decode to the streams in turn.

    Finals go first, in the order they were asked for; then partials, that of the stream which has
    gone longest without one first. Work in the background goes last, but gets one turn in eight,
    so that many live streams slow it down and never stop it.

    Work is made when its turn comes, not when it is asked for: a partial that had to wait decodes
    the newest audio. Streams await what they ask for, so each has one partial and one final in the
    queue at most.

    Where several models wait, each has its share of the threads: work for one that has no more
    than its share goes before work of the same rank for one that has.

    Args:
        workers: Threads.
    """

    def __init__(self, workers: int) -> None:
        # Garbage collection may withdraw a turn in the middle of giving one.
        self._lock = threading.RLock()
        self._free = workers
        self._waiting: dict[Rank, deque[_Turn]] = {rank: deque() for rank in Rank}
        self._given = 0
        self._busy: Counter[str] = Counter()
        self._workers = workers
        self._closed = False
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="recognition")

    @property
    def waiting(self) -> int:
        """Turns that have been asked for and not come."""
        return sum(len(turns) for turns in self._waiting.values())

    async def run(
        self,
        prepare: Callable[[], Callable[[], T]],
        *,
        rank: Rank = Rank.FINAL,
        since: float = 0.0,
        model: str = "",
    ) -> T:
        """Wait for a turn, then make work and run it on a thread.

        Work that is cancelled while it waits is never made. Work that is cancelled while it runs
        keeps its thread to its end; nobody hears of the result.

        Args:
            prepare: Called on the event loop when the turn has come; what it returns blocks.
            rank: How urgent it is.
            since: Clock time (`time.monotonic`) of the last partial of the stream.
            model: What the work is done by.

        Raises:
            RuntimeError: The scheduler is closed, or was before the turn came.
        """
        turn = _Turn(rank, since, model)
        self._ask(turn)
        try:
            await turn.granted
        except BaseException:
            self._withdraw(turn)
            raise
        try:
            future = self._start(prepare())
        except BaseException:
            self._give_back(turn)
            raise
        future.add_done_callback(lambda _: self._give_back(turn))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Fail what waits and end the threads once their current work is done."""
        with self._lock:
            self._closed = True
            left = [turn for turns in self._waiting.values() for turn in turns]
            for turns in self._waiting.values():
                turns.clear()
        for turn in left:
            turn.refuse()
        self._threads.shutdown()

    def _ask(self, turn: "_Turn") -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError(_CLOSED)
            self._waiting[turn.rank].append(turn)
            self._give()

    def _start(self, work: Callable[[], T]) -> Future[T]:
        with self._lock:
            if self._closed:
                raise RuntimeError(_CLOSED)
            return self._threads.submit(work)

    def _withdraw(self, turn: "_Turn") -> None:
        with self._lock:
            if turn in self._waiting[turn.rank]:
                self._waiting[turn.rank].remove(turn)
            elif turn.given:
                self._give_back(turn)

    def _give_back(self, turn: "_Turn") -> None:
        with self._lock:
            self._free += 1
            self._busy[turn.model] -= 1
            self._give()

    def _give(self) -> None:
        while self._free and (turn := self._next()) is not None:
            if turn.give():
                self._free -= 1
                self._busy[turn.model] += 1

    def _next(self) -> "_Turn | None":
        finals, partials, background = (self._waiting[rank] for rank in Rank)
        if background and (self._given % _TURNS == _TURNS - 1 or not (finals or partials)):
            waiting, ranked = background, self._within_share(background)
        elif finals:
            waiting, ranked = finals, self._within_share(finals)
        elif partials:
            waiting = partials
            ranked = sorted(self._within_share(partials), key=lambda turn: turn.since)
        else:
            return None
        chosen = ranked[0]
        waiting.remove(chosen)
        self._given += 1
        return chosen

    def _within_share(self, turns: "deque[_Turn]") -> "Sequence[_Turn]":
        """Those for models that have less than their share of the threads; all if there is none."""
        wanted = {turn.model for turn in turns}
        working = wanted | {model for model, count in self._busy.items() if count > 0}
        if len(working) < 2:
            return turns
        share = max(self._workers // len(working), 1)
        return [turn for turn in turns if self._busy[turn.model] < share] or turns


class _Turn:
    """A wish for a thread."""

    def __init__(self, rank: Rank, since: float, model: str) -> None:
        self.rank = rank
        self.model = model
        self.since = since
        self.given = False
        self._loop = asyncio.get_running_loop()
        self.granted: asyncio.Future[None] = self._loop.create_future()

    def give(self) -> bool:
        """Let the stream begin; False if its event loop is closed."""
        self.given = self._tell(lambda: self.granted.set_result(None))
        return self.given

    def refuse(self) -> None:
        """Tell the stream that its turn will not come."""
        self._tell(lambda: self.granted.set_exception(RuntimeError(_CLOSED)))

    def _tell(self, outcome: Callable[[], None]) -> bool:
        def settle() -> None:
            if not self.granted.done():
                outcome()

        try:
            self._loop.call_soon_threadsafe(settle)
        except RuntimeError:
            return False
        return True


def measured(work: Callable[[], T], note: Callable[[float], None]) -> Callable[[], T]:
    """Work that tells how many seconds it took, unless it was abandoned."""

    def run() -> T:
        started = time.perf_counter()
        abandoned = False
        try:
            return work()
        except AbandonedError:
            abandoned = True
            raise
        finally:
            if not abandoned:
                note(time.perf_counter() - started)

    return run
