"""The graphs of a model, opened: made from its weights once, and kept as files from then on.

Layout below the folder of conversions:

    MODEL-PLACE/FORMAT-KEY/   encoder.onnx, encoder.weights, decoder.onnx, decoder.weights
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
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as _ort

from sferic.recognition.whisper.weights import Weights

if TYPE_CHECKING:
    from sferic.recognition.whisper.building import ConstantsFile

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

_MAKERS = ("weights.py", "building.py", "graphs.py", "conversion.py")
"""The code that makes graphs. What it makes is kept no longer than it stays as it is."""
_ABANDONED = 3600
"""Seconds after which nobody is still at work on a conversion."""

Sessions = tuple[onnxruntime.InferenceSession, onnxruntime.InferenceSession]


class Config(msgspec.Struct, frozen=True):
    """What is read of the config.json of a model; what is not known is null there or missing."""

    suppress_ids: tuple[int, ...] | None = None
    suppress_ids_begin: tuple[int, ...] | None = None
    alignment_heads: tuple[tuple[int, int], ...] | None = None


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A model to be converted."""

    folder: Path
    """Holds model.bin and config.json."""
    quantized: bool
    """Whether its products are to be in 8 bits."""

    @property
    def config(self) -> Config:
        """Its config.json."""
        return msgspec.json.decode((self.folder / "config.json").read_bytes(), type=Config)


def sessions(source: Source, *, threads: int, conversions: Path | None = None) -> Sessions:
    """Encoder and decoder of a model, ready to run.

    Args:
        source: The model.
        threads: CPU threads of a call.
        conversions: Where graphs are kept. With None, or where that cannot be written, they are
            made anew and live in memory, which takes longer and more of it.

    Raises:
        UnreadableWeightsError: The weights are not understood, or too big to live in memory.
        Exception: One of REJECTIONS.
    """
    kept = _kept(source, threads, conversions) if conversions else None
    if kept is not None:
        return kept
    encoder, decoder = _makers(source)
    return _session(encoder(None), threads), _session(decoder(None), threads)


def _kept(source: Source, threads: int, conversions: Path) -> Sessions | None:
    place = _place(source, conversions)
    try:
        if place.is_dir():
            try:
                return _opened(place, threads)
            except REJECTIONS as error:
                logger.warning("%s does not load and is made again: %s", place, error)
                shutil.rmtree(place, ignore_errors=True)
        _convert(source, place)
    except OSError as error:
        logger.warning("%s cannot be written, so that starts take longer: %s", conversions, error)
        return None
    return _opened(place, threads)


def _place(source: Source, conversions: Path) -> Path:
    """Where the conversion of a model lies or will lie."""
    folder, root = source.folder.resolve(), conversions.parent.resolve()
    weights = (folder / "model.bin").stat()
    # Whole seconds: archives and images of containers keep no more.
    stamp = f"{weights.st_size} {int(weights.st_mtime)} ".encode()
    made_by = (Path(__file__).with_name(name).read_bytes() for name in _MAKERS)
    key = _digest(stamp, (folder / "config.json").read_bytes(), *made_by)
    where = _digest(os.path.relpath(folder, root).encode())
    return conversions / f"{folder.name}-{where[:8]}" / f"{_kind(source)}-{key[:16]}"


def _kind(source: Source) -> str:
    return "int8" if source.quantized else "float32"


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def _opened(place: Path, threads: int) -> Sessions:
    encoder, decoder = (str(place / f"{part}.onnx") for part in ("encoder", "decoder"))
    return _session(encoder, threads), _session(decoder, threads)


def _convert(source: Source, place: Path) -> None:
    # onnx takes a while to import, and a start with its conversion at hand does not need it.
    from sferic.recognition.whisper.building import ConstantsFile  # noqa: PLC0415

    logger.info("converting the model in %s, once", source.folder)
    new = place.parent / f".new-{os.getpid()}-{secrets.token_hex(4)}"
    new.mkdir(parents=True)
    try:
        for part, make in zip(("encoder", "decoder"), _makers(source), strict=True):
            with ConstantsFile(new / f"{part}.weights") as constants:
                graph = make(constants)
            with (new / f"{part}.onnx").open("wb") as stream:
                stream.write(graph)
                stream.flush()
                os.fsync(stream.fileno())
        try:
            new.rename(place)
        except OSError:
            if not place.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
    _sweep(place, _kind(source))


def _sweep(place: Path, kind: str) -> None:
    """Remove older conversions of the model, and what a process that died had begun."""
    for other in place.parent.iterdir():
        with suppress(OSError):
            abandoned = time.time() - other.stat().st_mtime > _ABANDONED
            replaced = other.name.startswith(f"{kind}-") and other != place
            if replaced or (abandoned and other.name.startswith(".new-")):
                shutil.rmtree(other)


def _makers(source: Source) -> tuple[Callable[["ConstantsFile | None"], bytes], ...]:
    """What makes the graphs."""
    from sferic.recognition.whisper import graphs  # noqa: PLC0415

    weights, config = Weights(source.folder / "model.bin"), source.config

    def encoder(constants: "ConstantsFile | None") -> bytes:
        return graphs.encoder(weights, quantized=source.quantized, constants=constants)

    def decoder(constants: "ConstantsFile | None") -> bytes:
        return graphs.decoder(
            weights,
            quantized=source.quantized,
            alignment_heads=config.alignment_heads or _later_heads(weights),
            constants=constants,
        )

    return encoder, decoder


def _later_heads(weights: Weights) -> list[tuple[int, int]]:
    """All heads of the later half of the layers, as where nobody has said which ones align."""
    layers, heads = weights.layers("decoder"), weights.number("decoder/num_heads")
    return [(layer, head) for layer in range(layers // 2, layers) for head in range(heads)]


def _session(graph: str | bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
