"""Speaker segmentation as an ONNX graph: who of up to three voices speaks when, alone or at once.

Bredin, 2023, "pyannote.audio 2.1 speaker diarization pipeline", and Plaquet & Bredin, 2023,
"Powerset multi-class cross entropy loss for neural speaker diarization"; the model is
segmentation-3.0: SincNet (Ravanelli & Bengio, 2018), four LSTM layers in both directions, and a
classifier of the sets of at most two of three voices.
"""

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.models.conversion import UnreadableWeightsError
from sferic.models.graph import FLOAT, Graph
from sferic.speakers.checkpoint import Array, Tensors

INPUT, OUTPUT = "samples", "log_probabilities"
CLASSES = 7

_LOWEST_HZ = 50
_EPSILON = 1e-5
_SLOPE = 0.01
"""Of LeakyReLU."""
_CONVOLUTIONS = 3
_LAYERS = 4
_HIDDEN = 128


def segmentation_graph(tensors: Tensors) -> bytes:
    """Samples to the probabilities of the sets of voices in each frame.

    Input: samples (batch, 1, n). Output: log_probabilities (batch, frames, 7): of silence, of each
    of three voices alone, of each two of them.

    Raises:
        UnreadableWeightsError: These are not the tensors of that network.
    """
    try:
        return _Network(tensors).serialized()
    except KeyError as error:
        reason = f"the weights of the speaker segmentation lack {error}"
        raise UnreadableWeightsError(reason) from error


class _Network:
    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self._graph = Graph()

    def serialized(self) -> bytes:
        node = self._graph.node
        x = node("Transpose", self._sincnet(), perm=[2, 0, 1])
        for layer in range(_LAYERS):
            x = self._recurrent(x, layer)
        x = node("Transpose", x, perm=[1, 0, 2])
        for number in range(2):
            x = node("LeakyRelu", self._linear(x, f"linear.{number}"), alpha=_SLOPE)
        node("LogSoftmax", self._linear(x, "classifier"), axis=-1, name=OUTPUT)
        return self._graph.serialized(
            {INPUT: (FLOAT, ("batch", 1, "samples"))},
            {OUTPUT: (FLOAT, ("batch", "frames", CLASSES))},
        )

    def _sincnet(self) -> str:
        """Learned band-pass filters and two convolutions, shape (batch, 60, frames)."""
        node, place = self._graph.node, "sincnet.conv1d"
        x = self._normalised(INPUT, "sincnet.wav_norm1d")
        filters = self._graph.halved(_band_passes(self._tensors, f"{place}.0.filterbank"))
        x = node("Abs", node("Conv", x, filters, strides=[10]))
        for number in range(_CONVOLUTIONS):
            if number:
                weights = self._graph.halved(self._tensors[f"{place}.{number}.weight"])
                shift = self._graph.constant(self._tensors[f"{place}.{number}.bias"])
                x = node("Conv", x, weights, shift)
            x = node("MaxPool", x, kernel_shape=[3], strides=[3])
            x = self._normalised(x, f"sincnet.norm1d.{number}")
            x = node("LeakyRelu", x, alpha=_SLOPE)
        return str(x)

    def _normalised(self, x: str, name: str) -> str:
        parts = (self._graph.constant(self._tensors[f"{name}.{part}"]) for part in _AFFINE)
        return str(self._graph.node("InstanceNormalization", x, *parts, epsilon=_EPSILON))

    def _recurrent(self, x: str, layer: int) -> str:
        """A layer in both directions, shape (frames, batch, 256)."""
        weights, recurrence = (
            self._graph.halved(self._both_ways(f"{part}_l{layer}")) for part in _MATRICES
        )
        biases = np.concatenate([self._both_ways(f"{part}_l{layer}") for part in _BIASES], axis=1)
        inputs = (x, weights, recurrence, self._graph.constant(biases))
        y = self._graph.node("LSTM", *inputs, hidden_size=_HIDDEN, direction="bidirectional")
        y = self._graph.node("Transpose", y, perm=[0, 2, 1, 3])
        return str(self._graph.node("Reshape", y, self._graph.integers(0, 0, 2 * _HIDDEN)))

    def _both_ways(self, name: str) -> Array:
        """A parameter of both directions, its gates in the order that ONNX has: i, o, f, c."""
        ways = (self._tensors[f"lstm.{name}{way}"] for way in ("", "_reverse"))
        order = (0, 3, 1, 2)  # PyTorch has i, f, c, o
        return np.stack(
            [np.concatenate([np.split(way, 4)[gate] for gate in order]) for way in ways]
        )

    def _linear(self, x: str, name: str) -> str:
        matrix = self._graph.halved(self._tensors[f"{name}.weight"].T)
        shift = self._graph.constant(self._tensors[f"{name}.bias"])
        return str(self._graph.node("Add", self._graph.node("MatMul", x, matrix), shift))


_AFFINE = ("weight", "bias")
_MATRICES = ("weight_ih", "weight_hh")
_BIASES = ("bias_ih", "bias_hh")


def _band_passes(tensors: Tensors, place: str) -> NDArray[np.float32]:
    """The filters of SincNet from their corner frequencies, shape (80, 1, 251).

    Each band has two, a quarter of a period apart (Pariente et al., 2020, "Filterbank design for
    end-to-end speech separation").
    """
    times, window = tensors[f"{place}.n_"], tensors[f"{place}.window_"]
    low = _LOWEST_HZ + np.abs(tensors[f"{place}.low_hz_"])
    high = low + _LOWEST_HZ + np.abs(tensors[f"{place}.band_hz_"])
    high = np.clip(high, _LOWEST_HZ, SAMPLE_RATE / 2)
    low_phase, high_phase, width = low @ times, high @ times, 2 * (high - low)
    even = (np.sin(high_phase) - np.sin(low_phase)) / (times / 2) * window
    odd = (np.cos(low_phase) - np.cos(high_phase)) / (times / 2) * window
    cosines = np.concatenate([even, width, even[:, ::-1]], axis=1) / width
    sines = np.concatenate([odd, np.zeros_like(width), -odd[:, ::-1]], axis=1) / width
    filters: NDArray[np.float32] = np.concatenate([cosines, sines])[:, None].astype(np.float32)
    return filters
