"""A recognizer without weights: what is said can be read off the samples.

A word is a number, said as a level: for 0.4 s every sample has the same loudness, and no other word
has it. So a test knows every word with its place, whatever a session does to the audio.
"""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.claim import PLAIN, Claim
from sferic.recognition.detection import NEUTRAL, Leaning
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.keywords import Keywords
from sferic.recognition.orthography import FULL
from sferic.recognition.recognizer import PARTIAL_INTERVAL, Recognizer
from sferic.speech.vad import FRAME, VoiceActivityModel

Samples = NDArray[np.float32]

WORD = 4 * SAMPLE_RATE // 10
GAP = SAMPLE_RATE // 10
GERMAN = 500
"""Words from this number on are German, the others English."""
WORDS = 700
"""Numbers are below this."""

_LOUDEST_SILENCE = 0.1
_STEP = 0.001
_PATIENCE_S = 30


def say(*numbers: int, gap: int = GAP, length: int = WORD) -> Samples:
    """Words, each followed by a gap. Without gaps it is speech that does not pause."""
    parts = [np.append(_level(number, length), np.zeros(gap, np.float32)) for number in numbers]
    return np.concatenate(parts) if parts else silence(0)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def names(*numbers: int) -> list[str]:
    """What the engine says when it hears these words."""
    return [f"w{number}" for number in numbers]


def linear16(*parts: Samples) -> bytes:
    return np.rint(np.concatenate(parts) * 32_767).astype("<i2").tobytes()


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def spoken(samples: Samples) -> list[tuple[int, int, int]]:
    """The words in the samples as (number, first sample, sample after the last)."""
    loud = np.abs(samples)
    levels = np.where(loud > _LOUDEST_SILENCE, np.rint((loud - 0.2) / _STEP), -1).astype(int)
    edges = np.flatnonzero(np.diff(levels, prepend=-2, append=-2))
    runs = pairwise(edges)
    return [(int(levels[a]), int(a), int(b)) for a, b in runs if levels[a] >= 0]


def texts(words: Iterable[Any]) -> list[str]:
    """What words say, of a hypothesis or of a message."""
    return [getattr(word, "text", None) or word.word for word in words]


class Call(NamedTuple):
    """One call of the engine."""

    start: int
    end: int
    draft: bool
    languages: tuple[str, ...]
    leaning: Leaning
    prefix: tuple[Word, ...]
    context: tuple[Word, ...]
    guess: tuple[Word, ...]
    trusted: int
    digits: bool
    claim: Claim
    keywords: Keywords | None
    heard: tuple[Word, ...]
    """What is said in the samples, whatever the answer is."""


class FakeEngine:
    """Hears a word when more than half of it is there, as far as it is there.

    Attributes:
        calls: All of them, in the order they began.
        running: While clear, calls do not return.
        failure: What every call raises.
        holds_on: Whether it keeps to a prefix that it is given.
        changes_its_mind: Whether finals hear nothing.
        recites: Whether it says a prefix twice.
        closes: Whether it ends every answer with a full stop.
        unsure: Words it has little confidence in.
        overlooks: Words it leaves out where others follow them.
        script: What some of the words are called instead.
        stops_after: Words, the prefix not counted, after which it stops whatever follows.
    """

    name = "fake"
    longest = 30 * SAMPLE_RATE
    guided = True
    favours_keywords = True
    writing = FULL

    def __init__(self, *, languages: tuple[str, ...] = ("en", "de"), parallel: int = 1) -> None:
        self.languages = languages
        self.parallel = parallel
        self.calls: list[Call] = []
        self.running = threading.Event()
        self.running.set()
        self.failure: Exception | None = None
        self.holds_on = True
        self.recites = False
        self.closes = False
        self.unsure: set[str] = set()
        self.overlooks: set[str] = set()
        self.script: dict[int, str] = {}
        self.stops_after: int | None = None
        self.changes_its_mind = False
        self.closed = False
        self._changed = threading.Condition()

    def transcribe(
        self,
        samples: Samples,
        *,
        languages: Sequence[str],
        leaning: Leaning = NEUTRAL,
        start: int = 0,
        prefix: Sequence[Word] = (),
        context: Sequence[Word] = (),
        guess: Sequence[Word] = (),
        trusted: int = 0,
        draft: bool = False,
        digits: bool = True,
        claim: Claim = PLAIN,
        keywords: Keywords | None = None,
    ) -> Hypothesis:
        assert len(samples) <= self.longest
        words = [self._word(*found, start) for found in spoken(samples) if _mostly(found)]
        call = Call(
            start=start,
            end=start + len(samples),
            draft=draft,
            languages=tuple(languages),
            leaning=leaning,
            prefix=tuple(prefix),
            context=tuple(context),
            guess=tuple(guess),
            trusted=trusted,
            digits=digits,
            claim=claim,
            keywords=keywords,
            heard=tuple(words),
        )
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        assert self.running.wait(_PATIENCE_S)
        if self.failure is not None:
            raise self.failure
        if words and words[-1].text not in self.overlooks:
            words = [word for word in words if word.text not in self.overlooks]
        if self.changes_its_mind and not draft:
            words = []
        if prefix and self.holds_on:
            again = prefix if self.recites else ()
            words = [*prefix, *again, *(word for word in words if word.start >= prefix[-1].end)]
        if self.stops_after is not None:
            words = words[: len(prefix) + self.stops_after]
        if self.closes and len(words) > len(prefix):
            words[-1] = msgspec.structs.replace(words[-1], text=words[-1].text + ".")
        return Hypothesis(words=tuple(words), language=_language(words, languages))

    def close(self) -> None:
        self.closed = True

    async def called(self, count: int) -> None:
        """Wait until so many calls have begun."""
        assert await asyncio.to_thread(self._wait, count)

    def calls_of(self, *, draft: bool) -> list[Call]:
        return [call for call in self.calls if call.draft is draft]

    def _word(self, number: int, first: int, last: int, start: int) -> Word:
        text = self.script.get(number, *names(number))
        confidence = 0.2 if text in self.unsure else 0.9
        return Word(text=text, start=start + first, end=start + last, confidence=confidence)

    def _wait(self, count: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.calls) >= count, _PATIENCE_S)


class FakeVoiceActivity(VoiceActivityModel):
    """Voice is what is not quiet."""

    def __init__(self) -> None:
        self.failure: Exception | None = None

    def judge(self, frame: Samples, state: Samples) -> tuple[float, Samples]:
        if self.failure is not None:
            raise self.failure
        return float((np.abs(frame[0, -FRAME:]) > _LOUDEST_SILENCE).mean()), state


def fake_recognizer(
    engine: FakeEngine | None = None, *, partial_interval: float = PARTIAL_INTERVAL
) -> Recognizer:
    return Recognizer(
        engine or FakeEngine(), FakeVoiceActivity(), partial_interval=partial_interval
    )


def _level(number: int, length: int) -> Samples:
    assert 0 <= number < WORDS
    return np.full(length, 0.2 + number * _STEP, np.float32)


def _mostly(found: tuple[int, int, int]) -> bool:
    _, first, last = found
    return last - first > WORD // 2


def _language(words: Sequence[Word], allowed: Sequence[str]) -> str:
    name = words[-1].text.strip("w.") if words else ""
    german = name.isdecimal() and int(name) >= GERMAN
    language = "de" if german else "en"
    return language if language in allowed else allowed[0]
