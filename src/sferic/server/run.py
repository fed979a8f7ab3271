"""A server process: sockets, TLS, signals, and an orderly end."""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from sferic.config import Settings
from sferic.errors import ListenError, PortInUseError, TlsError
from sferic.server.app import Services
from sferic.server.flow import PacedProtocol, paced_protocol
from sferic.server.http import PromptH11Protocol
from sferic.server.pace import FlowLimits

LONGEST_REQUEST = 256 * 1024
"""Bytes of a request's line and headers: a query may hold thousands of keywords."""

GOODBYE_S = 3.0
"""Seconds that clients get for their half of the closing handshake when the server stops."""

_TICK_S = 0.02


class Server(uvicorn.Server):
    """Uvicorn, with an end that sessions survive: they get their last transcript first.

    Args:
        app: Made by `create_app`.
        limits: What bounds each connection.
        tls: What `tls_context` returned.
    """

    def __init__(
        self,
        app: Starlette,
        *,
        limits: FlowLimits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        limits = limits or FlowLimits()
        services: Services = app.state.services
        self._sessions = services.sessions
        self._drain_s = services.settings.drain_timeout_s
        protocol = paced_protocol(limits, services.read_ahead, services.metrics.throttled.inc)
        super().__init__(
            uvicorn.Config(
                app,
                http=PromptH11Protocol,
                ws=protocol,
                ws_max_size=limits.largest_message,
                ws_per_message_deflate=False,
                loop="asyncio",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                forwarded_allow_ips=list(services.settings.trusted_proxies),
                h11_max_incomplete_event_size=LONGEST_REQUEST,
                timeout_graceful_shutdown=2,
                ssl_context_factory=(lambda *_: tls) if tls else None,
            )
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """End in order at the first signal, and at once at the second."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, while new sessions are answered 503, and then close everything."""
        draining = asyncio.create_task(self._sessions.drain())
        await self._until(draining.done, self._drain_s + GOODBYE_S)
        draining.cancel()
        await self._until(lambda: not self._live(), GOODBYE_S)
        await super().shutdown(sockets)

    def _live(self) -> bool:
        connections = self.server_state.connections
        return any(isinstance(connection, PacedProtocol) for connection in connections)

    async def _until(self, over: Callable[[], bool], seconds: float) -> None:
        for _ in range(round(seconds / _TICK_S)):
            if over() or self.force_exit:  # the second signal may come at any moment
                return
            await asyncio.sleep(_TICK_S)


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on every address that the host stands for.

    Args:
        host: A name or an address.
        port: 0 takes one that is free.

    Raises:
        PortInUseError: something else listens there.
        ListenError: the address is not one of this machine's, or the port is not allowed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ListenError(host, port, getattr(error, "strerror", None) or str(error)) from None
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, _, _, _, address in dict.fromkeys(found):
        chosen = sockets[0].getsockname()[1] if sockets else port
        try:
            sockets.append(_listener(family, (str(address[0]), chosen)))
        except OSError as error:
            failure = error
            if error.errno == errno.EADDRINUSE:
                break
    if failure is not None and (failure.errno == errno.EADDRINUSE or not sockets):
        for opened in sockets:
            opened.close()
        if failure.errno == errno.EADDRINUSE:
            raise PortInUseError(host, port) from None
        raise ListenError(host, port, failure.strerror or str(failure)) from None
    return sockets


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Load the certificate and its key; None where none is set.

    Raises:
        TlsError: a file cannot be read, is not what it should be, or the two do not belong
            together.
    """
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    for setting in ("tls_cert", "tls_key"):
        path = getattr(settings, setting)
        try:
            with open(path, "rb"):  # noqa: PTH123  # a descriptor is all that is wanted
                pass
        except OSError as error:
            raise TlsError(setting, path, error.strerror or str(error)) from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password function OpenSSL would ask for one on the terminal.
        context.load_cert_chain(settings.tls_cert, settings.tls_key, lambda: "")
    except ssl.SSLError as error:
        raise _tls_error(settings.tls_cert, settings.tls_key, error) from None
    return context


def _tls_error(cert: str, key: str, error: ssl.SSLError) -> TlsError:
    if error.reason == "KEY_VALUES_MISMATCH":
        return TlsError("tls_key", key, f"it is not the key of the certificate in {cert}")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(cert)
    except ssl.SSLError:
        return TlsError("tls_cert", cert, "it holds no certificate in PEM form")
    return TlsError("tls_key", key, "it holds no private key in PEM form, or an encrypted one")


def _listener(family: int, address: tuple[str, int]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener
