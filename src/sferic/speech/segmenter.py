"""Where speech begins, pauses and ends, and which stretches of it are recognised together.

A *segment* is what a listener would call a turn: it opens with speech and ends after the silence
that the stream asks for. Recognition takes it in *pieces*: usually one, several where somebody
speaks for long. The longer a piece gets, the shorter the pause that ends it; speech without any
pause ends it in mid-word, marked `torn`, and the recogniser finds a better place a little earlier.
"""

from collections import deque
from typing import Literal, TypeAlias

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.speech.vad import FRAME

PRE_ROLL = 8 * SAMPLE_RATE // 10
"""Samples before the first voiced frame that belong to a piece: soft consonants are voiced late."""

POST_ROLL = SAMPLE_RATE // 2
"""Samples after the last voiced frame that belong to it, as far as they have been heard."""

WARM_UP = SAMPLE_RATE
"""Speech this early in a stream is taken from the first sample on.

Voice activity knows nothing before the stream yet and hears its first word late.
"""

LONGEST_PIECE = 22 * SAMPLE_RATE

_PAUSE = 3 * SAMPLE_RATE // 10
"""Silence after which speech counts as ended for `speech_ended`."""
_HYSTERESIS = 0.15
"""How far under the threshold the probability falls before speech pauses."""
_PATIENT = 12 * SAMPLE_RATE
"""Length up to which only the stream's own silence ends a piece."""
_SHORTEST_PAUSE = SAMPLE_RATE // 10
"""Pause that ends a piece of nearly the greatest length."""
_KEPT_SPANS = 256


class SpeechStarted(msgspec.Struct, frozen=True):
    """Speech begins, or goes on after a pause."""

    at: int


class SpeechEnded(msgspec.Struct, frozen=True):
    """Speech paused or ended."""

    at: int


Ending: TypeAlias = Literal["silence", "pause", "length", "split"]
"""Why a piece ends: the segment is over, a pause in a long piece, its length, or it was asked to.

The last two end it in the middle of speech.
"""


class Piece(msgspec.Struct, frozen=True):
    """A stretch of speech is complete and ready for its final decoding."""

    start: int
    end: int
    ending: Ending = "silence"
    voice_end: int = -1
    """Sample after its last voiced frame."""

    @property
    def torn(self) -> bool:
        """Whether it ends in the middle of speech."""
        return self.ending in ("length", "split")


class SegmentEnded(msgspec.Struct, frozen=True):
    """The silence that ends a segment has passed, or the segment was ended from outside."""


SpeechEvent: TypeAlias = SpeechStarted | SpeechEnded | Piece | SegmentEnded


