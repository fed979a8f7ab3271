"""Streaming FastConformers of NeMo with CTC."""

from typing import Any

from sferic.models import LocalModel
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import BLANKS, Layout, look, named
from sferic.recognition.sherpa.nemo_streaming_transducer import CACHES
from sferic.recognition.sherpa.online import Kind, OnlineEngine

LAYOUT = Layout(
    family="sherpa-nemo-streaming-ctc",
    files={"model": named("model")},
    marks=("window_size", "chunk_shift"),
    metadata={"model": ("vocab_size", "subsampling_factor", *CACHES)},
    blanks=BLANKS,
)

_TOLD = 4
"""Frames in a step of the times that sherpa-onnx tells, whatever the model's are."""


def load(model: LocalModel, running: Running) -> OnlineEngine:
    """Load a model; see `families`."""
    folder = look(model, LAYOUT)
    folder.check_size(folder.number("vocab_size") + 1)

    def build(library: Any, arguments: dict[str, Any]) -> Any:
        return library.OnlineRecognizer.from_nemo_ctc(**arguments)

    return OnlineEngine(
        folder,
        model.name,
        running,
        Kind(
            build=build,
            step=folder.number("chunk_shift"),
            window=folder.number("window_size"),
            scale=folder.number("subsampling_factor") / _TOLD,
        ),
    )
