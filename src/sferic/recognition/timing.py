"""Word times held to the speech, and the best place to cut speech that does not pause."""

from collections.abc import Sequence

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word

_SLACK = SAMPLE_RATE // 10
"""Samples around voiced speech that may belong to a word."""
_SENTENCE_END = (".", "?", "!", "।", "…")


def fit_to_speech(
    words: Sequence[Word], spans: Sequence[tuple[int, int]], *, start: int, end: int
) -> tuple[Word, ...]:
    """Move word borders that alignment put into silence to the speech they belong to.

    Cross-attention lets a word begin or end anywhere in the pause beside it. A word keeps the part
    of its time that overlaps speech most; order is kept and nothing leaves `start` to `end`.

    Args:
        words: Words in order.
        spans: Voiced speech, in order.
        start: First sample of the audio that was decoded.
        end: Sample after its last.
    """
    fitted = []
    previous = start
    for word in words:
        first, last = min(word.start, end), min(word.end, end)
        overlaps = [
            (max(first, on - _SLACK), min(last, off + _SLACK))
            for on, off in spans
            if on - _SLACK < last and off + _SLACK > first
        ]
        if overlaps:
            first, last = max(overlaps, key=lambda overlap: overlap[1] - overlap[0])
        first = max(first, previous)
        last = max(last, first)
        fitted.append(msgspec.structs.replace(word, start=first, end=last))
        previous = last
    return tuple(fitted)


def best_cut(words: Sequence[Word], *, earliest: int, end: int) -> int:
    """How many words to keep of speech that was torn off at `end`.

    The last word is never kept: it may be torn. Among the borders after `earliest`, a long gap and
    the end of a sentence are good, a late border is better than an early one.

    Returns:
        A count of words, 0 where there is no border to cut at.
    """
    best, best_score = 0, float("-inf")
    for count in range(1, len(words)):
        border = words[count - 1].end
        if border < earliest:
            continue
        gap = min(words[count].start - border, SAMPLE_RATE) / SAMPLE_RATE
        ended = 1.0 if words[count - 1].text.endswith(_SENTENCE_END) else 0.0
        lateness = (border - earliest) / max(end - earliest, 1)
        score = 4 * gap + ended + 0.5 * lateness
        if score > best_score:
            best, best_score = count, score
    return best
