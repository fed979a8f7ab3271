"""Batches of what several threads want of a model at the same time."""

import itertools
import logging
import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from sferic.recognition.claim import AbandonedError, Claim, Rank

logger = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")


class Batcher(Generic[Job, Result]):
    """Lets threads that come to the same model together share one run of it.

    A thread that comes while a lane is free goes at once, alone. Those that come while all lanes
    are taken wait, and the moment one comes free it takes the first of them and all that are like
    it: no job is ever held back for company. One of the threads of a batch runs it for all.

    Each job has a result or an error of its own. A batch that fails is run again job by job, or in
    halves where memory was too small for it; then batches stay that small.

    Args:
        work: Gives as many results as it is given jobs, in their order.
        most: Jobs in a batch.
        lanes: Batches at the same time.
        exhausted: Whether an error says that memory was too small.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Job]], Sequence[Result]],
        *,
        most: int,
        lanes: int,
        exhausted: Callable[[Exception], bool],
    ) -> None:
        self._work = work
        self._most = most
        self._free = lanes
        self._exhausted = exhausted
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._waiting: list[_Place[Job, Result]] = []

    @property
    def most(self) -> int:
        """Jobs in a batch, now."""
        return self._most

    @property
    def waiting(self) -> int:
        """Jobs that no lane was free for yet."""
        return len(self._waiting)

    def run(self, job: Job, *, like: Hashable, claim: Claim) -> Result:
        """Have a job done. Blocks.

        Args:
            job: What `work` takes.
            like: Jobs with the same may share a batch.
            claim: Who waits for it.

        Raises:
            AbandonedError: Nobody did when its turn came.
            Exception: What `work` raised for this job.
        """
        place = _Place[Job, Result](job, like, claim, next(self._order))
        with self._lock:
            self._waiting.append(place)
            self._appoint()
        place.woken.wait()
        if place.leads:
            self._lead(place.leads)
        return place.result()

    def _appoint(self) -> None:
        """Give free lanes to those that wait; the lock is held."""
        for place in [place for place in self._waiting if not place.claim.wanted()]:
            self._waiting.remove(place)
            place.fail(AbandonedError())
        while self._free and self._waiting:
            first, *others = sorted(self._waiting, key=_Place.turn)
            company = [place for place in others if place.like == first.like]
            first.leads = [first, *company[: self._most - 1]]
            self._waiting = [place for place in self._waiting if place not in first.leads]
            self._free -= 1
            first.woken.set()

    def _lead(self, batch: "list[_Place[Job, Result]]") -> None:
        try:
            self._run(batch)
        finally:
            for place in batch:
                place.fail(RuntimeError("the batch was interrupted"))
            with self._lock:
                self._free += 1
                self._appoint()

    def _run(self, batch: "list[_Place[Job, Result]]") -> None:
        try:
            results = [*self._work([place.job for place in batch])]
        except Exception as error:  # noqa: BLE001  # goes to those it concerns
            if len(batch) == 1:
                batch[0].fail(error)
                return
            for part in self._parts(batch, error):
                self._run(part)
        else:
            for place, result in zip(batch, results, strict=True):
                place.succeed(result)

    def _parts(
        self, batch: "list[_Place[Job, Result]]", error: Exception
    ) -> "list[list[_Place[Job, Result]]]":
        """What is run in the place of a batch that failed."""
        size = 1
        if self._exhausted(error):
            size = len(batch) // 2
            with self._lock:
                self._most = min(self._most, size)
            logger.warning("memory is too small for batches of %d: now %d", len(batch), size)
        return [batch[at : at + size] for at in range(0, len(batch), size)]


class _Place(Generic[Job, Result]):
    """A job in the queue, and what becomes of it."""

    def __init__(self, job: Job, like: Hashable, claim: Claim, number: int) -> None:
        self.job = job
        self.like = like
        self.claim = claim
        self.woken = threading.Event()
        """When it is done, or its thread is to run a batch."""
        self.leads: list[_Place[Job, Result]] = []
        self._number = number
        self._results: list[Result] = []
        self._error: Exception | None = None

    def turn(self) -> tuple[Rank, int]:
        """Places go by this: finals first, each kind as it came."""
        return self.claim.rank, self._number

    def succeed(self, result: Result) -> None:
        self._results.append(result)
        self.woken.set()

    def fail(self, error: Exception) -> None:
        """Take note of an error, unless there is an outcome already."""
        if not self._results and self._error is None:
            self._error = error
            self.woken.set()

    def result(self) -> Result:
        if self._error is not None:
            raise self._error
        return self._results[0]
