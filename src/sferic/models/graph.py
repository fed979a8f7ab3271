"""ONNX graphs that grow node by node, with their big constants in files beside them."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from sferic.models.conversion import UnreadableWeightsError

FLOAT, INT64 = int(TensorProto.FLOAT), int(TensorProto.INT64)
MICROSOFT = "com.microsoft"
"""Domain of the operators that only ONNX Runtime has."""

_OPSET = 20
_LARGEST = 2**31 - 2**20
"""Bytes of the constants in a graph; protobuf takes 2 GB in all."""
_SMALL = 1024
"""Bytes up to which a constant is kept in the graph itself."""
_PAGE = 4096
"""Constants begin at multiples of it, so that they can be mapped into memory one by one."""

Array = NDArray[Any]


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
        self._model.graph.name = "sferic"
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

    def halved(self, values: Array) -> str:
        """Add a constant that is stored in half precision and computed with in single; its name."""
        return str(self.node("Cast", self.constant(np.asarray(values, np.float16)), to=FLOAT))

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
