"""From what segmentation says of each moment to turns: stretches in which one voice speaks alone.

Segmentation hears up to three voices at a time and numbers them anew with each window it looks at.
`Moments` puts its windows one behind the other so that a voice keeps its number from one to the
next. These numbers, the *tracks*, are not trusted to be identities: similar voices share one, and
short pauses between them go unseen. So a turn also ends where it is quiet for a moment.
"""

from collections.abc import Sequence
from itertools import pairwise, permutations

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.speakers.networks import FRAME_LENGTH, FRAME_STEP

SHORTEST_TURN = SAMPLE_RATE // 4

_VOICES = 3
_SETS = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))
_ALONE = (1, 2, 3)
_BLIP = SAMPLE_RATE // 10
"""Shorter changes are none."""
_BREATH = SAMPLE_RATE // 10
"""A shorter gap does not end a turn."""
_QUIET = 0.04
"""Share of the power around it below which a moment is quiet: 14 dB less."""
_HUSH_MOMENTS = 5
"""Moments of quiet that end a turn."""
_AROUND = 60
"""Moments that are around one."""
_LEAST_IN_COMMON = 20
"""Moments that two windows share from which tracks are told by them."""
_SURROUNDINGS = 2 * SAMPLE_RATE
"""How far in a window is as good as anywhere in it."""
_UNKNOWN = np.int8(-1)

_ACTIVE = np.array([[voice in each for voice in range(_VOICES)] for each in _SETS], np.int32)


class Turn(msgspec.Struct, frozen=True):
    """A stretch of one voice. Times are clock samples."""

    start: int
    end: int
    track: int


