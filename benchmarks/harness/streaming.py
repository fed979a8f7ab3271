"""One recording through a server, as a client with a microphone would send it."""

import asyncio
import time
from collections import Counter

import msgspec

from benchmarks.harness.timed import TimedWord
from sferic.client import RemoteSession, connect
from sferic.errors import RemoteError
from sferic.protocol.messages import Message, Transcription
from sferic.protocol.options import Options

CHUNK_S = 0.1
"""Audio in one message."""

_WIDTH = 2
"""Bytes of a sample."""
_PATIENCE_S = 120.0


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came back for one recording."""

    text: str
    """All finals, joined."""
    language: str | None
    """The one that most of the text was reported in."""
    finals: int
    partials: int
    gaps_s: tuple[float, ...]
    """From each partial to the next of the same segment."""
    answer_s: float | None
    """From sending `finalize` to the message with `is_last`; None if that never came."""
    failure: str | None = None
    """Why there was no last message."""
    transcripts: tuple[Transcription, ...] = ()
    """All partials and finals, as they came."""

    @property
    def segments(self) -> list[list[TimedWord]]:
        """The words of each final, where the server was asked for their times."""
        return [
            [TimedWord(item.word, item.start, item.end) for item in transcript.words or ()]
            for transcript in self.transcripts
            if transcript.is_final
        ]


async def stream(url: str, audio: bytes, *, key: str, options: Options, speed: float) -> Heard:
    """Send 16-bit mono samples to a server, then `finalize`, and gather what it says.

    Args:
        url: Where a server takes live sessions.
        audio: The samples, at the rate that the options name.
        key: Opens it.
        options: Of the session.
        speed: Seconds of audio sent in a second; 1 is as it is spoken, 0 as fast as it is taken.
    """
    seconds = len(audio) / _WIDTH / options.sample_rate
    conversation = _Conversation()
    failure = None
    try:
        async with (
            asyncio.timeout(_PATIENCE_S + 3 * seconds / (speed or 1)),
            connect(url, key=key, options=options) as session,
        ):
            speaking = asyncio.create_task(conversation.speak(session, audio, speed))
            try:
                async for message in session:
                    conversation.take(message, time.monotonic())
            finally:
                speaking.cancel()
                await asyncio.gather(speaking, return_exceptions=True)
    except RemoteError as error:
        failure = str(error)
    except TimeoutError:
        failure = "no last message came in time"
    return conversation.heard(failure)


class _Conversation:
    """What is said to and fro in one session."""

    def __init__(self) -> None:
        self._transcripts: list[Transcription] = []
        self._languages: Counter[str] = Counter()
        self._gaps: list[float] = []
        self._previous: float | None = None
        self._asked: float | None = None
        self._answered: float | None = None

    async def speak(self, session: RemoteSession, audio: bytes, speed: float) -> None:
        """Send the audio in its time, then `finalize`."""
        rate = session.options.sample_rate
        size = round(rate * CHUNK_S) * _WIDTH
        started = time.monotonic()
        for start in range(0, len(audio), size):
            end = min(start + size, len(audio))
            if speed:
                # A microphone has a chunk when the last sample of it has been spoken.
                await asyncio.sleep(started + end / _WIDTH / rate / speed - time.monotonic())
            await session.feed(audio[start:end])
        self._asked = time.monotonic()
        await session.finalize()

    def take(self, message: Message, now: float) -> None:
        """Note what the server says."""
        if not isinstance(message, Transcription):
            return
        self._transcripts.append(message)
        if message.is_final:
            self._languages[message.language or ""] += len(message.transcript)
            self._previous = None
        else:
            if self._previous is not None:
                self._gaps.append(now - self._previous)
            self._previous = now
        if message.is_last:
            self._answered = now

    def heard(self, failure: str | None) -> Heard:
        """Sum up."""
        answer_s = None
        if self._asked is not None and self._answered is not None:
            answer_s = self._answered - self._asked
        elif failure is None:
            failure = "the session ended before its last message"
        languages = [language for language, _ in self._languages.most_common() if language]
        finals = [each.transcript for each in self._transcripts if each.is_final]
        return Heard(
            text=" ".join(text for text in finals if text),
            language=languages[0] if languages else None,
            finals=len(finals),
            partials=len(self._transcripts) - len(finals),
            gaps_s=tuple(self._gaps),
            answer_s=answer_s,
            failure=failure,
            transcripts=tuple(self._transcripts),
        )
