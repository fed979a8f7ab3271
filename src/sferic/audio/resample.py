"""Streaming resampling to 16 kHz that can be flushed in mid-stream and never moves the clock."""

import math
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from sferic.audio.clock import SAMPLE_RATE


class Resampler:
    """One stream of mono samples, resampled to 16 kHz and clipped to [-1, 1].

    Input at 16 kHz passes through untouched. 8 kHz is doubled by a half-band filter that looks
    4 ms ahead. Everything else goes through libsoxr at its HQ quality, which works in blocks and
    so hands out 21 ms late on average at 48 kHz (37 at worst); at 8 kHz it would be 64 (115),
    too much for telephony.

    Args:
        rate: Samples per second of the input, in Hz.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.received = 0
        """Samples taken, at the input rate."""
        self._handed_out = 0
        self._filter: _Filter | None
        match rate:
            case 16_000:
                self._filter = None
            case 8_000:
                self._filter = _Doubler()
            case _:
                self._filter = _Soxr(rate)

    @property
    def position(self) -> int:
        """Audio received, in samples at 16 kHz."""
        return self.received * SAMPLE_RATE // self.rate

    def push(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        """Takes samples within [-1, 1], yields blocks of at most one second."""
        self.received += len(samples)
        return self._blocks(samples if self._filter is None else self._filter.push(samples))

    def flush(self) -> Iterator[NDArray[np.float32]]:
        """Yields what is missing up to `position`.

        What the filter needs of the future is extrapolated; when the stream goes on, the true
        samples take that place, so only the last milliseconds before a flush are approximate.
        """
        missing = self.position - self._handed_out
        if self._filter is not None and missing:
            yield from self._blocks(self._filter.drain(missing))

    def _blocks(self, samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        self._handed_out += len(samples)
        if self._filter is not None:
            samples = np.clip(samples, -1, 1)
        for start in range(0, len(samples), SAMPLE_RATE):
            yield samples[start : start + SAMPLE_RATE]


class _Filter(Protocol):
    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]: ...

    def drain(self, count: int) -> NDArray[np.float32]:
        """Hands out the next `count` samples, the last ones that the input so far covers."""


class _Doubler:
    """8 to 16 kHz: every input sample, and between two of them a windowed-sinc interpolation.

    64 taps, Kaiser window (beta 9): flat up to 3.6 kHz, -6 dB at 4 kHz, below -95 dB from 4.4 on.
    """

    _REACH = 32
    """Input samples the filter looks at on either side."""
    _EMPTY = np.empty(0, np.float32)

    def __init__(self) -> None:
        distance = np.arange(-self._REACH + 0.5, self._REACH)
        taps = np.sinc(distance) * np.kaiser(len(distance), 9)
        self._taps = (taps / taps.sum()).astype(np.float32)
        self._input = np.zeros(self._REACH - 1, np.float32)
        self._early = 0
        """Samples already handed out by `drain` that `push` comes to again."""

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        self._input = np.concatenate((self._input, samples))
        doubled = self._doubled(self._input)
        self._input = self._input[len(doubled) // 2 :]
        fresh = doubled[self._early :]
        self._early = max(0, self._early - len(doubled))
        return fresh

    def drain(self, count: int) -> NDArray[np.float32]:
        doubled = self._doubled(_extended(self._input, self._REACH))
        fresh = doubled[self._early :]
        self._early += count
        return fresh[:count]

    def _doubled(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        count = len(samples) - len(self._taps) + 1
        if count <= 0:
            return self._EMPTY
        doubled = np.empty(2 * count, np.float32)
        doubled[0::2] = samples[self._REACH - 1 : self._REACH - 1 + count]
        doubled[1::2] = np.correlate(samples, self._taps)
        return doubled


class _Soxr:
    """libsoxr, restarted after a drain with the input it had last, to go on where it left off."""

    _REACH_SAMPLES = 256
    """More than the filter looks at on either side, in samples at the lower of the two rates."""

    def __init__(self, rate: int) -> None:
        common = math.gcd(rate, SAMPLE_RATE)
        self._rate = rate
        self._input_step = rate // common
        self._output_step = SAMPLE_RATE // common
        self._reach = math.ceil(self._REACH_SAMPLES * max(1, rate / SAMPLE_RATE))
        self._keep = self._reach + self._input_step
        self._history = np.empty(0, np.float32)
        self._received = 0
        self._handed_out = 0
        self._stream: soxr.ResampleStream | None = None
        self._skip = 0
        """Samples a restarted stream hands out a second time."""

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        stream, rewound = self._running()
        self._stream = stream
        self._received += len(samples)
        self._history = np.concatenate((self._history, samples[-self._keep :]))[-self._keep :]
        if len(rewound):
            samples = np.concatenate((rewound, samples))
        return self._taken(stream.resample_chunk(samples))

    def drain(self, count: int) -> NDArray[np.float32]:
        stream, rewound = self._running()
        self._stream = None
        ahead = _extended(self._history, self._reach)[len(self._history) :]
        rest = stream.resample_chunk(np.concatenate((rewound, ahead)), last=True)
        return self._taken(rest[: self._skip + count])

    def _running(self) -> tuple[soxr.ResampleStream, NDArray[np.float32]]:
        """The stream to go on with, and what it has to be fed again first."""
        if self._stream is not None:
            return self._stream, self._history[:0]
        stream = soxr.ResampleStream(self._rate, SAMPLE_RATE, 1, dtype="float32", quality=soxr.HQ)
        # It has to begin where a sample of the output falls on one of the input.
        oldest = self._received - len(self._history)
        steps = -(-oldest // self._input_step)
        self._skip = self._handed_out - steps * self._output_step
        return stream, self._history[steps * self._input_step - oldest :]

    def _taken(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        fresh = samples[self._skip :]
        self._skip -= min(self._skip, len(samples))
        self._handed_out += len(fresh)
        return fresh


def _extended(samples: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Goes on for `count` samples by turning the last ones about the final sample.

    Value and slope stay continuous, so the filter does not ring as it would at a cut to silence.
    """
    known = np.pad(samples, (max(0, count + 1 - len(samples)), 0))
    return np.concatenate((samples, 2 * known[-1] - known[-2 : -count - 2 : -1]))
