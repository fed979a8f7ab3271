"""Reads the tensors of a PyTorch checkpoint without PyTorch, and nothing else of its pickle.

The file is a zip archive with a pickle, `data.pkl`, and the bytes of each storage, `data/KEY`. A
pickle can name any function and have it called. Here it may name those in a short list, none of
which does more than put arrays together; whatever else it names ends the reading. What it may ask
for is bounded before it is given: the size of the archive's members, and that a tensor lies inside
of its storage.
"""

import io
import math
import pickle
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sferic.models.conversion import UnreadableWeightsError

Array: TypeAlias = NDArray[Any]
Tensors: TypeAlias = dict[str, Array]

_STORAGES: Mapping[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype(np.float32),
    "LongStorage": np.dtype(np.int64),
}
_LARGEST_PICKLE = 4 << 20
_LARGEST_STORAGE = 64 << 20
_LARGEST_CHECKPOINT = 256 << 20
"""Bytes of all storages that are read."""
_MOST_DIMENSIONS = 8

_BROKEN: tuple[type[Exception], ...] = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RecursionError,
    RuntimeError,
    TypeError,
    UnicodeDecodeError,
    ValueError,
)
"""What `zipfile` and `pickle` raise of what is not in order."""


def read_checkpoint(path: Path, *, within: str | None = None) -> Tensors:
    """Read the tensors of a checkpoint by their names.

    Args:
        path: A file as `torch.save` writes it since PyTorch 1.6.
        within: The entry of the outermost dictionary that holds them; by default that dictionary.

    Raises:
        UnreadableWeightsError: It is no such file, or asks for anything but tensors.
        OSError: It cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = _Reader(archive).read()
        if within is not None:
            found = found[within]
        return {name: _tensor(name, value) for name, value in found.items()}
    except _BROKEN as error:
        reason = f"{path.name} is not a checkpoint of tensors alone ({error})"
        raise UnreadableWeightsError(reason) from error


class _Reader:
    """The members of one archive."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(names) != 1:
            message = f"it has {len(names)} members data.pkl"
            raise pickle.UnpicklingError(message)
        self._root = names[0].removesuffix("data.pkl")
        self._storages: dict[str, Array] = {}
        self._held = 0

    def read(self) -> Any:
        pickled = self._member("data.pkl", largest=_LARGEST_PICKLE)
        return _Unpickler(io.BytesIO(pickled), self.storage).load()

    def storage(self, key: str, kind: np.dtype[Any]) -> Array:
        """The values of a storage, shape (n,)."""
        if key not in self._storages:
            data = self._member(f"data/{key}", largest=_LARGEST_STORAGE)
            self._held += len(data)
            if self._held > _LARGEST_CHECKPOINT:
                message = "its storages are too big"
                raise pickle.UnpicklingError(message)
            self._storages[key] = np.frombuffer(data, kind)
        return self._storages[key]

    def _member(self, name: str, *, largest: int) -> bytes:
        info = self._archive.getinfo(self._root + name)
        if info.file_size > largest:
            message = f"its {name} is too big"
            raise pickle.UnpicklingError(message)
        # zipfile hands out at most info.file_size bytes and checks the CRC at the end.
        return self._archive.read(info)


class _Unpickler(pickle.Unpickler):
    """Knows an ordered dictionary, tensors and storages."""

    def __init__(self, stream: io.BytesIO, storage: Callable[[str, np.dtype[Any]], Array]) -> None:
        super().__init__(stream)
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        message = f"it names {module}.{name}, which is not allowed"
        raise pickle.UnpicklingError(message)

    def persistent_load(self, pid: Any) -> Array:
        match pid:
            case ("storage", np.dtype() as kind, str() as key, str(), int()):
                return self._storage(key, kind)
        message = "it refers to something that is no storage"
        raise pickle.UnpicklingError(message)


def _rebuilt(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Array:
    """A tensor from its storage: what `torch._utils._rebuild_tensor_v2` does."""
    if not isinstance(storage, np.ndarray) or len(size) != len(stride):
        message = "a tensor has no storage"
        raise pickle.UnpicklingError(message)
    numbers = [offset, *size, *stride]
    if len(size) > _MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in numbers):
        message = "a tensor has an odd shape"
        raise pickle.UnpicklingError(message)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if math.prod(size) > len(storage) or (math.prod(size) and last >= len(storage)):
        message = "a tensor is bigger than its storage"
        raise pickle.UnpicklingError(message)
    if not math.prod(size):
        return np.zeros(size, storage.dtype)
    steps = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, steps, writeable=False).copy()


def _tensor(name: object, value: object) -> Array:
    if not isinstance(name, str) or not isinstance(value, np.ndarray):
        message = "an entry is no tensor"
        raise pickle.UnpicklingError(message)
    return value
