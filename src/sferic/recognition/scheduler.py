"""One queue of decoding work for all streams, finals before partials."""

import asyncio
import heapq
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

_FINAL, _DRAFT = 0, 1
_CLOSED = "the scheduler is closed"

_Entry: TypeAlias = tuple[int, int, Callable[[], Any], Future[Any]]
"""Rank, number, work and where its result goes."""


class Scheduler:
    """Runs blocking work of many streams on a few threads.

    Finals go before partials; within either, first come, first served. A stream has at most one
    partial and one final waiting, because it awaits each. Work that is cancelled while it waits is
    never begun, and let go at once.

    Args:
        workers: Threads.
    """

    def __init__(self, workers: int) -> None:
        self._queue: list[_Entry] = []
        self._order = itertools.count()
        self._ready = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"recognition-{number}", daemon=True)
            for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Pieces of work that no thread has begun."""
        return len(self._queue)

    async def run(self, work: Callable[[], T], *, draft: bool = False) -> T:
        """Run blocking work and return its result.

        Args:
            work: Called on a worker thread.
            draft: Whether it serves a partial, which finals overtake.

        Raises:
            RuntimeError: The scheduler is closed, or was before the work's turn came.
        """
        future: Future[T] = Future()
        with self._ready:
            if self._closed:
                raise RuntimeError(_CLOSED)
            entry = (_DRAFT if draft else _FINAL, next(self._order), work, future)
            heapq.heappush(self._queue, entry)
            self._ready.notify()
        try:
            return await asyncio.wrap_future(future)
        finally:
            if future.cancel():
                self._drop(entry)

    def close(self) -> None:
        """Fail what waits and end the threads once their current work is done."""
        with self._ready:
            self._closed = True
            waiting, self._queue = self._queue, []
            self._ready.notify_all()
        for _, _, _, future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(RuntimeError(_CLOSED))
        for thread in self._threads:
            thread.join()

    def _drop(self, entry: _Entry) -> None:
        with self._ready:
            if entry in self._queue:
                self._queue.remove(entry)
                heapq.heapify(self._queue)

    def _work(self) -> None:
        while True:
            with self._ready:
                while not self._queue and not self._closed:
                    self._ready.wait()
                if self._closed:
                    return
                _, _, work, future = heapq.heappop(self._queue)
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it belongs to the awaiting stream
                future.set_exception(error)
