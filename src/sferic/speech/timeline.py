"""The recent audio of a stream, addressed by its clock."""

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE


class Timeline:
    """Keeps samples from `start` to `end` on the stream's clock.

    Appending costs amortised constant time; what lies before a point is given up with `forget`.
    """

    def __init__(self) -> None:
        self._samples: NDArray[np.float32] = np.zeros(4 * SAMPLE_RATE, np.float32)
        self._offset = 0
        self.start = 0
        """Clock time of the first sample kept."""
        self.end = 0
        """Clock time after the last."""

    def append(self, samples: NDArray[np.float32]) -> None:
        """Add samples that follow the last ones."""
        kept = self.end - self.start
        if self._offset + kept + len(samples) > len(self._samples):
            size = max(len(self._samples), 2 * (kept + len(samples)))
            moved = np.zeros(size, np.float32)
            moved[:kept] = self._samples[self._offset : self._offset + kept]
            self._samples, self._offset = moved, 0
        at = self._offset + kept
        self._samples[at : at + len(samples)] = samples
        self.end += len(samples)

    def forget(self, before: int) -> None:
        """Give up what lies before a clock time."""
        before = min(max(before, self.start), self.end)
        self._offset += before - self.start
        self.start = before
        kept = self.end - self.start
        if len(self._samples) > 16 * SAMPLE_RATE and kept < len(self._samples) // 8:
            self._samples = np.concatenate(
                [self[self.start : self.end], np.zeros(kept, np.float32)]
            )
            self._offset = 0

    def __getitem__(self, span: slice) -> NDArray[np.float32]:
        """A copy of the samples between two clock times, as far as they are kept."""
        first = max(span.start, self.start) - self.start + self._offset
        last = max(min(span.stop, self.end) - self.start + self._offset, first)
        return self._samples[first:last].copy()
