"""Streaming Zipformer transducers, as icefall exports them, of either version."""

from typing import Any

from sferic.models import LocalModel
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import Layout, look, named
from sferic.recognition.sherpa.online import Kind, OnlineEngine

LAYOUT = Layout(
    family="sherpa-zipformer",
    files={"encoder": named("encoder"), "decoder": named("decoder"), "joiner": named("joiner")},
    model_types=("zipformer", "zipformer2"),
    marks=("decode_chunk_len",),
    metadata={
        "encoder": ("encoder_dims", "num_encoder_layers", "cnn_module_kernels", "T"),
        "decoder": ("vocab_size", "context_size"),
    },
)

_PIECES = "bpe.vocab"
"""The file that hotwords need: the pieces of the vocabulary with their scores."""


def load(model: LocalModel, running: Running) -> OnlineEngine:
    """Load a model; see `families`."""
    folder = look(model, LAYOUT)
    kind, pieces = folder.main.metadata["model_type"], folder.path / _PIECES

    def build(library: Any, arguments: dict[str, Any]) -> Any:
        return library.OnlineRecognizer.from_transducer(model_type=kind, **arguments)

    def build_biased(library: Any, arguments: dict[str, Any]) -> Any:
        biased = {"decoding_method": "modified_beam_search", "modeling_unit": "bpe"}
        return build(library, {**arguments, **biased, "bpe_vocab": str(pieces)})

    return OnlineEngine(
        folder,
        model.name,
        running,
        Kind(
            build=build,
            build_biased=build_biased if pieces.is_file() else None,
            step=folder.number("decode_chunk_len"),
            window=folder.number("T"),
        ),
    )
