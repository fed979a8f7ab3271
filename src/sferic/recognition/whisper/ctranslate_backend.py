"""Whisper through CTranslate2: GPUs, and number formats that only it has."""

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import msgspec
import numpy as np
import tokenizers
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.batching import Batcher
from sferic.recognition.claim import PLAIN, Claim
from sferic.recognition.hardware import memory_was_short
from sferic.recognition.whisper.backend import EVEN, MOST_TOKENS, Decoded, Request

_OF_THE_MODEL = -1
"""Stands for the tokens that the model's own config.json suppresses."""
_SHARED_GRID = 4 * SAMPLE_RATE
"""Only windows of one length make a batch, and that of a stream depends on nobody else."""
_LEAST = 1e-10
"""Probability below which none is distinguished."""


class _Window:
    """A window of audio, and what the encoder made of it as soon as that was needed."""

    def __init__(self, features: NDArray[np.float32], claim: Claim) -> None:
        self.features = features
        self.claim = claim
        self.encoded: ctranslate2.StorageView | None = None

    @property
    def frames(self) -> int:
        return int(self.features.shape[-1])


class _Job(msgspec.Struct, frozen=True):
    """What is wanted of a window."""

    window: _Window
    request: Request | None = None
    """The text, or None for the languages in the order of their likelihood."""

    @property
    def like(self) -> Hashable:
        """Jobs with the same are done in one call."""
        frames, request = self.window.frames, self.request
        if request is None:
            return frames
        # CTranslate2 wants the start at one place, and takes options for the whole batch.
        return frames, len(request.before), len(request.start), tuple(request.forbidden)


