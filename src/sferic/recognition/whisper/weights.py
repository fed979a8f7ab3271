"""Reads the weights of a Whisper model out of CTranslate2's `model.bin`.

The layout is CTranslate2's own (`ctranslate2/specs/model_spec.py`): a header, then each variable
with its name, shape and bytes, then the names that stand for others.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sferic.models.conversion import UnreadableWeightsError

_VERSION = 6
_SPECIFICATION = "WhisperSpec"
_BFLOAT16 = np.dtype(np.uint16)
"""Stands for bfloat16, which NumPy does not have; no variable holds unsigned numbers."""
_TYPES = (
    *(np.dtype(kind) for kind in (np.float32, np.int8, np.int16, np.int32, np.float16)),
    _BFLOAT16,
)
_BLOCK = 1 << 16
"""Values that `blocks` converts at a time; they stay in the cache of a core."""


class Weights:
    """Variables of a model by the names that CTranslate2 gives them.

    Args:
        file: `model.bin`; it is mapped into memory, not read whole.

    Raises:
        UnreadableWeightsError: It holds something else.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.name
        try:
            self._data = np.memmap(file, np.uint8, mode="r")
            self._variables = dict(self._read())
            self._aliases = dict(self._read_aliases())
            if lost := set(self._aliases.values()) - set(self._variables):
                raise KeyError(*lost)
        except (struct.error, UnicodeDecodeError, ValueError, LookupError) as error:
            reason = f"{self._file} is not a complete Whisper model for CTranslate2 ({error})"
            raise UnreadableWeightsError(reason) from error

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """A variable in single precision, whatever it is stored in."""
        return self._single(name, slice(None))

    def blocks(self, name: str) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """A variable in single precision, some rows at a time, each with its place."""
        height, *row = self.shape(name)
        step = max(_BLOCK // int(np.prod(row)), 1)
        for first in range(0, height, step):
            rows = slice(first, min(first + step, height))
            yield rows, self._single(name, rows)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a variable."""
        return self._stored(name).shape

    def number(self, name: str, default: int | None = None) -> int:
        """A variable that is a single number."""
        if default is not None and name not in self._variables:
            return default
        return int(self._stored(name))

    def layers(self, part: str) -> int:
        """How many layers `encoder` or `decoder` has."""
        names = [*self._variables, *self._aliases]
        starts = {name.split("/")[1] for name in names if name.startswith(f"{part}/")}
        return sum(start.startswith("layer_") and start != "layer_norm" for start in starts)

    def _stored(self, name: str) -> NDArray[Any]:
        name = self._aliases.get(name, name)
        if name not in self._variables:
            reason = f"{self._file} lacks {name}"
            raise UnreadableWeightsError(reason)
        return self._variables[name]

    def _single(self, name: str, rows: slice) -> NDArray[np.float32]:
        stored = self._stored(name)[rows]
        if stored.dtype == _BFLOAT16:
            return (stored.astype(np.uint32) << 16).view(np.float32)
        single: NDArray[np.float32] = stored.astype(np.float32)
        scale = self._variables.get(f"{self._aliases.get(name, name)}_scale")
        if scale is not None:
            # One for the whole variable, or one for each row.
            scale = scale[rows] if scale.ndim else scale
            single /= scale.astype(np.float32).reshape(-1, *[1] * (single.ndim - 1))
        return single

    def _read(self) -> Iterator[tuple[str, NDArray[Any]]]:
        self._at = 0
        (version,) = self._take("<I")
        specification, (_, count) = self._name(), self._take("<II")
        if version != _VERSION or specification != _SPECIFICATION:
            reason = f"it says {specification!r}, version {version}"
            raise ValueError(reason)
        for _ in range(count):
            name = self._name()
            (rank,) = self._take("<B")
            shape = self._take(f"<{rank}I")
            kind, size = self._take("<BI")
            stop = self._at + size
            yield name, self._data[self._at : stop].view(_TYPES[kind]).reshape(shape)
            self._at = stop

    def _read_aliases(self) -> Iterator[tuple[str, str]]:
        """Names that stand for others: CTranslate2 writes equal variables once."""
        (count,) = self._take("<I")
        for _ in range(count):
            yield self._name(), self._name()

    def _take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self._data.data, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _name(self) -> str:
        (length,) = self._take("<H")
        (name,) = struct.unpack_from(f"{length}s", self._data.data, self._at)
        self._at += length
        return bytes(name).rstrip(b"\0").decode()
