"""A recognizer and its streams that need no weights and do what a test tells them."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from sferic.config import Settings
from sferic.errors import NotServedError, SessionClosedError, UndecodableAudioError
from sferic.protocol.dialects import LIGHTNING, Dialect
from sferic.protocol.messages import Message, Transcription
from sferic.protocol.options import Options
from sferic.recognition.capacity import Capacity, Demand
from sferic.recognition.load import Costs, Load
from sferic.served import Served, ServedLanguage
from sferic.server.backend import Backend, Recognizer

BYTES_A_SECOND = 32_000
UNDECODABLE = b"undecodable"
CRASHING = b"crashing"
SPOKEN = "something-private"
"""The word in every transcript; it must not get into a log."""


class FakeRecognizer:
    """Serves English, and remembers its streams.

    Attributes:
        flowing: While clear, streams take no audio.
        bytes_a_second: How fast a stream takes audio; 0 is at once.
        capacity: Streams that it says it holds.
        within: Seconds that it says their finals take, if that is more than was asked for.
        usage: What it says recognition costs.
        chatter: Bytes of each of the messages that streams say without end; 0 for silence.
        finishing: While clear, streams do not get to their last final.
    """

    def __init__(self) -> None:
        self.streams: list[FakeStream] = []
        self.opened = asyncio.Event()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.finishing = asyncio.Event()
        self.finishing.set()
        self.bytes_a_second = 0
        self.capacity = 1000
        self.within = 0.0
        self.usage = Load(2, Costs(final=0.2, partial=0.1))
        self.cadence: float | None = 0.3
        self.demand = Demand()
        self.chatter = 0
        self.closed = False

    def holds(self, demand: Demand, *, within: float) -> Capacity:
        """Say what a test says, and remember what for."""
        self.demand = demand
        return Capacity(streams=self.capacity, within=max(within, self.within))

    def check(self, options: Options) -> None:
        """Raise NotServedError unless it is English."""
        if options.language != "en":
            raise NotServedError(options.language, model="fake", served=["en"])

    def served(self) -> Served:
        """Say that it is English."""
        english = ServedLanguage(code="en", name="English", model="fake", quality=None)
        return Served(languages=(english,), aggregates=(), not_served=("de",))

    def close(self) -> None:
        """Note it."""
        self.closed = True

    async def stream(self) -> "FakeStream":
        """Return the latest stream, once there is one."""
        await self.opened.wait()
        return self.streams[-1]


class FakeStream:
    """Has the interface of `sferic.Session`. `log` says what was asked of it, in order."""

    def __init__(
        self, options: Options, recognizer: FakeRecognizer, dialect: Dialect = LIGHTNING
    ) -> None:
        self.options = options
        self.dialect = dialect
        self.session_id = f"sess_{len(recognizer.streams)}"
        self.audio_seconds = 0.0
        self.working = False
        self.log: list[object] = []
        self.said = 0
        self.heard = asyncio.Event()
        self.left = asyncio.Event()
        self._recognizer = recognizer
        self._out: asyncio.Queue[Message | Exception | None] = asyncio.Queue()
        self._bytes = 0
        self._finished = False

    async def __aenter__(self) -> Self:
        """Be the latest stream."""
        self._recognizer.streams.append(self)
        self._recognizer.opened.set()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Note that it was left."""
        self.left.set()

    async def feed(self, data: bytes) -> None:
        """Take audio as the recognizer says, and answer with a partial."""
        if self._finished:
            raise SessionClosedError
        await self._recognizer.flowing.wait()
        if self._recognizer.bytes_a_second:
            await asyncio.sleep(len(data) / self._recognizer.bytes_a_second)
        self._bytes += len(data)
        self.audio_seconds = self._bytes / BYTES_A_SECOND
        self.log.append(data if len(data) < 100 else len(data))
        self.heard.set()
        if data == UNDECODABLE:
            self._finished = True
            self._out.put_nowait(self._transcription(final=True))
            self._out.put_nowait(UndecodableAudioError("linear16", "it is a test"))
        elif data == CRASHING:
            raise RuntimeError(SPOKEN)
        else:
            self._out.put_nowait(self._transcription())

    async def finalize(self) -> None:
        """Answer with a final."""
        self.log.append("finalize")
        self._out.put_nowait(self._transcription(final=True))

    async def finish(self) -> None:
        """Answer with the last final."""
        self.log.append("finish")
        self._finished = True
        await self._recognizer.finishing.wait()
        self._out.put_nowait(self._transcription(final=True, last=True))
        self._out.put_nowait(None)

    async def send(self, message: Message) -> None:
        """Pass a message through."""
        self.log.append(message)
        self._out.put_nowait(message)

    async def __aiter__(self) -> AsyncIterator[Message]:
        """Say what there is to say."""
        while self._recognizer.chatter:
            yield self._transcription(padding=self._recognizer.chatter)
            self.said += 1
            await asyncio.sleep(0)
        while (message := await self._out.get()) is not None:
            if isinstance(message, Exception):
                raise message
            yield message

    @property
    def audio(self) -> int:
        """Bytes taken."""
        return self._bytes

    def _transcription(
        self, *, final: bool = False, last: bool = False, padding: int = 0
    ) -> Transcription:
        text = f"{SPOKEN} {self._bytes}" + "x" * padding
        return Transcription(
            session_id=self.session_id,
            transcript=text,
            transcription=text,
            is_final=final,
            is_last=last,
        )


def fake_backend(recognizer: FakeRecognizer | None = None) -> Backend:
    """Return a backend whose streams are fakes; without a recognizer, loading one fails."""

    def load(_: Settings) -> Recognizer:
        if recognizer is None:
            raise RuntimeError(SPOKEN)
        return recognizer

    def open_stream(options: Options, owner: Recognizer, dialect: Dialect) -> FakeStream:
        assert isinstance(owner, FakeRecognizer)
        return FakeStream(options, owner, dialect)

    return Backend(load=load, open=open_stream)
