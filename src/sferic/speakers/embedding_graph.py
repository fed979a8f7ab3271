"""CAM++ as an ONNX graph: a network that tells voices apart.

Wang et al., 2023, "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware
Masking"; weights by the 3D-Speaker project. Its embedding ends with a batch normalisation. A copy
in circulation puts a ReLU behind that, which loses half of what the embedding knows.
"""

from typing import Any

import numpy as np

from sferic.audio import SAMPLE_RATE
from sferic.models.conversion import UnreadableWeightsError
from sferic.models.graph import FLOAT, Graph
from sferic.speakers.checkpoint import Array, Tensors
from sferic.speakers.fbank import filter_banks

INPUT, OUTPUT = "samples", "embedding"
SIZE = 192

_EPSILON = 1e-5
_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers of each dense block and how far its convolutions are dilated."""
_STAGES = 2
LONGEST = 2 * SAMPLE_RATE
"""Samples at most.

A mask sees the mean of all and, beside it, that of the two seconds that it is in. Up to here both
are the same, and are computed once; that is an eighth of the whole.
"""


def embedding_graph(tensors: Tensors) -> bytes:
    """Samples to an embedding.

    Input: samples (batch, 1, n), `LONGEST` at most. Output: embedding (batch, 192), of any length.

    Raises:
        UnreadableWeightsError: These are not the tensors of CAM++.
    """
    try:
        return _Network(tensors).serialized()
    except KeyError as error:
        reason = f"the weights of the speaker embedding lack {error}"
        raise UnreadableWeightsError(reason) from error


class _Network:
    def __init__(self, tensors: Tensors) -> None:
        self._tensors = tensors
        self._graph = Graph()

    def serialized(self) -> bytes:
        node, integers = self._graph.node, self._graph.integers
        x = filter_banks(self._graph, INPUT)
        x = node("Sub", x, self._mean(x))
        x = self._head(node("Unsqueeze", x, integers(1)))
        x = node("Reshape", x, integers(0, self._width("xvector.tdnn.linear"), -1))
        x = self._convolution(x, "xvector.tdnn.linear", strides=[2], pads=[2, 2])
        x = self._activated(x, "xvector.tdnn.nonlinear.batchnorm")
        for number, (layers, dilation) in enumerate(_BLOCKS, 1):
            for layer in range(1, layers + 1):
                place = f"xvector.block{number}.tdnnd{layer}"
                x = node("Concat", x, self._layer(x, place, dilation), axis=1)
            x = self._activated(x, f"xvector.transit{number}.nonlinear.batchnorm")
            x = self._convolution(x, f"xvector.transit{number}.linear")
        x = self._activated(x, "xvector.out_nonlinear.batchnorm")
        self._dense(self._statistics(x))
        return self._graph.serialized(
            {INPUT: (FLOAT, ("batch", 1, "samples"))}, {OUTPUT: (FLOAT, ("batch", SIZE))}
        )

    def _head(self, x: str) -> str:
        """Two-dimensional convolutions over time and frequency, shape (batch, c, bands / 8, t)."""
        x = self._plane(x, "head.conv1", "head.bn1")
        for stage in range(1, _STAGES + 1):
            for block, stride in enumerate((2, 1)):
                x = self._residual(x, f"head.layer{stage}.{block}", stride)
        return self._plane(x, "head.conv2", "head.bn2", stride=2)

    def _residual(self, x: str, place: str, stride: int) -> str:
        node = self._graph.node
        y = self._plane(x, f"{place}.conv1", f"{place}.bn1", stride=stride)
        y = self._convolution(y, f"{place}.conv2", strides=[1, 1], pads=[1] * 4)
        y = self._normalised(y, f"{place}.bn2")
        if f"{place}.shortcut.0.weight" in self._tensors:
            x = self._convolution(x, f"{place}.shortcut.0", strides=[stride, 1])
            x = self._normalised(x, f"{place}.shortcut.1")
        return str(node("Relu", node("Add", y, x)))

    def _plane(self, x: str, convolution: str, norm: str, *, stride: int = 1) -> str:
        x = self._convolution(x, convolution, strides=[stride, 1], pads=[1] * 4)
        return self._activated(x, norm)

    def _layer(self, x: str, place: str, dilation: int) -> str:
        """A densely connected layer, its output masked by what its surroundings are like."""
        node = self._graph.node
        h = self._activated(x, f"{place}.nonlinear1.batchnorm")
        h = self._convolution(h, f"{place}.linear1")
        h = self._activated(h, f"{place}.nonlinear2.batchnorm")
        local = f"{place}.cam_layer.linear_local"
        y = self._convolution(h, local, pads=[dilation] * 2, dilations=[dilation])
        mean = self._mean(h)
        context = node("Add", mean, mean)
        mask = node("Relu", self._convolution(context, f"{place}.cam_layer.linear1"))
        mask = node("Sigmoid", self._convolution(mask, f"{place}.cam_layer.linear2"))
        return str(node("Mul", y, mask))

    def _mean(self, x: str) -> str:
        return str(self._graph.node("ReduceMean", x, self._graph.integers(-1), keepdims=1))

    def _statistics(self, x: str) -> str:
        """Mean and standard deviation over time, shape (batch, 2 c)."""
        node, integers, one = self._graph.node, self._graph.integers, np.float32(1)
        mean = self._mean(x)
        off = node("Sub", x, mean)
        squares = node("ReduceSum", node("Mul", off, off), integers(-1), keepdims=0)
        frames = node("Cast", node("Shape", x, start=2), to=FLOAT)
        freedom = node("Sub", frames, self._graph.constant(one))
        deviation = node("Sqrt", node("Div", squares, freedom))
        return str(node("Concat", node("Squeeze", mean, integers(-1)), deviation, axis=1))

    def _dense(self, x: str) -> None:
        """The last layer with its normalisation, which has no weights of its own, in one."""
        norm = "xvector.dense.nonlinear.batchnorm"
        scale = 1 / np.sqrt(self._tensor(f"{norm}.running_var") + np.float32(_EPSILON))
        matrix = self._tensor("xvector.dense.linear.weight")[:, :, 0] * scale[:, None]
        weights = self._graph.halved(matrix.T)
        shift = self._graph.constant(-self._tensor(f"{norm}.running_mean") * scale)
        self._graph.node("Gemm", x, weights, shift, name=OUTPUT)

    def _activated(self, x: str, norm: str) -> str:
        return str(self._graph.node("Relu", self._normalised(x, norm)))

    def _normalised(self, x: str, norm: str) -> str:
        parts = ("weight", "bias", "running_mean", "running_var")
        constants = [self._graph.constant(self._tensor(f"{norm}.{part}")) for part in parts]
        return str(self._graph.node("BatchNormalization", x, *constants, epsilon=_EPSILON))

    def _convolution(self, x: str, name: str, **how: Any) -> str:
        inputs = [x, self._graph.halved(self._tensor(f"{name}.weight"))]
        if f"{name}.bias" in self._tensors:
            inputs.append(self._graph.constant(self._tensor(f"{name}.bias")))
        return str(self._graph.node("Conv", *inputs, **how))

    def _width(self, name: str) -> int:
        """How many channels a convolution takes."""
        return int(self._tensor(f"{name}.weight").shape[1])

    def _tensor(self, name: str) -> Array:
        return self._tensors[name]
