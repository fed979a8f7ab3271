"""Bytes to samples: the formats a PCM sample can have, and whole frames out of cut bytes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sferic.audio.g711 import ALAW, MULAW


@dataclass(frozen=True, slots=True)
class SampleFormat:
    """How one PCM sample is written."""

    name: str
    width: int
    """Bytes a sample."""
    convert: Callable[[bytes | memoryview], NDArray[np.float32]]
    """Whole samples to float32 in [-1, 1]; NaN becomes 0, what is beyond full scale is clipped."""


class Framer:
    """Cuts a byte stream into blocks of whole frames, keeping odd bytes for the next call."""

    def __init__(self, frame_size: int, *, block_frames: int) -> None:
        self._frame_size = frame_size
        self._block_size = frame_size * max(1, block_frames)
        self._odd = b""

    def cut(self, data: memoryview) -> Iterator[memoryview]:
        """Yields blocks of 1 to `block_frames` frames."""
        if self._odd:
            joined = self._odd + data[: self._block_size - len(self._odd)]
            data = data[len(joined) - len(self._odd) :]
            whole = len(joined) - len(joined) % self._frame_size
            self._odd = joined[whole:]
            if whole:
                yield memoryview(joined)[:whole]
        whole = len(data) - len(data) % self._frame_size
        if whole < len(data):
            self._odd += data[whole:]
        for start in range(0, whole, self._block_size):
            yield data[start : min(start + self._block_size, whole)]


def mix_down(samples: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """Averages interleaved channels: shape (frames * channels,) to (frames,)."""
    if channels == 1:
        return samples
    mono: NDArray[np.float32] = samples.reshape(-1, channels).mean(axis=1)
    return mono


def _unsigned8(data: bytes | memoryview) -> NDArray[np.float32]:
    return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) * np.float32(2**-7)


def _signed16(data: bytes | memoryview) -> NDArray[np.float32]:
    return np.frombuffer(data, "<i2").astype(np.float32) * np.float32(2**-15)


def _signed24(data: bytes | memoryview) -> NDArray[np.float32]:
    padded = np.zeros((len(data) // 3, 4), np.uint8)
    padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return _signed32(padded.data.cast("B"))


def _signed32(data: bytes | memoryview) -> NDArray[np.float32]:
    return np.frombuffer(data, "<i4").astype(np.float32) * np.float32(2**-31)


def _float32(data: bytes | memoryview) -> NDArray[np.float32]:
    return _tamed(np.frombuffer(data, "<f4"))


def _float64(data: bytes | memoryview) -> NDArray[np.float32]:
    return _tamed(np.frombuffer(data, "<f8"))


def _tamed(samples: NDArray[np.floating]) -> NDArray[np.float32]:
    with np.errstate(invalid="ignore"):  # a signalling NaN is no news
        tamed: NDArray[np.float32] = np.clip(samples, -1, 1).astype(np.float32)
    tamed[np.isnan(tamed)] = 0
    return tamed


UNSIGNED_8 = SampleFormat("8-bit PCM", 1, _unsigned8)
SIGNED_16 = SampleFormat("16-bit PCM", 2, _signed16)
SIGNED_24 = SampleFormat("24-bit PCM", 3, _signed24)
SIGNED_32 = SampleFormat("32-bit PCM", 4, _signed32)
FLOAT_32 = SampleFormat("32-bit float", 4, _float32)
FLOAT_64 = SampleFormat("64-bit float", 8, _float64)
ALAW_8 = SampleFormat("A-law", 1, lambda data: ALAW[np.frombuffer(data, np.uint8)])
MULAW_8 = SampleFormat("mu-law", 1, lambda data: MULAW[np.frombuffer(data, np.uint8)])
