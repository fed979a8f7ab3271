"""The voices of a session: which one an embedding is nearest to, and when it is a new one."""

from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.speakers.networks import EMBEDDING_SIZE

Vector = NDArray[np.float32]

MOST_SPEAKERS = 8
"""Voices of a session that nobody gave a number."""

_SURE = 0.05
"""By how much a likeness exceeds the threshold before a voice learns from it."""
_LEARNED_S = 1.0
"""Speech that a voice learns from at least."""
_FIRST_S = 0.4
"""Speech that the first voice of a session needs; there is nothing to mistake it for."""
_NEW_S = (0.7, 1.0, 1.25)
_UNLIKE = (0.20, 0.15, 0.0)
"""By how much any other has to be under the threshold, by the speech there is of it.

Of 1 s of a voice that is known, or of 0.7 s, one in 150 is under it by so much.
"""
_ADDED_S = 0.25
"""What several short embeddings count for beside the longest of them."""
_EAGER = 0.15
"""Added to the threshold while fewer voices are known than are expected."""
_SHARPNESS, _SHORTNESS_S = 0.08, 0.7
"""How differences in likeness become probabilities, and how much less so with short speech."""
_STRANGER = 0.05
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


class Voices:
    """What is known of each voice, a mean of unit vectors. It is never renumbered.

    The likeness of an embedding to a voice is its mean cosine with all that the voice has learned
    from, so that the threshold does not depend on how much that was.

    Args:
        threshold: Likeness below which a voice is another one.
        limits: How many there may be.
    """

    def __init__(self, threshold: float, limits: Limits) -> None:
        self._threshold = threshold
        self._limits = limits
        self._sums: NDArray[np.float32] = np.zeros((0, EMBEDDING_SIZE), np.float32)
        self._heard: NDArray[np.float32] = np.zeros(0, np.float32)

    def __len__(self) -> int:
        return len(self._heard)

    def likeness(self, embedding: Vector) -> Vector:
        """Mean cosine to each voice, shape (voices,)."""
        return (self._sums @ embedding) / self._heard

    def learn(self, mean: Vector, seconds: float, *, longest: float) -> None:
        """Take in what is likely to be one voice.

        Args:
            mean: The mean of its embeddings, shorter than 1 where they differ.
            seconds: Speech that they were made of.
            longest: Seconds of the longest of them.
        """
        if not len(self):
            if seconds >= _FIRST_S:
                self._add(mean, seconds)
            return
        likeness = self.likeness(mean)
        best = int(likeness.argmax())
        if likeness[best] < self.threshold:
            bar = self.threshold - np.interp(min(seconds, longest + _ADDED_S), _NEW_S, _UNLIKE)
            enough = seconds >= _NEW_S[0] and likeness[best] < bar
            if enough and len(self) < self._limits.most:
                self._add(mean, seconds)
        elif likeness[best] >= self._threshold + _SURE and seconds >= _LEARNED_S:
            self._sums[best] += mean * seconds
            self._heard[best] += seconds

    @property
    def threshold(self) -> float:
        """Likeness below which a voice is another one now."""
        eager = _EAGER if len(self) < self._limits.least else 0.0
        return self._threshold + eager

    def probabilities(self, likeness: Vector, seconds: float) -> Vector:
        """How likely each voice is, the last one being a stranger, shape (voices + 1,).

        Args:
            likeness: To each voice, as `likeness` gives it.
            seconds: Speech that the embedding was made of.
        """
        stranger = self._threshold - _STRANGER
        softness = _SHARPNESS * np.sqrt(1 + _SHORTNESS_S / max(seconds, 0.2))
        logits = np.append(likeness, stranger) / softness
        shares = np.exp(logits - logits.max())
        found: Vector = (shares / shares.sum()).astype(np.float32)
        return found

    def _add(self, mean: Vector, seconds: float) -> None:
        self._sums = np.concatenate([self._sums, (mean * seconds)[None]])
        self._heard = np.append(self._heard, np.float32(seconds))
