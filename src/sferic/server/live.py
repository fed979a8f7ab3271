"""The endpoint of live sessions: who may open one, and what is noted of it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from sferic.config import Settings
from sferic.errors import JobStoreError, ModelError, NotServedError, OptionsError, Problem
from sferic.protocol.dialects import Dialect
from sferic.protocol.options import Options, parse_options
from sferic.protocol.recorded import (
    Metadata,
    RecordedTranscription,
    Transcript,
    answer,
    new_request_id,
)
from sferic.server.backend import Backend, Engine, Recognizer, Stream, failed, not_ready
from sferic.server.conversation import Conversation
from sferic.server.handshake import QUERY_PARAMETER, Caller, admit, check_origin
from sferic.server.keyring import Keyring
from sferic.server.metrics import Metrics
from sferic.server.promises import Promises
from sferic.server.refusal import Refusal
from sferic.server.sessions import Place, Sessions
from sferic.server.tokens import Tokens

logger = logging.getLogger(__name__)
access = logging.getLogger("sferic.access")


class Live:
    """The endpoint of live sessions in one dialect of the protocol.

    Handshake errors are HTTP answers, in this order: 403 for a foreign origin, 401 for a missing
    or unknown key, 400 for bad parameters and 403 for those that a token does not allow, 429 for a
    key with too many sessions, 503 for a server that is full, stopping or not ready, 401 for a
    token whose sessions are used up. Whoever cannot see that answer, as a page in a browser cannot,
    has it by a plain request with the same key and query.

    Args:
        settings: For limits and allowed origins.
        keyring: Says whose key it is.
        tokens: Says what a token allows.
        sessions: Has room for one more, or not.
        engine: Has the recognizer, once it is loaded.
        backend: Opens streams.
        metrics: Where to count.
        promises: Delivers what a session asks to have delivered.
        dialect: What is said differently here.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        keyring: Keyring,
        tokens: Tokens,
        sessions: Sessions,
        engine: Engine,
        backend: Backend,
        metrics: Metrics,
        promises: Promises,
        dialect: Dialect,
    ) -> None:
        self._settings = settings
        self._keyring = keyring
        self._tokens = tokens
        self._sessions = sessions
        self._engine = engine
        self._backend = backend
        self._metrics = metrics
        self._promises = promises
        self._dialect = dialect

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection."""
        with ExitStack() as stack:
            try:
                caller, subprotocol = await self._admit(websocket)
                options = self._options(websocket, caller)
                await self._promises.prepare(options)
                place = stack.enter_context(self._sessions.place(caller.key_id))
                recognizer = self._recognizer()
                if caller.grant is not None:
                    await self._tokens.use(caller.grant)
            except Refusal as refusal:
                await self._refuse(websocket, refusal)
                return
            with suppress(WebSocketDisconnect):
                await websocket.accept(subprotocol)
                await self._converse(websocket, options, recognizer, caller.key_id, place)

    async def explain(self, request: Request) -> Response:
        """Answer a plain request as the handshake would be, or say that an upgrade is needed.

        Raises:
            Refusal: always.
        """
        if "authorization" in request.headers or QUERY_PARAMETER in request.query_params:
            caller, _ = await self._admit(request)
            self._options(request, caller)
            self._sessions.check(caller.key_id)
            self._recognizer()
            if caller.grant is not None:
                await self._tokens.check(caller.grant)
        raise Refusal(
            426,
            "upgrade_required",
            "this is a WebSocket endpoint: connect to it with ws:// or wss://",
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )

    async def _admit(self, connection: HTTPConnection) -> tuple[Caller, str | None]:
        check_origin(connection.headers, self._settings.allowed_origins)
        return await admit(connection, self._keyring, self._tokens)

    def _options(self, connection: HTTPConnection, caller: Caller) -> Options:
        query = connection.query_params.multi_items()
        dialect, allowance = self._dialect, caller.allowance
        if allowance is not None:
            dialect = allowance.applied(dialect)
        try:
            options = parse_options(query, dialect=dialect)
            if allowance is not None:
                allowance.check(options, self._dialect)
            self._check(options)
        except OptionsError as error:
            raise Refusal.of(OptionsError([*error.problems, *self._unserved(query)])) from None
        except NotServedError as error:
            raise Refusal.of(error) from None
        except ModelError as error:
            raise failed(error) from None
        return options

    def _check(self, options: Options) -> None:
        if self._engine.recognizer is not None:
            self._engine.recognizer.check(options)

    def _unserved(self, query: Sequence[tuple[str, str]]) -> list[Problem]:
        """What no loaded model serves, told beside whatever else is wrong."""
        unserved = []
        for asked in ("language", "diarize"):
            alone = [(name, value) for name, value in query if name == asked]
            try:
                self._check(parse_options(alone))
            except NotServedError as error:
                unserved.append(error.problem)
            except (OptionsError, ModelError):
                pass
        return unserved

    def _recognizer(self) -> Recognizer:
        if self._engine.recognizer is None:
            raise not_ready(self._engine)
        return self._engine.recognizer

    async def _refuse(self, websocket: WebSocket, refusal: Refusal) -> None:
        self._metrics.rejected(refusal.code)
        access.info(
            "rejected path=%s status=%d reason=%s client=%s",
            websocket.url.path,
            refusal.status,
            refusal.code,
            websocket.client.host if websocket.client else "-",
        )
        await deny(websocket, refusal)

    async def _converse(
        self,
        websocket: WebSocket,
        options: Options,
        recognizer: Recognizer,
        key_id: str,
        place: Place,
    ) -> None:
        started = time.monotonic()
        self._metrics.opened()
        conversation = Conversation(
            websocket, self._settings, self._metrics, finalize_ends=self._dialect.finalize_ends
        )
        transcript = Transcript()
        if options.webhook_url is not None:
            conversation.on_message = transcript.note
        try:
            with self._sessions.running(conversation, key_id):
                await conversation.run(lambda: self._opened(options, recognizer, place))
        finally:
            seconds = time.monotonic() - started
            code, audio = conversation.code or 1006, conversation.audio_seconds
            self._metrics.closed(code, audio_seconds=audio, seconds=seconds)
            access.info(
                "session=%s key=%s path=%s code=%d audio=%.2fs wall=%.2fs external=%s",
                conversation.session_id,
                key_id,
                websocket.url.path,
                code,
                audio,
                seconds,
                options.external_session_id or "-",
            )
            if options.webhook_url is not None:
                metadata = Metadata(
                    duration=round(audio, 2),
                    processing_time_ms=round(seconds * 1000),
                    rtfx=round(audio / max(seconds, 0.001), 2),
                    complete=transcript.complete,
                )
                said = answer(new_request_id(), options, [transcript], metadata)
                said = msgspec.structs.replace(said, session_id=conversation.session_id)
                await asyncio.shield(self._deliver(key_id, options, said))

    async def _deliver(self, key_id: str, options: Options, said: RecordedTranscription) -> None:
        try:
            if await self._promises.deliver(key_id, options, said):
                return
            reason = "max_jobs deliveries are under way"
        except JobStoreError as error:
            reason = str(error)
        logger.error("the results of session %s are not delivered: %s", said.session_id, reason)

    @asynccontextmanager
    async def _opened(
        self, options: Options, recognizer: Recognizer, place: Place
    ) -> AsyncIterator[Stream]:
        async with self._backend.open(options, recognizer, self._dialect) as stream:
            place.begin(stream)
            yield stream


async def deny(websocket: WebSocket, refusal: Refusal) -> None:
    """Answer a handshake with an HTTP error; under a server that cannot, with a bare 403."""
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(refusal.response())
    else:
        await websocket.close(1008, refusal.code)
