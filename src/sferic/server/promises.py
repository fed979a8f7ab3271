"""What is promised to clients that do not wait: transcripts and results that come by webhook."""

import asyncio
import logging
import time
from pathlib import Path

import msgspec

from sferic.config import Settings
from sferic.errors import (
    AudioError,
    JobStoreError,
    NotServedError,
    SfericError,
    SpoolFullError,
    UrlError,
)
from sferic.protocol.options import Options
from sferic.protocol.recorded import RecordedTranscription
from sferic.server.delivering import Courier
from sferic.server.fetching import fetch, parse
from sferic.server.guard import Guard
from sferic.server.job_database import Job, JobDatabase, State
from sferic.server.jobs import Jobs, failure
from sferic.server.metrics import Metrics
from sferic.server.recordings import Recordings, Request
from sferic.server.refusal import Refusal
from sferic.server.spool import Spool

RETRY_FULL_S = 30
"""What a client is told to wait when there is no room."""

logger = logging.getLogger(__name__)


class Promises:
    """Turns requests into jobs, and jobs into results.

    Args:
        settings: For limits, and where jobs are stored.
        recordings: Transcribes.
        guard: Says what may be requested.
        metrics: Where to count.

    Raises:
        JobStoreError: The setting of the job database is not usable.
    """

    def __init__(
        self, settings: Settings, *, recordings: Recordings, guard: Guard, metrics: Metrics
    ) -> None:
        self._settings = settings
        self._recordings = recordings
        self._guard = guard
        self._jobs = Jobs(
            JobDatabase(settings.job_database),
            recordings.folders,
            recordings.room,
            transcribe=self._do,
            courier=Courier(guard, within=settings.webhook_timeout_s),
            turns=recordings.turns,
            most=settings.max_jobs,
            attempts=settings.webhook_attempts,
            retention=settings.job_retention_s,
        )
        self._jobs.on_delivery = metrics.delivery
        self.start, self.open, self.stop = self._jobs.start, self._jobs.open, self._jobs.stop
        self.get, self.secret = self._jobs.get, self._jobs.secret

    async def add(self, request: Request, *, source: str | None) -> bool:
        """Promise a transcript; False if too much is promised already.

        Args:
            request: What is asked for; it says where to.
            source: Where to fetch the recording; None if it lies in the own folder.

        Raises:
            JobStoreError: It cannot be stored.
        """
        job = self._job(request.id, request.key_id, request.options)
        asked = msgspec.json.encode(request)
        return await self._jobs.add(msgspec.structs.replace(job, request=asked, source=source))

    async def check(self, url: str, parameter: str) -> None:
        """Tell at once of an address what could only fail later.

        Raises:
            Refusal: 400, it may not be requested.
        """
        try:
            await self._guard.addresses(parse(url))
        except UrlError as error:
            raise Refusal.of_url(error, parameter) from None

    async def prepare(self, options: Options) -> None:
        """See that a result can be delivered where it is asked for.

        Raises:
            Refusal: 400 or 503, it cannot.
        """
        if options.webhook_url is None:
            return
        await self.check(options.webhook_url, "webhook_url")
        try:
            await self.open()
        except (JobStoreError, OSError) as error:
            logger.error("requests with a webhook_url are refused: %s", error)  # noqa: TRY400
            raise unavailable() from None

    async def deliver(self, key_id: str, options: Options, answer: RecordedTranscription) -> bool:
        """Promise the delivery of a result that is there; False if too much is promised already.

        Raises:
            JobStoreError: It cannot be stored.
        """
        job = self._job(answer.request_id, key_id, options)
        job = msgspec.structs.replace(
            job, state=State.DELIVERING, result=msgspec.json.encode(answer), succeeded=True
        )
        return await self._jobs.add(job)

    def _job(self, job_id: str, key_id: str, options: Options) -> Job:
        assert options.webhook_url is not None  # noqa: S101  # otherwise nothing is promised
        return Job(
            id=job_id,
            key_id=key_id,
            folder=self._recordings.folders.own,
            created=time.time(),
            state=State.WAITING,
            request=b"",
            webhook_url=options.webhook_url,
            webhook_method=options.webhook_method or "POST",
            webhook_extra=options.webhook_extra,
        )

    async def _do(self, job: Job, path: Path) -> tuple[bytes, bool]:
        try:
            request = msgspec.json.decode(job.request, type=Request)
            if job.source is None:
                with Spool.stored(path, self._recordings.room) as spool:
                    answer = await self._recordings.transcribe_now(spool, request)
            else:
                answer = await self._fetched(job.source, request)
            return msgspec.json.encode(answer), True
        except (AudioError, UrlError, NotServedError, SpoolFullError) as error:
            return failure(job, error), False
        except Exception:
            logger.exception("job %s failed", job.id)
            return failure(job, _FailedError()), False

    async def _fetched(self, source: str, request: Request) -> RecordedTranscription:
        """Transcribe while it is fetched."""
        with self._recordings.spool() as spool:
            within = self._settings.fetch_timeout_s
            fetching = asyncio.create_task(fetch(source, spool, self._guard, within=within))
            work = asyncio.create_task(self._recordings.transcribe_now(spool, request))
            try:
                await asyncio.wait({fetching, work}, return_when=asyncio.FIRST_EXCEPTION)
                if fetching.done():
                    fetching.result()
                return await work
            finally:
                fetching.cancel()
                work.cancel()
                await asyncio.gather(fetching, work, return_exceptions=True)


def unavailable() -> Refusal:
    """Return what a client is told when jobs cannot be stored."""
    message = "requests with a webhook_url cannot be stored at the moment"
    return Refusal(503, "jobs_unavailable", message, retry_after=RETRY_FULL_S)


class _FailedError(SfericError):
    """Something went wrong that is not the client's business."""

    def __init__(self) -> None:
        super().__init__("something went wrong in the server; what is in its log")
