"""Log mel filter banks as Kaldi computes them, which is what CAM++ was trained on, as a graph.

Up to the spectrum all that Kaldi does to a frame is linear: taking away the mean, emphasis of high
frequencies, Povey's window, Fourier's transform. So it is one convolution with the samples. In
NumPy the same would wake the threads of its BLAS, which then wait for more, busily.
"""

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.models.graph import Graph

BANDS = 80
STEP, LENGTH = SAMPLE_RATE // 100, SAMPLE_RATE // 40
"""Samples from one frame to the next, and in each."""

_FFT = 512
_LOWEST_HZ = 20.0
_EMPHASIS = 0.97
_LEAST = np.float32(np.finfo(np.float32).eps)


def filter_banks(graph: Graph, samples: str) -> str:
    """Add log energies of each 25 ms, every 10 ms, to a graph.

    Args:
        graph: A graph in the making.
        samples: In it, mono audio at 16 kHz, shape (batch, 1, n), at least `LENGTH` of it.

    Returns:
        In it, shape (batch, 80, frames).
    """
    node = graph.node
    parts = node("Conv", samples, graph.constant(_transform()), strides=[STEP])
    energies = node("Conv", node("Mul", parts, parts), graph.constant(_filters()))
    return str(node("Log", node("Max", energies, graph.constant(_LEAST))))


def _transform() -> NDArray[np.float32]:
    """A frame to the real and the imaginary parts of its spectrum, shape (512, 1, 400)."""
    frames = np.eye(LENGTH) - 1 / LENGTH
    emphasised = frames - _EMPHASIS * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    spectra = np.fft.rfft(emphasised * np.hanning(LENGTH) ** 0.85, _FFT)[:, : _FFT // 2]
    parts = np.concatenate([spectra.real, spectra.imag], axis=1)
    return parts.T[:, None].astype(np.float32)


def _filters() -> NDArray[np.float32]:
    """Triangles that are evenly spread on the mel scale, over both parts, shape (80, 512, 1)."""
    edges = np.linspace(_mel(_LOWEST_HZ), _mel(SAMPLE_RATE / 2), BANDS + 2)
    places = _mel(np.arange(_FFT // 2) * SAMPLE_RATE / _FFT)[:, None]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (places - left) / (centre - left), (right - places) / (right - centre)
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.concatenate([triangles, triangles]).T[:, :, None].astype(np.float32)


def _mel(frequency: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return 1127 * np.log1p(np.asarray(frequency) / 700)
