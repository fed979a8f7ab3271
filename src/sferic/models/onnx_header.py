"""What an ONNX file says of itself, without reading its weights.

A file is a protobuf message: fields, each with a number and a length. Weights are skipped by their
lengths, so that a file of any size takes a millisecond, and one that ends early is found out.
The numbers are those of `ModelProto`, `GraphProto` and `ValueInfoProto` in onnx.proto.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

_IR_VERSION, _GRAPH, _METADATA = 1, 7, 14
_NODE, _INPUT, _OUTPUT = 1, 11, 12
_NAME, _KEY, _VALUE = 1, 1, 2
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_LONGEST_TEXT = 1 << 24
"""Bytes of a name or of metadata; more of them are none."""


class NotOnnxError(ValueError):
    """The file is no ONNX model, or not all of one; the text says which."""


class OnnxHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model before it is loaded."""

    metadata: Mapping[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def read_header(path: Path) -> OnnxHeader:
    """Read it.

    Raises:
        NotOnnxError: The file is none, or ends early.
        OSError: It cannot be read.
    """
    metadata: dict[str, str] = {}
    inputs: list[str] = []
    outputs: list[str] = []
    nodes = version = 0
    with path.open("rb") as stream:
        for number, size in _fields(stream, 0, path.stat().st_size):
            at = stream.tell()
            if number == _IR_VERSION:
                version += 1
            elif number == _METADATA:
                entry = _texts(stream, size)
                metadata[entry.get(_KEY, "")] = entry.get(_VALUE, "")
            elif number == _GRAPH:
                for inner, length in _fields(stream, at, at + size):
                    begin = stream.tell()
                    nodes += inner == _NODE
                    if inner in (_INPUT, _OUTPUT):
                        name = _texts(stream, length).get(_NAME, "")
                        (inputs if inner == _INPUT else outputs).append(name)
                    stream.seek(begin + length)
            stream.seek(at + size)
    if not version or not nodes or not outputs:
        reason = "it holds no ONNX graph"
        raise NotOnnxError(reason)
    return OnnxHeader(metadata=metadata, inputs=tuple(inputs), outputs=tuple(outputs))


def _fields(stream: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Number and length of each field in a stretch; the stream stands at its contents."""
    at = start
    while at < end:
        stream.seek(at)
        tag = _varint(stream)
        number, kind = tag >> 3, tag & 7
        if kind == _BYTES:
            size = _varint(stream)
        elif kind == _VARINT:
            _varint(stream)
            size = 0
        elif kind in (_FIXED_32, _FIXED_64):
            size = 4 if kind == _FIXED_32 else 8
        else:
            reason = "it is no ONNX file"
            raise NotOnnxError(reason)
        at = stream.tell() + size
        if number == 0 or at > end:
            reason = "it ends early, or is no ONNX file"
            raise NotOnnxError(reason)
        yield number, size


def _texts(stream: BinaryIO, size: int) -> dict[int, str]:
    """The text fields of a small message."""
    start = stream.tell()
    found = {}
    for number, length in _fields(stream, start, start + size):
        if length <= _LONGEST_TEXT:
            found[number] = stream.read(length).decode("utf-8", "replace")
    return found


def _varint(stream: BinaryIO) -> int:
    value = shift = 0
    while shift < 70:  # ten bytes of seven bits
        byte = stream.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
        shift += 7
    reason = "it ends early, or is no ONNX file"
    raise NotOnnxError(reason)
