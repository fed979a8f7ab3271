"""Decodings of several streams taken further together, in one turn of the scheduler."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.recognition.claim import Rank
from sferic.recognition.engine import Decoding, StreamingEngine
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.scheduler import Scheduler

Prepare: TypeAlias = Callable[[], "Feed"]
Note: TypeAlias = Callable[[float], None]


class SharedFaultError(Exception):
    """A turn failed that several shared: who begins anew and alone may yet succeed."""


class Feed(msgspec.Struct, frozen=True):
    """What a decoding is to take in."""

    decoding: Decoding
    samples: NDArray[np.float32]


class SharedTurns:
    """Lets streams share turns.

    Every stream asks the scheduler for a turn of its own, by its own rank. Whoever gets one takes
    along those that still wait, up to the size of a batch: finals first, then partials by their
    age. Nobody in the background comes along with somebody who is not. Each has its words as soon
    as its own audio is through, however much the others brought.

    Args:
        engine: Decodes.
        scheduler: Gives turns.
        clock: Seconds.
    """

    def __init__(
        self,
        engine: StreamingEngine,
        scheduler: Scheduler,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._engine = engine
        self._scheduler = scheduler
        self._clock = clock
        self._waiting: list[_Ticket] = []

    async def run(
        self,
        prepare: Prepare,
        *,
        rank: Rank = Rank.FINAL,
        since: float = 0.0,
        alone: bool = False,
        note: Note = lambda _: None,
    ) -> Hypothesis:
        """Feed a decoding when its turn comes; its words when that audio is through.

        One that is cancelled while it waits is withdrawn. One that is cancelled while it is decoded
        ends when the decoding is free again: the next call may use it.

        Args:
            prepare: Called on the event loop when the turn has come.
            rank: How urgent it is.
            since: Clock time (`time.monotonic`) of the last partial of the stream.
            alone: Whether it shares its turn with nobody.
            note: Hears which share of a worker's seconds it took, on that worker's thread.

        Raises:
            SharedFaultError: The engine failed, and it is not known for whom.
        """
        ticket = _Ticket(prepare, rank, since, note, alone=alone)
        self._waiting.append(ticket)
        ticket.turn = asyncio.create_task(
            self._scheduler.run(
                lambda: self._lead(ticket), rank=rank, since=since, model=self._engine.name
            )
        )
        ticket.turn.add_done_callback(ticket.turn_is_over)
        try:
            # Not `shield`: since Python 3.14 it reports errors that nobody awaits any more.
            await asyncio.wait([ticket.outcome])
        except asyncio.CancelledError:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
                ticket.turn.cancel()
            else:
                await ticket.done()
            raise
        return ticket.outcome.result()

    def _lead(self, leader: "_Ticket") -> Callable[[], None]:
        """Who has a turn chooses whom to take along."""
        loop = asyncio.get_running_loop()
        background = leader.rank is Rank.BACKGROUND
        others = sorted(
            (
                ticket
                for ticket in self._waiting
                if ticket is not leader
                and not (ticket.alone or leader.alone)
                and ticket.loop is loop
                and (ticket.rank is Rank.BACKGROUND) == background
            ),
            key=lambda ticket: (ticket.rank, ticket.since),
        )
        chosen = [leader, *others[: self._engine.batch - 1]]
        for ticket in chosen:
            self._waiting.remove(ticket)
            if ticket is not leader and ticket.turn is not None:
                ticket.turn.cancel()
        taken = [_Taken(ticket, feed) for ticket in chosen if (feed := ticket.prepared())]
        return lambda: self._decode(taken)

    def _decode(self, taken: Sequence["_Taken"]) -> None:
        """Take all of them as far as their audio goes. On a worker's thread."""
        left = list(taken)
        try:
            for one in taken:
                one.feed.decoding.accept(one.feed.samples)
            while left:
                begun = self._clock()
                advanced = self._engine.advance([one.feed.decoding for one in left])
                share = (self._clock() - begun) / max(len(advanced), 1)
                further = {id(decoding) for decoding in advanced}
                for one in [one for one in left if id(one.feed.decoding) not in further]:
                    one.finish()
                left = [one for one in left if id(one.feed.decoding) in further]
                for one in left:
                    one.seconds += share
        except Exception as error:  # noqa: BLE001 - those who wait hear of it
            shared = SharedFaultError() if len(taken) > 1 else None
            for one in left:
                one.ticket.fail(shared or error)


class _Ticket:
    """A wish of a stream."""

    def __init__(
        self, prepare: Prepare, rank: Rank, since: float, note: Note, *, alone: bool
    ) -> None:
        self.rank, self.since, self.note, self.alone = rank, since, note, alone
        self.loop = asyncio.get_running_loop()
        self.outcome: asyncio.Future[Hypothesis] = self.loop.create_future()
        self.turn: asyncio.Task[None] | None = None
        self._prepare = prepare

    def prepared(self) -> Feed | None:
        """What to decode; None where that failed, which the stream hears of."""
        try:
            return self._prepare()
        except Exception as error:  # noqa: BLE001 - the others are not to suffer
            self.outcome.set_exception(error)
            return None

    async def done(self) -> None:
        """Wait for the end, however often this is cancelled."""
        while not self.outcome.done():
            try:
                await asyncio.wait([self.outcome])
            except asyncio.CancelledError:
                continue
        self.outcome.exception()

    def turn_is_over(self, turn: asyncio.Task[None]) -> None:
        """Tell why there was no turn, if it was not because somebody else took it along."""
        error = None if turn.cancelled() else turn.exception()
        if error is not None and not self.outcome.done():
            self.outcome.set_exception(error)

    def settle(self, hypothesis: Hypothesis) -> None:
        """Hand over the words, from a worker's thread."""
        self._tell(lambda: self.outcome.set_result(hypothesis))

    def fail(self, error: Exception) -> None:
        """Hand over an error, from a worker's thread."""
        self._tell(lambda: self.outcome.set_exception(error))

    def _tell(self, outcome: Callable[[], None]) -> None:
        def settle() -> None:
            if not self.outcome.done():
                outcome()

        try:
            self.loop.call_soon_threadsafe(settle)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more


class _Taken:
    """One of a batch."""

    def __init__(self, ticket: _Ticket, feed: Feed) -> None:
        self.ticket, self.feed = ticket, feed
        self.seconds = 0.0

    def finish(self) -> None:
        """Hand over its words."""
        hypothesis = self.feed.decoding.hypothesis()
        self.ticket.note(self.seconds)
        self.ticket.settle(hypothesis)
