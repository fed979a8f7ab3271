"""Whose words they are: decides, piece of speech by piece, and gives each word its speaker.

A piece is cut into turns, each turn into windows that an embedding is made of. When the piece is
complete, its windows are clustered among themselves, and each cluster is held against the voices of
the session: it teaches one of them, or waits until there is enough to be a new one. Then each
window has a probability for each voice, and a word the mean of those around it in its turn.

Nothing here runs a network or waits. What is asked for by `wanted` and `to_segment` is brought by
whoever has the audio.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word
from sferic.speakers.clustering import clusters
from sferic.speakers.networks import FRAME_STEP, LONGEST, SHORTEST
from sferic.speakers.smoothing import smoothed
from sferic.speakers.turns import Moments, Turn, powers
from sferic.speakers.voices import Limits, Vector, Voice, Voices

CONTEXT = 5 * SAMPLE_RATE
"""What segmentation looks at in one go at least: so much before a piece may still be looked at."""

_HOP = 5 * SAMPLE_RATE
"""What of it is new at most."""
_BEFORE = 5 * SAMPLE_RATE // 2
"""What it sees again of what came before."""
_UNSETTLED = SAMPLE_RATE // 4
"""At its end, where segmentation may see things otherwise with more audio."""
_WINDOW = 3 * SAMPLE_RATE // 2
"""What an embedding is made of; what is left of a turn makes one up to `LONGEST`."""
_SLIPPED = SAMPLE_RATE // 8
"""By how much a turn may begin and end elsewhere without another embedding being worth it."""
_CLUSTERED = 7 * SAMPLE_RATE // 20
"""Shorter windows teach nobody anything."""
_TOGETHER = 0.5
"""Likeness from which windows of a piece are one voice.

