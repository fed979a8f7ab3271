"""Moonshine, whose words have no times of their own: see `words.spread`."""

from typing import Any

from sferic.models import LocalModel
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import Layout, look, named
from sferic.recognition.sherpa.offline import OfflineEngine

LAYOUT = Layout(
    family="sherpa-moonshine",
    files={
        "preprocessor": named("preprocess"),
        "encoder": named("encode"),
        "uncached_decoder": named("uncached_decode"),
        "cached_decoder": named("cached_decode"),
    },
)


def load(model: LocalModel, running: Running) -> OfflineEngine:
    """Load a model; see `families`."""

    def build(library: Any, arguments: dict[str, Any]) -> Any:
        return library.OfflineRecognizer.from_moonshine(**arguments)

    return OfflineEngine(look(model, LAYOUT), model.name, running, build)
