"""The voices of a session: which one some speech is of, and when it is of a new one."""

from collections.abc import Iterable
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

MOST_SPEAKERS = 8
"""Voices of a session that nobody gave a number."""

_FIRST_S = 0.4
"""Speech that the first voice of a session needs; there is nothing to mistake it for."""
_NEW_S = (1.2, 3.0)
_UNLIKE = (-0.15, -0.05)
"""Speech that any other needs, by how far its likeness to the known ones is above the threshold."""
_EAGER = 0.15
"""Added to the threshold while fewer voices are known than are expected."""
_MOST_WAITING = 20
"""Voices that are remembered before they have a number; the one with the least speech goes."""
_USUAL = 0.58
"""Likeness of two embeddings of one voice, as long as nothing else is known of it."""
_DOUBT = 3.0
"""Squared seconds of speech that this counts for."""
_LEAST_STEADY = 0.2
_SOFTNESS, _SHORTNESS_S = 0.07, 0.3
"""How differences in likeness become probabilities, and how much less so with short speech."""
_STRANGER = 0.25
"""Below the threshold by this lies what an unknown voice is taken to be like."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How many voices there are, as far as somebody knows."""

    least: int = 1
    most: int = MOST_SPEAKERS

    @classmethod
    def of(cls, *, least: int | None, most: int | None) -> Self:
        """Return what a stream asks for, None being what nobody knows."""
        least = 1 if least is None else least
        return cls(least=least, most=max(MOST_SPEAKERS, least) if most is None else most)


class Voice:
    """Speech that is taken to be of one voice.

    Embeddings of some voices are much alike and those of others are not. So the likeness of two
    voices is the mean cosine of their embeddings, divided by the geometric mean of what it is
    within each (the correction for attenuation of Spearman, 1904): about 1 for the same voice,
    whatever it is like and however much there is of it.

    Args:
        embeddings: Unit vectors, shape (n, d).
        seconds: Speech that each was made of, shape (n,).
    """

    def __init__(self, embeddings: NDArray[np.float32], seconds: NDArray[np.float32]) -> None:
        self.total: Vector = seconds @ embeddings
        self.seconds = float(seconds.sum())
        self.squares = float(np.square(seconds).sum())
        """Of the seconds."""

    def learn(self, other: "Voice") -> None:
        """Take in speech of the same voice."""
        self.total = self.total + other.total
        self.seconds += other.seconds
        self.squares += other.squares

    @property
    def mean(self) -> Vector:
        """Of its embeddings."""
        found: Vector = self.total / np.float32(self.seconds)
        return found

    @property
    def direction(self) -> Vector:
        """Its mean, longer the less its embeddings are alike."""
        found: Vector = self.mean / np.float32(np.sqrt(self._steadiness))
        return found

    @property
    def _steadiness(self) -> float:
        """Mean cosine of two of its embeddings, with what is usual where there are few."""
        pairs = self.seconds**2 - self.squares
        alike = float(self.total @ self.total) - self.squares
        return max((alike + _DOUBT * _USUAL) / (pairs + _DOUBT), _LEAST_STEADY)


class Voices:
    """The known voices of a session, never renumbered, and others that may become known.

    A voice that is like none waits until there is enough speech of it, be it of several pieces.

    Args:
        threshold: Likeness below which a voice is another one.
        limits: How many there may be.
    """

    def __init__(self, threshold: float, limits: Limits) -> None:
        self._threshold = threshold
        self._limits = limits
        self._known: list[Voice] = []
        self._waiting: list[Voice] = []

    def __len__(self) -> int:
        return len(self._known)

    @property
    def threshold(self) -> float:
        """Likeness below which a voice is another one now."""
        eager = _EAGER if 1 < self._limits.least > len(self) else 0.0
        return self._threshold + eager

    def learn(self, heard: Iterable[Voice]) -> None:
        """Take in voices of a piece, the one with the most speech first."""
        for voice in heard:
            likeness = _likeness([*self._known, *self._waiting], voice)
            if len(likeness) and likeness.max() >= self.threshold:
                [*self._known, *self._waiting][int(likeness.argmax())].learn(voice)
            else:
                self._waiting.append(voice)
        self._join()
        self._admit()
        self._waiting.sort(key=lambda voice: -voice.seconds)
        del self._waiting[_MOST_WAITING:]

    def probabilities(self, mean: Vector, seconds: float) -> Vector:
        """How likely each known voice is, the last one being a stranger, shape (voices + 1,).

        Args:
            mean: Of embeddings of one voice.
            seconds: Speech that they were made of.
        """
        likeness = np.array([voice.direction @ mean for voice in self._known])
        softness = _SOFTNESS * np.sqrt(1 + _SHORTNESS_S / max(seconds, 0.2))
        logits = np.append(likeness, self._threshold - _STRANGER) / softness
        shares = np.exp(logits - logits.max())
        found: Vector = (shares / shares.sum()).astype(np.float32)
        return found

    def _join(self) -> None:
        """Join who waits with who is known, or waits too, while any are alike."""
        while self._waiting:
            known, voices = len(self._known), [*self._known, *self._waiting]
            directions = np.array([voice.direction for voice in voices])
            likeness = np.tril(directions @ directions.T, -1)
            likeness[:known] = 0.0
            one, other = divmod(int(likeness.argmax()), len(voices))
            if likeness[one, other] < max(self.threshold, 1e-6):
                return
            voices[other].learn(self._waiting.pop(one - known))

    def _admit(self) -> None:
        """Let voices become known that there is enough speech of."""
        for voice in sorted(self._waiting, key=lambda voice: -voice.seconds):
            if len(self) >= self._limits.most:
                return
            needed = _FIRST_S
            if self._known:
                above = float(_likeness(self._known, voice).max()) - self.threshold
                needed = float(np.interp(above, _UNLIKE, _NEW_S)) if above < 0 else np.inf
            if voice.seconds >= needed:
                self._waiting.remove(voice)
                self._known.append(voice)


def _likeness(voices: list[Voice], voice: Voice) -> Vector:
    found: Vector = np.array([each.direction @ voice.direction for each in voices], np.float32)
    return found
