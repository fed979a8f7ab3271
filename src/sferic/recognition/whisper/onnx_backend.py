"""Whisper on a CPU through ONNX Runtime, decoding with a guess."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime
import tokenizers
from numpy.typing import NDArray

from sferic.recognition.claim import PLAIN, Claim
from sferic.recognition.whisper import verifying
from sferic.recognition.whisper.alignment import token_starts
from sferic.recognition.whisper.backend import EVEN, MOST_TOKENS, Decoded, Request
from sferic.recognition.whisper.conversion import Source, sessions
from sferic.recognition.whisper.verifying import Row

_MULTILINGUAL = 51_865
"""Tokens of the vocabularies that have languages; those of English alone have fewer."""
_LATER = -1e9
"""Added to the attention score of a token that comes later."""

Arrays = dict[str, NDArray[Any]]


class OnnxBackend:
    """A Whisper model of CTranslate2's format as ONNX graphs.

    Args:
        folder: Holds model.bin and config.json.
        vocabulary: Of the model.
        quantized: Whether products are in 8 bits.
        threads: CPU threads of a call.
        conversions: Where the graphs are kept; None for memory.

    Raises:
        UnreadableWeightsError: model.bin is not understood, or too big to live in memory.
        Exception: One of `conversion.REJECTIONS`: ONNX Runtime does not run the graphs.
    """

    grid = EVEN

    def __init__(
        self,
        folder: Path,
        vocabulary: tokenizers.Tokenizer,
        *,
        quantized: bool = True,
        threads: int = 1,
        conversions: Path | None = None,
    ) -> None:
        source = Source(folder=folder, quantized=quantized)
        config = source.config
        self._not_first = [*(config.suppress_ids_begin or ())]
        self._start = _token(vocabulary, "startoftranscript")
        self._end = _token(vocabulary, "endoftext")
        self._no_speech = _token(vocabulary, "nospeech", "nocaptions")
        self._encoder, self._decoder = sessions(source, threads=threads, conversions=conversions)
        (features,) = self._encoder.get_inputs()
        self.bands = int(features.shape[1])
        shapes = {
            array.name: array.shape
            for array in (*self._decoder.get_inputs(), *self._decoder.get_outputs())
        }
        (tokens,) = shapes["penalties"]
        self.multilingual = tokens >= _MULTILINGUAL
        self._penalties = np.zeros(tokens, np.float32)
        self._penalties[[*(config.suppress_ids or ())]] = -np.inf
        _, heads, _, width = shapes["past_key_0"]
        self._past_shape = (1, heads, 0, width)
        pasts = [name for name in shapes if name.startswith("past_")]
        self._cached = [name.removeprefix("past_") for name in pasts]

    def encode(
        self,
        features: NDArray[np.float32],
        claim: Claim = PLAIN,  # noqa: ARG002  # no window waits for another here
    ) -> Arrays:
        """Keys and values of cross-attention; see `Backend.encode`."""
        names = [f"cross_{name}" for name in self._cached]
        return dict(zip(names, self._encoder.run(names, {"features": features}), strict=True))

    def likelihoods(self, encoded: Arrays, languages: Sequence[int]) -> list[float]:
        """See `Backend.likelihoods`."""
        logits = self._memory(encoded).logits([self._start], [0])[0, 0, [*languages]]
        return [float(likely) for likely in _probabilities(logits)]

    def decode(self, encoded: Arrays, request: Request) -> Decoded:
        """See `Backend.decode`."""
        request = _fitted(request)
        memory = self._memory(encoded, request.forbidden)
        start_row = len(request.before)
        memory.watched = (start_row, start_row + len(request.start) - 1)
        verified = verifying.decode(memory, request, end=self._end)
        # What follows the text are tokens of the guess that came after its end.
        rows = slice(start_row, start_row + len(request.start) + len(verified.tokens))
        attention = np.concatenate(memory.attention, axis=1)[:, rows]
        return Decoded(
            tokens=verified.tokens,
            probabilities=np.exp(np.asarray(verified.scores, np.float32)),
            starts=token_starts(attention, len(request.start) - 1),
            log_probability=verified.log_probability,
            no_speech=float(_probabilities(memory.watched_logits[0])[self._no_speech]),
        )

    def close(self) -> None:
        """Give back the memory."""
        del self._encoder, self._decoder

    def _memory(self, encoded: Arrays, forbidden: Sequence[int] = ()) -> "_Memory":
        past = {f"past_{name}": np.zeros(self._past_shape, np.float32) for name in self._cached}
        penalties = self._penalties
        if forbidden:
            penalties = penalties.copy()
            penalties[[*forbidden]] = -np.inf
        return _Memory(self._decoder, encoded | {"penalties": penalties}, past, self._not_first)


class _Memory:
    """One text in the making: what the decoder has been shown of it."""

    def __init__(
        self,
        decoder: onnxruntime.InferenceSession,
        constant: Arrays,
        past: Arrays,
        not_first: Sequence[int],
    ) -> None:
        self._decoder = decoder
        self._constant = constant
        self._past = past
        self._shown = 0
        self._not_first = not_first
        self.attention: list[NDArray[np.float32]] = []
        """What the alignment heads looked at, shape (heads, n, steps) each."""
        self.watched = (0, 0)
        """Rows of the first call whose logits are kept."""
        self.watched_logits: NDArray[np.float32]

    def show(self, tokens: Sequence[int], targets: Sequence[int]) -> list[Row]:
        """See `verifying.Decoder.show`."""
        wanted = ["best", "best_score", "target_score", "attention"]
        first = not self.attention
        rows = self.watched if first else ()
        answer = self._run(tokens, targets, rows, [*wanted, "row_logits"] if first else wanted)
        if first:
            self.watched_logits = answer["row_logits"][0]
        self.attention.append(answer["attention"][0])
        columns = (answer[name][0].tolist() for name in wanted[:3])
        self._targets = targets
        return [Row(*row) for row in zip(*columns, strict=True)]

    def first(self, row: int) -> Row:
        """See `verifying.Decoder.first`."""
        logits = self.watched_logits[self.watched.index(row)] + self._constant["penalties"]
        logits[self._not_first] = -np.inf
        best = int(logits.argmax())
        total = np.logaddexp.reduce(logits)
        return Row(best, float(logits[best] - total), float(logits[self._targets[row]] - total))

    def forget(self, tokens: int) -> None:
        """See `verifying.Decoder.forget`."""
        if tokens:
            self._shown -= tokens
            self._past = {name: past[:, :, : self._shown] for name, past in self._past.items()}
            self.attention[-1] = self.attention[-1][:, :-tokens]

    def logits(self, tokens: Sequence[int], rows: Sequence[int]) -> NDArray[np.float32]:
        """Logits behind some of the tokens, shape (1, rows, vocabulary)."""
        logits: NDArray[np.float32] = self._run(tokens, tokens, rows, ["row_logits"])["row_logits"]
        return logits

    def _run(
        self, tokens: Sequence[int], targets: Sequence[int], rows: Sequence[int], wanted: list[str]
    ) -> Arrays:
        count, before = len(tokens), self._shown
        places = np.arange(before, before + count)
        mask = np.where(
            np.arange(before + count) > places[:, None], np.float32(_LATER), np.float32(0)
        )
        inputs = self._constant | self._past
        inputs |= {
            "tokens": np.array([tokens], np.int64),
            "places": places[None],
            "targets": np.array([targets], np.int64),
            "rows": np.array(rows, np.int64),
            "mask": mask[None, None],
        }
        cached = [name.removeprefix("past_") for name in self._past]
        answer = dict(
            zip([*wanted, *cached], self._decoder.run([*wanted, *cached], inputs), strict=True)
        )
        for name in cached:
            grown = np.concatenate((self._past[f"past_{name}"], answer[name]), axis=2)
            self._past[f"past_{name}"] = grown
        self._shown += count
        return answer


def _token(vocabulary: tokenizers.Tokenizer, *names: str) -> int:
    """The special token with the first of these names that exists."""
    found = (vocabulary.token_to_id(f"<|{name}|>") for name in names)
    return next(token for token in found if token is not None)


def _fitted(request: Request) -> Request:
    """The request with no more tokens than the model has places for."""
    known = request.known[: MOST_TOKENS - len(request.start)]
    room = MOST_TOKENS - len(request.start) - len(known)
    before = request.before if len(request.before) < room else ()
    room = min(request.room, room - len(before))
    return msgspec.structs.replace(request, before=before, known=known, room=room)


def _probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(logits - logits.max())
    likely: NDArray[np.float32] = shifted / shifted.sum()
    return likely
