"""Whose words they are: decides, piece of speech by piece, and gives each word its speaker.

A piece is cut into turns, each turn into windows that an embedding is made of. When the piece is
complete, its windows are clustered among themselves, and each cluster is held against the voices of
the session: it teaches one of them, or is a new one. Then each window has a probability for each
voice, and a word the mean of the windows around it in its turn.

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
from sferic.speakers.networks import FRAME_STEP, SHORTEST
from sferic.speakers.turns import Moments, Turn
from sferic.speakers.voices import Limits, Vector, Voices

CONTEXT = 10 * SAMPLE_RATE
"""What segmentation looks at in one go."""

_HOP = CONTEXT // 2
"""What of it is new at most."""
_UNSETTLED = SAMPLE_RATE // 4
"""At its end, where segmentation may see things otherwise with more audio."""
_WINDOW, _WINDOW_HOP = 3 * SAMPLE_RATE // 2, SAMPLE_RATE
"""What an embedding is made of, and how far apart they are."""
_WHOLE = 2 * SAMPLE_RATE
"""A turn up to this long makes one embedding."""
_REST = 3 * SAMPLE_RATE // 10
"""What is left of a turn behind its last window for another to be worth it."""
_SLIPPED = SAMPLE_RATE // 8
"""By how much a turn may begin and end elsewhere without another embedding being worth it."""
_FINE, _FINE_HOP = 4 * SAMPLE_RATE // 5, 2 * SAMPLE_RATE // 5
"""The same where a turn may hold two voices that segmentation takes for one."""
_UNLIKE = 0.35
"""Likeness of neighbouring windows below which that is so."""
_CLUSTERED = SAMPLE_RATE // 2
"""Shorter windows teach nobody anything."""
_TOGETHER = 0.45
"""Likeness from which windows of a piece are one voice.

That segmentation takes them for one, or for two, counts for nothing here: where it errs, the voices
would learn from it.
"""
_REMEMBERED = 60 * SAMPLE_RATE
"""How long windows are kept after their piece, for words that come late."""
_UNHEARD_CONFIDENCE = 0.1
"""Of a word that no window tells anything about."""


class Span(msgspec.Struct, frozen=True):
    """Audio between two clock samples."""

    start: int
    end: int


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
            # What is new is behind as much as fits of what came before.
            stop = min(end, max(known, begin) + _HOP)
            spans.append(Span(_aligned(max(stop - CONTEXT, 0)), stop))
            known = stop
        return spans

    def segment(self, span: Span, probabilities: NDArray[np.float32]) -> None:
        """Take in what segmentation says of a span, see `SpeakerNetworks.segment`."""
        self._moments.add(span.start, probabilities)
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
        cut = [(turn, span) for turn, span, embedding in known if embedding is not None]
        embeddings = np.array([embedding for _, _, embedding in known if embedding is not None])
        self._embeddings = {
            span: embedding for span, embedding in self._embeddings.items() if span.end > end
        }
        if cut:
            self._learn(cut, embeddings)
            self._windows += self._judged(cut, embeddings)
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
        return [
            (turn, span) for turn in turns for span in self._refined([*_windows_of(turn, settled)])
        ]

    def _refined(self, spans: Sequence[Span]) -> Iterator[Span]:
        """Windows of a turn, with shorter ones in the place of neighbours that are not alike."""
        known = [self._embedding(span) for span in spans]
        apart = [
            one is not None and other is not None and float(one @ other) < _UNLIKE
            for one, other in pairwise(known)
        ]
        at = 0
        while at < len(spans):
            last = at
            while last < len(apart) and apart[last]:
                last += 1
            if last == at:
                yield spans[at]
            else:
                yield from _fine(spans[at].start, spans[last].end)
            at = last + 1

    def _learn(self, cut: Sequence[tuple[Turn, Span]], embeddings: NDArray[np.float32]) -> None:
        lengths = np.array([span.end - span.start for _, span in cut]) / SAMPLE_RATE
        whole = np.array([turn.end - turn.start <= _WHOLE for turn, _ in cut])
        # Of windows that overlap, what is new counts.
        new = np.where(whole, lengths, np.minimum(lengths, _WINDOW_HOP / SAMPLE_RATE))
        weights = new.astype(np.float32)
        long = np.flatnonzero(lengths >= _CLUSTERED / SAMPLE_RATE)
        for found in clusters(embeddings[long], weights[long], threshold=_TOGETHER):
            members = long[found]
            seconds = float(weights[members].sum())
            self._voices.learn(
                weights[members] @ embeddings[members] / np.float32(seconds),
                seconds,
                longest=float(lengths[members].max()),
            )

    def _judged(
        self, cut: Sequence[tuple[Turn, Span]], embeddings: NDArray[np.float32]
    ) -> Iterator[_Window]:
        if not len(self._voices):
            return
        for (turn, span), embedding in zip(cut, embeddings, strict=True):
            seconds = (span.end - span.start) / SAMPLE_RATE
            likeness = self._voices.likeness(embedding)
            yield _Window(span, turn, self._voices.probabilities(likeness, seconds))

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


def _windows_of(turn: Turn, settled: int) -> Iterator[Span]:
    """Audio of a turn that embeddings are made of, as far as it is settled."""
    if turn.end - turn.start <= _WHOLE:
        if turn.end <= settled and turn.end - turn.start >= SHORTEST:
            yield Span(turn.start, turn.end)
        return
    start = turn.start
    while start + _WINDOW <= min(turn.end, settled):
        yield Span(start, start + _WINDOW)
        start += _WINDOW_HOP
    covered = start - _WINDOW_HOP + _WINDOW
    if turn.end <= settled and turn.end - covered > _REST:
        yield Span(turn.end - _WINDOW, turn.end)


def _fine(start: int, end: int) -> Iterator[Span]:
    count = max(round((end - start - _FINE) / _FINE_HOP), 1)
    for number in range(count + 1):
        first = start + (end - start - _FINE) * number // count
        yield Span(first, first + _FINE)


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
