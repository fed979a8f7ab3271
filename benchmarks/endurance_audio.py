"""Hours of speech from minutes of recordings: what is said, and where."""

import functools
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.live import quiet
from benchmarks.harness.speech import Utterance, pcm
from sferic.audio import SAMPLE_RATE

PAUSES_S = (0.2, 1.2)
"""Shortest and longest pause between two recordings: some are within a turn, some end one."""

_WIDTH = 2
"""Bytes of a sample."""


class WindowTooShortError(BenchmarkError, ValueError):
    """No recording fits into a window."""

    def __init__(self, window_s: float) -> None:
        super().__init__(f"no recording fits into a window of {window_s:g} s")


class Placed(NamedTuple):
    """A recording in a window, in seconds from the beginning of the window."""

    start: float
    end: float
    utterance: Utterance


class Programme:
    """A long stream in windows of equal length.

    With the same recordings in each window, whatever differs between windows is the session's age;
    with others in each, it is also what is said in them.

    Args:
        utterances: To choose from.
        count: How many windows.
        window_s: Their length.
        seed: Of the choice of recordings, their order and the pauses.
        fresh: Whether recordings are drawn anew for each window.

    Raises:
        WindowTooShortError: No recording fits into a window.
    """

    def __init__(
        self,
        utterances: Sequence[Utterance],
        *,
        count: int,
        window_s: float,
        seed: int,
        fresh: bool = False,
    ) -> None:
        self.count = count
        self.window_s = window_s
        self._utterances = [row for row in utterances if row.duration + PAUSES_S[1] <= window_s]
        if not self._utterances:
            raise WindowTooShortError(window_s)
        self._random = random.Random(seed)
        self._fresh = fresh
        self._pool: list[Utterance] = []
        self.windows: list[tuple[Placed, ...]] = []
        """What is in each of the windows that have been made."""

    @property
    def seconds(self) -> float:
        """Length of it all."""
        return self.count * self.window_s

    @property
    def placed(self) -> Iterator[Placed]:
        """All recordings of the windows made so far, in seconds from the beginning of it all."""
        for number, window in enumerate(self.windows):
            offset = number * self.window_s
            for start, end, utterance in window:
                yield Placed(offset + start, offset + end, utterance)

    def references(self) -> list[str]:
        """What is said in each of the windows made so far."""
        return [" ".join(each.utterance.reference for each in window) for window in self.windows]

    def blocks(self) -> Iterator[bytes]:
        """The audio as 16-bit mono samples at 16 kHz, a window at a time; made when asked for."""
        audio, placed = self._made()
        for number in range(self.count):
            if number and self._fresh:
                audio, placed = self._made()
            self.windows.append(placed)
            yield audio

    def _made(self) -> tuple[bytes, tuple[Placed, ...]]:
        size = round(self.window_s * SAMPLE_RATE) * _WIDTH
        audio = bytearray(self._pause())
        placed: list[Placed] = []
        while row := self._next(_seconds(size - len(audio))):
            start = _seconds(len(audio))
            audio += _decoded(row.path)
            placed.append(Placed(start, _seconds(len(audio)), row))
            audio += self._pause()
        audio += quiet(_seconds(size - len(audio)), SAMPLE_RATE)
        return bytes(audio), tuple(placed)

    def _pause(self) -> bytes:
        return quiet(self._random.uniform(*PAUSES_S), SAMPLE_RATE)

    def _next(self, room_s: float) -> Utterance | None:
        """One that has not had its turn yet, if one of those fits; else any that fits."""
        if not self._pool:
            self._pool = self._shuffled()
        for rows in (self._pool, self._shuffled()):
            for index, row in enumerate(rows):
                if _seconds(len(_decoded(row.path))) + PAUSES_S[1] <= room_s:
                    return rows.pop(index)
        return None

    def _shuffled(self) -> list[Utterance]:
        return self._random.sample(self._utterances, len(self._utterances))


def _seconds(size: int) -> float:
    return size / _WIDTH / SAMPLE_RATE


@functools.cache
def _decoded(path: Path) -> bytes:
    return pcm(path, SAMPLE_RATE)
