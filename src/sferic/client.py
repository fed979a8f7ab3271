"""A stream through a server, with the interface of a `Session`.

```python
from sferic.client import connect

async with connect("ws://127.0.0.1:8080", key=KEY, options=Options(language="de")) as stream:
    feeding = asyncio.create_task(feed_all(stream))  # feed(...), then finish()
    async for message in stream:
        print(message)
```
"""

import ipaddress
import re
import socket
import ssl as tls
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
)

from sferic.errors import (
    CutShortError,
    InvalidUrlError,
    MalformedKeyError,
    Problem,
    RefusedError,
    RemoteError,
    SessionClosedError,
    UnreachableError,
)
from sferic.protocol import messages
from sferic.protocol.dialects import LIGHTNING, Dialect, dialect_at
from sferic.protocol.messages import ErrorMessage, Message, Transcription
from sferic.protocol.options import Options

PATH = LIGHTNING.paths[0]
"""The endpoint of an address that names none."""

LARGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes: with `full_transcript` and `sentence_timestamps` a message grows with the session."""

_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_FINALIZE, _CLOSE = '{"type":"finalize"}', '{"type":"close_stream"}'
_KEEPALIVE = '{"type":"keepalive"}'
_PING_S = 20.0
_PONG_WITHIN_S = 120.0
"""Long, because a pong waits behind audio that the server does not read yet."""
_CLOSE_WITHIN_S = 3.0
_LONGEST_ANSWER = 2_000
_NORMAL, _ABNORMAL = 1000, 1006


def connect(
    url: str,
    *,
    key: str | None = None,
    options: Options | None = None,
    ssl: tls.SSLContext | None = None,
    open_timeout: float = 10.0,
) -> "RemoteSession":
    """Prepare a session with a server; `async with` opens it.

    Args:
        url: `ws://HOST:PORT` or `wss://HOST`; without a path, the one of the lightning protocol is
            meant. A query is kept, and `options` are added to it.
        key: What the server knows you by.
        options: What the stream asks for.
        ssl: For `wss`, other certificates than the system's.
        open_timeout: Seconds that the handshake may take.

    Raises:
        InvalidUrlError: the address is none.
        MalformedKeyError: the key cannot be sent.
    """
    return RemoteSession(url, key=key, options=options, ssl=ssl, open_timeout=open_timeout)


class Received(NamedTuple):
    """A message as it came, and what it says."""

    text: str
    message: Message | None
    """None for one of a kind that is not known here."""


class RemoteSession:
    """One stream of audio and its transcript, recognised by a server; made by `connect`.

    As with a `Session`, feeding and reading are independent: run them in two tasks.

    Raises:
        RefusedError: On entering, if the server does not open the session: it says why.
        UnreachableError: On entering, if there is no server.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None,
        options: Options | None,
        ssl: tls.SSLContext | None,
        open_timeout: float,
    ) -> None:
        self.options = options or Options()
        self.session_id = ""
        """What the server calls the session, once it has said something."""
        address = _parse(url)
        dialect = dialect_at(address.path)
        query = _query(address.query, self.options, dialect)
        self._url = urlunsplit(address._replace(query=query))
        self._shown = urlunsplit(address._replace(query="", fragment=""))
        self._loopback = _is_loopback(address.hostname or "")
        self._finalize_ends = dialect.finalize_ends
        self._headers = _authorization(key)
        self._tls = (ssl or True) if address.scheme == "wss" else None
        self._open_timeout = open_timeout
        self._asked_to_end = False
        self._had_last = False
        self._error: ErrorMessage | None = None

    async def __aenter__(self) -> Self:
        try:
            self._websocket: ClientConnection = await open_websocket(
                self._url,
                additional_headers=self._headers,
                # Proxies of the environment are for other machines.
                proxy=None if self._loopback else True,
                ssl=self._tls,
                compression=None,
                open_timeout=self._open_timeout,
                ping_interval=_PING_S,
                ping_timeout=_PONG_WITHIN_S,
                close_timeout=_CLOSE_WITHIN_S,
                max_size=LARGEST_MESSAGE,
            )
        except InvalidURI as error:
            raise InvalidUrlError(self._shown, str(error)) from None
        except InvalidStatus as error:
            raise _refusal(error, self._shown) from None
        except (OSError, InvalidHandshake, ImportError) as error:
            raise UnreachableError(self._shown, _why(error, self._open_timeout)) from None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._websocket.close()

    async def feed(self, data: bytes) -> None:
        """Add audio; waits while the server does not take it.

        Raises:
            SessionClosedError: The session was finished, or the server ended it; reading says why.
        """
        if data:
            await self._send(data)

    async def finalize(self) -> None:
        """Have what was fed so far answered by a final at once.

        On the lightning path this ends the session, as `finish` does; elsewhere it goes on.
        """
        await self._send(_FINALIZE, ends=self._finalize_ends)

    async def finish(self) -> None:
        """End the audio: the last final follows, then reading ends."""
        with suppress(SessionClosedError):  # whoever reads is told
            await self._send(_CLOSE, ends=True)

    async def keep_alive(self) -> None:
        """Tell the server, while there is nothing to feed, that there will be."""
        await self._send(_KEEPALIVE)

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Read messages, up to the last transcript.

        Raises:
            CutShortError: The session ended before; all that came was read.
        """
        async for received in self.received():
            if received.message is not None and not isinstance(received.message, ErrorMessage):
                yield received.message

    async def received(self) -> AsyncIterator[Received]:
        """Read messages as they came, unknown ones and errors too; otherwise like iteration."""
        while not (self._asked_to_end and self._had_last):
            try:
                text = await self._websocket.recv()
            except ConnectionClosed as closed:
                if (failure := self._failure(closed)) is None:
                    return
                raise failure from None
            if isinstance(text, str):
                received = Received(text, _decode(text))
                self._note(received.message)
                yield received

    async def _send(self, data: bytes | str, *, ends: bool = False) -> None:
        if self._asked_to_end:
            raise SessionClosedError
        # Before it is sent: the answer may be read first.
        self._asked_to_end = ends
        try:
            await self._websocket.send(data)
        except ConnectionClosed:
            if ends:
                self._asked_to_end = False
            raise SessionClosedError from None

    def _note(self, message: Message | None) -> None:
        if isinstance(message, Transcription):
            self.session_id = message.session_id
            self._had_last = self._had_last or message.is_last
        elif isinstance(message, ErrorMessage):
            self._error = message

    def _failure(self, closed: ConnectionClosed) -> RemoteError | None:
        """Say what is wrong with the end of the connection, if something is."""
        code = closed.rcvd.code if closed.rcvd else _ABNORMAL
        if self._error is not None:
            return CutShortError(code, code=self._error.code, message=_tame(self._error.message))
        if code == _NORMAL and self._asked_to_end:
            return None
        reason = _tame(closed.rcvd.reason) if closed.rcvd else ""
        if code == _NORMAL:
            return CutShortError(code, code="closed", message=reason)
        return CutShortError(code, message=reason)


def _why(error: Exception, patience: float) -> str:
    """Say why there is no connection."""
    reasons: tuple[tuple[type[Exception], str], ...] = (
        (TimeoutError, f"no answer in {patience:g} s"),
        (tls.SSLCertVerificationError, "its certificate is not trusted"),
        (tls.SSLError, "what answers there does not speak TLS; without it, write ws://"),
        (socket.gaierror, "there is no such host"),
        (ConnectionRefusedError, "nothing listens there"),
        (InvalidMessage, "what answers there is no WebSocket server, or wants TLS: wss://"),
    )
    reason = next((reason for kind, reason in reasons if isinstance(error, kind)), None)
    if reason is not None:
        return reason
    if isinstance(error, OSError):
        # Of a name with several addresses, asyncio joins the errors into one text.
        refused = "Connect call failed" in str(error)
        return "nothing listens there" if refused else error.strerror or str(error)
    return _tame(str(error))


def _parse(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidUrlError(_without_query(url), str(error)) from None
    if "://" not in url or parts.scheme not in _SCHEMES:
        raise InvalidUrlError(_without_query(url), "it does not begin with ws:// or wss://")
    if not host:
        raise InvalidUrlError(_without_query(url), "it names no host")
    if "@" in parts.netloc:
        parts = parts._replace(netloc="…@" + parts.netloc.rpartition("@")[2], query="")
        raise InvalidUrlError(urlunsplit(parts), "a key does not go into the address")
    path = PATH if parts.path in {"", "/"} else parts.path
    return parts._replace(scheme=_SCHEMES[parts.scheme], path=path, fragment="")


def _without_query(url: str) -> str:
    return _tame(url.strip().partition("?")[0])


def _query(given: str, options: Options, dialect: Dialect) -> str:
    asked = options.query(dialect)
    names = {name for name, _ in asked}
    kept = parse_qsl(given, keep_blank_values=True)
    return urlencode([*((name, text) for name, text in kept if name not in names), *asked])


def _authorization(key: str | None) -> dict[str, str]:
    if not key or not (key := key.strip()):
        return {}
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise MalformedKeyError
    return {"Authorization": f"Bearer {key}"}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refusal(error: InvalidStatus, url: str) -> RemoteError:
    response = error.response
    status, phrase = response.status_code, _tame(response.reason_phrase)
    after = response.headers.get("Retry-After", "")
    retry_after = float(after) if re.fullmatch(r"[0-9]{1,6}", after) else None
    if status not in {400, 401, 403, 429} and status < 500:
        reason = f"it answers {status} {phrase}, so this may be the address of something else"
        return UnreachableError(url, reason)
    try:
        said = msgspec.json.decode(response.body or b"", type=ErrorMessage)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = ErrorMessage(code=phrase.lower().replace(" ", "_"), message="it does not say why")
    return RefusedError(
        status=status,
        code=_tame(said.code),
        message=_tame(said.message),
        problems=[
            Problem(
                parameter=_tame(problem.parameter),
                value=_tame(problem.value),
                allowed=_tame(problem.allowed),
                message=_tame(problem.message),
            )
            for problem in said.errors
        ],
        retry_after=retry_after,
    )


def _decode(text: str) -> Message | None:
    try:
        return messages.decode(text)
    except msgspec.MsgspecError:
        return None


def _tame(text: str) -> str:
    """What a server says must not steer a terminal, nor fill it."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text[:_LONGEST_ANSWER])
