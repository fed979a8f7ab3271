"""Recordings through streams of their own, as fast as live ones leave time for."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
import numpy as np

from sferic.audio import BYTES_A_SAMPLE, SAMPLE_RATE
from sferic.audio.containers import LONGEST_SIGNATURE, is_container, may_need_its_end
from sferic.audio.formats import STRANGERS
from sferic.audio.recordings import Readable, Recording
from sferic.config import Settings
from sferic.errors import (
    RecordingTooLongError,
    SessionClosedError,
    SpoolFullError,
    UnreadableRecordingError,
)
from sferic.protocol.dialects import RECORDED
from sferic.protocol.options import Options
from sferic.protocol.recorded import Metadata, RecordedTranscription, Transcript, answer
from sferic.server.admission import RETRY_S
from sferic.server.backend import Backend, Engine, Recognizer, Stream, not_ready
from sferic.server.folders import Folders
from sferic.server.keys import data_folder
from sferic.server.metrics import Metrics
from sferic.server.refusal import Refusal
from sferic.server.sessions import Sessions
from sferic.server.spool import Room, Spool

_BLOCK_S = 0.5
_LOAD_LOOK_S = 0.5
"""Seconds between two looks whether the models are loaded."""

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for a recording."""

    id: str
    key_id: str
    options: Options
    raw: bool = False
    """Whether bytes that are no container are what the options say."""


class Block(msgspec.Struct, frozen=True):
    """A piece of audio, by channel."""

    data: Sequence[bytes]
    seconds: float


class Recordings:
    """What transcribes the recordings of one server.

    Args:
        settings: For its limits.
        engine: Has the recognizer, once it is loaded.
        backend: Opens streams.
        sessions: What else is open.
        metrics: Where to count.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Engine,
        backend: Backend,
        sessions: Sessions,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._backend = backend
        self._sessions = sessions
        self._metrics = metrics
        self._most = settings.recordings_at_once + settings.recordings_waiting
        self._queued = 0
        self.turns = asyncio.Semaphore(settings.recordings_at_once)
        """Those that are transcribed at the same time have one each."""
        self.room = Room(settings.spool_mb * 1_000_000)
        self.folders = Folders(Path(settings.spool_folder or data_folder() / "spool"))

    def check(self, options: Options) -> None:
        """See that the models serve what is asked for, as far as they are known.

        Raises:
            NotServedError: They do not.
        """
        if self._engine.recognizer is not None:
            self._engine.recognizer.check(options)

    @contextmanager
    def queued(self) -> Iterator[None]:
        """Stand in the queue of those who wait for a transcript.

        Raises:
            Refusal: 503, it is full or there are no models.
        """
        if self._engine.recognizer is None:
            raise not_ready(self._engine)
        if self._queued >= self._most:
            message = f"as many recordings wait as this server lets wait: {self._most}"
            raise Refusal(503, "server_full", message, retry_after=RETRY_S)
        self._queued += 1
        try:
            yield
        finally:
            self._queued -= 1

    def spool(self, name: str | None = None) -> Spool:
        """Make room for a recording on disk.

        Args:
            name: Of one that may stay.

        Raises:
            SpoolFullError: The disk does not take it.
        """
        limit = self._settings.max_recording_mb * 1_000_000
        try:
            if name is not None:
                path = self.folders.path(self.folders.own, name)
                return Spool.named(path, self.room, limit=limit)
            self.folders.make_root()
            return Spool.nameless(self.folders.root, self.room, limit=limit)
        except OSError as error:
            logger.error("no recording can be taken: %s", error.strerror)  # noqa: TRY400
            raise SpoolFullError(None) from None

    async def transcribe(self, spool: Spool, request: Request) -> RecordedTranscription:
        """Transcribe a recording while it arrives, when it is its turn.

        Raises:
            AudioError: It cannot be read, or is too long.
            NotServedError: No model serves the language.
        """
        async with self.turns:
            return await self.transcribe_now(spool, request)

    async def transcribe_now(self, spool: Spool, request: Request) -> RecordedTranscription:
        """Do it for somebody who has a turn."""
        while (recognizer := self._engine.recognizer) is None:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(_LOAD_LOOK_S)
        limit = self._settings.max_recording_s
        result, seconds = "failed", 0.0
        try:
            with self._sessions.transcribing():
                transcribed = await _transcribe(
                    spool, request, backend=self._backend, recognizer=recognizer, limit=limit
                )
            result, seconds = "transcribed", transcribed.audio_length
        except asyncio.CancelledError:
            result = "abandoned"
            raise
        finally:
            self._metrics.recording(result, audio_seconds=seconds)
        return transcribed


async def _transcribe(
    spool: Spool, request: Request, *, backend: Backend, recognizer: Recognizer, limit: float
) -> RecordedTranscription:
    """Transcribe a recording while it arrives.

    Args:
        spool: Where it arrives; it is stopped at the end.
        request: What is asked for.
        backend: Opens streams.
        recognizer: The models.
        limit: Seconds of audio that it may have.

    Raises:
        AudioError: It cannot be read, or is too long.
        NotServedError: No model serves the language.
    """
    began = time.monotonic()
    reading = ThreadPoolExecutor(1, thread_name_prefix="sferic-recording")

    async def run(work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(reading, work)

    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, reading.shutdown)
        stack.callback(spool.stop)
        source = await run(lambda: _open(spool, request))
        stack.callback(reading.submit, source.close)
        asked = _asked(request.options, source)
        streams = [
            await stack.enter_async_context(backend.open(asked, recognizer, RECORDED))
            for _ in range(source.channels)
        ]
        transcripts = [Transcript() for _ in streams]
        blocks = source.blocks()
        await _all(
            _feed(streams, lambda: run(lambda: next(blocks, None)), limit),
            *(_read(stream, said) for stream, said in zip(streams, transcripts, strict=True)),
        )
        seconds = max(stream.audio_seconds for stream in streams)
    took = time.monotonic() - began
    metadata = Metadata(
        duration=round(seconds, 2),
        processing_time_ms=round(took * 1000),
        rtfx=round(seconds / max(took, 0.001), 2),
        file_size=spool.size,
        channels=source.channels,
    )
    return answer(request.id, request.options, transcripts, metadata)


async def _feed(
    streams: Sequence[Stream], following: Callable[[], Awaitable[Block | None]], limit: float
) -> None:
    """Feed every channel its part, up to the end."""
    seconds = 0.0
    with suppress(SessionClosedError):  # it ended by itself, and says why where it is read
        while (block := await following()) is not None:
            seconds += block.seconds
            if seconds > limit:
                raise RecordingTooLongError(limit)
            await _all(
                *(stream.feed(data) for stream, data in zip(streams, block.data, strict=True))
            )
        await _all(*(stream.finish() for stream in streams))


async def _read(stream: Stream, transcript: Transcript) -> None:
    async for message in stream:
        transcript.note(message)


async def _all(*works: Coroutine[None, None, None]) -> None:
    """Do them at the same time; when one fails, the others are ended before it is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _asked(options: Options, source: "_Source") -> Options:
    """What the streams are asked for: all there is, because sentences go over segments."""
    return msgspec.structs.replace(
        source.options(options),
        full_transcript=True,
        sentence_timestamps=True,
        word_timestamps=True,
        vad_events=False,
    )


