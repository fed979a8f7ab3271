"""SenseVoice, which of the protocol's languages knows English."""

from typing import Any

from sferic.models import LocalModel
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import Layout, look, named
from sferic.recognition.sherpa.offline import OfflineEngine

LAYOUT = Layout(
    family="sherpa-sense-voice",
    files={"model": named("model")},
    marks=("lfr_window_size", "lfr_window_shift"),
    metadata={
        "model": (
            *("vocab_size", "normalize_samples", "with_itn", "without_itn"),
            *(f"lang_{code}" for code in ("auto", "zh", "en", "ja", "ko", "yue")),
            *("neg_mean", "inv_stddev"),
        )
    },
)


def load(model: LocalModel, running: Running) -> OfflineEngine:
    """Load a model; see `families`."""

    def build(library: Any, arguments: dict[str, Any]) -> Any:
        # Its own numerals come with its punctuation.
        return library.OfflineRecognizer.from_sense_voice(language="en", use_itn=True, **arguments)

    folder = look(model, LAYOUT, languages=lambda _: ("en",))
    return OfflineEngine(folder, model.name, running, build)
