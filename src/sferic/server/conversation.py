"""Two loops around a stream: what the client sends goes in, what the stream says goes out."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress

import msgspec
from starlette.types import Message as Event
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from sferic.config import Settings
from sferic.errors import SessionClosedError, SfericError, UndecodableAudioError
from sferic.protocol.messages import (
    CloseStream,
    ErrorMessage,
    Finalize,
    Keepalive,
    Message,
    Pong,
    Transcription,
    encode,
    parse_control,
)
from sferic.server.backend import Stream
from sferic.server.flow import EXTENSION, UNREADABLE, Peer
from sferic.server.metrics import Metrics

FINISH_WITHIN_S = 60.0
"""Seconds that a session gets for its last transcript when a limit ends it."""

LOOK_EVERY_S = 1.0
"""Seconds between two looks at how much audio a session has taken."""

logger = logging.getLogger(__name__)

_NORMAL, _UNDECODABLE, _POLICY, _INTERNAL = 1000, 1007, 1008, 1011
_FAILED = ErrorMessage(
    code="internal_error", message="something went wrong in the server; what is in its log"
)


class _Ending(msgspec.Struct, frozen=True, kw_only=True):
    code: int
    error: ErrorMessage | None = None
    within: float = 0.0


class Conversation:
    """One session after its handshake.

    It ends when the client asks for it and has its last transcript (close code 1000), when the
    client goes (at once, whatever is in progress), or by `end`. Afterwards none of its tasks is
    left.

    Args:
        websocket: The accepted connection.
        settings: For the limits.
        metrics: Where to count.
        finalize_ends: Whether `finalize` ends the session, as `close_stream` does.
    """

    def __init__(
        self,
        websocket: WebSocket,
        settings: Settings,
        metrics: Metrics,
        *,
        finalize_ends: bool,
    ) -> None:
        self._websocket = websocket
        self._settings = settings
        self._metrics = metrics
        self._finalize_ends = finalize_ends
        self._loop = asyncio.get_running_loop()
        self._started = self._active = self._loop.time()
        self._first_audio: float | None = None
        self._busy = False
        self._finishing: asyncio.Task[None] | None = None
        self._asked_to_end: float | None = None
        self._ending: asyncio.Future[_Ending] = self._loop.create_future()
        extension = websocket.scope.get("extensions", {}).get(EXTENSION, {})
        self._peer: Peer = extension.get("peer") or Peer()
        self.code: int | None = None
        """The close code, once it has ended."""
        self.on_message: Callable[[Message], None] = lambda _: None
        """Called with everything that was sent of the stream."""
        self.session_id = "-"
        self.audio_seconds = 0.0

    def end(self, code: int, error: ErrorMessage | None = None, *, within: float = 0.0) -> None:
        """End it from outside; the first one to do so counts.

        Args:
            code: The close code.
            error: What the client is told before.
            within: Seconds in which what was received is finished first; 0 to leave it.
        """
        if not self._ending.done():
            self._ending.set_result(_Ending(code=code, error=error, within=within))

    async def run(self, opening: Callable[[], AbstractAsyncContextManager[Stream]]) -> None:
        """Open a stream, and talk until the end."""
        body = asyncio.create_task(self._body(opening))
        gone = asyncio.create_task(self._peer.gone.wait())
        try:
            await asyncio.wait({body, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(body, gone)
            if self.code is None:
                self.code = self._peer.code

    async def _body(self, opening: Callable[[], AbstractAsyncContextManager[Stream]]) -> None:
        try:
            async with opening() as stream:
                self.session_id = stream.session_id
                try:
                    await self._serve(stream)
                finally:
                    self.audio_seconds = stream.audio_seconds
        except WebSocketDisconnect as left:
            self._peer.leave(left.code)
        except Exception:
            logger.exception("session %s failed", self.session_id)
            with suppress(WebSocketDisconnect):
                await self._close(_INTERNAL, _FAILED)

    async def _serve(self, stream: Stream) -> None:
        listening = asyncio.create_task(self._guard(self._listen(stream)))
        talking = asyncio.create_task(self._guard(self._talk(stream)))
        watching = asyncio.create_task(self._guard(self._watch(stream)))
        discarding = None
        try:
            ending = await self._ending
            if ending.within > 0:
                await _cancel(listening, watching)
                discarding = asyncio.create_task(self._guard(self._discard()))
                ending = await self._finish_first(stream, talking, ending)
            await self._close(ending.code, ending.error)
        finally:
            tasks = (listening, talking, watching, discarding, self._finishing)
            await _cancel(*(task for task in tasks if task))

    async def _guard(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except WebSocketDisconnect as left:
            self._peer.leave(left.code)
        except SessionClosedError:
            pass  # it ended by itself, and where it is read it says why
        except UndecodableAudioError as error:
            self.end(_UNDECODABLE, ErrorMessage.of(error))
        except SfericError as error:
            self.end(_INTERNAL, ErrorMessage.of(error))
        except Exception:
            logger.exception("session %s failed", self.session_id)
            self.end(_INTERNAL, _FAILED)

    # From the client

    async def _listen(self, stream: Stream) -> None:
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                self._disconnected(event)
                return
            self._active = self._loop.time()
            if self._finishing is not None:
                continue  # audio after the end is ignored
            self._busy = True
            try:
                await self._take(stream, event)
            finally:
                self._busy = False
                self._active = self._loop.time()

    async def _take(self, stream: Stream, event: Event) -> None:
        data = event.get("bytes")
        if data is not None:
            if data:
                self._first_audio = self._first_audio or self._loop.time()
                await stream.feed(data)
                limit = self._settings.session_limit_s
                if limit and stream.audio_seconds >= limit:
                    self._end_at_limit()
            return
        match parse_control(event.get("text") or ""):
            case Finalize() if not self._finalize_ends:
                await stream.finalize()
            case Finalize() | CloseStream():
                self._asked_to_end = self._loop.time()
                self._finish(stream)
            case Keepalive():
                await stream.send(Pong())
            case unknown:
                await stream.send(unknown.warning())

    async def _discard(self) -> None:
        """Go on reading, so that the client's end is noticed and its pings are answered."""
        while self._websocket.client_state is WebSocketState.CONNECTED:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                self._disconnected(event)

    def _disconnected(self, event: Event) -> None:
        code = event.get("code", 1006)
        if event.get(UNREADABLE):
            name = {1009: "message_too_big", 1007: "invalid_text"}.get(code, "protocol_error")
            error = ErrorMessage(code=name, message=event["reason"])
            self.end(code, error, within=FINISH_WITHIN_S)
        else:
            self._peer.leave(code)

    # To the client

    async def _talk(self, stream: Stream) -> None:
        heard = False
        async for message in stream:
            await self._websocket.send_text(encode(message))
            self._metrics.sent(message)
            self.on_message(message)
            if not heard and _has_text(message) and self._first_audio is not None:
                heard = True
                waited = self._loop.time() - self._first_audio
                self._metrics.first_transcript.observe(waited)
        if self._asked_to_end is not None:
            self._metrics.last_transcript.observe(self._loop.time() - self._asked_to_end)
        self.end(_NORMAL)

    def _finish(self, stream: Stream) -> None:
        if self._finishing is None:
            self._finishing = asyncio.create_task(self._guard(stream.finish()))

    async def _finish_first(
        self, stream: Stream, talking: asyncio.Task[None], ending: _Ending
    ) -> _Ending:
        """Have the last transcript sent, if that is possible in time."""
        self._finish(stream)
        _, late = await asyncio.wait({talking}, timeout=ending.within)
        if late:
            logger.warning("session %s had no time for its last transcript", self.session_id)
        elif self._asked_to_end is not None:
            return _Ending(code=_NORMAL)  # it was ending as it should
        return ending

    async def _close(self, code: int, error: ErrorMessage | None) -> None:
        if error is not None:
            await self._websocket.send_text(encode(error))
        await self._websocket.close(code, error.code if error else None)
        self.code = code

    # Limits

    async def _watch(self, stream: Stream) -> None:
        idle, limit = self._settings.idle_timeout_s, self._settings.session_limit_s
        heard = 0.0
        while True:
            now = self._loop.time()
            waits = []
            if limit:
                if now - self._started >= limit or stream.audio_seconds >= limit:
                    self._end_at_limit()
                    return
                # One message may hold more audio than the limit allows.
                waits.append(min(self._started + limit - now, LOOK_EVERY_S))
            if idle:
                heard, before = stream.audio_seconds, heard
                if self._busy or self._finishing or stream.working or heard > before:
                    self._active = now
                if now - self._active >= idle:
                    self._end_idle()
                    return
                # More often than needed, to know well when the last audio was done.
                waits.append(min(self._active + idle - now, idle / 8))
            if not waits:
                return
            await asyncio.sleep(min(waits))

    def _end_at_limit(self) -> None:
        limit = self._settings.session_limit_s
        message = (
            f"the session has reached its limit of {limit:g} s; audio from here on is not "
            "transcribed. Open a new one to go on"
        )
        error = ErrorMessage(code="session_limit", message=message)
        self.end(_POLICY, error, within=FINISH_WITHIN_S)

    def _end_idle(self) -> None:
        message = (
            f"no message came for {self._settings.idle_timeout_s:g} s. Send "
            '{"type":"keepalive"} to keep a session open in silence'
        )
        error = ErrorMessage(code="idle_timeout", message=message)
        self.end(_POLICY, error, within=FINISH_WITHIN_S)


def _has_text(message: Message) -> bool:
    return isinstance(message, Transcription) and bool(message.transcript)


async def _cancel(*tasks: asyncio.Task[None] | asyncio.Task[bool]) -> None:
    """End tasks, and wait until they have."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