class Moments:
    """Which voices speak at each moment of the recent audio, `FRAME_STEP` samples apart."""

    def __init__(self) -> None:
        self._start = 0
        """Number of the first moment that is kept."""
        self._sums: NDArray[np.float32] = np.zeros((0, len(_SETS)), np.float32)
        """What all windows together say of each moment, shape (n, 7)."""
        self._sets: NDArray[np.int8] = np.zeros(0, np.int8)
        self._powers: NDArray[np.float32] = np.zeros(0, np.float32)

    def add(
        self, start: int, probabilities: NDArray[np.float32], powers: NDArray[np.float32]
    ) -> None:
        """Take in a window; of a moment that several look at, the mean counts.

        Args:
            start: Clock sample where it begins, a multiple of `FRAME_STEP`.
            probabilities: As `SpeakerNetworks.segment` gives them, shape (t, 7).
            powers: Of the audio, as `powers` gives them, shape (t,).
        """
        first = start // FRAME_STEP
        renamed = self._renamed(first, probabilities.argmax(axis=1))
        known = max(self._start - first, 0)
        self._grow(first + len(probabilities))
        place = slice(first + known - self._start, first + len(probabilities) - self._start)
        weights = _trust(len(probabilities))[known:, None]
        self._sums[place] += weights * probabilities[known:, np.argsort(renamed)]
        self._sets[place] = self._sums[place].argmax(axis=1)
        self._powers[place] = powers[known:]

    def forget(self, before: int) -> None:
        """Give up what lies before a clock sample."""
        first = max(self._at(before), self._start)
        self._sets = self._sets[first - self._start :]
        self._sums = self._sums[first - self._start :]
        self._powers = self._powers[first - self._start :]
        self._start = first

    def turns(self, start: int, end: int) -> list[Turn]:
        """Stretches between two clock samples in which one voice speaks alone, in order."""
        turns: list[Turn] = []
        for value, begin, stop in self._stretches(start, end):
            if value not in _ALONE:
                continue
            track = value - 1
            goes_on = turns and turns[-1].track == track and begin - turns[-1].end < _BREATH
            turns.append(Turn(turns.pop().start if goes_on else begin, stop, track))
        quiet = self._quiet(start, end)
        phrases = [phrase for turn in turns for phrase in _phrases(turn, quiet)]
        return [phrase for phrase in phrases if phrase.end - phrase.start >= SHORTEST_TURN]

    def overlap(self, start: int, end: int) -> float:
        """Share of the time between two clock samples in which several speak."""
        sets = self._between(start, end)
        return float((sets > max(_ALONE)).mean()) if len(sets) else 0.0

    def _quiet(self, start: int, end: int) -> list[tuple[int, int]]:
        """Clock samples where it falls quiet and where that is over."""
        first, last = self._at(start) - self._start, self._at(end) - self._start
        powers = self._powers[max(first, 0) : max(last, 0)]
        if not len(powers):
            return []
        low = _mean(powers, 3) < _QUIET * _mean(powers, _AROUND)
        borders = np.flatnonzero(np.diff(low, prepend=False, append=False))
        offset = max(first, 0) + self._start
        return [
            (self._time(offset + begin), self._time(offset + stop))
            for begin, stop in borders.reshape(-1, 2).tolist()
            if stop - begin >= _HUSH_MOMENTS
        ]

    def _stretches(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Sets with the clock samples where each begins and ends, blips left out."""
        sets = self._between(start, end)
        if not len(sets):
            return []
        borders = np.flatnonzero(np.diff(sets)) + 1
        begins, ends = [0, *borders.tolist()], [*borders.tolist(), len(sets)]
        offset = max(self._at(start), self._start)
        stretches = []
        for begin, stop in zip(begins, ends, strict=True):
            if (stop - begin) * FRAME_STEP >= _BLIP:
                times = (
                    max(self._time(offset + begin), start),
                    min(self._time(offset + stop), end),
                )
                stretches.append((int(sets[begin]), *times))
        return stretches

    def _between(self, start: int, end: int) -> NDArray[np.int8]:
        first, last = self._at(start) - self._start, self._at(end) - self._start
        return self._sets[max(first, 0) : max(last, 0)]

    def _grow(self, stop: int) -> None:
        missing = stop - self._start - len(self._sets)
        if missing > 0:
            self._sets = np.pad(self._sets, (0, missing), constant_values=_UNKNOWN)
            self._sums = np.pad(self._sums, ((0, missing), (0, 0)))
            self._powers = np.pad(self._powers, (0, missing))

    def _renamed(self, first: int, new: NDArray[np.intp]) -> NDArray[np.intp]:
        """What each set is called once the voices are numbered as before, if that can be told."""
        old = self._sets[max(first - self._start, 0) :][: len(new)]
        here = new[max(self._start - first, 0) :][: len(old)]
        both = (old > 0) & (here > 0)
        if both.sum() < _LEAST_IN_COMMON:
            return np.arange(len(_SETS))
        together = _ACTIVE[old[both]].T @ _ACTIVE[here[both]]
        best = max(permutations(range(_VOICES)), key=lambda order: _agreement(together, order))
        return _names(best)

    @staticmethod
    def _at(sample: int) -> int:
        """Number of the moment in whose middle a sample is."""
        return max((sample - (FRAME_LENGTH - FRAME_STEP) // 2) // FRAME_STEP, 0)

    @staticmethod
    def _time(moment: int) -> int:
        """Clock sample where a moment begins."""
        return moment * FRAME_STEP + (FRAME_LENGTH - FRAME_STEP) // 2


def powers(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean square of the audio in the middle of each moment, shape (t,) as `segment` has it."""
    count = max((len(samples) - FRAME_LENGTH) // FRAME_STEP + 1, 1)
    middle = (FRAME_LENGTH - FRAME_STEP) // 2
    within = samples[middle : middle + count * FRAME_STEP]
    within = np.pad(within, (0, count * FRAME_STEP - len(within)))
    found: NDArray[np.float32] = np.square(within.reshape(count, FRAME_STEP)).mean(axis=1)
    return found


def _phrases(turn: Turn, quiet: Sequence[tuple[int, int]]) -> list[Turn]:
    """A turn cut where it is quiet; nothing that is too short for a turn is cut off."""
    within = [(a, b) for a, b in quiet if a > turn.start and b < turn.end]
    # The longest silence first: what it leaves decides which of the others still fit.
    borders = [(turn.start, turn.start), (turn.end, turn.end)]
    for begin, stop in sorted(within, key=lambda each: each[0] - each[1]):
        before = max(border[1] for border in borders if border[1] <= begin)
        after = min(border[0] for border in borders if border[0] >= stop)
        if min(begin - before, after - stop) >= SHORTEST_TURN:
            borders.append((begin, stop))
    borders.sort()
    return [Turn(one[1], other[0], turn.track) for one, other in pairwise(borders)]


def _mean(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Mean of so many values around each, fewer at the ends."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    places = np.arange(len(values))
    first = np.maximum(places - count // 2, 0)
    last = np.minimum(places + (count + 1) // 2, len(values))
    found: NDArray[np.float32] = ((sums[last] - sums[first]) / (last - first)).astype(np.float32)
    return found


def _agreement(together: NDArray[np.int32], order: Sequence[int]) -> int:
    """Moments in which the voices that get the same number both speak."""
    return int(sum(together[new, old] for old, new in enumerate(order)))


def _names(order: Sequence[int]) -> NDArray[np.intp]:
    """What each set is called once voice i is called `order[i]`."""
    names = [_SETS.index(tuple(sorted(order[voice] for voice in each))) for each in _SETS]
    return np.array(names, np.intp)


def _trust(count: int) -> NDArray[np.float32]:
    """Weight of each moment of a window: less at its borders, where it knows one side only."""
    near = np.minimum(np.arange(count), np.arange(count)[::-1]) * FRAME_STEP / _SURROUNDINGS
    return (0.1 + np.minimum(near, 1.0)).astype(np.float32)
