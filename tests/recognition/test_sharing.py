import asyncio
from collections.abc import AsyncIterator
from functools import partial

import numpy as np
import pytest
import pytest_asyncio

from engines import Samples, names, say, silence, texts
from recognition.listening import FakeDecoding, FakeStreamingEngine
from sferic.recognition.claim import Rank
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.scheduler import Scheduler
from sferic.recognition.sharing import Feed, SharedFaultError, SharedTurns

END = silence(0.5)


class Shared:
    """SharedTurns of a fake engine on one worker."""

    def __init__(self) -> None:
        self.engine = FakeStreamingEngine()
        self.scheduler = Scheduler(1)
        self.turns = SharedTurns(self.engine, self.scheduler)
        self.begun: list[int] = []

    def ask(
        self, number: int, *parts: Samples, rank: Rank = Rank.FINAL, **how: float
    ) -> asyncio.Task[Hypothesis]:
        """A stream asks that somebody says its number, and more."""
        decoding = self.engine.open(languages=["en"], start=number)
        return asyncio.create_task(self.again(decoding, say(number), *parts, END, rank=rank, **how))

    async def again(
        self, decoding: FakeDecoding, *parts: Samples, rank: Rank = Rank.FINAL, **how: float
    ) -> Hypothesis:
        def prepare() -> Feed:
            self.begun.append(decoding.start)
            return Feed(decoding, np.concatenate(parts))

        return await self.turns.run(prepare, rank=rank, **how)  # type: ignore[arg-type]

    async def hold(self) -> asyncio.Task[Hypothesis]:
        """Keep the worker busy until `engine.running` is set."""
        self.engine.running.clear()
        held = self.ask(0)
        await self.engine.held()
        return held

    async def queued(self, count: int) -> None:
        """Let so many streams ask for their turns."""
        for _ in range(3):  # a task, its turn, and the scheduler's
            await asyncio.sleep(0)
        assert self.scheduler.waiting == count


@pytest_asyncio.fixture
async def shared() -> AsyncIterator[Shared]:
    shared = Shared()
    yield shared
    shared.engine.running.set()
    assert shared.scheduler.waiting == 0
    await asyncio.to_thread(shared.scheduler.close)


async def test_a_stream_alone_has_its_words(shared: Shared) -> None:
    assert texts((await shared.ask(7)).words) == names(7)


async def test_streams_that_wait_share_a_turn(shared: Shared) -> None:
    held = await shared.hold()
    asked = [shared.ask(number) for number in (1, 2, 3)]
    await shared.queued(len(asked))
    shared.engine.running.set()
    said = [texts(hypothesis.words) for hypothesis in await asyncio.gather(held, *asked)]
    assert said == [names(number) for number in range(4)]
    assert set(shared.engine.batches) == {1, 3}


async def test_a_batch_has_room_for_so_many_and_takes_finals_and_then_the_oldest(
    shared: Shared,
) -> None:
    held = await shared.hold()
    asked = [
        shared.ask(1, rank=Rank.PARTIAL, since=30.0),
        shared.ask(2, rank=Rank.PARTIAL, since=10.0),
        shared.ask(3, rank=Rank.PARTIAL, since=20.0),
        shared.ask(4),
        shared.ask(5),
    ]
    await shared.queued(len(asked))
    shared.engine.running.set()
    await asyncio.gather(held, *asked)
    assert shared.begun == [0, 4, 5, 2, 3, 1]


async def test_the_background_shares_with_the_background_only(shared: Shared) -> None:
    held = await shared.hold()
    asked = [
        shared.ask(1, rank=Rank.BACKGROUND),
        shared.ask(2),
        shared.ask(3, rank=Rank.BACKGROUND),
    ]
    await shared.queued(len(asked))
    shared.engine.running.set()
    await asyncio.gather(held, *asked)
    assert shared.begun == [0, 2, 1, 3]
    assert max(shared.engine.batches) == 2