class CTranslateBackend:
    """A Whisper model in CTranslate2's format. It makes no use of guesses.

    Args:
        folder: Holds model.bin, config.json and vocabulary.
        vocabulary: Of the model.
        device: `cpu` or `cuda`.
        compute_type: As CTranslate2 names them.
        workers: Threads that decode at the same time.
        threads: CPU threads of each call.
        batch: Windows in a call at most.
    """

    def __init__(
        self,
        folder: Path,
        vocabulary: tokenizers.Tokenizer,
        *,
        device: str,
        compute_type: str,
        workers: int = 1,
        threads: int = 1,
        batch: int = 1,
    ) -> None:
        lanes = -(-workers // batch)
        self._model = ctranslate2.models.Whisper(
            str(folder),
            device=device,
            compute_type=compute_type,
            # Beside a lane's batch, the word times of the one before are looked for.
            inter_threads=lanes if batch == 1 else 2 * lanes,
            intra_threads=threads,
        )
        self._vocabulary = vocabulary
        self._end = vocabulary.token_to_id("<|endoftext|>")
        self._batcher = Batcher[_Job, Any](
            self._run, most=batch, lanes=lanes, exhausted=memory_was_short
        )
        self.bands: int = self._model.n_mels
        self.multilingual: bool = self._model.is_multilingual
        self.grid = EVEN if batch == 1 else _SHARED_GRID

    def encode(self, features: NDArray[np.float32], claim: Claim = PLAIN) -> _Window:
        """See `Backend.encode`; it is done together with what is asked of the window first."""
        return _Window(features, claim)

    def likelihoods(self, encoded: _Window, languages: Sequence[int]) -> list[float]:
        """See `Backend.likelihoods`."""
        found = dict(self._done(_Job(encoded)))
        names = [self._vocabulary.id_to_token(token) for token in languages]
        likely = [found.get(name, 0.0) for name in names]
        total = sum(likely)
        return [one / total for one in likely] if total else [1 / len(likely) for _ in likely]

    def decode(self, encoded: _Window, request: Request) -> Decoded:
        """See `Backend.decode`."""
        result = self._done(_Job(encoded, request))
        # CTranslate2 answers with the part of the prompt that is text in front.
        heard = [token for token in result.sequences_ids[0] if token < self._end]
        tokens = heard[: _most(request)]
        probabilities, starts = self._aligned(encoded, request.start[:-1], tokens)
        log_probability = result.scores[0]
        if len(tokens) < len(heard):
            # There was no more room for it, but for another text in the batch.
            found = np.maximum(probabilities[len(request.known) :], _LEAST)
            log_probability = float(np.log(found).mean()) if len(found) else 0.0
        return Decoded(
            tokens=tokens,
            probabilities=probabilities,
            starts=starts,
            log_probability=log_probability,
            no_speech=result.no_speech_prob,
        )

    def close(self) -> None:
        """Give back the memory."""
        self._model.unload_model()

    def _done(self, job: _Job) -> Any:
        return self._batcher.run(job, like=job.like, claim=job.window.claim)

    def _run(self, jobs: Sequence[_Job]) -> Any:
        """Do what is alike in one call."""
        encoded = self._encoded([job.window for job in jobs])
        requests = [job.request for job in jobs if job.request is not None]
        if not requests:
            return self._model.detect_language(encoded)
        prompts = [[*request.before, *request.start, *request.known] for request in requests]
        text = max(_most(request) for request in requests)
        return self._model.generate(
            encoded,
            prompts,
            beam_size=1,
            # CTranslate2 gives the text half of it at most, and no more than the prompt leaves.
            max_length=max(2 * text, text + _before_text(requests[0])),
            suppress_tokens=[_OF_THE_MODEL, *requests[0].forbidden],
            return_scores=True,
            return_no_speech_prob=True,
        )

    def _encoded(self, windows: Sequence[_Window]) -> ctranslate2.StorageView:
        """What the encoder makes of the windows, shape (n, steps, width)."""
        fresh = [window for window in windows if window.encoded is None]
        if fresh:
            features = np.concatenate([window.features for window in fresh])
            encoded = self._model.encode(ctranslate2.StorageView.from_array(features))
            for window, row in zip(fresh, _rows(encoded), strict=True):
                window.encoded = row
            if len(fresh) == len(windows):
                return encoded
        if len(windows) == 1:
            return windows[0].encoded
        rows = [_on_cpu(window.encoded) for window in windows]
        return ctranslate2.StorageView.from_array(np.concatenate(rows))

    def _aligned(
        self, window: _Window, start: Sequence[int], tokens: list[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Probabilities and starts of the tokens.

        Each text by itself: in a batch CTranslate2 takes padding for text.
        """
        if not tokens:
            return np.zeros(0, np.float32), np.zeros(1, np.int64)
        alignment = self._model.align(
            window.encoded, list(start), [tokens], window.frames, median_filter_width=7
        )[0]
        pairs = np.asarray(alignment.alignments)
        first_step = np.concatenate(([True], np.diff(pairs[:, 0]) > 0))
        begins = np.append(pairs[first_step, 1], pairs[-1, 1])
        starts = begins[np.minimum(np.arange(len(tokens) + 1), len(begins) - 1)]
        return np.asarray(alignment.text_token_probs, np.float32), starts.astype(np.int64)


def _rows(encoded: ctranslate2.StorageView) -> Sequence[ctranslate2.StorageView]:
    """The windows of a batch, each by itself."""
    count = encoded.shape[0]
    if count == 1:
        return [encoded]
    together = _on_cpu(encoded)
    return [ctranslate2.StorageView.from_array(together[at : at + 1]) for at in range(count)]


def _on_cpu(encoded: ctranslate2.StorageView) -> NDArray[np.float32]:
    """An array of it; there is no other way to take apart or put together what is on a GPU."""
    here = encoded.to(ctranslate2.DataType.float32).to_device(ctranslate2.Device.cpu)
    return np.array(here)


def _before_text(request: Request) -> int:
    """Tokens that CTranslate2 shows the decoder before it begins with the text."""
    return len(request.before) + len(request.start) - 1


def _most(request: Request) -> int:
    """Tokens that its text may have, those known included."""
    most = min(len(request.known) + request.room, MOST_TOKENS // 2)
    return min(most, MOST_TOKENS - _before_text(request))