class _Source(Protocol):
    """Audio that has come, or comes; all of it blocking work."""

    channels: int

    def options(self, asked: Options) -> Options:
        """Return what is asked for, with the encoding that the blocks have."""

    def blocks(self) -> Iterator[Block]:
        """Read it to its end."""

    def close(self) -> None:
        """Let it go."""


class _Contained:
    """What a container holds."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.channels = recording.channels
        self.close = recording.close

    def options(self, asked: Options) -> Options:
        return msgspec.structs.replace(asked, encoding="linear16", sample_rate=SAMPLE_RATE)

    def blocks(self) -> Iterator[Block]:
        for data in self._recording.blocks(_BLOCK_S):
            samples = np.frombuffer(data, "<i2").reshape(-1, self.channels)
            channels = [samples[:, n].tobytes() for n in range(self.channels)]
            yield Block(channels, len(samples) / SAMPLE_RATE)


class _Raw:
    """Samples without a container, as they are."""

    channels = 1

    def __init__(self, file: Readable, options: Options) -> None:
        width = BYTES_A_SAMPLE.get(options.encoding)
        if width is None:
            reason = (
                f"bytes that are no container cannot be read as {options.encoding}: its packets "
                "have no borders in a file. Send them in a container, such as Ogg"
            )
            raise UnreadableRecordingError(reason)
        self._file = file
        self._a_second = width * options.sample_rate

    def options(self, asked: Options) -> Options:
        return asked

    def blocks(self) -> Iterator[Block]:
        while data := self._file.read(round(_BLOCK_S * self._a_second)):
            yield Block([data], len(data) / self._a_second)

    def close(self) -> None:
        pass


def _open(spool: Spool, request: Request) -> _Source:
    head = b""
    while len(head) < LONGEST_SIGNATURE:
        more = spool.read(len(head), LONGEST_SIGNATURE - len(head))
        if not more:
            break
        head += more
    if not head:
        reason = "it is empty: the audio goes into the body of the request"
        raise UnreadableRecordingError(reason)
    if request.raw and not is_container(head):
        return _Raw(spool.reader(seekable=False), request.options)
    file = spool.reader(seekable=spool.complete or may_need_its_end(head))
    split = request.options.channels == "split"
    return _Contained(Recording(file, split=split, options=STRANGERS))
