"""Words, the currency of everything after recognition."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """One word as it stands in the transcript, punctuation included, without surrounding space."""

    text: str
    start: int
    """First sample, at 16 kHz, counted from the first audio frame of the stream."""
    end: int
    """Sample after the last."""
    confidence: float
    """Probability of the word given the audio, 0 to 1."""
    glued: bool = False
    """No space goes before it (scripts without spaces)."""
    speaker: int | None = None
    speaker_confidence: float | None = None


class Hypothesis(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine heard in a stretch of audio."""

    words: tuple[Word, ...] = ()
    language: str | None = None
    settled: int = 0
    """How many of the leading words later partials of the segment will not change."""
    likelihoods: Mapping[str, float] = {}
    """What the audio alone says of the languages asked about, 0 to 1; empty if one was given."""
    again: Literal["broken", "unlikely"] | None = None
    """Why a final was decoded more than once, if it was: the first answer was none, or unlikely."""


def join(words: Iterable[Word]) -> str:
    """Write words as text: a space before each, except the first and those glued to the last."""
    return "".join(word.text if word.glued else " " + word.text for word in words).removeprefix(" ")


def letters(word: Word) -> str:
    """Return what makes two words the same whatever their case and punctuation."""
    return "".join(filter(_is_spoken, word.text.casefold()))


def _is_spoken(mark: str) -> bool:
    """Tell whether it is a letter, a digit, or what is written at one: `की` is not `का`."""
    return mark.isalnum() or unicodedata.category(mark).startswith("M")
