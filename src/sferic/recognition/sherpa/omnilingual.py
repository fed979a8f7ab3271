"""Omnilingual ASR with CTC: one model for 1,600 languages, those of the protocol among them."""

from typing import Any

from sferic.languages import CODES
from sferic.models import LocalModel
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import Layout, look, named
from sferic.recognition.sherpa.offline import OfflineEngine

LAYOUT = Layout(
    family="sherpa-omnilingual",
    files={"model": named("model")},
    model_types=("omnilingual-asr",),
)


def load(model: LocalModel, running: Running) -> OfflineEngine:
    """Load a model; see `families`."""

    def build(library: Any, arguments: dict[str, Any]) -> Any:
        return library.OfflineRecognizer.from_omnilingual_asr_ctc(**arguments)

    folder = look(model, LAYOUT, languages=lambda _: tuple(CODES))
    return OfflineEngine(folder, model.name, running, build)
