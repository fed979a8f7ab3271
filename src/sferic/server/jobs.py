"""Jobs: recordings that are transcribed after their request was answered, and deliveries.

Deliveries are made at least once. Before an attempt it is noted that it begins, after the answer
that it was made; only if the process dies between the receiver's answer and that note is the same
delivery, under the same id, made again.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from sferic.errors import JobStoreError, SfericError
from sferic.protocol.recorded import RecordedError
from sferic.server import signing
from sferic.server.delivering import FIRST_WAIT_S, Courier, wait_after
from sferic.server.folders import Folders
from sferic.server.job_database import Job, JobDatabase, State
from sferic.server.spool import Room

MOST_STARTS = 5
"""Times that a job is begun: one that takes the process down with it is given up some time."""

DELIVERIES_AT_ONCE = 16
DELIVERIES_OF_A_KEY = 4
"""At once, so that one slow receiver holds up nobody else's."""

_LOOK_S = 60.0
"""Seconds between two looks at what is old, and at what other processes have left."""
_MEND_S = 1.0
"""Seconds after which a database that failed is asked again."""

logger = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")

Transcribing = Callable[[Job, Path], Awaitable[tuple[bytes, bool]]]
"""From a job and the place of its recording to what is delivered, and whether that is a transcript.

It waits for its turn, and raises nothing but what is a fault of the server.
"""


