"""Streaming FastConformer transducers of NeMo, Nemotron among them."""

import json
from typing import Any

from sferic import languages
from sferic.models import LocalModel
from sferic.models.onnx_header import OnnxHeader
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import Layout, look, named
from sferic.recognition.sherpa.online import Kind, OnlineEngine

CACHES = tuple(f"cache_last_{of}_dim{n}" for of in ("channel", "time") for n in (1, 2, 3))
"""Metadata that all streaming FastConformers have."""

LAYOUT = Layout(
    family="sherpa-nemo-streaming-transducer",
    files={"encoder": named("encoder"), "decoder": named("decoder"), "joiner": named("joiner")},
    marks=("window_size", "chunk_shift"),
    metadata={
        "encoder": ("vocab_size", "subsampling_factor", "pred_rnn_layers", "pred_hidden", *CACHES)
    },
    blanks=("<blk>",),
)


def load(model: LocalModel, running: Running) -> OnlineEngine:
    """Load a model; see `families`."""
    folder = look(model, LAYOUT, languages=_prompts)
    folder.check_size(folder.number("vocab_size") + 1)

    def build(library: Any, arguments: dict[str, Any]) -> Any:
        return library.OnlineRecognizer.from_transducer(**arguments)

    return OnlineEngine(
        folder,
        model.name,
        running,
        Kind(
            build=build,
            step=folder.number("chunk_shift"),
            window=folder.number("window_size"),
            prompts=frozenset(_prompts(folder.main)),
        ),
    )


def _prompts(encoder: OnnxHeader) -> tuple[str, ...]:
    """Codes that the encoder can be told to expect, from names such as `en-US`."""
    try:
        names = json.loads(encoder.metadata.get("prompt_dictionary") or "{}")
    except ValueError:
        return ()
    codes = {str(name).partition("-")[0].lower() for name in names}
    return tuple(sorted(codes & set(languages.CODES)))
