"""One source through one stream: in this process or through a server, the same way."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from msgspec import UNSET

from sferic.cli.sources import Block, Source
from sferic.client import Received, RemoteSession
from sferic.errors import SessionClosedError, UndecodableAudioError
from sferic.protocol.messages import ErrorMessage, Transcription, encode

if TYPE_CHECKING:
    from sferic.session import Session

_BLOCK_S = 0.5
_REALTIME_BLOCK_S = 0.1
_KEEP_ALIVE_S = 20.0


class Stream(Protocol):
    """What a `Session` and a `RemoteSession` have in common, for a source."""

    async def feed(self, data: bytes) -> None:
        """Add audio; waits for room."""

    async def finish(self) -> None:
        """End the audio."""

    async def keep_alive(self) -> None:
        """Say that audio will follow."""

    def received(self) -> AsyncIterator[Received]:
        """Read messages, up to the last transcript."""

    @property
    def position(self) -> float:
        """Seconds of audio that are done with."""


Opening = AbstractAsyncContextManager[Stream]
"""A stream to be opened by `async with`."""


class _Local:
    def __init__(self, session: "Session") -> None:
        self._session = session
        self.feed, self.finish = session.feed, session.finish

    @property
    def position(self) -> float:
        return self._session.audio_seconds

    async def keep_alive(self) -> None:
        """Nobody gives up waiting here."""

    async def received(self) -> AsyncIterator[Received]:
        try:
            async for message in self._session:
                yield Received(encode(message), message)
        except UndecodableAudioError as error:
            said = ErrorMessage.of(error)
            yield Received(encode(said), said)
            raise


class _Remote:
    def __init__(self, session: RemoteSession) -> None:
        self._session = session
        self.feed, self.finish = session.feed, session.finish
        self.keep_alive = session.keep_alive
        self.position = 0.0

    async def received(self) -> AsyncIterator[Received]:
        async for received in self._session.received():
            match received.message:
                # The server may have taken far more than it is done with.
                case Transcription(words=words) if words is not UNSET and words:
                    self.position = max(self.position, words[-1].end)
            yield received


@asynccontextmanager
async def local(session: "Session") -> AsyncIterator[Stream]:
    """Open a session in this process."""
    async with session:
        yield _Local(session)


@asynccontextmanager
async def remote(session: RemoteSession) -> AsyncIterator[Stream]:
    """Open a session with a server."""
    async with session:
        yield _Remote(session)


class Interrupted(Exception):  # noqa: N818  # it is what was wanted
    """The audio was ended by Ctrl-C, and what was said until then has been shown."""


def transcribe(
    opening: Opening,
    source: Source,
    show: Callable[[Received], None],
    *,
    realtime: bool = False,
    on_position: Callable[[float], None] = lambda _: None,
    on_interrupt: Callable[[], None] = lambda: None,
) -> None:
    """Send a source through a stream and show what comes back. Blocks.

    The first Ctrl-C ends the audio, and its last transcript is waited for; the second gives up.

    Args:
        opening: The stream.
        source: The audio; it is stopped and closed at the end.
        show: Called with every message.
        realtime: Whether to send audio no faster than it is spoken.
        on_position: Called with the seconds that are done with.
        on_interrupt: Called at the first Ctrl-C.

    Raises:
        SfericError: The stream or the source failed; what came before has been shown.
        Interrupted: After the first Ctrl-C, once all is done, unless the source is endless.
        KeyboardInterrupt: After the second.
    """
    run = _Run(source, show, on_position, on_interrupt, realtime=realtime)
    try:
        asyncio.run(run.run(opening))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        source.close()
    if run.interrupted and not source.endless:
        raise Interrupted


class _Run:
    def __init__(
        self,
        source: Source,
        show: Callable[[Received], None],
        on_position: Callable[[float], None],
        on_interrupt: Callable[[], None],
        *,
        realtime: bool,
    ) -> None:
        self._source = source
        self._show = show
        self._on_position = on_position
        self._on_interrupt = on_interrupt
        self._paced = realtime and not source.endless
        self.interrupted = False

    async def run(self, opening: Opening) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101  # for the type checker
        with suppress(NotImplementedError, RuntimeError, ValueError):
            # Where there are no handlers, Ctrl-C ends everything at once.
            loop.add_signal_handler(signal.SIGINT, self._interrupt, task)
        reading = ThreadPoolExecutor(1, thread_name_prefix="source")
        try:
            async with opening as stream:
                await self._converse(stream, reading)
        finally:
            # The file is closed next: nothing may be reading it then.
            self._source.stop()
            reading.shutdown(wait=True, cancel_futures=True)

    def _interrupt(self, task: asyncio.Task[None]) -> None:
        if self.interrupted:
            task.cancel()
            return
        self.interrupted = True
        self._source.stop()
        self._on_interrupt()

    async def _converse(self, stream: Stream, reading: ThreadPoolExecutor) -> None:
        feeding = asyncio.create_task(self._feed(stream, reading))
        try:
            async for received in stream.received():
                self._show(received)
                self._on_position(stream.position)
        finally:
            self._source.stop()
            if not feeding.done():
                feeding.cancel()
            await asyncio.wait({feeding})
        if not feeding.cancelled() and (failure := feeding.exception()) is not None:
            raise failure

    async def _feed(self, stream: Stream, reading: ThreadPoolExecutor) -> None:
        failure: Exception | None = None
        blocks = self._source.blocks(_REALTIME_BLOCK_S if self._paced else _BLOCK_S)
        try:
            await self._feed_all(stream, blocks, reading)
        except SessionClosedError:
            return  # it ended by itself, and says why where it is read
        except Exception as error:  # noqa: BLE001  # raised once the reader is done
            failure = error
        await stream.finish()
        if failure is not None:
            raise failure

    async def _feed_all(
        self, stream: Stream, blocks: Iterator[Block], reading: ThreadPoolExecutor
    ) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            reads = loop.run_in_executor(reading, next, blocks, None)
            while not (await asyncio.wait({reads}, timeout=_KEEP_ALIVE_S))[0]:
                await stream.keep_alive()
            if (block := reads.result()) is None:
                return
            if self._paced:
                due += block.seconds
                await asyncio.sleep(due - loop.time())
            await stream.feed(block.data)
            self._on_position(stream.position)
