"""The endpoint of recordings: a whole one comes, and what was said in it goes back."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from sferic.config import Settings
from sferic.errors import (
    AudioError,
    JobStoreError,
    ModelError,
    NotServedError,
    OptionsError,
    RecordingTooBigError,
    SpoolFullError,
    UrlError,
)
from sferic.protocol.dialects import RECORDED, Dialect
from sferic.protocol.messages import ErrorMessage
from sferic.protocol.options import parse_options
from sferic.protocol.recorded import (
    Delivery,
    Processing,
    RecordedTranscription,
    RequestStatus,
    SecretAnswer,
    UrlBody,
    new_request_id,
)
from sferic.server import signing
from sferic.server.backend import failed
from sferic.server.fetching import fetch
from sferic.server.guard import Guard
from sferic.server.handshake import authenticate, check_origin
from sferic.server.job_database import Job, State
from sferic.server.keyring import Keyring
from sferic.server.promises import RETRY_FULL_S, Promises, unavailable
from sferic.server.recordings import Recordings, Request
from sferic.server.refusal import Refusal
from sferic.server.sessions import Sessions
from sferic.server.spool import Spool

MOST_JSON = 64 * 1024
"""Bytes of a body that names a recording."""

_LINGER_S = 5.0
"""Seconds for which a body is read on that cannot be taken."""
_POLICY = 1008
"""The close code of a session whose key is no longer in force."""

logger = logging.getLogger(__name__)
access = logging.getLogger("sferic.access")


class Prerecorded:
    """The endpoint of recordings in one dialect of the protocol.

    Args:
        settings: For limits and allowed origins.
        keyring: Says whose key it is.
        sessions: What else is open.
        recordings: Transcribes.
        promises: Does what nobody waits for.
        guard: Says what may be requested.
        dialect: Defaults and requirements of the options.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        keyring: Keyring,
        sessions: Sessions,
        recordings: Recordings,
        promises: Promises,
        guard: Guard,
        dialect: Dialect = RECORDED,
    ) -> None:
        self._settings = settings
        self._keyring = keyring
        self._sessions = sessions
        self._recordings = recordings
        self._promises = promises
        self._guard = guard
        self.dialect = dialect

    async def transcribe(self, http: HttpRequest) -> Response:
        """Take a recording; answer with its transcript, or with a promise of it."""
        key_id = await self._admit(http)
        asked = self._asked(http, key_id)
        started, status = time.monotonic(), 500
        try:
            url = await self._url(http) if _is_json(http) else None
            if url is not None:
                await self._promises.check(url, "url")
            if asked.options.webhook_url is not None:
                answer: object = await self._promise(http, asked, url)
            else:
                answer = await self._answer(http, asked, url)
            status = 200
            return _json(answer)
        except ClientDisconnect:
            status = 499
            return Response(status_code=400)
        except (AudioError, UrlError, SpoolFullError) as error:
            refusal = Refusal.of_recording(error)
            status = refusal.status
            raise refusal from None
        except Refusal as refusal:
            status = refusal.status
            raise
        finally:
            access.info(
                "recording=%s key=%s path=%s status=%d wall=%.2fs external=%s",
                asked.id,
                key_id,
                http.url.path,
                status,
                time.monotonic() - started,
                asked.options.external_session_id or "-",
            )

    async def status(self, http: HttpRequest) -> Response:
        """Say what became of a request whose result goes to a webhook."""
        key_id = await self._admit(http)
        request_id = http.path_params["request_id"]
        try:
            job = await self._promises.get(request_id, key_id)
        except JobStoreError as error:
            logger.error("%s", error)  # noqa: TRY400
            raise unavailable() from None
        if job is None:
            message = (
                "this key has made no such request with a webhook_url, or its result is no longer "
                "kept"
            )
            raise Refusal(404, "unknown_request", message)
        return _json(_status(job))

    async def secret(self, http: HttpRequest) -> Response:
        """Tell a key what its deliveries are signed with."""
        key_id = await self._admit(http)
        try:
            await self._promises.open()
            secret = await self._promises.secret(key_id)
        except (JobStoreError, OSError) as error:
            logger.error("%s", error)  # noqa: TRY400
            raise unavailable() from None
        return _json(SecretAnswer(secret=signing.written(secret)))

    async def _admit(self, http: HttpRequest) -> str:
        check_origin(http.headers, self._settings.allowed_origins)
        key_id, _ = await authenticate(http.headers, [], self._keyring)
        return key_id

    def _asked(self, http: HttpRequest, key_id: str) -> Request:
        query = http.query_params.multi_items()
        given = {name for name, _ in query}
        try:
            options = parse_options(query, dialect=self.dialect)
            self._recordings.check(options)
        except (OptionsError, NotServedError) as error:
            raise Refusal.of(error) from None
        except ModelError as error:
            raise failed(error) from None
        return Request(
            id=new_request_id(),
            key_id=key_id,
            options=options,
            raw={"encoding", "sample_rate"} <= given,
        )

    async def _url(self, http: HttpRequest) -> str:
        body = bytearray()
        async for chunk in self._body(http):
            body += chunk
            if len(body) > MOST_JSON:
                message = f"a JSON body may have {MOST_JSON} bytes: it only names a recording"
                raise Refusal(413, "body_too_big", message)
        try:
            return msgspec.json.decode(body, type=UrlBody).url
        except msgspec.MsgspecError:
            message = (
                'the JSON body must be {"url": "https://…"}. To send the audio itself, say '
                "Content-Type: application/octet-stream"
            )
            raise Refusal(400, "invalid_body", message) from None

    # A client that waits for the transcript

    async def _answer(
        self, http: HttpRequest, asked: Request, url: str | None
    ) -> RecordedTranscription:
        with (
            self._sessions.recording(asked.key_id),
            self._recordings.queued(),
            self._recordings.spool() as spool,
        ):
            work = asyncio.create_task(self._while_it_arrives(http, spool, asked, url))
            waiting = _Waiting(work)
            with self._sessions.running(waiting, asked.key_id):
                try:
                    return await work
                except asyncio.CancelledError:
                    if waiting.refusal is None:
                        raise
                    raise waiting.refusal from None
                finally:
                    await _cancel(work)

    async def _while_it_arrives(
        self, http: HttpRequest, spool: Spool, asked: Request, url: str | None
    ) -> RecordedTranscription:
        """Transcribe while it arrives, unless the client goes."""
        filling = asyncio.create_task(self._fill(http, spool, url))
        work = asyncio.create_task(self._recordings.transcribe(spool, asked))
        leaving = asyncio.create_task(_leaving(http, filling))
        try:
            await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                leaving.result()
            if work.exception() is None:
                await filling  # there may be bytes behind the last sample
            elif url is None:
                # Who is still sending would not see the answer.
                await asyncio.wait({filling}, timeout=_LINGER_S)
            return work.result()
        finally:
            await _cancel(filling, work, leaving)

    async def _fill(self, http: HttpRequest, spool: Spool, url: str | None) -> None:
        if url is not None:
            await fetch(url, spool, self._guard, within=self._settings.fetch_timeout_s)
            return
        limit = self._settings.max_recording_mb * 1_000_000
        length = http.headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            raise RecordingTooBigError(limit)
        await spool.fill(self._body(http))

    async def _body(self, http: HttpRequest) -> AsyncIterator[bytes]:
        """Read the body, unless it stops coming."""
        stream, patience = http.stream(), self._settings.idle_timeout_s or None
        while True:
            try:
                async with asyncio.timeout(patience):
                    chunk = await anext(stream, None)
            except TimeoutError:
                message = f"nothing came for {patience:g} s; send the recording without such pauses"
                raise Refusal(408, "upload_timeout", message) from None
            if chunk is None:
                return
            yield chunk

    # A client that does not

    async def _promise(self, http: HttpRequest, asked: Request, url: str | None) -> Processing:
        await self._promises.prepare(asked.options)
        if self._sessions.draining:
            raise self._sessions.stopping()
        if url is not None:
            await self._add(asked, url)
            return Processing(request_id=asked.id)
        with self._recordings.spool(asked.id) as spool:
            await self._fill(http, spool, None)
            if not spool.size:
                raise Refusal(422, "unreadable_recording", "the body is empty")
            await spool.keep()
            try:
                await asyncio.shield(self._add(asked, None))
            except Refusal:
                spool.forget()
                raise
        return Processing(request_id=asked.id)

    async def _add(self, asked: Request, url: str | None) -> None:
        try:
            added = await self._promises.add(asked, source=url)
        except JobStoreError as error:
            logger.error("a request with a webhook_url is refused: %s", error)  # noqa: TRY400
            raise unavailable() from None
        if not added:
            message = (
                f"as many requests with a webhook_url are under way as this server takes: "
                f"{self._settings.max_jobs}"
            )
            raise Refusal(503, "too_many_jobs", message, retry_after=RETRY_FULL_S)


