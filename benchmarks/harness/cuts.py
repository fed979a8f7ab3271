"""Errors of a streamed transcript beside the cuts between its finals."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from benchmarks.harness.timed import TimedWord

NEAR_S = 0.5
"""How far from a cut an error is put down to it."""

_ASTRAY_S = 1.5
"""How far the times of a word may be wrong."""
_STEP = 10_000
"""Cost of an edit."""


class Cut(NamedTuple):
    """A border between two finals, or the end of the stream, in seconds."""

    before: float
    """Where the last word before it ends."""
    after: float
    """Where the first word behind it begins; infinite at the end of the stream."""

    def near(self, start: float, end: float) -> bool:
        """Whether a stretch comes as close to it as `NEAR_S`."""
        return start <= self.after + NEAR_S and end >= self.before - NEAR_S


class Edit(NamedTuple):
    """What differs from the reference at one place."""

    kind: str
    """`missing`, `added` or `substituted`."""
    place: int
    """Word of the reference; what is added is before it."""
    heard: int
    """Word of the transcript; what is missing is before it."""
    start: float
    end: float


class Seams(msgspec.Struct, frozen=True, kw_only=True):
    """Errors that offline recognition does not make, beside cuts and elsewhere."""

    cuts: int = 0
    missing: int = 0
    added: int = 0
    substituted: int = 0
    words: int = 0
    """Words of the transcript that are near a cut."""
    edits_elsewhere: int = 0
    words_elsewhere: int = 0

    @property
    def edits(self) -> int:
        """Those near a cut."""
        return self.missing + self.added + self.substituted

    @property
    def per_100(self) -> float | None:
        """Edits near a cut for 100 cuts."""
        return 100 * self.edits / self.cuts if self.cuts else None

    @property
    def elsewhere_per_100(self) -> float | None:
        """Edits elsewhere in as many words as there are near 100 cuts."""
        if not self.cuts or not self.words_elsewhere:
            return None
        return 100 * self.words / self.cuts * self.edits_elsewhere / self.words_elsewhere

    def __add__(self, other: "Seams") -> "Seams":
        return Seams(
            cuts=self.cuts + other.cuts,
            missing=self.missing + other.missing,
            added=self.added + other.added,
            substituted=self.substituted + other.substituted,
            words=self.words + other.words,
            edits_elsewhere=self.edits_elsewhere + other.edits_elsewhere,
            words_elsewhere=self.words_elsewhere + other.words_elsewhere,
        )


def cuts(segments: Sequence[Sequence[TimedWord]]) -> list[Cut]:
    """The cuts between finals that have words, and the one at the end.

    Args:
        segments: The words of each final.
    """
    spoken = [words for words in segments if words]
    between = [Cut(one[-1].end, other[0].start) for one, other in pairwise(spoken)]
    return [*between, Cut(spoken[-1][-1].end, math.inf)] if spoken else []


def edits(said: Sequence[TimedWord], heard: Sequence[TimedWord]) -> list[Edit]:
    """What differs between a transcript and its reference, by the fewest edits.

    Words that are further apart than `_ASTRAY_S` are not taken for each other: without that, a gap
    of many words is put to wherever a word in it has a namesake. A word that is missing is
    somewhere between the words beside it, and where it was said.

    Args:
        said: The words of the reference, each with the times of the recording that it is in.
        heard: The words of the transcript.
    """
    found = []
    for kind, place, at in _path(said, heard):
        if kind == "missing":
            start = max(heard[at - 1].end if at else 0.0, said[place].start)
            end = min(heard[at].start if at < len(heard) else math.inf, said[place].end)
            found.append(Edit(kind, place, at, min(start, end), max(start, end)))
        else:
            found.append(Edit(kind, place, at, heard[at].start, heard[at].end))
    return found


def extra(ours: Sequence[Edit], theirs: Sequence[Edit]) -> list[Edit]:
    """Edits of ours that theirs has not, of whatever kind but at the same word.

    What is added counts by itself: there is none of it in theirs at that place.
    """

    def at(edit: Edit) -> tuple[bool, int]:
        return edit.kind == "added", edit.place

    known = {at(edit) for edit in theirs}
    return [edit for edit in ours if at(edit) not in known]


def seams(borders: Sequence[Cut], found: Sequence[Edit], heard: Sequence[TimedWord]) -> Seams:
    """Count what is near a cut and what is not.

    Args:
        borders: The cuts.
        found: The edits that count.
        heard: All words of the transcript.
    """

    def near(start: float, end: float) -> bool:
        return any(border.near(start, end) for border in borders)

    beside = [edit.kind for edit in found if near(edit.start, edit.end)]
    words = sum(near(word.start, word.end) for word in heard)
    return Seams(
        cuts=len(borders),
        missing=beside.count("missing"),
        added=beside.count("added"),
        substituted=beside.count("substituted"),
        words=words,
        edits_elsewhere=len(found) - len(beside),
        words_elsewhere=len(heard) - words,
    )


def _path(said: Sequence[TimedWord], heard: Sequence[TimedWord]) -> list[tuple[str, int, int]]:
    """The edits in order: their kind, the word of the reference and that of the transcript."""
    costs = _costs(said, heard)
    place = at = 0
    path = []
    while place < len(said) or at < len(heard):
        both = place < len(said) and at < len(heard)
        change = _change(said[place], heard[at]) if both else math.inf
        if both and costs[place][at] == change + costs[place + 1][at + 1]:
            if change:
                path.append(("substituted", place, at))
            place, at = place + 1, at + 1
        elif at < len(heard) and costs[place][at] == _STEP + costs[place][at + 1]:
            path.append(("added", place, at))
            at += 1
        else:
            path.append(("missing", place, at))
            place += 1
    return path


def _costs(said: Sequence[TimedWord], heard: Sequence[TimedWord]) -> list[list[float]]:
    """What it costs to get from each place in both to their ends."""
    costs = [[float(_STEP * left) for left in range(len(heard), -1, -1)]]
    for spoken in reversed(said):
        below, row = costs[-1], [costs[-1][-1] + _STEP]
        for at in range(len(heard) - 1, -1, -1):
            change = _change(spoken, heard[at])
            row.append(min(change + below[at + 1], _STEP + below[at], _STEP + row[-1]))
        costs.append(row[::-1])
    return costs[::-1]


def _change(said: TimedWord, heard: TimedWord) -> float:
    if heard.start > said.end + _ASTRAY_S or heard.end < said.start - _ASTRAY_S:
        return math.inf
    # Of as few edits, those that leave more words as they are.
    return 0 if said.text == heard.text else _STEP + 1
