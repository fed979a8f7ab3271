"""The graphs of a Whisper model, opened; `sferic.models.conversion` says how they are kept."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import onnxruntime

from sferic.models import conversion
from sferic.recognition.whisper.weights import Weights

if TYPE_CHECKING:
    from sferic.models.graph import ConstantsFile

_ROOM = Path(__file__).parent
_MAKERS = (
    Path(conversion.__file__),
    Path(conversion.__file__).with_name("graph.py"),
    *(_ROOM / name for name in ("weights.py", "building.py", "graphs.py", "conversion.py")),
)
"""The code that makes graphs."""
_PARTS = ("encoder", "decoder")

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
        Exception: One of `conversion.REJECTIONS`.
    """

    def opened(place: Path) -> Sessions:
        encoder, decoder = (place / f"{part}.onnx" for part in _PARTS)
        return _session(encoder, threads), _session(decoder, threads)

    if conversions is not None:
        place = conversion.place(
            conversions,
            source.folder / "model.bin",
            kind="int8" if source.quantized else "float32",
            contents=(source.folder / "config.json").read_bytes(),
            makers=_MAKERS,
        )
        kept = conversion.kept(place, make=lambda new: _convert(source, new), opened=opened)
        if kept is not None:
            return kept
    encoder, decoder = _makers(source)
    return _session(encoder(None), threads), _session(decoder(None), threads)


def _convert(source: Source, folder: Path) -> None:
    # onnx takes a while to import, and a start with its conversion at hand does not need it.
    from sferic.models.graph import ConstantsFile  # noqa: PLC0415

    for part, make in zip(_PARTS, _makers(source), strict=True):
        with ConstantsFile(folder / f"{part}.weights") as constants:
            graph = make(constants)
        conversion.write(graph, folder / f"{part}.onnx")


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


def _session(graph: Path | bytes, threads: int) -> onnxruntime.InferenceSession:
    return conversion.session(graph, threads=threads)
