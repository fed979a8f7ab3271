"""Offline FastConformer transducers of NeMo; Parakeet, which tells durations, is one of them."""

from typing import Any

from sferic.errors import ModelLoadError
from sferic.models import LocalModel
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import Folder, Layout, look, named
from sferic.recognition.sherpa.offline import OfflineEngine

LAYOUT = Layout(
    family="sherpa-nemo-transducer",
    files={"encoder": named("encoder"), "decoder": named("decoder"), "joiner": named("joiner")},
    marks=("pred_rnn_layers", "pred_hidden"),
    metadata={"encoder": ("vocab_size", "subsampling_factor")},
    blanks=("<blk>",),
)

_BANDS = 80
"""Of features, where the encoder does not say."""


def load(model: LocalModel, running: Running) -> OfflineEngine:
    """Load a model; see `families`."""
    folder = look(model, LAYOUT)
    folder.check_size(folder.number("vocab_size") + 1)
    _check_joiner(folder)
    shape = next(iter(folder.main.inputs.values()))
    bands = (shape[1] if len(shape) > 1 else None) or _BANDS

    def build(library: Any, arguments: dict[str, Any]) -> Any:
        return library.OfflineRecognizer.from_transducer(
            model_type="nemo_transducer", feature_dim=bands, **arguments
        )

    return OfflineEngine(folder, model.name, running, build)


def _check_joiner(folder: Folder) -> None:
    """Find out whether the joiner is what sherpa-onnx takes it for, by a `url` with `tdt` in it."""
    shape = next(iter(folder.headers["joiner"].outputs.values()))
    size, expected = shape[-1] if shape else None, len(folder.tokens)
    durations = "tdt" in folder.main.metadata.get("url", "")
    if size is not None and (size <= expected if durations else size != expected):
        reason = (
            f"{folder.files['joiner'].name} has {size} outputs where {expected} tokens "
            + ("and durations are" if durations else "are")
            + " expected; a model with durations has a `url` with `tdt` in its metadata"
        )
        raise ModelLoadError(folder.path, reason)
