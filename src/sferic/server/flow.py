"""The WebSocket side of Uvicorn with paced reading.

Uvicorn's own class stops reading after each message until the application takes it, so that pings
wait behind audio, and it closes a client whose pong waits behind audio, too. `pace` says what is
done instead and why; this file does it to a transport.
"""

import asyncio
import logging
import math
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState, PayloadTooBig
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request
from websockets.protocol import Protocol, State
from websockets.streams import StreamReader

from sferic.protocol.messages import LONGEST_CONTROL
from sferic.server.pace import FlowLimits, ReadAhead, ReadPace

EXTENSION = "sferic.peer"
"""Name of the ASGI extension that tells an application at once when the client has gone."""

UNREADABLE = "sferic.unreadable"
"""Marks a disconnect message after which the client can still be told something."""

_LONGEST_TEXT = 4 * (LONGEST_CONTROL + 1)

# Below warnings, Uvicorn and websockets log URLs, headers and beginnings of messages. A filter,
# because configuring logging sets levels back.
_quiet = logging.getLogger(__name__)
_quiet.addFilter(lambda record: record.levelno >= logging.WARNING)


class Peer:
    """The client of a connection, as far as the application needs to know it."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        """Set when the client closed, or the connection is lost."""
        self.code = int(CloseCode.ABNORMAL_CLOSURE)
        """Once gone: the close code."""

    def leave(self, code: int) -> None:
        """Note that the client has gone; only the first code counts."""
        if not self.gone.is_set():
            self.code = code
            self.gone.set()


class PacedProtocol(WebSocketsSansIOProtocol):
    """One WebSocket connection, read no faster than it is worth. See `paced_protocol`."""

    limits: ClassVar[FlowLimits] = FlowLimits()
    shared: ClassVar[ReadAhead] = ReadAhead(512 * 1024 * 1024)
    on_throttle: ClassVar[Callable[[], None]] = staticmethod(lambda: None)

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = _quiet
        self.conn.logger = _quiet
        self.conn.debug = False
        self.ping_interval = self.limits.ping_interval
        self.ping_timeout = self.limits.ping_timeout
        self._inbox: asyncio.Queue[ASGIReceiveEvent | bytes] = asyncio.Queue()
        self.queue = self._inbox  # type: ignore[assignment]  # bytes are wrapped by `receive`
        self._pace = ReadPace(self.limits, self.shared)
        self._peer = Peer()
        self._fragments = bytearray()
        self._unreadable = False
        self._owed_pong = b""
        self._read_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound what the kernel and the transport hold."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=self.limits.send_buffer)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            with suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.limits.receive_buffer)
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.limits.send_buffer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let everything go, and tell the application at once."""
        self._forget(CloseCode.ABNORMAL_CLOSURE)
        self._cancel_timers()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close with 1012: the server ends."""
        self._forget(CloseCode.SERVICE_RESTART)
        try:
            super().shutdown()
        except InvalidState:
            self.transport.close()

    # Reading

    def data_received(self, data: bytes) -> None:
        """Take in what came, and decide when to read on."""
        if not self.handshake_initiated:
            self._open(data)
            return
        self.conn.receive_data(data)
        # What came whole before something unreadable still counts.
        self.handle_events()
        if self.conn.parser_exc is not None:
            self.handle_parser_exception()
        partial = len(self.conn.reader.buffer) + len(self._fragments)
        behind = self._pace.behind
        self._pace.read(len(data), self.loop.time(), partial=partial)
        if self._pace.behind and not behind:
            type(self).on_throttle()
        self._steer()

    async def receive(self) -> ASGIReceiveEvent:
        """Hand over the next message; the one before is done with."""
        self._pace.done(self.loop.time())
        self._steer()
        message = await self._inbox.get()
        if isinstance(message, bytes):
            self._pace.hand_over(len(message))
            return {"type": "websocket.receive", "bytes": message}
        if message["type"] == "websocket.receive":
            self._pace.hand_over(_text_size(message["text"] or ""))
        return message

    def handle_connect(self, event: Request) -> None:
        """Let the application know its peer."""
        super().handle_connect(event)
        if not self.handshake_complete:
            self.scope["extensions"][EXTENSION] = {"peer": self._peer}

    def handle_bytes(self, event: Frame) -> None:
        """A binary message begins."""
        self.curr_msg_data_type = "bytes"
        self._collect(event)

    def handle_text(self, event: Frame) -> None:
        """A text message begins."""
        self.curr_msg_data_type = "text"
        self._collect(event)

    def handle_cont(self, event: Frame) -> None:
        """A message goes on."""
        self._collect(event)

    def handle_close(self, event: Frame) -> None:
        """The client closes: nothing that waits is of use to anybody."""
        if not self.close_sent and self.conn.close_rcvd is not None:
            self._forget(self.conn.close_rcvd.code)
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        """Nothing more can be read; what was read is still transcribed and answered."""
        error = self.conn.parser_exc
        if self._unreadable or self.conn.close_sent is None or self.close_sent:
            return
        if self.conn.close_rcvd is not None:
            # It closes in the middle of a message.
            self._forget(self.conn.close_rcvd.code)
            super().handle_parser_exception()
            return
        code = self.conn.close_sent.code
        if isinstance(error, PayloadTooBig):
            limit = self.limits.largest_message
            reason = f"a message may have at most {limit} bytes; this one is larger"
        else:
            reason = f"the WebSocket protocol was violated: {error}"
        # websockets has written a close frame already; the application will close instead, after
        # the last transcript.
        self.conn.data_to_send()
        self.conn.close_sent = None
        self.conn.state = State.OPEN
        self._give_up_reading(code, reason)

    def _open(self, data: bytes) -> None:
        """Read the request, which Uvicorn has parsed once and written out again.

        websockets reads lines of up to 8 KiB; a query with keywords is longer.
        """
        self.conn.parser = Protocol.parse(self.conn)
        next(self.conn.parser)
        try:
            request = _parse_request(data)
        except Exception:  # noqa: BLE001  # whatever a strange request makes the parser raise
            self.handshake_initiated = self.handshake_complete = self.close_sent = True
            self.conn.send_response(self.conn.reject(400, "This is no WebSocket handshake.\n"))
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()
        else:
            self.handle_connect(request)

    def _collect(self, event: Frame) -> None:
        if self.close_sent or self._unreadable:
            self._fragments.clear()
            return
        if not event.fin:
            self._fragments += event.data
            return
        data = event.data
        if self._fragments:
            self._fragments += data
            data, self._fragments = self._fragments, bytearray()
        if self.curr_msg_data_type == "bytes":
            self._inbox.put_nowait(bytes(data))
            self._pace.queue(len(data))
            return
        # No control message is longer, and of one that is only the beginning is repeated.
        cut = len(data) > _LONGEST_TEXT
        try:
            text = bytes(data[:_LONGEST_TEXT]).decode(errors="replace" if cut else "strict")
        except UnicodeDecodeError:
            self._give_up_reading(CloseCode.INVALID_DATA, "a text message is not valid UTF-8")
            return
        self._inbox.put_nowait({"type": "websocket.receive", "text": text})
        self._pace.queue(_text_size(text))

    def _give_up_reading(self, code: int, reason: str) -> None:
        self._unreadable = True
        self._fragments.clear()
        message = {"type": "websocket.disconnect", "code": code, "reason": reason, UNREADABLE: True}
        self._inbox.put_nowait(message)  # type: ignore[arg-type]  # one key more than ASGI's

    def _forget(self, code: int) -> None:
        while not self._inbox.empty():
            self._inbox.get_nowait()
        self._fragments.clear()
        self._pace.drop()
        self._peer.leave(code)

    def _steer(self) -> None:
        """Read on now, later, or when something changes."""
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None
        wait = 0.0 if self.close_sent else self._pace.wait(self.loop.time())
        if wait == 0.0:
            if self.read_paused:
                self.read_paused = False
                self.transport.resume_reading()
            return
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()
        if wait < math.inf:
            self._read_timer = self.loop.call_later(wait, self._steer)

    # Writing

    async def send(self, message: ASGISendEvent) -> None:
        """Send as Uvicorn does; where nothing more can be read, the close ends our half at once."""
        while not self.writable.is_set():  # a pong may have filled the buffer again
            await self.writable.wait()
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and self.close_sent:
            self.handshake_complete = True  # or Uvicorn logs that there was none
        if message["type"] == "websocket.close" and self._unreadable:
            # No close frame of the client will be understood. It sees the end of the stream, and
            # until it ends its own, what it still sends is read and dropped: closing now would
            # reset the connection, and the last messages might not arrive.
            with suppress(OSError, NotImplementedError):
                if self.transport.can_write_eof():
                    self.transport.write_eof()

    def pause_writing(self) -> None:
        """The client does not read fast enough."""
        super().pause_writing()
        self._pace.stalled = True
        self._watch_stall()
        self._steer()

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        self._pace.stalled = False
        super().resume_writing()
        if self._owed_pong:
            pong, self._owed_pong = self._owed_pong, b""
            self.transport.write(pong)
        self._steer()

    def handle_ping(self) -> None:
        """Answer, or to a client that does not read, answer only its last ping once it does."""
        pong = b"".join(self.conn.data_to_send())
        if self._pace.stalled:
            self._owed_pong = pong or self._owed_pong
        elif pong:
            self.transport.write(pong)

    def _watch_stall(self) -> None:
        size = self.transport.get_write_buffer_size()
        self._stall_timer = self.loop.call_later(self.limits.stall_timeout, self._check_stall, size)

    def _check_stall(self, size: int) -> None:
        if self.transport.get_write_buffer_size() < size:
            self._watch_stall()
        else:
            self.transport.abort()

    # Keeping alive

    def send_keepalive_ping(self) -> None:
        """Ping; a client that does not read has its own time-out."""
        if self._pace.stalled:
            self.ping_timer = None
            self.schedule_ping()
        else:
            super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """Close with 1011, unless the pong waits behind audio that we do not read yet."""
        if self._pace.excuses(self.ping_sent_at, self.loop.time()) or self._pace.stalled:
            self.pong_timer = None
            self.pending_ping_payload = None
            self.schedule_ping()
        else:
            self._forget(CloseCode.INTERNAL_ERROR)
            super().keepalive_timeout()

    def _cancel_timers(self) -> None:
        for timer in (self._read_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        self._read_timer = self._stall_timer = None


def paced_protocol(
    limits: FlowLimits, shared: ReadAhead, on_throttle: Callable[[], None] = lambda: None
) -> type[PacedProtocol]:
    """Return the class of a server's connections, for `uvicorn.Config(ws=…)`.

    Args:
        limits: What bounds each connection.
        shared: What bounds all of them together.
        on_throttle: Called each time that reading of a connection begins to be throttled.
    """
    namespace = {"limits": limits, "shared": shared, "on_throttle": staticmethod(on_throttle)}
    return type("PacedProtocol", (PacedProtocol,), namespace)


def _parse_request(data: bytes) -> Request:
    reader = StreamReader()
    reader.feed_data(data)
    parser = Request.parse(lambda *_: reader.read_line(len(data)))
    try:
        next(parser)
    except StopIteration as parsed:
        request: Request = parsed.value
        return request
    raise EOFError


def _text_size(text: str) -> int:
    return 4 * len(text)
