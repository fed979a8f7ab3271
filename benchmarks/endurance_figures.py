"""What a long session looked like window by window, and what of that grew."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import TypeVar

import msgspec
import numpy as np

from benchmarks.endurance_audio import Placed, Programme
from benchmarks.endurance_long import LongRun
from benchmarks.harness.results import Spread, spread
from benchmarks.harness.scoring import score
from benchmarks.harness.slopes import Slope, slope
from benchmarks.harness.turns import Answer, answers
from sferic.protocol.messages import WordItem

STRAY_S = 0.5
"""A word with its middle this far from all recordings was said by nobody."""

_Value = TypeVar("_Value")

_MARGIN_S = 0.1
"""How far outside of its recording a word may have its middle, to be taken for one of it."""


class WindowFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One window of a long session."""

    hours: float
    """Of audio, up to the middle of the window."""
    wall: float
    """Seconds by the clock for a second of audio."""
    cpu: float
    """CPU seconds of the server for a second of audio."""
    memory_mb: float
    """Resident memory of the server, the mean of one look a second."""
    answer_s: Spread | None
    """From when an endpoint was due to its final; None where nothing was due in time."""
    behind_s: Spread | None
    """From sending a mark to its answer: how far behind the server was; None where it always is."""
    partials: int
    words: int
    """Of finals."""
    wer: float
    shift_ms: float | None
    """How much later than in the median of all windows the recordings begin, by the word times."""


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """How a figure changed: by the hour of audio, or by the thousand sessions."""

    name: str
    unit: str
    line: Slope


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """Whether words stand where they were said."""

    words: int
    """Of finals."""
    out_of_order: int
    """Words that begin before the one before them ends, or end before they begin."""
    outside: int
    """Words, of partials too, outside the audio that had been sent when they came."""
    stray: int
    """Words half a second and more from all that was said."""
    last_word_early_s: float | None
    """How long before the end of the last recording the last word ends."""


class LongFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One long session."""

    hours: float
    """Of audio that was taken."""
    speed: float
    """Seconds of audio in a second, as it turned out."""
    windows: tuple[WindowFigures, ...]
    growth: tuple[Growth, ...]
    """Fitted to all windows but the first."""
    clock: Clock
    unanswered: int | None
    """Endpoints after which a final was missing; None where nothing was due in time."""
    memory_mb: tuple[float, float]
    """Of the server, before and after the session."""
    descriptors: tuple[int, int]
    threads: tuple[int, int]
    failure: str | None


def long_figures(run: LongRun, programme: Programme, *, language: str) -> LongFigures:
    """Look at a long session window by window."""
    timed = run.talk.speed > 0
    endpoints = [each for each in answers(run.talk) if each.kind == "endpoint"] if timed else []
    windows = _windows(run, programme, endpoints, language=language)
    taken = run.marks[-1].place_s if run.marks else 0.0
    wall = run.marks[-1].taken - run.talk.began if run.marks else 0.0
    return LongFigures(
        hours=round(taken / 3600, 4),
        speed=round(taken / wall, 2) if wall else 0.0,
        windows=windows,
        growth=growth(windows[1:]),
        clock=_clock(run, [*programme.placed]),
        unanswered=sum(each.at is None for each in endpoints) if timed else None,
        memory_mb=(round(run.before.memory_mb, 1), round(run.after.memory_mb, 1)),
        descriptors=(run.before.descriptors, run.after.descriptors),
        threads=(run.before.threads, run.after.threads),
        failure=run.talk.failure,
    )


def growth(windows: Sequence[WindowFigures]) -> tuple[Growth, ...]:
    """Fit a line to each figure that these windows have."""
    return fitted(
        [each.hours for each in windows],
        {
            ("memory", "MB"): [each.memory_mb for each in windows],
            ("cost", "CPU s a second"): [each.cpu for each in windows],
            ("time", "s a second"): [each.wall for each in windows],
            ("answer, p50", "s"): [each.answer_s and each.answer_s.p50 for each in windows],
            ("answer, p95", "s"): [each.answer_s and each.answer_s.p95 for each in windows],
            ("behind, p95", "s"): [each.behind_s and each.behind_s.p95 for each in windows],
            ("WER", "points"): [each.wer for each in windows],
            ("word times", "ms"): [each.shift_ms for each in windows],
        },
    )


def fitted(
    places: Sequence[float],
    columns: Mapping[tuple[str, str], Sequence[float | Spread | None]],
) -> tuple[Growth, ...]:
    """Fit a line to each column of values.

    Args:
        places: Where each value was measured.
        columns: Values by name and unit; places without one are left out.
    """
    found = []
    for (name, unit), column in columns.items():
        points = [
            (place, value)
            for place, value in zip(places, column, strict=True)
            if isinstance(value, int | float)
        ]
        line = slope([place for place, _ in points], [value for _, value in points])
        if line is not None:
            found.append(Growth(name=name, unit=unit, line=line))
    return tuple(found)


def _windows(
    run: LongRun, programme: Programme, endpoints: Iterable[Answer], *, language: str
) -> tuple[WindowFigures, ...]:
    """Figures of the windows that were taken in full."""
    talk, size = run.talk, programme.window_s
    taken = run.marks[-1].place_s if run.marks else 0.0
    count = round(taken / size - 0.5 + 1e-6)
    edges = [number * size for number in range(count + 1)]
    clock = np.interp(
        edges,
        [0.0, *(mark.place_s for mark in run.marks)],
        [talk.began, *(mark.taken for mark in run.marks)],
    )
    spent = np.interp(
        edges,
        [0.0, *(look.taken_s for look in run.looks), taken],
        [run.before.cpu_s, *(look.usage.cpu_s for look in run.looks), run.after.cpu_s],
    )

    def sliced(values: Iterable[tuple[float, _Value]]) -> list[list[_Value]]:
        slices: list[list[_Value]] = [[] for _ in range(count)]
        for place, value in values:
            if 0 <= place < count * size:
                slices[int(place / size)].append(value)
        return slices

    memory = sliced((look.taken_s, look.usage.memory_mb) for look in run.looks)
    answered = sliced(
        ((each.due - talk.began) * talk.speed, each.at - each.due)
        for each in endpoints
        if each.at is not None
    )
    behind = sliced((mark.place_s, mark.taken - mark.sent) for mark in run.marks if talk.speed > 0)
    partials = sliced((place, place) for place in run.partials)
    words = sliced((_middle(word), word.word) for word in run.words)
    shifts = sliced(_shifts(run.words, [*programme.placed]))
    return tuple(
        WindowFigures(
            hours=(number + 0.5) * size / 3600,
            wall=round(float(clock[number + 1] - clock[number]) / size, 4),
            cpu=round(float(spent[number + 1] - spent[number]) / size, 4),
            memory_mb=round(fmean(memory[number] or [run.after.memory_mb]), 2),
            answer_s=spread(answered[number]),
            behind_s=spread(behind[number]),
            partials=len(partials[number]),
            words=len(words[number]),
            wer=round(score(reference, " ".join(words[number]), language).words.percent, 2),
            shift_ms=round(1000 * median(shifts[number]), 1) if shifts[number] else None,
        )
        for number, reference in enumerate(programme.references()[:count])
    )


def _shifts(words: Sequence[WordItem], placed: Sequence[Placed]) -> Iterable[tuple[float, float]]:
    """Where each recording is, and how much later than usual its first word begins, in seconds.

    What is usual is the median of all times that the same recording was sent.
    """
    middles = [_middle(word) for word in words]
    offsets: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for start, end, utterance in placed:
        first = bisect_left(middles, start - _MARGIN_S)
        if first < len(words) and middles[first] <= end + _MARGIN_S:
            offsets[utterance.audio].append((start, words[first].start - start))
    for found in offsets.values():
        usual = median(offset for _, offset in found)
        yield from ((start, offset - usual) for start, offset in found if len(found) > 1)


def _clock(run: LongRun, placed: Sequence[Placed]) -> Clock:
    words = run.words
    edges = [edge for word in words for edge in (word.start, word.end)]
    ends = [each.end for each in placed]
    stray = 0
    for middle in map(_middle, words):
        index = bisect_left(ends, middle)
        near = placed[max(index - 1, 0) : index + 1]
        stray += all(max(each.start - middle, middle - each.end) > STRAY_S for each in near)
    return Clock(
        words=len(words),
        out_of_order=sum(later < earlier for earlier, later in pairwise(edges)),
        outside=run.outside,
        stray=stray,
        last_word_early_s=round(placed[-1].end - words[-1].end, 2) if words and placed else None,
    )


def _middle(word: WordItem) -> float:
    return (word.start + word.end) / 2