class _Waiting:
    """A client that waits for a transcript, as far as its end goes."""

    def __init__(self, work: asyncio.Task[RecordedTranscription]) -> None:
        self._work = work
        self.refusal: Refusal | None = None

    def end(self, code: int, error: ErrorMessage, *, within: float) -> None:
        """Answer with an error, unless the transcript is there in time."""
        status = 401 if code == _POLICY else 503
        refusal = Refusal(status, error.code, error.message, retry_after=RETRY_FULL_S)
        asyncio.get_running_loop().call_later(within, self._give_up, refusal)

    def _give_up(self, refusal: Refusal) -> None:
        if not self._work.done():
            self.refusal = self.refusal or refusal
            self._work.cancel()


async def _leaving(http: HttpRequest, filling: asyncio.Task[None]) -> None:
    """Wait until the client goes, or what it sends cannot be taken."""
    await asyncio.shield(filling)
    while (await http.receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect


async def _cancel(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _is_json(http: HttpRequest) -> bool:
    """Whether the body names a recording, rather than being one."""
    kind = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        message = (
            "a form is not taken. Send the audio itself as the body, with Content-Type: "
            'application/octet-stream, or {"url": "https://…"} as application/json'
        )
        raise Refusal(415, "unsupported_media_type", message)
    return kind == "application/json"


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _status(job: Job) -> RequestStatus:
    outcomes: dict[bool | None, Literal["processing", "success", "error"]] = {
        None: "processing",
        True: "success",
        False: "error",
    }
    deliveries: dict[State, Literal["delivered", "given_up"]] = {
        State.DELIVERED: "delivered",
        State.UNDELIVERED: "given_up",
    }
    pending = job.state is State.DELIVERING
    return RequestStatus(
        request_id=job.id,
        status="waiting" if job.state is State.WAITING else outcomes[job.succeeded],
        created=_written(job.created),
        delivery=Delivery(
            state=deliveries.get(job.state, "pending"),
            attempts=job.attempts,
            last_outcome=job.outcome,
            next_attempt=_written(job.due) if pending else None,
        ),
        result=None if job.result is None else msgspec.Raw(job.result),
    )


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