class Jobs:
    """The jobs of one server.

    Args:
        database: Where they are stored.
        folders: Where their recordings lie.
        room: What those take.
        transcribe: Does one.
        courier: Delivers one.
        turns: Recordings that are transcribed at the same time.
        most: Jobs that may be under way.
        attempts: At a delivery, before it is given up.
        retention: Seconds that a job is kept after its end.
        first_wait: Seconds from the first attempt at a delivery to the second.
        starts: Times that a job is begun.
    """

    def __init__(
        self,
        database: JobDatabase,
        folders: Folders,
        room: Room,
        *,
        transcribe: Transcribing,
        courier: Courier,
        turns: asyncio.Semaphore,
        most: int,
        attempts: int,
        retention: float,
        first_wait: float = FIRST_WAIT_S,
        starts: int = MOST_STARTS,
    ) -> None:
        self._database = database
        self._folders = folders
        self._room = room
        self._transcribe = transcribe
        self._courier = courier
        self._turns = turns
        self._most = most
        self._attempts = attempts
        self._retention = retention
        self._first_wait = first_wait
        self._starts = starts
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="sferic-jobs")
        self._opening = asyncio.Lock()
        self._open = False
        self._failing = False
        self._master: bytes | None = None
        self._new = asyncio.Event()
        self._due = asyncio.Event()
        self._slots = asyncio.Semaphore(DELIVERIES_AT_ONCE)
        self._in_work: Counter[str] = Counter()
        self._under_way: dict[str, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self.on_delivery: Callable[[str], None] = lambda _: None
        """Called with what every attempt came to: `delivered`, `failed` or `given_up`."""

    async def start(self) -> None:
        """Go on with what was left, if anything was."""
        if await self._run(lambda: self._database.exists):
            try:
                await self.open()
            except (JobStoreError, OSError) as error:
                logger.error("jobs that were left cannot be gone on with: %s", error)  # noqa: TRY400

    async def open(self) -> None:
        """Make what is missing, and begin to work.

        Raises:
            JobStoreError: The database does not work.
            OSError: The folder of recordings cannot be used.
        """
        async with self._opening:
            if not self._open:
                self._room.held += await self._run(self._prepare)
                self._open = True
                self._loops = [
                    asyncio.create_task(self._dispatch()),
                    asyncio.create_task(self._send_out()),
                    asyncio.create_task(self._look_after()),
                ]

    async def stop(self) -> None:
        """Stop at once; what is not done is done after the next start."""
        tasks = [*self._loops, *self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._open:
            await self._run(self._close)
        self._executor.shutdown(wait=True)

    async def add(self, job: Job) -> bool:
        """Promise to do a job; False if there are too many.

        Raises:
            JobStoreError: It cannot be stored.
        """
        added = await self._run(partial(self._database.add, job, most=self._most))
        (self._due if job.state is State.DELIVERING else self._new).set()
        return added

    async def get(self, job_id: str, key_id: str) -> Job | None:
        """Return a job of that key, if there is such a one.

        Raises:
            JobStoreError: The database does not work.
        """
        if not await self._run(lambda: self._database.exists):
            return None
        return await self._run(partial(self._database.get, job_id, key_id))

    async def secret(self, key_id: str) -> bytes:
        """Return what the deliveries of a key are signed with.

        Raises:
            JobStoreError: The database does not work.
        """
        return signing.secret_of(key_id, await self._run(self._master_secret))

    def _prepare(self) -> int:
        self._database.prepare()
        self._folders.open()
        return self._recover(self._folders.names)

    def _recover(self, folders: Collection[str]) -> int:
        """Go on with what was left in folders; return the bytes of recordings there."""
        needed = self._database.recover(list(folders), own=self._folders.own)
        return self._folders.clean(list(folders), needed)

    def _close(self) -> None:
        self._folders.close()
        self._database.close()

    # Transcribing

    async def _dispatch(self) -> None:
        """Begin jobs, one after the other, as there are turns."""
        while True:
            self._new.clear()
            await self._turns.acquire()
            job = None
            try:
                names, busy = list(self._folders.names), list(self._in_work)
                job = await self._surely(partial(self._database.begin, names, busy=busy))
            finally:
                if job is None:
                    self._turns.release()
            if job is None:
                await self._new.wait()
            else:
                self._spawn(self._do(job))

    async def _do(self, job: Job) -> None:
        path = self._folders.path(job.folder, job.id)
        self._in_work[job.key_id] += 1
        try:
            if job.starts > self._starts:
                result, succeeded = failure(job, TooManyStartsError(self._starts)), False
            else:
                result, succeeded = await self._transcribe(job, path)
        except asyncio.CancelledError:
            with suppress(JobStoreError):
                await asyncio.shield(self._run(lambda: self._database.put_back(job.id)))
            raise
        finally:
            self._in_work[job.key_id] -= 1
            self._in_work += Counter()  # keys that have none are dropped
            self._turns.release()
        await self._surely(partial(self._database.finish, job.id, result, succeeded=succeeded))
        self._due.set()
        self._remove(path)

    def _remove(self, path: Path) -> None:
        with suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
            self._room.give_back(size)

    # Delivering

    async def _send_out(self) -> None:
        """Begin deliveries when they are due."""
        while True:
            await self._slots.acquire()
            job = None
            try:
                job = await self._next_due()
            finally:
                if job is None:
                    self._slots.release()
            if job is not None:
                self._under_way[job.id] = job.key_id
                self._spawn(self._deliver(job))

    async def _next_due(self) -> Job | None:
        """Wait for something that may be due, and return it if it is."""
        self._due.clear()
        many = Counter(self._under_way.values())
        busy = [key_id for key_id, count in many.items() if count >= DELIVERIES_OF_A_KEY]
        names, under_way = list(self._folders.names), list(self._under_way)
        job, due = await self._surely(
            partial(self._database.due, names, under_way=under_way, busy=busy)
        )
        if job is None:
            wait = _LOOK_S if due is None else min(max(due - time.time(), 0.0), _LOOK_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._due.wait(), wait)
        return job

    async def _deliver(self, job: Job) -> None:
        try:
            wait = wait_after(job.attempts + 1, self._first_wait) * random.uniform(1.0, 1.1)  # noqa: S311
            again = time.time() + wait
            await self._surely(partial(self._database.attempt, job.id, again=again))
            secret = signing.secret_of(job.key_id, await self._surely(self._master_secret))
            attempt = await self._courier.attempt(job, secret)
            state, said = State.DELIVERING, "failed"
            if attempt.delivered:
                state, said = State.DELIVERED, "delivered"
            elif job.attempts + 1 >= self._attempts:
                state, said = State.UNDELIVERED, "given_up"
                logger.warning("delivery of %s is given up: %s", job.id, attempt.outcome)
            await self._surely(partial(self._database.settle, job.id, attempt.outcome, state=state))
            self.on_delivery(said)
        finally:
            del self._under_way[job.id]
            self._slots.release()
            self._due.set()

    def _master_secret(self) -> bytes:
        if self._master is None:
            self._master = self._database.secret()
        return self._master

    # Looking after what is old, and what others have left

    async def _look_after(self) -> None:
        while True:
            before = time.time() - self._retention
            await self._surely(partial(self._database.forget, before=before))
            await asyncio.sleep(_LOOK_S)
            try:
                self._room.held += await self._run(self._adopt)
            except (JobStoreError, OSError) as error:
                logger.warning("what another process has left cannot be taken over: %s", error)
            self._new.set()
            self._due.set()

    def _adopt(self) -> int:
        return self._recover(adopted) if (adopted := self._folders.adopt()) else 0

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception:
            logger.exception("a job failed; it is done again after the next start")

    async def _surely(self, question: Callable[[], _Answer]) -> _Answer:
        """Ask the database until it answers: what was done must be noted."""
        while True:
            try:
                answer = await self._run(question)
            except JobStoreError as error:
                if not self._failing:
                    logger.error("%s; it is tried again until it does", error)  # noqa: TRY400
                self._failing = True
                await asyncio.sleep(_MEND_S)
            else:
                self._failing = False
                return answer

    async def _run(self, question: Callable[[], _Answer]) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(self._executor, question)


def failure(job: Job, error: SfericError) -> bytes:
    """Return what is delivered in the place of a transcript."""
    return msgspec.json.encode(RecordedError.about(error, job.id, extra=job.webhook_extra))


class TooManyStartsError(SfericError):
    """A job took the server down with it, again and again."""

    code = "gave_up"

    def __init__(self, starts: int) -> None:
        super().__init__(
            f"the server went down {starts} times while it transcribed this recording, and "
            "does not try again. Convert it to another format and send it anew"
        )