async def test_who_brings_little_has_its_words_before_who_brings_much(shared: Shared) -> None:
    held = await shared.hold()
    order: list[int] = []
    asked = [shared.ask(1, *[silence(2)] * 10), shared.ask(2)]
    for number, task in enumerate(asked, 1):
        task.add_done_callback(partial(lambda number, _: order.append(number), number))
    await shared.queued(len(asked))
    shared.engine.running.set()
    await asyncio.gather(held, *asked)
    assert order == [2, 1]


async def test_who_is_cancelled_while_it_waits_is_never_begun(shared: Shared) -> None:
    held = await shared.hold()
    asked = [shared.ask(1), shared.ask(2)]
    await shared.queued(2)
    asked[0].cancel()
    await asyncio.wait([asked[0]])
    shared.engine.running.set()
    await asyncio.gather(held, asked[1])
    assert asked[0].cancelled()
    assert shared.begun == [0, 2]


async def test_who_is_cancelled_while_it_is_decoded_ends_when_the_decoding_is_free(
    shared: Shared,
) -> None:
    held = await shared.hold()
    held.cancel()
    await asyncio.sleep(0)
    held.cancel()
    done, _ = await asyncio.wait([held], timeout=0.01)
    assert not done
    shared.engine.running.set()
    await asyncio.wait([held])
    assert held.cancelled()
    [decoding] = shared.engine.opened
    again = await shared.again(decoding, say(9), END)
    assert texts(again.words) == names(0, 9)


async def test_a_fault_in_a_turn_for_one_is_told_as_it_is(shared: Shared) -> None:
    shared.engine.poisonous = {5}
    with pytest.raises(MemoryError):
        await shared.ask(5)
    assert texts((await shared.ask(6)).words) == names(6)


async def test_a_fault_in_a_shared_turn_is_told_to_all_as_one_that_need_not_be_theirs(
    shared: Shared,
) -> None:
    shared.engine.poisonous = {2}
    held = await shared.hold()
    asked = [shared.ask(1), shared.ask(2)]
    await shared.queued(len(asked))
    shared.engine.running.set()
    outcomes = await asyncio.gather(held, *asked, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [
        Hypothesis,
        SharedFaultError,
        SharedFaultError,
    ]


async def test_who_wants_to_be_alone_is(shared: Shared) -> None:
    held = await shared.hold()
    asked = [shared.ask(1, alone=True), shared.ask(2), shared.ask(3)]
    await shared.queued(len(asked))
    shared.engine.running.set()
    await asyncio.gather(held, *asked)
    assert shared.begun == [0, 1, 2, 3]
    assert 3 not in shared.engine.batches
    assert max(shared.engine.batches) == 2


async def test_what_cannot_be_prepared_fails_alone(shared: Shared) -> None:
    def prepare() -> Feed:
        raise LookupError

    held = await shared.hold()
    failing = asyncio.create_task(shared.turns.run(prepare))
    other = shared.ask(1)
    await shared.queued(2)
    shared.engine.running.set()
    await asyncio.gather(held, other)
    with pytest.raises(LookupError):
        await failing


async def test_each_is_told_its_share_of_the_time(shared: Shared) -> None:
    ticks = iter(range(1000))
    shared.turns = SharedTurns(shared.engine, shared.scheduler, clock=lambda: next(ticks))
    shared_by_two: list[float] = []
    held = await shared.hold()

    async def noted(number: int) -> None:
        decoding = shared.engine.open(languages=["en"], start=number)
        await shared.turns.run(
            lambda: Feed(decoding, np.append(say(number), END)), note=shared_by_two.append
        )

    asked = [asyncio.create_task(noted(number)) for number in (1, 2)]
    await shared.queued(len(asked))
    shared.engine.running.set()
    await asyncio.gather(held, *asked)
    steps = (len(say(1)) + len(END)) // 1600 - 2
    assert shared_by_two == [steps / 2, steps / 2]


async def test_who_waits_when_all_ends_is_told() -> None:
    shared = Shared()
    held = await shared.hold()
    waiting = shared.ask(1)
    await shared.queued(1)
    closing = asyncio.create_task(asyncio.to_thread(shared.scheduler.close))
    with pytest.raises(RuntimeError, match="closed"):
        await waiting
    shared.engine.running.set()
    await asyncio.gather(held, closing)
