"""The ways in which the graphs of Whisper multiply with weights.

In 8 bits, `by_row` has one scale for each row of activations, which is faster on hundreds of them;
`by_block` one for each 128 values of a row, which is faster on few. One scale for a whole call
would be faster still, and costs more than a point of word error rate.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sferic.models.conversion import UnreadableWeightsError
from sferic.models.graph import FLOAT, MICROSOFT, Graph
from sferic.recognition.whisper.weights import Weights

_BLOCK = 128

Scale = NDArray[np.float32] | None

Product = Callable[["Graph", str, Weights, str, Scale], str]
"""How a graph multiplies with the weights of a linear layer.

Takes the graph, what to multiply, shape (1, n, depth), where the matrix is and its name, shape
(height, depth), and what each of its rows is multiplied with before, shape (height,). Returns the
product with the transposed matrix, shape (1, n, height).
"""


def single(graph: Graph, x: str, weights: Weights, name: str, scale: Scale) -> str:
    """A product in single precision; see `Product`."""
    matrix = weights[name] if scale is None else weights[name] * scale[:, None]
    return str(graph.node("MatMul", x, graph.constant(matrix.T)))


def by_row(graph: Graph, x: str, weights: Weights, name: str, scale: Scale) -> str:
    """A product in 8 bits, with a scale for each row of activations and for each output.

    See `Product`.
    """
    height, depth = weights.shape(name)
    if x not in graph.rounded:
        graph.rounded[x] = _rounded_activations(graph, x, depth)
    small, tops = graph.rounded[x]
    scales, matrix = rounded(weights, name, scale, block=depth)
    middle = graph.constant(np.uint8(128))
    product = graph.node("MatMulInteger", small, graph.constant(matrix.T), middle)
    product = graph.node("Cast", product, to=FLOAT)
    product = graph.node("Mul", product, graph.constant(scales.reshape(height)))
    return str(graph.node("Unsqueeze", graph.node("Mul", product, tops), graph.integers(0)))


def by_block(graph: Graph, x: str, weights: Weights, name: str, scale: Scale) -> str:
    """A product in 8 bits, with a scale for each block of activations and of weights.

    See `Product`.
    """
    height, depth = weights.shape(name)
    scales, matrix = rounded(weights, name, scale, block=_BLOCK)
    # The kernel takes 128 for zero: with the top bit flipped, that is the same number.
    blocks = (matrix.view(np.uint8) ^ np.uint8(128)).reshape(height, -1, _BLOCK)
    constants = graph.constant(blocks), graph.constant(scales)
    how: dict[str, Any] = {
        "N": height,
        "K": depth,
        "bits": 8,
        "block_size": _BLOCK,
        "accuracy_level": 4,
    }
    return str(graph.node("MatMulNBits", x, *constants, domain=MICROSOFT, **how))


def _rounded_activations(graph: Graph, x: str, depth: int) -> tuple[str, str]:
    rows = graph.node("Reshape", x, graph.integers(-1, depth))
    top = graph.node("ReduceMax", graph.node("Abs", rows), graph.integers(-1), keepdims=0)
    scale = graph.node("Mul", top, graph.constant(np.float32(1 / 127)))
    scale = graph.node("Max", scale, graph.constant(np.float32(1e-9)))
    middle = graph.node("Shape", scale)
    middle = graph.node("Expand", graph.constant(np.array([128], np.uint8)), middle)
    small = graph.node("QuantizeLinear", rows, scale, middle, axis=0)
    return small, graph.node("Unsqueeze", scale, graph.integers(-1))


def rounded(
    weights: Weights, name: str, scale: Scale = None, *, block: int
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """A matrix in 8 bits.

    Args:
        weights: Hold the matrix.
        name: Of the matrix, shape (height, depth).
        scale: What each of its rows is multiplied with before, shape (height,).
        block: Values of a row that share a scale.

    Returns:
        Scales, shape (height, depth / block), and the rounded matrix, shape (height, depth).
    """
    height, depth = weights.shape(name)
    if depth % block:
        reason = f"the depth {depth} of {name} is no multiple of {block}"
        raise UnreadableWeightsError(reason)
    scales = np.empty((height, depth // block), np.float32)
    small = np.empty((height, depth), np.int8)
    for rows, values in weights.blocks(name):
        if scale is not None:
            np.multiply(values, scale[rows, None], out=values)
        parts = values.reshape(len(values), -1, block)
        tops = np.maximum(parts.max(axis=-1), -parts.min(axis=-1)) / np.float32(127)
        tops[tops == 0] = 1
        parts /= tops[..., None]
        np.rint(parts, out=parts)
        scales[rows], small[rows] = tops, values
    return scales, small
