"""The ASGI app: everything a server owns, and the paths that lead to it."""

import asyncio
import hmac
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from sferic.config import Settings
from sferic.protocol import asyncapi, openapi
from sferic.protocol.dialects import DIALECTS, LIGHTNING, RECORDED, RECORDED_DIALECTS, Dialect
from sferic.server.admission import Admission
from sferic.server.backend import Backend, Engine, Recognizer, default_backend, not_ready
from sferic.server.guard import Guard
from sferic.server.keyring import Keyring
from sferic.server.keys import KeyDatabase
from sferic.server.live import Live, deny
from sferic.server.metrics import AtWork, Metrics
from sferic.server.minting import Minting
from sferic.server.pace import ReadAhead
from sferic.server.page import Page
from sferic.server.prerecorded import Prerecorded
from sferic.server.promises import Promises
from sferic.server.recordings import Recordings
from sferic.server.refusal import Refusal
from sferic.server.sessions import Sessions
from sferic.server.tokens import Tokens

LOOK_EVERY_S = 1.0
"""Seconds between two looks at what streams ask for."""

DEVELOPMENT_KEY_ID = "development"
"""What logs call the key of a `--dev` server."""


class Services:
    """What one app owns. It is the app's `state.services`.

    Args:
        settings: What was set.
        recognizer: The models, if they are loaded already; they stay the caller's.
        backend: Where recognizers and streams come from; unset, Sferic's own.
        development_key: A key that counts besides those of the settings.
    """

    def __init__(
        self,
        settings: Settings,
        recognizer: Recognizer | None = None,
        *,
        backend: Backend | None = None,
        development_key: str | None = None,
    ) -> None:
        static = {f"static-{n}": key for n, key in enumerate(settings.api_keys, start=1)}
        if development_key is not None:
            static[DEVELOPMENT_KEY_ID] = development_key
        self.settings = settings
        self.backend = backend or default_backend()
        self.engine = Engine(settings, recognizer, self.backend.load)
        database = KeyDatabase(settings.key_database)
        self.keyring = Keyring(database, static)
        self.tokens = Tokens(database, self.keyring)
        self.keyless = DEVELOPMENT_KEY_ID if development_key is not None else None
        self.admission = Admission(settings.final_latency_ms / 1000, self.engine)
        self.sessions = Sessions(
            self.admission,
            most=settings.max_sessions,
            most_per_key=settings.max_sessions_per_key,
            drain_s=settings.drain_timeout_s,
        )
        self.read_ahead = ReadAhead(settings.read_ahead_mb * 1_000_000)
        self.metrics = Metrics()
        self.metrics.watch(read_ahead=lambda: self.read_ahead.held, ready=lambda: self.ready)
        self.metrics.watch_recognition(self._at_work)
        self.metrics.on_final = self.sessions.answered
        self.guard = Guard(settings.allowed_hosts)
        self.recordings = Recordings(
            settings,
            engine=self.engine,
            backend=self.backend,
            sessions=self.sessions,
            metrics=self.metrics,
        )
        self.promises = Promises(
            settings, recordings=self.recordings, guard=self.guard, metrics=self.metrics
        )
        self.keyring.on_revoked = self.sessions.revoke

    def prerecorded(self, dialect: Dialect) -> Prerecorded:
        """Return the endpoint of recordings in a dialect."""
        return Prerecorded(
            settings=self.settings,
            keyring=self.keyring,
            sessions=self.sessions,
            recordings=self.recordings,
            promises=self.promises,
            guard=self.guard,
            dialect=dialect,
        )

    @property
    def ready(self) -> bool:
        """Whether sessions are taken."""
        return self.engine.recognizer is not None and not self.sessions.draining

    async def watch(self) -> None:
        """Look again and again at what streams ask for and how long finals take."""
        sessions = self.sessions
        while True:
            for answer in self.admission.look(
                live=sessions.live, background=sessions.background, finals=sessions.finals
            ):
                self.metrics.final.observe(answer.took)
            await asyncio.sleep(LOOK_EVERY_S)

    def _at_work(self) -> AtWork:
        recognizer, capacity = self.engine.recognizer, self.sessions.capacity
        if recognizer is None:
            return AtWork()
        return AtWork(
            capacity=math.inf if capacity is None else capacity,
            background=self.sessions.background,
            busy=min(recognizer.usage.occupied, 1.0),
            interval=recognizer.cadence or 0.0,
            final_cost=recognizer.usage.steady.final,
            partial_cost=recognizer.usage.steady.partial,
        )


