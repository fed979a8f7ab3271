import asyncio
import gc
import random
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

import pytest
import pytest_asyncio

from sferic.recognition.claim import AbandonedError, Rank
from sferic.recognition.scheduler import Scheduler, measured

T = TypeVar("T")

PATIENCE_S = 20
TURNS = 8
"""One of so many goes to the background."""


def just(work: Callable[[], T]) -> Callable[[], Callable[[], T]]:
    """Work that needs no making."""
    return lambda: work


async def ticks(count: int) -> None:
    """Let the event loop go round so often."""
    for _ in range(count):
        await asyncio.sleep(0)


class Worker:
    """A scheduler of one thread that does what a test lets it do."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(1)
        self.made: list[str] = []
        self.done: list[str] = []
        self._release = threading.Event()

    async def occupy(self) -> asyncio.Task[None]:
        """Keep the thread busy until `release`."""
        begun = threading.Event()

        def work() -> None:
            begun.set()
            assert self._release.wait(PATIENCE_S)

        task = asyncio.create_task(self.scheduler.run(just(work)))
        assert await asyncio.to_thread(begun.wait, PATIENCE_S)
        return task

    async def submit(
        self, name: str, rank: Rank = Rank.FINAL, *, since: float = 0.0
    ) -> asyncio.Task[None]:
        def prepare() -> Callable[[], None]:
            self.made.append(name)
            return lambda: self.done.append(name)

        task = asyncio.create_task(self.scheduler.run(prepare, rank=rank, since=since))
        await asyncio.sleep(0)
        return task

    def release(self) -> None:
        self._release.set()


@pytest_asyncio.fixture
async def worker() -> AsyncIterator[Worker]:
    """A worker; nothing may go wrong in it where nobody would hear of it."""
    problems: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, problem: problems.append(problem))
    worker = Worker()
    async with asyncio.timeout(PATIENCE_S):
        yield worker
    worker.release()
    await asyncio.to_thread(worker.scheduler.close)
    gc.collect()
    await ticks(1)
    assert problems == []


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    scheduler = Scheduler(2)
    yield scheduler
    scheduler.close()


async def assert_that_all_threads_are_free(scheduler: Scheduler, workers: int) -> None:
    """As much work as there are threads begins at once, and no more."""
    begun = threading.Semaphore(0)
    release = threading.Event()

    def work() -> None:
        begun.release()
        assert release.wait(PATIENCE_S)

    tasks = [asyncio.create_task(scheduler.run(just(work))) for _ in range(workers + 1)]
    try:
        for _ in range(workers):
            assert await asyncio.to_thread(begun.acquire, timeout=PATIENCE_S)
        assert scheduler.waiting == 1
    finally:
        release.set()
    await asyncio.gather(*tasks)
    assert scheduler.waiting == 0


# Whose turn it is


async def test_work_is_made_on_the_event_loop_and_done_on_a_thread(scheduler: Scheduler) -> None:
    def here() -> str:
        return threading.current_thread().name

    def prepare() -> Callable[[], list[str]]:
        made = here()
        return lambda: [made, here()]

    made, done = await scheduler.run(prepare)
    assert made == here()
    assert done.startswith("recognition")


async def test_finals_go_before_partials_and_in_their_order(worker: Worker) -> None:
    await worker.occupy()
    tasks = [
        await worker.submit("partial", Rank.PARTIAL),
        await worker.submit("final 1"),
        await worker.submit("background", Rank.BACKGROUND),
        await worker.submit("final 2"),
    ]
    worker.release()
    await asyncio.gather(*tasks)
    assert worker.done == ["final 1", "final 2", "partial", "background"]


async def test_a_final_that_comes_later_overtakes_partials_that_wait(worker: Worker) -> None:
    await worker.occupy()
    waiting = [await worker.submit(f"partial {i}", Rank.PARTIAL) for i in range(5)]
    final = await worker.submit("final")
    worker.release()
    await asyncio.gather(*waiting, final)
    assert worker.done[0] == "final"


async def test_the_stream_that_has_gone_longest_without_a_partial_is_first(worker: Worker) -> None:
    await worker.occupy()
    asked = {"second": 7.5, "first": 2.0, "last": 9.0, "third": 8.25}
    tasks = [await worker.submit(name, Rank.PARTIAL, since=since) for name, since in asked.items()]
    worker.release()
    await asyncio.gather(*tasks)
    assert worker.done == ["first", "second", "third", "last"]


async def test_streams_that_have_waited_equally_long_are_served_as_they_came(
    worker: Worker,
) -> None:
    await worker.occupy()
    tasks = [await worker.submit(name, Rank.PARTIAL, since=3.0) for name in "abcde"]
    worker.release()
    await asyncio.gather(*tasks)
    assert worker.done == [*"abcde"]


async def test_a_stream_that_asks_again_and_again_starves_no_other(worker: Worker) -> None:
    """Each of them had its last partial when it last had a turn."""
    clock = 0.0

    async def stream(name: str, *, partials: int) -> None:
        nonlocal clock
        since = clock
        for _ in range(partials):
            await worker.scheduler.run(
                just(lambda: worker.done.append(name)), rank=Rank.PARTIAL, since=since
            )
            clock += 1.0
            since = clock

    await worker.occupy()
    streams = [asyncio.create_task(stream(name, partials=6)) for name in "abc"]
    await ticks(2)
    worker.release()
    await asyncio.gather(*streams)
    for turn in range(0, 18, 3):
        assert sorted(worker.done[turn : turn + 3]) == [*"abc"]


@pytest.mark.parametrize("rank", [Rank.FINAL, Rank.PARTIAL])
async def test_the_background_has_one_turn_in_eight_while_anything_else_waits(
    worker: Worker, rank: Rank
) -> None:
    await worker.occupy()
    live = [await worker.submit("live", rank) for _ in range(5 * (TURNS - 1))]
    background = [await worker.submit("background", Rank.BACKGROUND) for _ in range(5)]
    worker.release()
    await asyncio.gather(*live, *background)
    for first in range(len(worker.done) - TURNS + 1):
        assert worker.done[first : first + TURNS].count("background") == 1


async def test_the_background_has_all_turns_when_nothing_else_waits(worker: Worker) -> None:
    await worker.occupy()
    tasks = [await worker.submit(f"{i:02}", Rank.BACKGROUND) for i in range(20)]
    worker.release()
    await asyncio.gather(*tasks)
    assert worker.done == sorted(worker.done)
    assert len(worker.done) == 20


async def test_without_background_every_turn_is_for_what_is_live(worker: Worker) -> None:
    await worker.occupy()
    tasks = [
        await worker.submit(f"{rank.name} {i}", rank)
        for i in range(10)
        for rank in (Rank.FINAL, Rank.PARTIAL)
    ]
    worker.release()
    await asyncio.gather(*tasks)
    assert worker.done == [f"{rank} {i}" for rank in ("FINAL", "PARTIAL") for i in range(10)]


async def test_work_runs_on_as_many_threads_as_there_are(scheduler: Scheduler) -> None:
    both = threading.Barrier(2)
    work = just(lambda: both.wait(PATIENCE_S))
    await asyncio.gather(scheduler.run(work), scheduler.run(work))


async def test_no_more_runs_at_once_than_there_are_threads(scheduler: Scheduler) -> None:
    await assert_that_all_threads_are_free(scheduler, 2)


# What is done when it has come


async def test_work_that_had_to_wait_is_made_of_what_is_newest(worker: Worker) -> None:
    await worker.occupy()
    audio = ["old"]

    def prepare() -> Callable[[], list[str]]:
        newest = [*audio]
        return lambda: newest

    asking = asyncio.create_task(worker.scheduler.run(prepare, rank=Rank.PARTIAL))
    await ticks(3)
    audio.append("new")
    worker.release()
    assert await asking == ["old", "new"]


async def test_work_is_not_made_before_a_thread_is_free(worker: Worker) -> None:
    await worker.occupy()
    tasks = [await worker.submit(name) for name in "ab"]
    await ticks(5)
    assert worker.made == []
    assert worker.scheduler.waiting == 2
    worker.release()
    await asyncio.gather(*tasks)
    assert worker.made == worker.done == ["a", "b"]


async def test_work_that_cannot_be_made_tells_who_asked_and_takes_no_thread(
    scheduler: Scheduler,
) -> None:
    def prepare() -> Callable[[], None]:
        raise LookupError("it is a test")

    for _ in range(5):
        with pytest.raises(LookupError, match="a test"):
            await scheduler.run(prepare)
    await assert_that_all_threads_are_free(scheduler, 2)


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
    await assert_that_all_threads_are_free(scheduler, 2)


# Cancelling


async def test_cancelled_work_is_never_made_and_does_not_wait_on(worker: Worker) -> None:
    busy = await worker.occupy()
    ranks = [Rank.FINAL, Rank.PARTIAL, Rank.BACKGROUND, Rank.PARTIAL, Rank.FINAL]
    tasks = [await worker.submit(name, rank) for name, rank in zip("abcde", ranks, strict=True)]
    for task in tasks[1:4]:
        task.cancel()
    await asyncio.wait(tasks[1:4])
    assert worker.scheduler.waiting == 2
    worker.release()
    await asyncio.gather(busy, tasks[0], tasks[4])
    assert worker.made == worker.done == ["a", "e"]


async def test_what_cancelled_work_holds_is_let_go_at_once(worker: Worker) -> None:
    class Audio:
        def prepare(self) -> Callable[[], None]:
            raise AssertionError

    await worker.occupy()
    audio = Audio()
    held = weakref.ref(audio)
    task = asyncio.create_task(worker.scheduler.run(audio.prepare, rank=Rank.PARTIAL))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    del audio, task
    gc.collect()
    assert held() is None


@pytest.mark.parametrize("rounds", range(5))
async def test_a_turn_that_is_cancelled_after_it_was_given_goes_to_the_next(
    worker: Worker, rounds: int
) -> None:
    """The thread is free, so the turn is given at once, and taken up some rounds later."""
    task = await worker.submit("first")
    following = asyncio.create_task(
        worker.scheduler.run(just(lambda: worker.done.append("second")))
    )
    await ticks(rounds)
    task.cancel()
    await asyncio.wait([task])
    await following
    assert worker.done[-1] == "second"
    if rounds == 0:
        assert worker.made == []
    await assert_that_all_threads_are_free(worker.scheduler, 1)


async def test_a_turn_that_a_thread_gave_is_passed_on_by_who_was_cancelled_meanwhile(
    worker: Worker,
) -> None:
    """A thread that is done gives the turn while the event loop is busy with something else."""
    busy = await worker.occupy()
    given = await worker.submit("given")
    following = await worker.submit("following")
    worker.release()
    while worker.scheduler.waiting == 2:  # the event loop must not go round
        threading.Event().wait(0.001)
    given.cancel()
    await asyncio.gather(busy, following)
    await asyncio.wait([given])
    assert worker.made == worker.done == ["following"]
    await assert_that_all_threads_are_free(worker.scheduler, 1)


async def test_a_thread_whose_work_was_cancelled_is_given_back_only_when_the_work_ends(
    worker: Worker,
) -> None:
    busy = await worker.occupy()
    busy.cancel()
    with pytest.raises(asyncio.CancelledError):
        await busy
    after = await worker.submit("after")
    await ticks(5)
    assert worker.made == []
    assert worker.scheduler.waiting == 1
    worker.release()
    await after
    assert worker.done == ["after"]
    await assert_that_all_threads_are_free(worker.scheduler, 1)


async def test_cancelled_work_that_fails_later_troubles_nobody(worker: Worker) -> None:
    begun, release = threading.Event(), threading.Event()

    def fail() -> None:
        begun.set()
        assert release.wait(PATIENCE_S)
        raise ValueError

    task = asyncio.create_task(worker.scheduler.run(just(fail)))
    assert await asyncio.to_thread(begun.wait, PATIENCE_S)
    task.cancel()
    await asyncio.wait([task])
    release.set()
    await (await worker.submit("after"))
    assert worker.done == ["after"]


async def test_whatever_is_cancelled_whenever_nothing_is_lost_and_nothing_stays() -> None:
    chance = random.Random(1)
    scheduler = Scheduler(3)
    done: list[int] = []

    async def ask(number: int) -> None:
        await ticks(chance.randrange(50))
        rank, since = chance.choice([*Rank]), chance.random()
        await scheduler.run(just(lambda: done.append(number)), rank=rank, since=since)

    async def disturb(task: asyncio.Task[None]) -> None:
        await ticks(chance.randrange(60))
        task.cancel()

    async with asyncio.timeout(PATIENCE_S):
        tasks = [asyncio.create_task(ask(number)) for number in range(400)]
        disturbing = [asyncio.create_task(disturb(task)) for task in tasks[::2]]
        await asyncio.wait([*tasks, *disturbing])
        assert scheduler.waiting == 0
        await assert_that_all_threads_are_free(scheduler, 3)
    assert not any(task.cancelled() for task in tasks[1::2])
    assert {*done} >= {*range(1, 400, 2)}
    assert len(done) == len({*done})
    scheduler.close()


# Closing


async def test_closing_fails_what_waits_and_finishes_what_runs(worker: Worker) -> None:
    busy = await worker.occupy()
    waiting = [await worker.submit("too late", rank) for rank in Rank]
    closing = asyncio.create_task(asyncio.to_thread(worker.scheduler.close))
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, RuntimeError)
        assert "closed" in str(outcome)
    with pytest.raises(RuntimeError, match="closed"):
        await worker.scheduler.run(_never)
    assert worker.scheduler.waiting == 0
    assert not busy.done()
    worker.release()
    await asyncio.gather(busy, closing)
    assert worker.done == worker.made == []


async def test_a_turn_given_and_not_taken_up_fails_when_it_is_closed(worker: Worker) -> None:
    task = await worker.submit("too late")
    worker.scheduler.close()
    with pytest.raises(RuntimeError, match="the scheduler is closed"):
        await task
    assert worker.done == []


async def test_a_closed_scheduler_takes_no_work_and_has_no_threads(scheduler: Scheduler) -> None:
    barrier = threading.Barrier(3)
    used = asyncio.gather(*(scheduler.run(just(_meet(barrier))) for _ in range(2)))
    await asyncio.to_thread(barrier.wait, PATIENCE_S)
    threads = await used
    assert all(thread.is_alive() for thread in threads)
    scheduler.close()
    scheduler.close()
    with pytest.raises(RuntimeError, match="closed"):
        await scheduler.run(just(lambda: None))
    assert not any(thread.is_alive() for thread in threads)


# Event loops


async def test_two_event_loops_share_the_threads_and_each_hears_of_its_own() -> None:
    scheduler = Scheduler(2)
    barrier = threading.Barrier(2)

    async def stream(name: str, number: int) -> tuple[str, int]:
        def prepare() -> Callable[[], tuple[str, int]]:
            assert threading.current_thread().name == name
            return lambda: (name, number)

        rank = [*Rank][number % 3]
        return await scheduler.run(prepare, rank=rank, since=-number)

    async def streams(name: str) -> list[tuple[str, int]]:
        return await asyncio.gather(*(stream(name, number) for number in range(100)))

    def loop() -> list[tuple[str, int]]:
        name = threading.current_thread().name
        barrier.wait(PATIENCE_S)
        return asyncio.run(streams(name))

    results = await asyncio.gather(*(asyncio.to_thread(loop) for _ in range(2)))
    names = [result[0][0] for result in results]
    assert names[0] != names[1]
    for name, result in zip(names, results, strict=True):
        assert result == [(name, number) for number in range(100)]
    await assert_that_all_threads_are_free(scheduler, 2)
    scheduler.close()


async def test_a_turn_of_an_event_loop_that_is_closed_goes_to_the_next(worker: Worker) -> None:
    busy = await worker.occupy()
    await asyncio.to_thread(_ask_and_leave, worker.scheduler, _never)
    assert worker.scheduler.waiting == 1
    after = await worker.submit("after")
    worker.release()
    await asyncio.gather(busy, after)
    assert worker.done == ["after"]
    await assert_that_all_threads_are_free(worker.scheduler, 1)


async def test_work_of_an_event_loop_that_is_closed_gives_its_thread_back(worker: Worker) -> None:
    begun, release = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert release.wait(PATIENCE_S)

    await asyncio.to_thread(_ask_and_leave, worker.scheduler, just(work), begun)
    after = await worker.submit("after")
    assert worker.scheduler.waiting == 1
    release.set()
    await after
    assert worker.done == ["after"]
    await assert_that_all_threads_are_free(worker.scheduler, 1)


async def test_closing_gets_over_an_event_loop_that_is_closed(worker: Worker) -> None:
    busy = await worker.occupy()
    await asyncio.to_thread(_ask_and_leave, worker.scheduler, _never)
    waiting = await worker.submit("too late")
    closing = asyncio.create_task(asyncio.to_thread(worker.scheduler.close))
    with pytest.raises(RuntimeError, match="closed"):
        await waiting
    worker.release()
    await asyncio.gather(busy, closing)


# What it takes


@pytest.mark.parametrize("failing", [False, True])
def test_measured_work_tells_its_time_and_keeps_its_result(failing: bool) -> None:
    def work() -> str:
        threading.Event().wait(0.02)
        if failing:
            raise LookupError
        return "done"

    noted: list[float] = []
    run = measured(work, noted.append)
    assert noted == []
    if failing:
        with pytest.raises(LookupError):
            run()
    else:
        assert run() == "done"
    [seconds] = noted
    assert 0.015 < seconds < PATIENCE_S


def test_abandoned_work_is_no_measure_of_anything() -> None:
    def work() -> None:
        raise AbandonedError

    noted: list[float] = []
    with pytest.raises(AbandonedError):
        measured(work, noted.append)()
    assert noted == []


def _never() -> Callable[[], None]:
    raise AssertionError


def _meet(barrier: threading.Barrier) -> Callable[[], threading.Thread]:
    def work() -> threading.Thread:
        barrier.wait(PATIENCE_S)
        return threading.current_thread()

    return work


def _ask_and_leave(
    scheduler: Scheduler,
    prepare: Callable[[], Callable[[], None]],
    *begun: threading.Event,
) -> None:
    """Ask for a turn in an event loop of its own and close that, with or without having begun."""

    async def until_begun() -> None:
        await ticks(3)
        for event in begun:
            assert await asyncio.to_thread(event.wait, PATIENCE_S)

    loop = asyncio.new_event_loop()
    task = loop.create_task(scheduler.run(prepare))
    # It is abandoned on purpose.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.run_until_complete(until_begun())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


async def _caught(scheduler: Scheduler, work: Callable[[], None]) -> BaseException | None:
    try:
        await scheduler.run(just(work))
    except (ValueError, KeyboardInterrupt) as error:
        return error
    return None
