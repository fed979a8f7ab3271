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

_VERSION = 6
_SPECIFICATION = "WhisperSpec"
_TYPES: dict[int, Any] = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}


class UnreadableWeightsError(Exception):
    """The file is not a Whisper model of a version that is known here."""


class Weights:
    """Variables of a model by the names that CTranslate2 gives them.

    Args:
        file: `model.bin`; it is mapped into memory, not read whole.

    Raises:
        UnreadableWeightsError: It holds something else.
    """

    def __init__(self, file: Path) -> None:
        self._data = np.memmap(file, np.uint8, mode="r")
        try:
            self._variables = dict(self._read())
        except (struct.error, UnicodeDecodeError, ValueError, KeyError) as error:
            raise UnreadableWeightsError(file.name) from error

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        """A variable in single precision, whatever it is stored in."""
        values = self._variables[name]
        scale = self._variables.get(f"{name}_scale")
        single: NDArray[np.float32] = values.astype(np.float32)
        return single if scale is None else single / scale.astype(np.float32).reshape(-1, 1)

    def number(self, name: str) -> int:
        """A variable that is a single number."""
        return int(self._variables[name])

    def layers(self, part: str) -> int:
        """How many layers `encoder` or `decoder` has."""
        starts = {name.split("/")[1] for name in self._variables if name.startswith(f"{part}/")}
        return sum(start.startswith("layer_") and start != "layer_norm" for start in starts)

    def _read(self) -> Iterator[tuple[str, NDArray[Any]]]:
        self._at = 0
        (version,) = self._take("<I")
        specification, (_, count) = self._name(), self._take("<II")
        if version != _VERSION or specification != _SPECIFICATION:
            raise ValueError(specification, version)
        for _ in range(count):
            name = self._name()
            (rank,) = self._take("<B")
            shape = self._take(f"<{rank}I")
            kind, size = self._take("<BI")
            stop = self._at + size
            yield name, self._data[self._at : stop].view(_TYPES[kind]).reshape(shape)
            self._at = stop

    def _take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(layout, self._data.data, self._at)
        self._at += struct.calcsize(layout)
        return values

    def _name(self) -> str:
        (length,) = self._take("<H")
        name = bytes(self._data[self._at : self._at + length - 1]).decode()
        self._at += length
        return name