That segmentation takes them for one, or for two, counts for nothing here: where it errs, the voices
would learn from it.
"""
_STAY_IN_TURN, _STAY_ON_TRACK, _STAY_ELSE = 0.98, 0.9, 0.35
"""How likely the next window is of the same voice, by what segmentation says of the two."""
_EVEN, _FADES_S = 0.5, 0.3
"""What that comes to when there is silence between them, and how fast."""
_LEAST_LIKELY = 1e-6
_REMEMBERED = 60 * SAMPLE_RATE
"""How long windows are kept after their piece, for words that come late."""
_UNHEARD_CONFIDENCE = 0.1
"""Of a word that no window tells anything about."""


class Span(msgspec.Struct, frozen=True):
    """Audio between two clock samples."""

    start: int
    end: int


class _Cut(msgspec.Struct, frozen=True):
    """A stretch of one turn that has an embedding."""

    turn: Turn
    span: Span
    embedding: Vector


class _Window(msgspec.Struct, frozen=True):
    """A stretch of one turn with what is known of whose it is."""

    span: Span
    turn: Turn
    probabilities: Vector
    """Of each voice, the last one being a stranger."""


class SpeakerTracker:
    """The speakers of one stream.

    Args:
        threshold: Likeness below which a voice is another one, see `Voices`.
        limits: How many speakers there may be.
    """

    def __init__(self, *, threshold: float, limits: Limits) -> None:
        self._voices = Voices(threshold, limits)
        self._moments = Moments()
        self._segmented = 0
        self._embeddings: dict[Span, Vector] = {}
        self._windows: deque[_Window] = deque()
        self._numbers: dict[int, int] = {}
        """What each voice is called, in the order in which they have had words."""
        self._last = 0

    @property
    def speakers(self) -> int:
        """How many have had words."""
        return len(self._numbers)

    @property
    def segmented(self) -> int:
        """Clock sample up to which segmentation has been brought."""
        return self._segmented

    def to_segment(self, begin: int, end: int) -> list[Span]:
        """Audio that segmentation is needed of, in order, so that turns are known up to `end`.

        Args:
            begin: Clock sample where the piece begins.
            end: Where the audio ends.
        """
        spans = []
        known = max(self._segmented, begin)
        while known < end:
            stop = min(end, known + _HOP)
            first = min(known - _BEFORE, stop - CONTEXT)
            spans.append(Span(_aligned(max(first, 0)), stop))
            known = stop
        return spans

    def segment(
        self, span: Span, probabilities: NDArray[np.float32], samples: NDArray[np.float32]
    ) -> None:
        """Take in what segmentation says of a span, see `SpeakerNetworks.segment`.

        Args:
            span: Where it is.
            probabilities: What it says, shape (t, 7).
            samples: Its audio.
        """
        self._moments.add(span.start, probabilities, powers(samples))
        self._segmented = span.end

    def wanted(self, begin: int, end: int, *, complete: bool) -> list[Span]:
        """Audio that embeddings are needed of and have not been brought.

        Args:
            begin: Clock sample where the piece begins.
            end: Where it ends, or the audio so far.
            complete: Whether it is the end.
        """
        settled = end if complete else min(end, self._segmented) - _UNSETTLED
        spans = (span for _, span in self._cut(begin, end, settled))
        return [span for span in spans if self._embedding(span) is None]

    def embed(self, span: Span, embedding: Vector) -> None:
        """Take in an embedding, see `SpeakerNetworks.embed`."""
        self._embeddings[span] = embedding

    def decide(self, begin: int, end: int) -> None:
        """Decide whose a complete piece is; its embeddings have been brought."""
        known = [(turn, span, self._embedding(span)) for turn, span in self._cut(begin, end, end)]
        cut = [_Cut(turn, span, found) for turn, span, found in known if found is not None]
        self._embeddings = {
            span: embedding for span, embedding in self._embeddings.items() if span.end > end
        }
        if cut:
            self._windows += self._judged(cut, self._learn(cut))
        while self._windows and self._windows[0].span.end < begin - _REMEMBERED:
            self._windows.popleft()
        self._moments.forget(begin - CONTEXT)

    def assign(self, words: Iterable[Word]) -> list[Word]:
        """Return words of decided pieces with their speakers and how sure that is."""
        return [self._assigned(word) for word in words]

    def _embedding(self, span: Span) -> Vector | None:
        """What was brought of a span, or of one that hardly differs."""
        if span in self._embeddings:
            return self._embeddings[span]
        for other, embedding in self._embeddings.items():
            if abs(other.start - span.start) + abs(other.end - span.end) <= _SLIPPED:
                return embedding
        return None

    def _cut(self, begin: int, end: int, settled: int) -> list[tuple[Turn, Span]]:
        """Windows of the turns of a piece as far as they are settled."""
        turns = self._moments.turns(begin, end)
        return [(turn, span) for turn in turns for span in _windows_of(turn, settled)]

    def _learn(self, cut: Sequence[_Cut]) -> list[tuple[Vector, float]]:
        """Tell voices apart within a piece, and learn them.

        Returns:
            For each window the mean embedding of its voice in the piece, and seconds of that.
        """
        lengths = np.array([each.span.end - each.span.start for each in cut])
        seconds = (lengths / SAMPLE_RATE).astype(np.float32)
        embeddings = np.array([each.embedding for each in cut])
        # What is too short for more is judged by itself.
        voices = [Voice(embeddings[[place]], seconds[[place]]) for place in range(len(cut))]
        long = np.flatnonzero(lengths >= _CLUSTERED)
        heard = []
        for found in clusters(embeddings[long], seconds[long], threshold=_TOGETHER):
            members = long[found]
            heard.append(Voice(embeddings[members], seconds[members]))
            for place in members:
                voices[place] = heard[-1]
        self._voices.learn(heard)
        return [(voice.mean, voice.seconds) for voice in voices]

    def _judged(
        self, cut: Sequence[_Cut], heard: Sequence[tuple[Vector, float]]
    ) -> Iterator[_Window]:
        """Windows with how likely each voice is, given all windows of the piece."""
        if not len(self._voices):
            return
        shares = np.array([self._voices.probabilities(mean, seconds) for mean, seconds in heard])
        familiar = 1 - shares[:, -1]
        likely = smoothed(
            np.maximum(shares[:, :-1], _LEAST_LIKELY),
            [_stay(one, other) for one, other in pairwise(cut)],
        )
        for each, sure, probabilities in zip(cut, familiar, likely, strict=True):
            yield _Window(each.span, each.turn, np.append(probabilities * sure, 1 - sure))

    def _assigned(self, word: Word) -> Word:
        shares, distance = self._around(word)
        if shares is None:
            return msgspec.structs.replace(
                word, speaker=self._last, speaker_confidence=_UNHEARD_CONFIDENCE
            )
        voice = int(shares[:-1].argmax())
        self._last = self._numbers.setdefault(voice, len(self._numbers))
        overlap = self._moments.overlap(word.start, word.end)
        sure = float(shares[voice]) * (1 - overlap / 2) * np.exp(-distance)
        return msgspec.structs.replace(word, speaker=self._last, speaker_confidence=float(sure))

    def _around(self, word: Word) -> tuple[Vector | None, float]:
        """Mean probabilities of the windows around a word in its turn, and seconds to that."""
        if not self._windows:
            return None, 0.0
        nearest = max(self._windows, key=lambda window: _common(window.turn, word)).turn
        distance = max(-_common(nearest, word), 0) / SAMPLE_RATE
        total: Vector = np.zeros(len(self._voices) + 1, np.float32)
        weight = 0.0
        middle = (word.start + word.end) / 2
        for window in self._windows:
            if window.turn == nearest:
                share = _nearness(window.span, middle)
                voices = len(window.probabilities) - 1
                total[:voices] += share * window.probabilities[:-1]
                total[-1] += share * window.probabilities[-1]
                weight += share
        return total / np.float32(weight), distance


def _stay(one: _Cut, other: _Cut) -> float:
    """How likely it is that two windows, one behind the other, are of the same voice."""
    if one.turn == other.turn:
        return _STAY_IN_TURN
    stay = _STAY_ON_TRACK if one.turn.track == other.turn.track else _STAY_ELSE
    gap = max(other.span.start - one.span.end, 0) / SAMPLE_RATE
    return _EVEN + (stay - _EVEN) * float(np.exp(-gap / _FADES_S))


def _windows_of(turn: Turn, settled: int) -> Iterator[Span]:
    """Audio of a turn that embeddings are made of, as far as it is settled."""
    start = turn.start
    while turn.end - start > LONGEST and start + LONGEST < settled:
        yield Span(start, start + _WINDOW)
        start += _WINDOW
    if SHORTEST <= turn.end - start <= LONGEST and turn.end <= settled:
        yield Span(start, turn.end)


def _aligned(sample: int) -> int:
    return -(-sample // FRAME_STEP) * FRAME_STEP


def _common(turn: Turn, word: Word) -> int:
    """Samples that a word and a turn share; how far apart they are, negative, if none."""
    return min(turn.end, word.end) - max(turn.start, word.start)


def _nearness(span: Span, middle: float) -> float:
    """Weight of a window for a word: a triangle around its own middle, and never quite nothing."""
    away = abs(middle - (span.start + span.end) / 2)
    near = max(1 - away / ((span.end - span.start) / 2), 0.0)
    return near + 1e-3 * float(np.exp(-away / SAMPLE_RATE))
