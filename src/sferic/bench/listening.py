"""How long the reader of a stream waits: for finals once it is decided, for partials meanwhile."""

import math
from collections import deque

import msgspec

from sferic.protocol.messages import Message, SpeechEnded, SpeechStarted, Transcription

CHUNK_S = 0.1
"""Audio that is fed at once."""
PARTIALS_WITHIN_S = 2.0
"""From one partial to the next that nobody should wait longer."""

_ROUNDED_S = 0.011
"""Times on the wire are rounded to 0.01 s."""


class Waited(msgspec.Struct, frozen=True):
    """Somebody waited."""

    since: float
    """By the clock."""
    seconds: float


class Listener:
    """Takes the messages of one stream in real time, with `vad_events`.

    The silence after speech decides that it is over. When that much of it was fed is known from its
    place in the audio, so the wait for voice activity counts too.

    Args:
        began: When the first sample was spoken, by the clock.
        silence: Seconds that end a segment.
    """

    def __init__(self, began: float, silence: float) -> None:
        self._began = began
        self._silence = silence
        self._ended: float | None = None
        self._decided: deque[float] = deque()
        self._speaking = False
        self._last_partial: float | None = None
        self.finals: list[Waited] = []
        """From the decision to the final."""
        self.partials: list[Waited] = []
        """From one partial to the next in uninterrupted speech."""

    def take(self, message: Message, now: float) -> None:
        """Take the next message."""
        match message:
            case SpeechStarted(timestamp=at):
                self._started(at)
            case SpeechEnded(timestamp=at):
                self._stopped(at, now)
            case Transcription(is_final=False):
                self._partial(now)
            case Transcription():
                self._final(message, now)

    def overdue(self, now: float) -> list[Waited]:
        """Decisions that have no final yet."""
        places = [*self._decided, *([] if self._ended is None else [self._ended])]
        since = [self._due(place) for place in places]
        return [Waited(due, now - due) for due in since if due < now]

    def _started(self, at: float) -> None:
        if self._ended is not None and at - self._ended >= self._silence - _ROUNDED_S:
            self._decided.append(self._ended)
        self._ended, self._speaking, self._last_partial = None, True, None

    def _stopped(self, at: float, now: float) -> None:
        last = self._last_partial
        if last is not None and now - last > PARTIALS_WITHIN_S:
            self.partials.append(Waited(last, now - last))
        self._ended, self._speaking, self._last_partial = at, False, None

    def _partial(self, now: float) -> None:
        if self._speaking:
            if self._last_partial is not None:
                self.partials.append(Waited(self._last_partial, now - self._last_partial))
            self._last_partial = now

    def _final(self, final: Transcription, now: float) -> None:
        if not final.words:
            return
        middle = (final.words[0].start + final.words[-1].end) / 2
        # Speech before that never became words: noise.
        while self._decided and self._decided[0] < middle:
            self._decided.popleft()
        if self._decided:
            due = self._due(self._decided.popleft())
        elif self._ended is not None and self._ended >= middle:
            due, self._ended = self._due(self._ended), None
        else:
            return  # a long segment was cut in the middle of speech
        self.finals.append(Waited(due, max(now - due, 0.0)))

    def _due(self, ended: float) -> float:
        """When the silence after speech had been fed."""
        place = ended + self._silence
        return self._began + math.ceil(round(place / CHUNK_S, 6)) * CHUNK_S
