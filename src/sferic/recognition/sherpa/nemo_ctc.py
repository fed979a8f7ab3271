"""Offline models of NeMo with CTC, such as IndicConformer."""

from typing import Any

from sferic.models import LocalModel
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import BLANKS, Layout, look, named
from sferic.recognition.sherpa.offline import OfflineEngine

LAYOUT = Layout(
    family="sherpa-nemo-ctc",
    files={"model": named("model")},
    model_types=("EncDecCTCModelBPE", "EncDecCTCModel", "EncDecHybridRNNTCTCBPEModel"),
    marks=("subsampling_factor",),
    metadata={"model": ("vocab_size",)},
    blanks=BLANKS,
)


def load(model: LocalModel, running: Running) -> OfflineEngine:
    """Load a model; see `families`."""

    def build(library: Any, arguments: dict[str, Any]) -> Any:
        return library.OfflineRecognizer.from_nemo_ctc(**arguments)

    return OfflineEngine(look(model, LAYOUT), model.name, running, build)
