"""linear16: bare 16-bit little-endian samples, or a WAV file sent as it is."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from sferic.audio.containers import LONGEST_SIGNATURE, WAV, container_of, may_become_container
from sferic.audio.pcm import PcmReader, ResampledDecoder
from sferic.audio.resample import Resampler
from sferic.audio.samples import SIGNED_16
from sferic.audio.wav import WavParser
from sferic.errors import UndecodableAudioError

_ENCODING = "linear16"


class Linear16Decoder(ResampledDecoder):
    """16-bit little-endian PCM, or the WAV that the stream's very first bytes announce.

    A WAV header decides about rate, channels and sample format. Bytes that begin like a header are
    held back, and not counted in `position`, until they are one (12 bytes) or cannot be; a flush
    before that takes them for samples. Any other container is an error.
    """

    def __init__(self, sample_rate: int) -> None:
        super().__init__(sample_rate)
        self._opening = b""
        self._read: Callable[[memoryview], Iterator[NDArray[np.float32]]] | None = None

    def _samples(self, data: memoryview) -> Iterator[NDArray[np.float32]]:
        if self._read is None:
            missing = LONGEST_SIGNATURE - len(self._opening)
            self._opening += data[:missing]
            data = data[missing:]
            if may_become_container(self._opening):
                return
            yield from self._open(container_of(self._opening))(memoryview(self._opening))
        if self._read is not None:
            yield from self._read(data)

    def _undecided(self) -> Iterator[NDArray[np.float32]]:
        if self._read is None and self._opening:
            yield from self._open(None)(memoryview(self._opening))

    def _open(self, container: str | None) -> Callable[[memoryview], Iterator[NDArray[np.float32]]]:
        if container is None:
            self._read = PcmReader(SIGNED_16, sample_rate=self._resampler.rate).read
        elif container == WAV:
            self._read = _WavReader(self._take_rate).read
        else:
            raise UndecodableAudioError(_ENCODING, f"the stream begins like {container}")
        return self._read

    def _take_rate(self, sample_rate: int) -> None:
        self._resampler = Resampler(sample_rate)


class _WavReader:
    """Bytes of a WAV to mono samples; tells the rate before the first of them."""

    def __init__(self, on_rate: Callable[[int], None]) -> None:
        self._parser = WavParser()
        self._on_rate = on_rate
        self._pcm: PcmReader | None = None

    def read(self, data: memoryview) -> Iterator[NDArray[np.float32]]:
        for wav, piece in self._parser.feed(data):
            if self._pcm is None:
                self._on_rate(wav.sample_rate)
                self._pcm = PcmReader(
                    wav.sample_format, sample_rate=wav.sample_rate, channels=wav.channels
                )
            yield from self._pcm.read(piece)
