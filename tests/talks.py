"""Records of sessions, made by hand: what a benchmark would have heard."""

from benchmarks.harness.live import Received, Talk
from sferic.protocol.messages import (
    Message,
    SpeechEnded,
    SpeechStarted,
    Transcription,
    WordItem,
)

BEGAN = 100.0
"""When the first sample of every talk was spoken."""
RATE = 16_000


def talk(
    *heard: tuple[float, Message],
    seconds: float = 10.0,
    finalized: bool = True,
    silence_s: float = 0.6,
) -> Talk:
    """A session in which messages came so many seconds after it began."""
    return Talk(
        samples=round(seconds * RATE),
        rate=RATE,
        silence_s=silence_s,
        began=BEGAN,
        asked=BEGAN + seconds if finalized else None,
        heard=[Received(BEGAN + at, message) for at, message in heard],
    )


def started(place: float) -> SpeechStarted:
    """Speech begins at this second of audio."""
    return SpeechStarted(session_id="s", timestamp=place)


def ended(place: float) -> SpeechEnded:
    """Speech ends at this second of audio."""
    return SpeechEnded(session_id="s", timestamp=place)


def partial(text: str, start: float = 0.0) -> Transcription:
    """Words of half a second each, the first of which begins at `start`."""
    return _transcription(text, start, is_final=False)


def final(text: str, start: float = 0.0, *, last: bool = False) -> Transcription:
    """The same as a final."""
    return _transcription(text, start, is_final=True, is_last=last)


def _transcription(
    text: str, start: float, *, is_final: bool, is_last: bool = False
) -> Transcription:
    return Transcription(
        session_id="s",
        transcript=text,
        transcription=text,
        is_final=is_final,
        is_last=is_last,
        words=tuple(
            WordItem(word=word, start=start + at / 2, end=start + (at + 1) / 2, confidence=1.0)
            for at, word in enumerate(text.split())
        ),
    )
