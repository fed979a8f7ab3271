"""The engine for models that take speech as a whole: sherpa-onnx's `OfflineRecognizer`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.claim import PLAIN, Claim
from sferic.recognition.detection import NEUTRAL, Leaning
from sferic.recognition.families import Running
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.keywords import Keywords
from sferic.recognition.orthography import writing_of
from sferic.recognition.policy import agreement
from sferic.recognition.sherpa import runtime
from sferic.recognition.sherpa.folder import Folder
from sferic.recognition.sherpa.words import spoken, spread, timed, words

_LEAST = SAMPLE_RATE // 2
"""Samples that a model is given at least: some fail with less than a few frames."""

Build = Callable[[Any, dict[str, Any]], Any]
"""Makes a recogniser of sherpa-onnx's module and the arguments that all kinds have."""


class OfflineEngine:
    """A model that decodes anew each time.

    Args:
        folder: Its files.
        name: What the user called it.
        running: On what it runs.
        build: Makes the recogniser.

    Raises:
        MissingExtraError: sherpa-onnx is not installed.
        ModelLoadError: sherpa-onnx rejects the files.
    """

    longest = 30 * SAMPLE_RATE
    guided = False
    favours_keywords = False

    def __init__(self, folder: Folder, name: str, running: Running, build: Build) -> None:
        self.name = name
        self.languages = folder.languages
        self.parallel = running.machine.workers
        self.writing = writing_of(folder.tokens)
        self._recognizer = runtime.loaded(folder, name, running, build)

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        languages: Sequence[str],
        leaning: Leaning = NEUTRAL,  # noqa: ARG002
        start: int = 0,
        prefix: Sequence[Word] = (),
        context: Sequence[Word] = (),  # noqa: ARG002 - it hears what it hears
        guess: Sequence[Word] = (),  # noqa: ARG002
        trusted: int = 0,  # noqa: ARG002
        draft: bool = False,  # noqa: ARG002
        digits: bool = True,  # noqa: ARG002
        claim: Claim = PLAIN,  # noqa: ARG002 - its calls do not wait for one another
        keywords: Keywords | None = None,  # noqa: ARG002 - it gives no likelihood of a text
    ) -> Hypothesis:
        """Words in the samples; see `Engine.transcribe`.

        A prefix takes the place of the words that were heard for it.
        """
        stream = self._recognizer.create_stream()
        short = max(_LEAST - len(samples), 0)
        stream.accept_waveform(SAMPLE_RATE, np.pad(samples, (0, short)) if short else samples)
        self._recognizer.decode_stream(stream)
        result = stream.result
        texts, told = _texts(result)
        seconds = told or spread(texts, samples)
        tokens = timed(texts, seconds, result.ys_log_probs, result.durations, start=start)
        heard = words(spoken(tokens))
        return Hypothesis(
            words=_continued(prefix, heard), language=_language(result.lang, languages)
        )

    def close(self) -> None:
        """Give back the model's memory."""
        self._recognizer = None


def _continued(prefix: Sequence[Word], heard: Sequence[Word]) -> tuple[Word, ...]:
    """The prefix and what was heard behind it: by the words if it begins like it, else by time."""
    count = len(prefix)
    if agreement(prefix, heard) < count:
        ends = prefix[-1].end
        count = sum((word.start + word.end) // 2 < ends for word in heard)
    return (*prefix, *heard[count:])


def _texts(result: Any) -> tuple[Sequence[str], Sequence[float]]:
    """The tokens and when they were said; words without times where tokens are parts of letters."""
    try:
        return result.tokens, result.timestamps
    except UnicodeDecodeError:
        return [f" {word}" for word in result.text.split()], []


def _language(told: str, languages: Sequence[str]) -> str | None:
    """The language that is pinned, or that the model found, as in `<|en|>`."""
    if len(languages) == 1:
        return languages[0]
    code = told.strip("<|>")
    return code if code in languages else None