class Segmenter:
    """Follows the voice activity of one stream. All times are clock samples.

    Args:
        threshold: Probability from which a frame is voiced.
        min_speech: Samples of voice that make speech; less is a click.
        endpoint_silence: Samples of silence that end a segment.
    """

    def __init__(self, *, threshold: float, min_speech: int, endpoint_silence: int) -> None:
        self._threshold = threshold
        self._release = max(threshold - _HYSTERESIS, 0.01)
        self._min_speech = min_speech
        self._endpoint_silence = endpoint_silence
        self._now = 0
        self._candidate: int | None = None
        self._candidate_voice = 0
        self._speaking = False
        self._span_start = 0
        self._last_voice = 0
        self._piece_start: int | None = None
        self._last_end = 0
        self._segment_open = False
        self._spans: deque[tuple[int, int]] = deque(maxlen=_KEPT_SPANS)
        self.spoken = 0
        """Samples of voiced speech since the piece that is open began."""

    @property
    def piece_start(self) -> int | None:
        """Where the piece that is open begins; None between pieces."""
        return self._piece_start

    @property
    def voice_end(self) -> int:
        """Sample after the last voiced frame."""
        return self._last_voice

    @property
    def segment_open(self) -> bool:
        """Whether speech has begun and the silence that ends it has not passed."""
        return self._segment_open

    @property
    def needed_from(self) -> int:
        """First sample that an open or a later piece may still need."""
        if self._piece_start is not None:
            return self._piece_start
        return self._beginning(self._now if self._candidate is None else self._candidate)

    def feed(self, probability: float) -> list[SpeechEvent]:
        """Take the probability of speech in the next frame."""
        at, self._now = self._now, self._now + FRAME
        events: list[SpeechEvent] = []
        if self._candidate is not None and at - self._candidate > self._min_speech + _PAUSE:
            self._candidate = None  # too little voice in too long
        if self._speaking:
            self._listen(probability, events)
        elif probability >= self._threshold:
            self._suspect(at, events)
        elif probability < self._release:
            self._candidate = None
        self._end_what_is_over(events)
        return events

    def flush(self, now: int) -> list[SpeechEvent]:
        """End whatever is open, at a clock time."""
        events: list[SpeechEvent] = []
        if self._candidate is not None and self._candidate_voice >= 2 * FRAME:
            self._begin(self._candidate, events)
        self._candidate = None
        if self._speaking:
            self._pause(events, at=now if self._now - self._last_voice <= FRAME else None)
        if self._piece_start is not None:
            self._close(events, end=min(now, self._last_voice + POST_ROLL))
        self._end_segment(events)
        return events

    def split(self) -> list[SpeechEvent]:
        """Close the open piece where the audio is now; what follows is the next piece."""
        if self._piece_start is None:
            return []
        return [self._tear("split")]

    def speech_within(self, start: int, end: int) -> list[tuple[int, int]]:
        """Spans of speech that touch a stretch, oldest first."""
        spans = [*self._spans]
        if self._speaking:
            spans.append((self._span_start, self._last_voice))
        return [span for span in spans if span[0] < end and span[1] > start]

    def _listen(self, probability: float, events: list[SpeechEvent]) -> None:
        if probability >= self._release:
            self._last_voice = self._now
            if self._piece_start is None:
                self._open(self._last_end)
            self.spoken += FRAME
        if self._now - self._last_voice >= min(_PAUSE, self._endpoint_silence):
            self._pause(events)

    def _suspect(self, at: int, events: list[SpeechEvent]) -> None:
        if self._candidate is None:
            self._candidate, self._candidate_voice = at, 0
        self._candidate_voice += FRAME
        if self._candidate_voice >= self._min_speech:
            self._begin(self._candidate, events)

    def _begin(self, at: int, events: list[SpeechEvent]) -> None:
        at = max(at, self._last_end)
        self._speaking, self._candidate = True, None
        self._span_start, self._last_voice = at, self._now
        if self._piece_start is None:
            self._open(self._beginning(at))
        self.spoken += self._now - at
        events.append(SpeechStarted(at))

    def _beginning(self, voiced: int) -> int:
        """Where a piece begins whose voice begins at `voiced`."""
        return max(voiced - PRE_ROLL if voiced >= WARM_UP else 0, self._last_end)

    def _open(self, start: int) -> None:
        self._piece_start, self._segment_open, self.spoken = start, True, 0

    def _pause(self, events: list[SpeechEvent], *, at: int | None = None) -> None:
        if at is not None:
            self._last_voice = at
        self._speaking = False
        self._spans.append((self._span_start, self._last_voice))
        events.append(SpeechEnded(self._last_voice))

    def _end_what_is_over(self, events: list[SpeechEvent]) -> None:
        if not self._segment_open:
            return
        # Voice that may become speech is no silence.
        quiet_until = self._now if self._candidate is None else self._candidate
        silence = quiet_until - self._last_voice
        if self._piece_start is not None:
            if silence >= self._patience():
                over = silence >= self._endpoint_silence
                end = min(quiet_until, self._last_voice + POST_ROLL)
                self._close(events, end=end, ending="silence" if over else "pause")
            elif self._now - self._piece_start >= LONGEST_PIECE:
                events.append(self._tear("length"))
        if silence >= self._endpoint_silence:
            self._end_segment(events)

    def _patience(self) -> int:
        length = self._now - (self._piece_start or 0)
        if length <= _PATIENT:
            return self._endpoint_silence
        share = (LONGEST_PIECE - length) / (LONGEST_PIECE - _PATIENT)
        shrunk = _SHORTEST_PAUSE + share * (self._endpoint_silence - _SHORTEST_PAUSE)
        return min(int(shrunk), self._endpoint_silence)

    def _close(self, events: list[SpeechEvent], *, end: int, ending: Ending = "silence") -> None:
        start = self._piece_start or 0
        events.append(Piece(start, max(end, start), ending, self._last_voice))
        self._piece_start, self._last_end = None, max(end, start)

    def _tear(self, ending: Ending) -> Piece:
        piece = Piece(self._piece_start or 0, self._now, ending, self._last_voice)
        self._last_end = self._now
        self._open(self._now)
        return piece

    def _end_segment(self, events: list[SpeechEvent]) -> None:
        if self._segment_open:
            self._segment_open = False
            events.append(SegmentEnded())
