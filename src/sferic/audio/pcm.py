"""What all decoders share, and the plain one: PCM of one known format."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sferic.audio.resample import Resampler
from sferic.audio.samples import Framer, SampleFormat, mix_down


class ResampledDecoder(ABC):
    """Input at its own rate, run through a resampler that keeps the clock.

    Subclasses turn bytes into mono samples at the input rate, in blocks of about half a second at
    most: that, and laziness, is what keeps a message of 64 MiB from costing several times its size.
    """

    def __init__(self, sample_rate: int) -> None:
        self._resampler = Resampler(sample_rate)

    def decode(self, data: bytes | memoryview) -> Iterator[NDArray[np.float32]]:
        """Takes one message of the client, of any length, and yields what is ready."""
        for samples in self._samples(memoryview(data).cast("B")):
            yield from self._resampler.push(samples)

    def flush(self) -> Iterator[NDArray[np.float32]]:
        """Yields what is held back, up to `position`; decoding may go on afterwards."""
        for samples in self._undecided():
            yield from self._resampler.push(samples)
        yield from self._resampler.flush()

    @property
    def position(self) -> int:
        """Audio received so far, in samples at 16 kHz, counted at the input."""
        return self._resampler.position

    @abstractmethod
    def _samples(self, data: memoryview) -> Iterator[NDArray[np.float32]]:
        """Mono samples at the input rate."""

    def _undecided(self) -> Iterator[NDArray[np.float32]]:
        """Samples held back because it is not clear yet what they are."""
        return iter(())


class PcmReader:
    """Bytes of one PCM format to mono samples, whatever the cuts."""

    def __init__(self, sample_format: SampleFormat, *, sample_rate: int, channels: int = 1) -> None:
        self._convert = sample_format.convert
        self._channels = channels
        self._framer = Framer(sample_format.width * channels, block_frames=sample_rate // 2)

    def read(self, data: memoryview) -> Iterator[NDArray[np.float32]]:
        """Yields mono samples in blocks of at most half a second."""
        for block in self._framer.cut(data):
            yield mix_down(self._convert(block), self._channels)


class PcmDecoder(ResampledDecoder):
    """Mono PCM of one known format: A-law and mu-law."""

    def __init__(self, sample_rate: int, sample_format: SampleFormat) -> None:
        super().__init__(sample_rate)
        self._reader = PcmReader(sample_format, sample_rate=sample_rate)

    def _samples(self, data: memoryview) -> Iterator[NDArray[np.float32]]:
        return self._reader.read(data)
