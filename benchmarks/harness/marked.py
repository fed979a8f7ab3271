"""A long stream, sent no further ahead than its server follows, with marks that say how far it is.

A `keepalive` is answered at its place in the audio. With one in every second of audio the sender
knows how much has been taken, and never has more than half a minute under way: what a server holds
of audio that nobody has asked it to hold is not what is measured here.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from benchmarks.harness.live import Received
from benchmarks.harness.streaming import CHUNK_S
from sferic.client import RemoteSession, connect
from sferic.errors import RemoteError, SessionClosedError
from sferic.protocol.messages import Pong
from sferic.protocol.options import Options

MARK_S = 1.0
"""Audio between two marks."""
LEAD_S = 30.0
"""Audio that may be sent and not taken yet."""

_WIDTH = 2
"""Bytes of a sample."""
_PATIENCE_S = 120.0
"""The longest that a server may say nothing, though it is asked every second of audio."""


class Mark(NamedTuple):
    """A place in the audio and when each side was there, on the monotonic clock."""

    place_s: float
    sent: float
    taken: float


class MarkedStream:
    """One session of 16-bit mono samples that ends with `finalize`.

    Args:
        url: Where a server takes live sessions.
        key: Opens it.
        options: Of the session.
        speed: Seconds of audio sent in a second; 0 is as fast as the server takes it.
        take: Hears every message but the answers to marks.

    Attributes:
        marks: Those that have been answered.
        began: When the first sample was due.
        asked: When `finalize` was sent; None before.
    """

    def __init__(
        self,
        *,
        url: str,
        key: str,
        options: Options,
        speed: float,
        take: Callable[[Received], None],
    ) -> None:
        self.marks: list[Mark] = []
        self.began = 0.0
        self.asked: float | None = None
        self._session = connect(url, key=key, options=options)
        self._rate = options.sample_rate
        self._speed = speed
        self._take = take
        self._samples = 0
        self._unanswered: deque[tuple[float, float]] = deque()
        self._room = asyncio.Event()

    @property
    def sent_s(self) -> float:
        """Audio sent so far."""
        return self._samples / self._rate

    @property
    def taken_s(self) -> float:
        """Audio that the server is known to have taken."""
        return self.marks[-1].place_s if self.marks else 0.0

    async def run(self, blocks: Iterator[bytes]) -> str | None:
        """Send all of the blocks and read until the last message.

        Args:
            blocks: The audio, in pieces of any length; each is made when it is needed.

        Returns:
            What went wrong, if something did.
        """
        failure = None
        try:
            async with self._session as session, asyncio.TaskGroup() as group:
                speaking = group.create_task(self._speak(session, blocks))
                await self._listen(session)
                speaking.cancel()
        except* RemoteError as errors:
            failure = str(errors.exceptions[0])
        except* TimeoutError:
            failure = f"the server said nothing for {_PATIENCE_S:g} s"
        return failure

    async def _listen(self, session: RemoteSession) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_PATIENCE_S) as patience:
            async for message in session:
                patience.reschedule(loop.time() + _PATIENCE_S)
                if isinstance(message, Pong):
                    self.marks.append(Mark(*self._unanswered.popleft(), time.monotonic()))
                    self._room.set()
                else:
                    self._take(Received(time.monotonic(), message))

    async def _speak(self, session: RemoteSession, blocks: Iterator[bytes]) -> None:
        try:
            self.began = time.monotonic()
            while (block := await asyncio.to_thread(next, blocks, None)) is not None:
                await self._send(session, block)
            self.asked = time.monotonic()
            await session.finalize()
        except SessionClosedError:  # whoever listens is told why
            return

    async def _send(self, session: RemoteSession, block: bytes) -> None:
        size = round(self._rate * CHUNK_S) * _WIDTH
        for start in range(0, len(block), size):
            chunk = block[start : start + size]
            before = self.sent_s
            self._samples += len(chunk) // _WIDTH
            while self.sent_s - self.taken_s > LEAD_S:
                self._room.clear()
                await self._room.wait()
            if self._speed:
                due = self.began + self.sent_s / self._speed
                await asyncio.sleep(due - time.monotonic())
            await session.feed(chunk)
            if self.sent_s // MARK_S > before // MARK_S:
                self._unanswered.append((self.sent_s, time.monotonic()))
                await session.keep_alive()
