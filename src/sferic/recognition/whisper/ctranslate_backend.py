"""Whisper through CTranslate2: GPUs, and number formats that only it has."""

from collections.abc import Sequence
from pathlib import Path

import ctranslate2
import numpy as np
import tokenizers
from numpy.typing import NDArray

from sferic.recognition.whisper.backend import MOST_TOKENS, Decoded, Request

_OF_THE_MODEL = -1
"""Stands for the tokens that the model's own config.json suppresses."""


class CTranslateBackend:
    """A Whisper model in CTranslate2's format. It makes no use of guesses.

    Args:
        folder: Holds model.bin, config.json and vocabulary.
        vocabulary: Of the model.
        device: `cpu` or `cuda`.
        compute_type: As CTranslate2 names them.
        workers: Windows decoded at the same time.
        threads: CPU threads for each of them.
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
    ) -> None:
        self._model = ctranslate2.models.Whisper(
            str(folder),
            device=device,
            compute_type=compute_type,
            inter_threads=workers,
            intra_threads=threads,
        )
        self._vocabulary = vocabulary
        self._end = vocabulary.token_to_id("<|endoftext|>")
        self.bands: int = self._model.n_mels
        self.multilingual: bool = self._model.is_multilingual

    def encode(self, features: NDArray[np.float32]) -> ctranslate2.StorageView:
        """See `Backend.encode`."""
        return self._model.encode(ctranslate2.StorageView.from_array(features))

    def likeliest(self, encoded: ctranslate2.StorageView, languages: Sequence[int]) -> int:
        """See `Backend.likeliest`."""
        names = {self._vocabulary.id_to_token(token): token for token in languages}
        ranked = self._model.detect_language(encoded)[0]
        return next((names[name] for name, _ in ranked if name in names), languages[0])

    def decode(self, encoded: ctranslate2.StorageView, request: Request) -> Decoded:
        """See `Backend.decode`."""
        prompt = [*request.before, *request.start, *request.known]
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=1,
            # CTranslate2 generates at most half of it, and no more than the prompt leaves.
            max_length=min(max(2 * request.room, len(prompt) + request.room), MOST_TOKENS),
            suppress_tokens=[_OF_THE_MODEL, *request.forbidden],
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        # CTranslate2 answers with the part of the prompt that is text in front.
        tokens = [token for token in result.sequences_ids[0] if token < self._end]
        probabilities, starts = self._aligned(encoded, request.start[:-1], tokens)
        return Decoded(
            tokens=tokens,
            probabilities=probabilities,
            starts=starts,
            log_probability=result.scores[0],
            no_speech=result.no_speech_prob,
        )

    def close(self) -> None:
        """Give back the memory."""
        self._model.unload_model()

    def _aligned(
        self, encoded: ctranslate2.StorageView, start: Sequence[int], tokens: list[int]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Probabilities and starts of the tokens."""
        if not tokens:
            return np.zeros(0, np.float32), np.zeros(1, np.int64)
        steps = encoded.shape[1]
        frames = 2 * steps
        alignment = self._model.align(
            encoded, list(start), [tokens], frames, median_filter_width=7
        )[0]
        pairs = np.asarray(alignment.alignments)
        first_step = np.concatenate(([True], np.diff(pairs[:, 0]) > 0))
        begins = np.append(pairs[first_step, 1], pairs[-1, 1])
        starts = begins[np.minimum(np.arange(len(tokens) + 1), len(begins) - 1)]
        return np.asarray(alignment.text_token_probs, np.float32), starts.astype(np.int64)
