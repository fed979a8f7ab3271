"""The engine for streaming models: sherpa-onnx's `OnlineRecognizer`."""

import re
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.engine import Decoding
from sferic.recognition.families import Running
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.orthography import writing_of
from sferic.recognition.sherpa import runtime
from sferic.recognition.sherpa.folder import Folder
from sferic.recognition.sherpa.words import spoken, timed, words

FRAME = SAMPLE_RATE // 100
"""Samples from one frame of features to the next."""

_DELAY = 3 * SAMPLE_RATE // 10
"""Samples by which a model may say a word later than its audio."""
_BATCH = 16
_TAG = re.compile(r"<([a-z]{2,3})(?:-[A-Za-z]+)?>")
"""A token that says which language was spoken."""

Build = Callable[[Any, dict[str, Any]], Any]
"""Makes a recogniser of sherpa-onnx's module and the arguments that all kinds have."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """How models of a family are run."""

    build: Build
    build_biased: Build | None = None
    """Makes one that takes hotwords; None where there is none that does."""
    step: int
    """Frames that a step of decoding takes in."""
    window: int
    """Frames that it looks at."""
    prompts: frozenset[str] = frozenset()
    """Codes of languages that it can be told to expect; nothing for a model that is not told."""
    scale: float = 1.0
    """By which the times that sherpa-onnx tells are too small."""


class OnlineEngine:
    """A streaming model.

    Args:
        folder: Its files.
        name: What the user called it.
        running: On what it runs.
        kind: How it is run.

    Raises:
        MissingExtraError: sherpa-onnx is not installed.
        ModelLoadError: sherpa-onnx rejects the files.
    """

    batch = _BATCH

    def __init__(self, folder: Folder, name: str, running: Running, kind: Kind) -> None:
        self.name = name
        self.languages = folder.languages
        self.parallel = running.machine.workers
        self.writing = writing_of(folder.tokens)
        self.step = kind.step * FRAME
        self.flush = kind.window * FRAME + _DELAY
        self.kind = kind
        self.favours_keywords = kind.build_biased is not None
        self._loaded = partial(runtime.loaded, folder, name, running)
        self._plain = self._loaded(kind.build)
        self._biased: Any = None
        self._lock = threading.Lock()

    def open(
        self,
        *,
        languages: Sequence[str],
        start: int = 0,
        hotwords: Sequence[tuple[str, float]] = (),
    ) -> "OnlineDecoding":
        """Begin to decode; see `StreamingEngine.open`."""
        return OnlineDecoding(self, languages, start, hotwords)

    def advance(self, decodings: Sequence[Decoding]) -> Sequence[Decoding]:
        """Take them one step further; see `StreamingEngine.advance`."""
        ready = [one for one in decodings if isinstance(one, OnlineDecoding) and one.is_ready]
        for recognizer in (self._plain, self._biased):
            if streams := [one.stream for one in ready if one.recognizer is recognizer]:
                recognizer.decode_streams(streams)
        return ready

    def close(self) -> None:
        """Give back the model's memory."""
        self._plain = self._biased = None

    def stream(
        self, languages: Sequence[str], hotwords: Sequence[tuple[str, float]]
    ) -> tuple[Any, Any]:
        """A recogniser and a new stream of it; the first with hotwords loads the model again."""
        # Where it does not know what to do with hotwords, sherpa-onnx ends the process.
        if hotwords and self.kind.build_biased is not None:
            with self._lock:
                if self._biased is None:
                    self._biased = self._loaded(self.kind.build_biased)
            return self._biased, self._biased.create_stream(hotwords=_phrases(hotwords))
        stream = self._plain.create_stream()
        if self.kind.prompts:
            known = len(languages) == 1 and languages[0] in self.kind.prompts
            stream.set_option("language", languages[0] if known else "auto")
        return self._plain, stream


class OnlineDecoding:
    """One stretch of audio; its stream in sherpa-onnx is made when there are samples."""

    def __init__(
        self,
        engine: OnlineEngine,
        languages: Sequence[str],
        start: int,
        hotwords: Sequence[tuple[str, float]],
    ) -> None:
        self._engine = engine
        self._languages = languages
        self._start = start
        self._hotwords = hotwords
        self.recognizer: Any = None
        self.stream: Any = None

    @property
    def is_ready(self) -> bool:
        """Whether there is audio for a step."""
        return self.stream is not None and self.recognizer.is_ready(self.stream)

    def accept(self, samples: NDArray[np.float32]) -> None:
        """Add audio."""
        if self.stream is None:
            self.recognizer, self.stream = self._engine.stream(self._languages, self._hotwords)
        if len(samples):
            self.stream.accept_waveform(SAMPLE_RATE, samples)

    def hypothesis(self) -> Hypothesis:
        """The words so far; of the last one there may be more to come."""
        if self.stream is None:
            return Hypothesis(language=self._language([]))
        result = self.recognizer.get_result_all(self.stream)
        tokens = timed(
            result.tokens,
            result.timestamps,
            result.ys_probs,
            start=self._start,
            scale=self._engine.kind.scale,
        )
        found = words(spoken(tokens))
        settled = 0 if self._hotwords else max(len(found) - 1, 0)
        return Hypothesis(words=found, language=self._language(result.tokens), settled=settled)

    def _language(self, tokens: Sequence[str]) -> str | None:
        if len(self._languages) == 1:
            return self._languages[0]
        tags = [match[1] for token in tokens if (match := _TAG.fullmatch(token.strip()))]
        return next((tag for tag in reversed(tags) if tag in self._languages), None)


def _phrases(hotwords: Sequence[tuple[str, float]]) -> str:
    """Phrases as sherpa-onnx takes them: each with its score, a slash between two."""
    return "/".join(
        f"{text.replace('/', ' ').replace(':', ' ')} :{boost:g}" for text, boost in hotwords
    )
