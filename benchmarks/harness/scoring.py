"""Word and character error rates, and how sure a difference between two of them is."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Protocol

import msgspec
import numpy as np
from rapidfuzz.distance import Levenshtein
from whisper_normalizer.basic import BasicTextNormalizer
from whisper_normalizer.english import EnglishTextNormalizer

_ELLIPSIS = re.compile(r"\.{2,}")
_RESAMPLES = 10_000
_BLOCK = 500
"""Resamples drawn at a time, which bounds the memory."""


class Normaliser(Protocol):
    """Brings a transcript to the form that is scored."""

    def __call__(self, text: str, /) -> str: ...  # noqa: D102


class Edits(msgspec.Struct, frozen=True, kw_only=True):
    """What turns hypotheses into their references, counted in words or in characters."""

    length: int = 0
    """Words, or characters, in the references."""
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def errors(self) -> int:
        """All of them."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def percent(self) -> float:
        """The error rate in percent."""
        return 100 * self.errors / self.length if self.length else 0.0

    def __add__(self, other: "Edits") -> "Edits":
        return Edits(
            length=self.length + other.length,
            substitutions=self.substitutions + other.substitutions,
            deletions=self.deletions + other.deletions,
            insertions=self.insertions + other.insertions,
        )


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """Edits of one transcript or of many."""

    words: Edits = Edits()
    characters: Edits = Edits()

    def __add__(self, other: "Score") -> "Score":
        return Score(words=self.words + other.words, characters=self.characters + other.characters)


class Interval(msgspec.Struct, frozen=True):
    """Where a figure lies with the confidence that was asked for."""

    low: float
    high: float


@cache
def normaliser(language: str) -> Normaliser:
    """Whisper's normaliser for a language.

    That is its English one for English, with an ellipsis taken for a pause: the original leaves a
    word of one dot where there were three. For all others it is its basic one with diacritics kept,
    and with combining marks kept too: the original turns them into spaces, which cuts every word
    of an Indian language to pieces.
    """
    if language != "en":
        basic: Normaliser = BasicTextNormalizer(preserve_marks=True)
        return basic
    english = EnglishTextNormalizer()
    return lambda text: str(english(_ELLIPSIS.sub(" ", text)))


def score(reference: str, hypothesis: str, language: str) -> Score:
    """Compare a transcript with what was said, both normalised.

    Characters include the spaces between words.
    """
    normalise = normaliser(language)
    said, heard = normalise(reference).split(), normalise(hypothesis).split()
    return Score(words=_edits(said, heard), characters=_edits(" ".join(said), " ".join(heard)))


def total(scores: Sequence[Score]) -> Score:
    """Add up the edits of many transcripts; their rates are over all words, not means of rates."""
    return sum(scores, start=Score())


def difference_interval(
    ours: Sequence[Edits], theirs: Sequence[Edits], *, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Bounds of the difference between two error rates on the same utterances, in points.

    A paired bootstrap over utterances (Bisani and Ney 2004): both systems are scored on the same
    10,000 draws with replacement.

    Args:
        ours: Edits of one system, by utterance.
        theirs: Edits of the other, in the same order.
        confidence: Share of the draws between the bounds.
        seed: Of the draws.
    """
    lengths = np.array([edits.length for edits in ours])
    more = np.array([one.errors - other.errors for one, other in zip(ours, theirs, strict=True)])
    draw = np.random.default_rng(seed)
    differences = []
    for _ in range(0, _RESAMPLES, _BLOCK):
        drawn = draw.integers(len(more), size=(_BLOCK, len(more)))
        words = np.maximum(lengths[drawn].sum(axis=1), 1)
        differences.append(100 * more[drawn].sum(axis=1) / words)
    outside = 100 * (1 - confidence) / 2
    low, high = np.percentile(np.concatenate(differences), [outside, 100 - outside])
    return Interval(round(float(low), 2), round(float(high), 2))


def _edits(reference: Sequence[str], hypothesis: Sequence[str]) -> Edits:
    kinds = Counter(edit.tag for edit in Levenshtein.editops(reference, hypothesis))
    return Edits(
        length=len(reference),
        substitutions=kinds["replace"],
        deletions=kinds["delete"],
        insertions=kinds["insert"],
    )
