"""Words with their times: when two are the same, and how far apart their borders are."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import msgspec
import numpy as np
from rapidfuzz.distance import Levenshtein

from benchmarks.harness.scoring import normaliser


class TimedWord(msgspec.Struct, frozen=True):
    """One word, and where it is in the recording, in seconds."""

    text: str
    start: float
    end: float


Spoken = TypeVar("Spoken", bound=TimedWord)


class Borders(msgspec.Struct, frozen=True, kw_only=True):
    """How far borders of one kind are from where they should be, in milliseconds."""

    p50: float
    p90: float
    bias: float
    """The median with its sign: positive is late."""


class TimeErrors(msgspec.Struct, frozen=True, kw_only=True):
    """How far the words of a transcript are from where they were spoken."""

    words: int
    start: Borders
    end: Borders


def expanded(words: Sequence[TimedWord], language: str) -> list[TimedWord]:
    """Words as they are scored; what one is normalised to shares its times.

    Each is normalised by itself, so that numbers of several words stay several.
    """
    normalise = normaliser(language)
    return [
        TimedWord(token, word.start, word.end)
        for word in words
        for token in normalise(word.text).split()
    ]


def matched(
    heard: Sequence[TimedWord], spoken: Sequence[Spoken], language: str
) -> Iterator[tuple[TimedWord, Spoken]]:
    """Yield the words that both have in the same order, normalised as they are scored."""
    normalise = normaliser(language)
    ours, theirs = ([normalise(word.text) for word in words] for words in (heard, spoken))
    for block in Levenshtein.opcodes(theirs, ours):
        if block.tag == "equal":
            yield from zip(
                heard[block.dest_start : block.dest_end],
                spoken[block.src_start : block.src_end],
                strict=True,
            )


def time_errors(pairs: Sequence[tuple[TimedWord, TimedWord]]) -> TimeErrors | None:
    """Sum up how far words are from where they were spoken; None without words.

    Args:
        pairs: Words as they were heard and as they were spoken.
    """
    if not pairs:
        return None
    return TimeErrors(
        words=len(pairs),
        start=_borders([heard.start - spoken.start for heard, spoken in pairs]),
        end=_borders([heard.end - spoken.end for heard, spoken in pairs]),
    )


def _borders(seconds: Sequence[float]) -> Borders:
    late_ms = 1000 * np.array(seconds)
    p50, p90 = np.percentile(np.abs(late_ms), [50, 90])
    return Borders(
        p50=round(float(p50), 1), p90=round(float(p90), 1), bias=round(float(np.median(late_ms)), 1)
    )
