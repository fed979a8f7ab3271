"""What an ONNX file says of itself, without reading its weights.

A file is a protobuf message: fields, each with a number and a length. Weights are skipped by their
lengths, so that a file of any size takes a millisecond, and one that ends early is found out. The
numbers of fields are those of onnx.proto.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

_IR_VERSION, _GRAPH, _METADATA = 1, 7, 14
"""In a model."""
_NODE, _INPUT, _OUTPUT = 1, 11, 12
"""In a graph."""
_KEY, _VALUE = 1, 2
"""In an entry of metadata."""
_NAME, _TYPE = 1, 2
"""In an input or output."""
_TENSOR, _SHAPE, _DIMENSION, _SIZE = 1, 2, 1, 1
"""In a type, in a tensor, in a shape, in a dimension."""
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
"""How a field is written."""
_LONGEST_TEXT = 1 << 24
"""Bytes of a name or of metadata; more of them are none."""
_LONGEST_VARINT = 10

Shape = tuple[int | None, ...]
"""Sizes of a tensor, None where one is not fixed."""


class NotOnnxError(ValueError):
    """The file is no ONNX model, or not all of one; the text says which."""


class OnnxHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model before it is loaded."""

    metadata: Mapping[str, str]
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]


class _Field(msgspec.Struct, frozen=True):
    """Where the contents of a field are; of a number, the number."""

    number: int
    start: int
    end: int
    value: int = 0


def read_header(path: Path) -> OnnxHeader:
    """Read it.

    Raises:
        NotOnnxError: The file is none, or ends early.
        OSError: It cannot be read.
    """
    metadata: dict[str, str] = {}
    inputs: dict[str, Shape] = {}
    outputs: dict[str, Shape] = {}
    nodes = version = 0
    with path.open("rb") as stream:
        for field in _fields(stream, 0, path.stat().st_size):
            if field.number == _IR_VERSION:
                version += 1
            elif field.number == _METADATA:
                entry = {part.number: _text(stream, part) for part in _parts(stream, field)}
                metadata[entry.get(_KEY, "")] = entry.get(_VALUE, "")
            elif field.number == _GRAPH:
                for part in _parts(stream, field):
                    nodes += part.number == _NODE
                    if part.number in (_INPUT, _OUTPUT):
                        name, shape = _declared(stream, part)
                        (inputs if part.number == _INPUT else outputs)[name] = shape
    if not version or not nodes or not outputs:
        reason = "it holds no ONNX graph"
        raise NotOnnxError(reason)
    return OnnxHeader(metadata=metadata, inputs=inputs, outputs=outputs)


def _declared(stream: BinaryIO, field: _Field) -> tuple[str, Shape]:
    """Name and shape of an input or output."""
    name, shape = "", []
    for part in _parts(stream, field):
        if part.number == _NAME:
            name = _text(stream, part)
        elif part.number == _TYPE:
            tensors = _all(stream, [part], _TENSOR)
            for dimension in _all(stream, _all(stream, tensors, _SHAPE), _DIMENSION):
                sizes = _all(stream, [dimension], _SIZE)
                shape.append(sizes[0].value if sizes else None)
    return name, tuple(shape)


def _all(stream: BinaryIO, fields: list[_Field], number: int) -> list[_Field]:
    """The fields of some number in all of some fields."""
    return [part for field in fields for part in _parts(stream, field) if part.number == number]


def _parts(stream: BinaryIO, field: _Field) -> Iterator[_Field]:
    return _fields(stream, field.start, field.end)


def _fields(stream: BinaryIO, start: int, end: int) -> Iterator[_Field]:
    """The fields in a stretch of the file."""
    at = start
    while at < end:
        stream.seek(at)
        tag = _varint(stream)
        number, kind = tag >> 3, tag & 7
        value = size = 0
        if kind == _BYTES:
            size = _varint(stream)
        elif kind == _VARINT:
            value = _varint(stream)
        elif kind in (_FIXED_32, _FIXED_64):
            size = 4 if kind == _FIXED_32 else 8
        begins = stream.tell()
        at = begins + size
        if number == 0 or at > end or kind not in (_BYTES, _VARINT, _FIXED_32, _FIXED_64):
            reason = "it ends early, or is no ONNX file"
            raise NotOnnxError(reason)
        yield _Field(number, begins, at, value)


def _text(stream: BinaryIO, field: _Field) -> str:
    stream.seek(field.start)
    return stream.read(min(field.end - field.start, _LONGEST_TEXT)).decode("utf-8", "replace")


def _varint(stream: BinaryIO) -> int:
    at = stream.tell()
    value = 0
    for index, byte in enumerate(stream.read(_LONGEST_VARINT)):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            stream.seek(at + index + 1)
            return value
    reason = "it ends early, or is no ONNX file"
    raise NotOnnxError(reason)
