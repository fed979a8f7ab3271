"""The endpoint of recordings: a whole one comes, and what was said in it goes back."""

import asyncio
import logging
import secrets
from pathlib import Path

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from sferic.config import Settings
from sferic.errors import (
    AudioError,
    NotServedError,
    OptionsError,
)
from sferic.protocol.options import LIGHTNING, Dialect, parse_options
from sferic.protocol.recorded import RecordedTranscription
from sferic.server.backend import Backend, Engine, Recognizer
from sferic.server.handshake import authenticate, check_origin
from sferic.server.keyring import Keyring
from sferic.server.keys import data_folder
from sferic.server.live import not_ready
from sferic.server.metrics import Metrics
from sferic.server.recordings import Request, transcribe
from sferic.server.refusal import Refusal
from sferic.server.sessions import Sessions
from sferic.server.spool import Spool

access = logging.getLogger("sferic.access")


class Prerecorded:
    """The endpoint of recordings."""

    def __init__(
        self,
        *,
        settings: Settings,
        keyring: Keyring,
        sessions: Sessions,
        engine: Engine,
        backend: Backend,
        metrics: Metrics,
        dialect: Dialect = LIGHTNING,
    ) -> None:
        self._settings = settings
        self._keyring = keyring
        self._sessions = sessions
        self._engine = engine
        self._backend = backend
        self._metrics = metrics
        self._dialect = dialect
        self._folder = Path(settings.spool_folder or data_folder() / "spool")
        self._turns = asyncio.Semaphore(settings.recordings_at_once)

    async def serve(self, request: HttpRequest) -> Response:
        """Answer one request."""
        check_origin(request.headers, self._settings.allowed_origins)
        key_id, _ = await authenticate(request.headers, [], self._keyring)
        asked = self._asked(request)
        recognizer = self._recognizer()
        with self._sessions.place(key_id):
            answer = await self._transcribe(request, asked, recognizer)
        return Response(msgspec.json.encode(answer), media_type="application/json")

    async def _transcribe(
        self, request: HttpRequest, asked: Request, recognizer: Recognizer
    ) -> RecordedTranscription:
        limit = self._settings.max_recording_mb * 1_000_000
        with Spool(self._folder, limit=limit) as spool:
            filling = asyncio.create_task(spool.fill(request.stream()))
            work = asyncio.create_task(
                transcribe(
                    spool,
                    asked,
                    backend=self._backend,
                    recognizer=recognizer,
                    limit=self._settings.max_recording_s,
                )
            )
            try:
                await asyncio.wait({filling, work}, return_when=asyncio.FIRST_EXCEPTION)
                if filling.done():
                    filling.result()
                return await work
            except AudioError as error:
                raise Refusal.of_audio(error) from None
            finally:
                for task in (filling, work):
                    task.cancel()
                await asyncio.gather(filling, work, return_exceptions=True)

    def _asked(self, request: HttpRequest) -> Request:
        query = request.query_params.multi_items()
        given = {name for name, _ in query}
        try:
            options = parse_options(query, dialect=self._dialect)
            if self._engine.recognizer is not None:
                self._engine.recognizer.check(options)
        except (OptionsError, NotServedError) as error:
            raise Refusal.of(error) from None
        return Request(
            id=f"req_{secrets.token_hex(12)}",
            options=options,
            raw={"encoding", "sample_rate"} <= given,
        )

    def _recognizer(self) -> Recognizer:
        if self._engine.recognizer is None:
            raise not_ready(self._engine)
        return self._engine.recognizer
