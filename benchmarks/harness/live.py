"""Streams in real time, recorded as they were and judged later.

Cheap on purpose: the clients share the machine with the server. The audio is made beforehand,
nothing is looked into while it runs, and how late the sending was is part of the record.
"""

import asyncio
import time
from typing import NamedTuple

import msgspec
import numpy as np

from benchmarks.harness.streaming import CHUNK_S
from sferic.client import RemoteSession, connect
from sferic.errors import RefusedError, RemoteError
from sferic.protocol.messages import Message, Transcription
from sferic.protocol.options import Options

_WIDTH = 2
"""Bytes of a sample."""
_PATIENCE_S = 120.0
_HUM = 10.0
"""Root mean square of what is sent between recordings, in steps of 16 bits: -70 dBFS."""


class Received(NamedTuple):
    """A message of the server."""

    at: float
    """On the monotonic clock."""
    message: Message


class Talk(msgspec.Struct, kw_only=True):
    """The record of one session, filled while it runs.

    Times are on the monotonic clock, places in the audio in seconds from its first sample. Audio
    is on a schedule that begins with the session: a sender that is late does not move it.
    """

    samples: int
    """Of the audio, whether they have been sent yet or not."""
    rate: int
    silence_s: float
    """What the session was asked to take for an end."""
    began: float = 0.0
    """When the first sample was spoken."""
    asked: float | None = None
    """When `finalize` was due: with the last sample."""
    heard: list[Received] = []
    failure: str | None = None
    """Why there was no last message."""
    refused: bool = False
    """Whether the server took no session."""

    @classmethod
    def of(cls, audio: bytes, options: Options) -> "Talk":
        """An empty record of a session that is going to send this audio."""
        return cls(
            samples=len(audio) // _WIDTH,
            rate=options.sample_rate,
            silence_s=options.endpoint_silence_ms / 1000,
        )

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.samples / self.rate

    @property
    def complete(self) -> bool:
        """Whether the last message came."""
        return bool(self.finals) and self.finals[-1][1].is_last

    @property
    def transcripts(self) -> list[tuple[float, Transcription]]:
        """Partials and finals, with their time."""
        return [(at, said) for at, said in self.heard if isinstance(said, Transcription)]

    @property
    def finals(self) -> list[tuple[float, Transcription]]:
        """The finals alone."""
        return [(at, said) for at, said in self.transcripts if said.is_final]

    @property
    def text(self) -> str:
        """All finals, joined."""
        return " ".join(said.transcript for _, said in self.finals if said.transcript)

    def due(self, place: float) -> float:
        """When the message with this place in the audio was due to be sent."""
        chunk = round(self.rate * CHUNK_S)
        sample = min(max(round(place * self.rate), 0), self.samples)
        return self.began + min(-(-sample // chunk) * chunk, self.samples) / self.rate


class Driving(msgspec.Struct, frozen=True, kw_only=True):
    """How the sending went."""

    messages: int
    audio_s: float
    late_p99_s: float
    late_worst_s: float
    """The longest that a message was late by the sender's own fault."""
    blocked_worst_s: float
    """The longest that the server did not take a message."""


class Pace:
    """Notes how well all senders of a run keep to their schedule."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self._late: list[float] = []
        self._blocked = 0.0
        self._samples_s = 0.0

    def note(self, *, late: float, blocked: float, seconds: float) -> None:
        """Take down one message, that holds so many seconds of audio."""
        self._late.append(late)
        self._blocked = max(self._blocked, blocked)
        self._samples_s += seconds

    def driving(self) -> Driving:
        """Sum up."""
        late = self._late or [0.0]
        return Driving(
            messages=len(self._late),
            audio_s=round(self._samples_s, 2),
            late_p99_s=round(float(np.percentile(late, 99)), 4),
            late_worst_s=round(max(late), 4),
            blocked_worst_s=round(self._blocked, 4),
        )


async def hold(
    talk: Talk, audio: bytes, *, url: str, key: str, options: Options, pace: Pace
) -> float | None:
    """Send 16-bit mono samples as they are spoken, then `finalize`, and record what comes back.

    Args:
        talk: The record; complete when this returns, and usable when it is cancelled.
        audio: What the record was made for.
        url: Where a server takes live sessions.
        key: Opens it.
        options: Of the session.
        pace: Hears how late each message is.

    Returns:
        Seconds after which to try again, if the server refused the session and says so.
    """
    try:
        async with (
            asyncio.timeout(_PATIENCE_S + talk.seconds),
            connect(url, key=key, options=options) as session,
        ):
            talk.began = time.monotonic()
            speaking = asyncio.create_task(_speak(session, talk, audio, pace))
            try:
                async for message in session:
                    talk.heard.append(Received(time.monotonic(), message))
            finally:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)
    except RefusedError as error:
        talk.refused, talk.failure = True, str(error)
        return error.retry_after
    except RemoteError as error:
        talk.failure = str(error)
    except TimeoutError:
        talk.failure = "no last message came in time"
    if talk.failure is None and not talk.complete:
        talk.failure = "the session ended before its last message"
    return None


def quiet(seconds: float, rate: int) -> bytes:
    """A room in which nobody speaks: faint noise, always the same, as 16-bit samples."""
    noise = np.random.default_rng(0).normal(0.0, _HUM, round(seconds * rate))
    return noise.round().astype("<i2").tobytes()


async def _speak(session: RemoteSession, talk: Talk, audio: bytes, pace: Pace) -> None:
    size = round(talk.rate * CHUNK_S) * _WIDTH
    due = talk.began
    for start in range(0, len(audio), size):
        part = audio[start : start + size]
        seconds = len(part) / _WIDTH / talk.rate
        due = talk.began + start / _WIDTH / talk.rate + seconds
        ready = time.monotonic()
        # A microphone has a message when the last sample of it has been spoken.
        await asyncio.sleep(due - ready)
        woken = time.monotonic()
        await session.feed(part)
        pace.note(late=woken - max(due, ready), blocked=time.monotonic() - woken, seconds=seconds)
    talk.asked = due
    await session.finalize()
