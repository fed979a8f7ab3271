"""Who had to wait for what: decisions and their finals, speech and its partials.

The events `speech_started` and `speech_ended` say where in the audio somebody spoke. Stretches
with less than the session's silence between them are one *turn*, and the silence after a turn is
the decision to end it.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from benchmarks.harness.live import Received, Talk
from benchmarks.harness.streaming import CHUNK_S
from sferic.protocol.messages import SpeechEnded, SpeechStarted, Transcription, WordItem

_ROUNDED_S = 0.011
"""Times on the wire are rounded to 0.01 s."""
_EARLY_S = CHUNK_S + 0.05
"""A final that came longer than this before a decision does not answer it."""
_UNHEARD_S = 1.0
"""Speech that no final covers: with more of it at the end of the record, one is missing."""


class Turn(msgspec.Struct, kw_only=True):
    """A stretch of speech, in seconds of audio."""

    start: float
    end: float = math.inf
    """Infinite while it goes on."""
    pauses: list[tuple[float, float]] = []


class Answer(NamedTuple):
    """A decision that something is over, and the final that tells it."""

    kind: Literal["finalize", "endpoint"]
    due: float
    """When the decision was due, on the monotonic clock."""
    at: float | None
    """When the final came; None if it has not."""
    words: int

    def seconds(self, until: float = math.inf) -> float:
        """How long the answer took; without one, how long it had been missing by then."""
        return (until if self.at is None else self.at) - self.due


class Wait(NamedTuple):
    """Somebody spoke, and waited for the text to go on."""

    start: float
    """On the monotonic clock."""
    end: float
    seconds: float
    """Without the pauses in it."""

    def touches(self, start: float, end: float) -> bool:
        """Whether some of it lies between two times."""
        return self.start < end and self.end >= start


class Waits(NamedTuple):
    """Waits for text while somebody speaks."""

    first: list[Wait]
    """From the beginning of a turn to its first partial."""
    gaps: list[Wait]
    """From one partial to the next."""


def turns(heard: Sequence[Received], silence_s: float) -> list[Turn]:
    """Stretches of speech with at least the silence between them.

    Args:
        heard: What the server said; its events count.
        silence_s: What the session was asked to take for an end.
    """
    found: list[Turn] = []
    for _, message in heard:
        if isinstance(message, SpeechStarted):
            at = message.timestamp
            if found and at - found[-1].end < silence_s - _ROUNDED_S:
                found[-1].pauses.append((found[-1].end, at))
                found[-1].end = math.inf
            else:
                found.append(Turn(start=at))
        elif isinstance(message, SpeechEnded) and found:
            found[-1].end = message.timestamp
    return found


def answers(talk: Talk) -> list[Answer]:
    """The decisions of a session in the order of their turns, then that of `finalize`.

    An endpoint is due when the silence after a turn has been sent in full. Turns that never got a
    text have none, and neither have turns whose text was cut off and told before.
    """
    found = turns(talk.heard, talk.silence_s)
    said = _by_turn(found, talk.finals)
    latest = max(said, default=-1)
    last = talk.finals[-1] if talk.complete else None
    answered: list[Answer] = []
    for index, turn in enumerate(found):
        following = found[index + 1].start if index + 1 < len(found) else talk.seconds
        if following - turn.end < talk.silence_s - _ROUNDED_S:
            continue
        due = talk.due(turn.end + talk.silence_s)
        covered = turn.start
        if index in said:
            told, words = said[index][-1]
            covered = words[-1].end
            if last is not None and told == last[0] and talk.due(talk.seconds) - due < _EARLY_S:
                continue  # both ends fell together, and `finalize` is answered
            if told >= due - _EARLY_S:
                answered.append(Answer("endpoint", due, told, len(words)))
                continue
        if last is None and index >= latest and turn.end - covered >= _UNHEARD_S:
            answered.append(Answer("endpoint", due, None, 0))
    if talk.asked is not None:
        at = last[0] if last else None
        count = len(_words(last[1])) if last else 0
        answered.append(Answer("finalize", talk.asked, at, count))
    return answered


def waits(talk: Talk, *, longest: float, until: float = math.inf) -> Waits:
    """How long speakers waited for text.

    From the last partial of a turn to the end of its speech nobody need have waited for another;
    that stretch counts only if it is longer than `longest`: then one should have come.

    Args:
        talk: The session.
        longest: Seconds that nobody should wait.
        until: When the record ended.
    """
    found = turns(talk.heard, talk.silence_s)
    told = _by_turn(found, talk.transcripts)
    finals = {at for at, _ in talk.finals}
    firsts: list[Wait] = []
    gaps: list[Wait] = []
    for index, turn in enumerate(found):
        times = [at for at, _ in told.get(index, [])]
        if times and times[-1] in finals:
            times.pop()  # the end of the turn, for which nobody waits speaking
        marks = [talk.due(turn.start), *times]
        made = [_wait(talk, turn, one, other) for one, other in pairwise(marks)]
        firsts += made[:1]
        gaps += made[1:]
        ends = min(talk.due(min(turn.end, talk.seconds)), until)
        rest = _wait(talk, turn, marks[-1], ends)
        if rest.seconds > longest:
            gaps.append(rest)
    return Waits(firsts, gaps)


def _wait(talk: Talk, turn: Turn, start: float, end: float) -> Wait:
    paused = sum(
        max(0.0, min(end, talk.due(over)) - max(start, talk.due(began)))
        for began, over in turn.pauses
    )
    return Wait(start, end, end - start - paused)


def _by_turn(
    found: Sequence[Turn], told: Sequence[tuple[float, Transcription]]
) -> dict[int, list[tuple[float, tuple[WordItem, ...]]]]:
    """Transcripts with words, by the turn that the middle of their words is in or nearest to."""
    parts: dict[int, list[tuple[float, tuple[WordItem, ...]]]] = {}
    for at, message in told:
        words = _words(message)
        if words and found:
            middle = (words[0].start + words[-1].end) / 2
            nearest = min(range(len(found)), key=lambda index: _distance(found[index], middle))
            parts.setdefault(nearest, []).append((at, words))
    return parts


def _distance(turn: Turn, place: float) -> float:
    return max(turn.start - place, place - turn.end, 0.0)


def _words(message: Transcription) -> tuple[WordItem, ...]:
    return message.words or ()
