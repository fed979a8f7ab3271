"""Streaming models through sherpa-onnx's `OnlineRecognizer`."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.errors import ModelLoadError
from sferic.models import LocalModel
from sferic.recognition.engine import Decoding
from sferic.recognition.families import Running
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.orthography import writing_of
from sferic.recognition.sherpa import runtime
from sferic.recognition.sherpa.folder import Folder, look
from sferic.recognition.sherpa.words import timed, words

_FRAME = SAMPLE_RATE // 100
"""Samples from one frame of features to the next."""
_DELAY = 3 * SAMPLE_RATE // 10
"""Samples by which a model may say a word later than its audio."""
_BATCH = 16
_HOTWORDS = "bpe.vocab"
"""The file that hotwords need: the pieces of the vocabulary with their scores."""


def load(model: LocalModel, running: Running) -> "OnlineEngine":
    """Load a model; see `families`."""
    return OnlineEngine(look(model), model.name, running)


class OnlineEngine:
    """A streaming model.

    Args:
        folder: Its files.
        name: What the user called it.
        running: On what it runs.

    Raises:
        MissingExtraError: sherpa-onnx is not installed.
        ModelLoadError: sherpa-onnx rejects the files.
    """

    batch = _BATCH

    def __init__(self, folder: Folder, name: str, running: Running) -> None:
        self.name = name
        self.languages = folder.languages
        self.parallel = running.machine.workers
        self.writing = writing_of(folder.tokens)
        frames, window = _STEPS[folder.layout.family](folder)
        self.step = frames * _FRAME
        self.flush = window * _FRAME + _DELAY
        self._folder = folder
        self._running = running
        self._lock = threading.Lock()
        self._plain = self._built(hotwords=False)
        self._biased: Any = None
        self._prompted = "prompt_index" in folder.header.inputs

    def open(
        self,
        *,
        languages: Sequence[str],
        start: int = 0,
        hotwords: Sequence[tuple[str, float]] = (),
    ) -> "OnlineDecoding":
        """Begin to decode; see `StreamingEngine.open`."""
        language = languages[0] if len(languages) == 1 else None
        return OnlineDecoding(lambda: self._stream(language, hotwords), start, language)

    def advance(self, decodings: Sequence[Decoding]) -> Sequence[Decoding]:
        """Take them one step further; see `StreamingEngine.advance`."""
        advanced: list[Decoding] = []
        for recognizer in (self._plain, self._biased):
            ready = [
                decoding
                for decoding in decodings
                if isinstance(decoding, OnlineDecoding) and decoding.is_ready(recognizer)
            ]
            if ready:
                recognizer.decode_streams([decoding.stream for decoding in ready])
                advanced += ready
        return advanced

    def close(self) -> None:
        """Give back the model's memory."""
        self._plain = self._biased = None

    def _stream(
        self, language: str | None, hotwords: Sequence[tuple[str, float]]
    ) -> tuple[Any, Any]:
        """A recogniser and a new stream of its."""
        phrases = _phrases(hotwords) if self._takes_hotwords else ""
        if not phrases:
            stream = self._plain.create_stream()
            if self._prompted:
                stream.set_option("language", language or "auto")
            return self._plain, stream
        with self._lock:
            if self._biased is None:
                self._biased = self._built(hotwords=True)
        return self._biased, self._biased.create_stream(hotwords=phrases)

    @property
    def _takes_hotwords(self) -> bool:
        """Only Zipformers do, and sherpa-onnx ends the process where others are given some."""
        zipformer = self._folder.layout.family == "sherpa-zipformer"
        return zipformer and (self._folder.path / _HOTWORDS).is_file()

    def _built(self, *, hotwords: bool) -> Any:
        library = runtime.library(self.name)
        options: dict[str, Any] = {
            "tokens": str(self._folder.path / self._folder.layout.tokens),
            "num_threads": self._running.threads,
            "provider": runtime.device(self._running.device, self._folder.path),
            **{role: str(file) for role, file in self._folder.files.items()},
        }
        if hotwords:
            options |= {
                "decoding_method": "modified_beam_search",
                "modeling_unit": "bpe",
                "bpe_vocab": str(self._folder.path / _HOTWORDS),
            }
        try:
            return _BUILDERS[self._folder.layout.family](library, self._folder, options)
        except Exception as error:
            raise ModelLoadError(self._folder.path, str(error)) from error


class OnlineDecoding:
    """One stretch of audio; the stream in sherpa-onnx comes with the first samples."""

    def __init__(
        self, made: Callable[[], tuple[Any, Any]], start: int, language: str | None
    ) -> None:
        self._made = made
        self._start = start
        self._language = language
        self._recognizer: Any = None
        self.stream: Any = None

    def accept(self, samples: NDArray[np.float32]) -> None:
        """Add audio."""
        if self.stream is None:
            self._recognizer, self.stream = self._made()
        if len(samples):
            self.stream.accept_waveform(SAMPLE_RATE, samples)

    def is_ready(self, recognizer: Any) -> bool:
        """Whether there is audio for a step of this recogniser."""
        return recognizer is self._recognizer and recognizer.is_ready(self.stream)

    def hypothesis(self) -> Hypothesis:
        """The words so far."""
        if self.stream is None:
            return Hypothesis(language=self._language)
        result = self._recognizer.get_result_all(self.stream)
        found = words(timed(result.tokens, result.timestamps, result.ys_probs, start=self._start))
        return Hypothesis(words=found, language=self._language, settled=max(len(found) - 1, 0))


def _phrases(hotwords: Sequence[tuple[str, float]]) -> str:
    """Phrases as sherpa-onnx takes them: each with its score, a slash between two."""
    return "/".join(
        f"{text.replace('/', ' ').replace(':', ' ')} :{boost:g}" for text, boost in hotwords
    )


def _zipformer(library: Any, folder: Folder, options: Mapping[str, Any]) -> Any:
    kind = folder.header.metadata["model_type"]
    return library.OnlineRecognizer.from_transducer(model_type=kind, **options)


def _nemo_transducer(library: Any, _: Folder, options: Mapping[str, Any]) -> Any:
    return library.OnlineRecognizer.from_transducer(**options)


_BUILDERS: Mapping[str, Callable[[Any, Folder, Mapping[str, Any]], Any]] = {
    "sherpa-zipformer": _zipformer,
    "sherpa-nemo-streaming-transducer": _nemo_transducer,
}
_STEPS: Mapping[str, Callable[[Folder], tuple[int, int]]] = {
    "sherpa-zipformer": lambda folder: (folder.number("decode_chunk_len"), folder.number("T")),
    "sherpa-nemo-streaming-transducer": lambda folder: (
        folder.number("chunk_shift"),
        folder.number("window_size"),
    ),
}
"""Frames that a step takes in, and that it looks at."""
