"""ONNX graphs that grow node by node, and the ways in which they multiply with weights.

In 8 bits, `by_row` has one scale for each row of activations, which is faster on hundreds of them;
`by_block` one for each 128 values of a row, which is faster on few. One scale for a whole call
would be faster still, and costs more than a point of word error rate.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from sferic.recognition.whisper.weights import UnreadableWeightsError, Weights

FLOAT, INT64 = int(TensorProto.FLOAT), int(TensorProto.INT64)
MICROSOFT = "com.microsoft"
"""Domain of the operators that only ONNX Runtime has."""

_OPSET = 20
_BLOCK = 128
_LARGEST = 2**31 - 2**20
"""Bytes of the constants in a graph; protobuf takes 2 GB in all."""
_SMALL = 1024
"""Bytes up to which a constant is kept in the graph itself."""
_PAGE = 4096
"""Constants begin at multiples of it, so that they can be mapped into memory one by one."""

Array = NDArray[Any]
Scale = NDArray[np.float32] | None

Product = Callable[["Graph", str, Weights, str, Scale], str]
"""How a graph multiplies with the weights of a linear layer.

Takes the graph, what to multiply, shape (1, n, depth), where the matrix is and its name, shape
(height, depth), and what each of its rows is multiplied with before, shape (height,). Returns the
product with the transposed matrix, shape (1, n, height).
"""


class ConstantsFile:
    """A file beside a graph with its big constants; graphs themselves end at 2 GB.

    Args:
        path: Where to write it.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._stream = path.open("wb")

    def add(self, values: Array) -> dict[str, str]:
        """Write a constant; what a graph has to say of it."""
        offset = -(-self._stream.tell() // _PAGE) * _PAGE
        self._stream.seek(offset)
        self._stream.write(values.data)
        return {"location": self._name, "offset": str(offset), "length": str(values.nbytes)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stream:
            if kind is None:
                self._stream.flush()
                os.fsync(self._stream.fileno())


class Graph:
    """A graph in the making.

    Args:
        constants: Where big constants go; by default into the graph.
    """

    def __init__(self, constants: ConstantsFile | None = None) -> None:
        self.rounded: dict[str, tuple[str, str]] = {}
        """Activations that have been rounded, with their scales."""
        self._constants = constants
        self._model = onnx.ModelProto(ir_version=9)
        self._model.opset_import.append(helper.make_opsetid("", _OPSET))
        self._model.opset_import.append(helper.make_opsetid(MICROSOFT, 1))
        self._model.graph.name = "whisper"
        self._integers: dict[tuple[int, ...], str] = {}
        self._count = 0
        self._held = 0
        """Bytes of the constants in it."""

    def node(
        self,
        kind: str,
        *inputs: str,
        outputs: int = 1,
        name: str = "",
        domain: str = "",
        **how: Any,
    ) -> Any:
        """Add a node; the name of its output, or of all."""
        names = [name] if name else [self._name() for _ in range(outputs)]
        node = helper.make_node(kind, [*inputs], names, domain=domain, **how)
        self._model.graph.node.append(node)
        return names[0] if outputs == 1 else names

    def constant(self, values: Array | np.generic) -> str:
        """Add a constant; its name."""
        array = np.ascontiguousarray(values).reshape(np.shape(values))
        tensor = self._model.graph.initializer.add()
        tensor.name = self._name()
        tensor.dims.extend(array.shape)
        tensor.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
        if self._constants is None or array.nbytes <= _SMALL:
            self._held += array.nbytes
            if self._held > _LARGEST:
                reason = "its weights make graphs of more than 2 GB, which need files on a disk"
                raise UnreadableWeightsError(reason)
            tensor.raw_data = array.tobytes()
        else:
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in self._constants.add(array).items():
                tensor.external_data.add(key=key, value=value)
        return str(tensor.name)

    def integers(self, *values: int) -> str:
        """The constant vector of these numbers."""
        if values not in self._integers:
            self._integers[values] = self.constant(np.array(values, np.int64))
        return self._integers[values]

    def serialized(
        self,
        inputs: Mapping[str, tuple[int, tuple[int | str, ...]]],
        outputs: Mapping[str, tuple[int, tuple[int | str, ...]]],
    ) -> bytes:
        """The graph with these inputs and outputs: their types and shapes by name."""
        graph = self._model.graph
        for declared, values in ((graph.input, inputs), (graph.output, outputs)):
            for name, (kind, shape) in values.items():
                declared.append(helper.make_tensor_value_info(name, kind, shape))
        return bytes(self._model.SerializeToString())

    def _name(self) -> str:
        self._count += 1
        return f"v{self._count}"


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
