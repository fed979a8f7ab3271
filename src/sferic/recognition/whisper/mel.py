"""Log-mel features as Whisper was trained on them.

Whisper (Radford et al., 2022, section 2.2): 25 ms Hann windows every 10 ms, 80 or 128 Slaney mel
bands, log10 clamped to eight decades under the loudest value. The filters come from
faster-whisper's extractor; the transform here works in single precision and on strided frames,
several times faster than that extractor on the same samples.
"""

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE

HOP = 160
"""Samples between two frames."""

_FFT = 400
_BLOCK = 16
"""Frames in one matrix product, too few for BLAS to wake its threads.

They spin between products: on two cores that costs half as much again as the whole recognition.
"""


class LogMel:
    """Turns samples into the features of a Whisper encoder.

    Args:
        bands: Number of mel bands, 80 for most models and 128 for large-v3.
    """

    def __init__(self, bands: int = 80) -> None:
        self.bands = bands
        filters = FeatureExtractor.get_mel_filters(SAMPLE_RATE, _FFT, n_mels=bands)
        self._filters: NDArray[np.float32] = np.ascontiguousarray(filters.T, np.float32)
        self._window: NDArray[np.float32] = np.hanning(_FFT + 1)[:-1].astype(np.float32)

    def __call__(self, samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
        """Features of the samples, padded with digital silence at the end.

        Args:
            samples: Mono audio at 16 kHz, shape (n,), float32.
            length: Samples of the window, at least n, a multiple of 320.

        Returns:
            Shape (1, bands, length / 160), float32, contiguous.
        """
        frames = length // HOP
        heard = min(frames, len(samples) // HOP + 2)
        blocks = -(-heard // _BLOCK)
        padded = np.zeros((blocks * _BLOCK - 1) * HOP + _FFT, np.float32)
        edge = _FFT // 2
        body = samples[: len(padded) - edge]
        padded[edge : edge + len(body)] = body
        mirrored = samples[1 : edge + 1]
        padded[edge - len(mirrored) : edge] = mirrored[::-1]
        spectrum = np.fft.rfft(sliding_window_view(padded, _FFT)[::HOP] * self._window)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
        mel = (power.reshape(blocks, _BLOCK, -1) @ self._filters).reshape(-1, self.bands)
        features = np.full((1, self.bands, frames), 1e-10, np.float32)
        np.maximum(mel[:heard].T, 1e-10, out=features[0, :, :heard])
        np.log10(features, out=features)
        np.maximum(features, features.max() - 8.0, out=features)
        features += 4.0
        features /= 4.0
        return features
