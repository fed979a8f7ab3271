"""Graphs for ONNX Runtime: made of a model's weights once, and kept as files from then on.

Layout below the folder of conversions:

    MODEL-PLACE/KIND-KEY/     the graphs, such as encoder.onnx, and files with their big constants
    MODEL-PLACE/.new-*/       one in the making; it appears under its name in one step

PLACE stands for where the model lies and KEY for its contents and for the code that makes graphs.
Nothing is lost with a conversion: the next start makes another.
"""

import hashlib
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as _ort

T = TypeVar("T")

logger = logging.getLogger(__name__)

REJECTIONS: tuple[type[Exception], ...] = (
    _ort.Fail,
    _ort.InvalidArgument,
    _ort.InvalidGraph,
    _ort.InvalidProtobuf,
    _ort.NoSuchFile,
    _ort.NotImplemented,
    _ort.RuntimeException,
)
"""What ONNX Runtime raises when it does not take a graph; they have nothing in common."""

_ABANDONED = 3600
"""Seconds after which nobody is still at work on a conversion."""


class UnreadableWeightsError(Exception):
    """There is no way to make graphs of these weights here."""


def place(
    conversions: Path, weights: Path, *, kind: str, contents: bytes = b"", makers: Iterable[Path]
) -> Path:
    """Return where the conversion of a model lies or will lie.

    Args:
        conversions: The folder of all conversions, beside the models.
        weights: The file that is converted; its folder is called like the model.
        kind: Of the conversion: a model may have several.
        contents: What else it depends on.
        makers: The code that makes it. What it makes is kept no longer than it stays as it is.
    """
    folder, root = weights.parent.resolve(), conversions.parent.resolve()
    status = weights.stat()
    # Whole seconds: archives and images of containers keep no more.
    stamp = f"{status.st_size} {int(status.st_mtime)} ".encode()
    key = _digest(stamp, contents, *(maker.read_bytes() for maker in makers))
    where = _digest(os.path.relpath(folder, root).encode())
    return conversions / f"{folder.name}-{where[:8]}" / f"{kind}-{key[:16]}"


def kept(place: Path, *, make: Callable[[Path], None], opened: Callable[[Path], T]) -> T | None:
    """Open a conversion, after making it where there is none or none that loads.

    Args:
        place: Where it lies.
        make: Writes the files into a folder that exists.
        opened: Opens them.

    Returns:
        What `opened` returns, or None where the folder cannot be written.

    Raises:
        Exception: What `make` raises, and one of REJECTIONS where a new one does not load either.
    """
    conversions = place.parent.parent
    try:
        if place.is_dir():
            try:
                return opened(place)
            except REJECTIONS as error:
                logger.warning("%s does not load and is made again: %s", place, error)
                shutil.rmtree(place, ignore_errors=True)
        _convert(place, make)
    except OSError as error:
        logger.warning("%s cannot be written, so that starts take longer: %s", conversions, error)
        return None
    return opened(place)


def session(graph: Path | bytes, *, threads: int = 1) -> onnxruntime.InferenceSession:
    """Open a graph on the CPU, without threads that spin.

    Raises:
        Exception: One of REJECTIONS.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    source = graph if isinstance(graph, bytes) else str(graph)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def write(graph: bytes, file: Path) -> None:
    """Write a graph so that it is on the disk when this returns."""
    with file.open("wb") as stream:
        stream.write(graph)
        stream.flush()
        os.fsync(stream.fileno())


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _convert(place: Path, make: Callable[[Path], None]) -> None:
    logger.info("converting a model into %s, once", place)
    new = place.parent / f".new-{os.getpid()}-{secrets.token_hex(4)}"
    new.mkdir(parents=True)
    try:
        make(new)
        try:
            new.rename(place)
        except OSError:
            if not place.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    _sweep(place)


def _sweep(place: Path) -> None:
    """Remove older conversions of the kind, and what a process that died had begun."""
    kind = place.name.rpartition("-")[0]
    for other in place.parent.iterdir():
        with suppress(OSError):
            abandoned = time.time() - other.stat().st_mtime > _ABANDONED
            replaced = other.name.rpartition("-")[0] == kind and other != place
            if replaced or (abandoned and other.name.startswith(".new-")):
                shutil.rmtree(other)
