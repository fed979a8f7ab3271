import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from sferic.recognition.scheduler import Scheduler

PATIENCE_S = 20


class Worker:
    """A scheduler of one thread that does what a test lets it do."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(1)
        self.done: list[str] = []
        self._release = threading.Event()

    async def occupy(self) -> asyncio.Task[None]:
        """Keep the thread busy until `release`."""
        begun = threading.Event()

        def work() -> None:
            begun.set()
            assert self._release.wait(PATIENCE_S)

        task = asyncio.create_task(self.scheduler.run(work))
        assert await asyncio.to_thread(begun.wait, PATIENCE_S)
        return task

    async def submit(self, name: str, *, draft: bool = False) -> asyncio.Task[None]:
        task = asyncio.create_task(self.scheduler.run(lambda: self.done.append(name), draft=draft))
        await asyncio.sleep(0)
        return task

    def release(self) -> None:
        self._release.set()


@pytest_asyncio.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker()
    yield worker
    worker.release()
    await asyncio.to_thread(worker.scheduler.close)


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = Scheduler(2)
    yield scheduler
    scheduler.close()


async def test_work_runs_on_a_thread_of_its_own(scheduler: Scheduler) -> None:
    name = await scheduler.run(lambda: threading.current_thread().name)
    assert name.startswith("recognition-")


async def test_finals_go_before_partials_and_each_in_their_order(worker: Worker) -> None:
    await worker.occupy()
    tasks = [
        await worker.submit("draft 1", draft=True),
        await worker.submit("final 1"),
        await worker.submit("draft 2", draft=True),
        await worker.submit("final 2"),
    ]
    worker.release()
    await asyncio.gather(*tasks)
    assert worker.done == ["final 1", "final 2", "draft 1", "draft 2"]


async def test_cancelled_work_never_begins_and_does_not_wait_on(worker: Worker) -> None:
    busy = await worker.occupy()
    tasks = [await worker.submit(name) for name in "abcde"]
    for task in tasks[1:4]:
        task.cancel()
    await asyncio.wait(tasks[1:4])
    assert worker.scheduler.waiting == 2
    worker.release()
    await asyncio.gather(busy, tasks[0], tasks[4])
    assert worker.done == ["a", "e"]


async def test_what_cancelled_work_holds_is_let_go_at_once(worker: Worker) -> None:
    class Audio:
        def decode(self) -> None:
            raise AssertionError

    await worker.occupy()
    audio = Audio()
    held = weakref.ref(audio)
    task = asyncio.create_task(worker.scheduler.run(audio.decode, draft=True))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    del audio, task
    gc.collect()
    assert held() is None


async def test_cancelling_work_that_runs_leaves_the_thread_usable(worker: Worker) -> None:
    busy = await worker.occupy()
    busy.cancel()
    with pytest.raises(asyncio.CancelledError):
        await busy
    worker.release()
    await (await worker.submit("after"))
    assert worker.done == ["after"]


@pytest.mark.parametrize("error", [ValueError("it is a test"), KeyboardInterrupt()])
async def test_an_error_belongs_to_who_awaits_the_work(
    scheduler: Scheduler, error: BaseException
) -> None:
    def fail() -> None:
        raise error

    outcomes = await asyncio.gather(
        _caught(scheduler, fail), _caught(scheduler, lambda: None), _caught(scheduler, fail)
    )
    assert [*outcomes] == [error, None, error]
    assert await scheduler.run(lambda: "alive") == "alive"


async def test_work_runs_on_as_many_threads_as_there_are(scheduler: Scheduler) -> None:
    both = threading.Barrier(2)
    await asyncio.gather(
        scheduler.run(lambda: both.wait(PATIENCE_S)), scheduler.run(lambda: both.wait(PATIENCE_S))
    )


async def test_closing_fails_what_waits_and_finishes_what_runs(worker: Worker) -> None:
    busy = await worker.occupy()
    waiting = await worker.submit("too late")
    closing = asyncio.create_task(asyncio.to_thread(worker.scheduler.close))
    with pytest.raises(RuntimeError, match="closed"):
        await waiting
    assert not busy.done()
    worker.release()
    await asyncio.gather(busy, closing)
    assert worker.done == []


async def test_a_closed_scheduler_takes_no_work_and_has_no_threads(worker: Worker) -> None:
    worker.scheduler.close()
    worker.scheduler.close()
    with pytest.raises(RuntimeError, match="closed"):
        await worker.scheduler.run(lambda: None)
    assert not any(thread.is_alive() for thread in worker.scheduler._threads)


async def _caught(scheduler: Scheduler, work: Callable[[], None]) -> BaseException | None:
    try:
        await scheduler.run(work)
    except (ValueError, KeyboardInterrupt) as error:
        return error
    return None