def create_app(
    settings: Settings,
    recognizer: Recognizer | None = None,
    *,
    backend: Backend | None = None,
    development_key: str | None = None,
) -> Starlette:
    """Build an app of its own; many may live in one process.

    Args:
        settings: What was set.
        recognizer: The models, if they are loaded already; they stay the caller's. Otherwise they
            are loaded on a thread when the app starts, and it answers 503 until then.
        backend: Where recognizers and streams come from; unset, Sferic's own.
        development_key: A key that counts besides those of the settings.

    Raises:
        KeyStoreError: the setting of the key database is not usable.
        JobStoreError: the setting of the job database is not usable.
    """
    services = Services(settings, recognizer, backend=backend, development_key=development_key)
    minting = Minting(settings, services.keyring, services.tokens, keyless=services.keyless)
    page = Page(settings, services.engine, minting, endpoint=LIGHTNING.paths[0])
    site = Site(services)
    requests = services.prerecorded(RECORDED)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await services.keyring.start()
        services.engine.start()
        await services.promises.start()
        watching = asyncio.create_task(services.watch())
        try:
            yield
        finally:
            services.sessions.draining = True
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await services.promises.stop()
            await services.keyring.stop()
            await services.engine.stop()

    app = Starlette(
        routes=[
            *_session_routes(services),
            Route("/v1/tokens", minting.mint, methods=["POST"]),
            *page.routes(),
            Route("/waves/v1/stt/requests/{request_id}", requests.status),
            Route("/waves/v1/stt/webhook-secret", requests.secret),
            Route("/asyncapi.json", site.asyncapi),
            Route("/openapi.json", site.openapi),
            Route("/health", site.health),
            Route("/ready", site.ready),
            Route("/v1/languages", site.languages),
            Route("/metrics", site.metrics),
        ],
        exception_handlers={HTTPException: _http_error, Refusal: _refused, Exception: _failed},
        lifespan=lifespan,
    )
    app.router.default = _nowhere
    app.state.services = services
    return app


class Site:
    """The plain HTTP answers."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def health(self, _: Request) -> Response:
        """Say that the process is alive."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Say whether sessions are taken."""
        if self._services.sessions.draining:
            raise self._services.sessions.stopping()
        if self._services.engine.recognizer is None:
            raise not_ready(self._services.engine)
        sessions = self._services.sessions
        return JSONResponse(
            {
                "status": "ready",
                "model": ", ".join(_models(self._services.settings)),
                "capacity": sessions.capacity,
                "sessions": sessions.live + sessions.background,
            }
        )

    async def languages(self, _: Request) -> Response:
        """Say which languages are served, by which model, how well."""
        recognizer = self._services.engine.recognizer
        if recognizer is None:
            raise not_ready(self._services.engine)
        body = msgspec.json.encode(recognizer.served())
        return Response(body, media_type="application/json")

    async def metrics(self, request: Request) -> Response:
        """Show what was counted, to whoever has the token."""
        token = self._services.settings.metrics_token
        if token is None:
            raise HTTPException(404)
        given = request.headers.get("authorization", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"Bearer {token}".encode()):
            headers = {"WWW-Authenticate": 'Bearer realm="sferic metrics"'}
            raise Refusal(401, "invalid_token", "this page needs its token", headers=headers)
        return Response(
            self._services.metrics.render(),
            media_type="text/plain; version=0.0.4; charset=utf-8",
        )

    async def openapi(self, request: Request) -> Response:
        """Describe the paths for recordings to machines."""
        return JSONResponse(openapi.document(str(request.base_url).rstrip("/")))

    async def asyncapi(self, request: Request) -> Response:
        """Describe the live paths to machines."""
        secure = request.url.scheme == "https"
        return JSONResponse(asyncapi.document(request.url.netloc, secure=secure))


def _session_routes(services: Services) -> list[BaseRoute]:
    """What is at the paths of sessions and of recordings."""
    live = {path: one for dialect in DIALECTS for path, one in _live(services, dialect).items()}
    recorded = {
        path: services.prerecorded(dialect)
        for dialect in RECORDED_DIALECTS
        for path in dialect.paths
    }

    async def plain(request: Request) -> Response:
        path = request.scope["path"]
        if request.method == "POST":
            return await recorded[path].transcribe(request)
        return await live[path].explain(request)

    # One route a path, so that an answer to any other method names all that there are.
    return [
        *(WebSocketRoute(path, one.serve) for path, one in live.items()),
        *(Route(path, plain, methods=["GET", "POST"]) for path in live.keys() & recorded.keys()),
        *(Route(path, plain, methods=["POST"]) for path in recorded.keys() - live.keys()),
        *(Route(path, plain, methods=["GET"]) for path in live.keys() - recorded.keys()),
    ]


def _live(services: Services, dialect: Dialect) -> dict[str, Live]:
    """What is live at each path of a dialect."""
    live = Live(
        settings=services.settings,
        keyring=services.keyring,
        tokens=services.tokens,
        sessions=services.sessions,
        engine=services.engine,
        backend=services.backend,
        metrics=services.metrics,
        promises=services.promises,
        dialect=dialect,
    )
    return dict.fromkeys(dialect.paths, live)


def _models(settings: Settings) -> list[str]:
    """Names of the models, in order."""
    named = [route.model for route in settings.routes] or [settings.model]
    return list(dict.fromkeys(Path(model).name for model in named))


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await deny(WebSocket(scope, receive, send), _status(404))
    else:
        await _status(404).response()(scope, receive, send)


async def _http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    refusal = _status(status, getattr(error, "headers", None))
    return refusal.response()


async def _refused(_: Request, error: Exception) -> Response:
    return error.response() if isinstance(error, Refusal) else _status(500).response()


async def _failed(_: Request, __: Exception) -> Response:
    return _status(500).response()


def _status(status: int, headers: dict[str, str] | None = None) -> Refusal:
    said = {
        404: ("not_found", "there is nothing at this address"),
        405: ("method_not_allowed", "this address does not take that method"),
    }
    code, message = said.get(status, ("internal_error", "something went wrong in the server"))
    return Refusal(status, code, message, headers=headers)
