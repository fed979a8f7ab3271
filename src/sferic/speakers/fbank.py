"""Log mel filter banks as Kaldi computes them, which is what CAM++ was trained on."""

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE

BANDS = 80
STEP, LENGTH = SAMPLE_RATE // 100, SAMPLE_RATE // 40
"""Samples from one frame to the next, and in each."""

_FFT = 512
_LOWEST_HZ = 20.0
_EMPHASIS = np.float32(0.97)
_LEAST = np.float32(np.finfo(np.float32).eps)


def filter_banks(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log energies of each 25 ms, every 10 ms.

    Args:
        samples: Mono audio at 16 kHz, shape (n,).

    Returns:
        Shape (frames, 80); no frame where there is less than one.
    """
    if len(samples) < LENGTH:
        return np.zeros((0, BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, LENGTH)[::STEP]
    frames = windows - windows.mean(axis=1, keepdims=True)
    emphasised = np.empty_like(frames)
    emphasised[:, 1:] = frames[:, 1:] - _EMPHASIS * frames[:, :-1]
    emphasised[:, 0] = frames[:, 0] * (1 - _EMPHASIS)
    spectra = np.fft.rfft(emphasised * _WINDOW, _FFT).astype(np.complex64)
    power = spectra.real**2 + spectra.imag**2
    energies: NDArray[np.float32] = np.log(np.maximum(power[:, : _FFT // 2] @ _FILTERS, _LEAST))
    return energies


def _mel(frequency: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return 1127 * np.log1p(np.asarray(frequency) / 700)


def _filters() -> NDArray[np.float32]:
    """Triangles that are evenly spread on the mel scale, shape (256, 80)."""
    edges = np.linspace(_mel(_LOWEST_HZ), _mel(SAMPLE_RATE / 2), BANDS + 2)
    places = _mel(np.arange(_FFT // 2) * SAMPLE_RATE / _FFT)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (places - left) / (centre - left), (right - places) / (right - centre)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


_FILTERS = _filters()
_WINDOW = (np.hanning(LENGTH) ** 0.85).astype(np.float32)
"""Povey's."""
