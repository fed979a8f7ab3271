"""Whisper, with windows trimmed to the speech.

Whisper pads every window to 30 s, and on short speech nearly all of its cost is padding. The
encoder takes shorter windows; what they break is very short speech, where the decoder repeats
itself. So a final is decoded in a window of its own length plus two seconds, at least eight; its
words are aligned; echoes without audio of their own are dropped; and only if what is left still
looks wrong is the next longer window tried (15, then 30 s).
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, partial
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import tokenizers
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from sferic import languages as spoken
from sferic.audio import SAMPLE_RATE
from sferic.errors import ModelLoadError
from sferic.models import LocalModel
from sferic.recognition import guards
from sferic.recognition.claim import PLAIN, Claim
from sferic.recognition.detection import NEUTRAL, Leaning
from sferic.recognition.families import Running
from sferic.recognition.hardware import Device, has_gpu
from sferic.recognition.hypothesis import Hypothesis, Word, join
from sferic.recognition.keywords import Keywords
from sferic.recognition.orthography import FULL
from sferic.recognition.whisper.backend import EVEN, Decoded, Request
from sferic.recognition.whisper.biasing import Biasing, Spelled
from sferic.recognition.whisper.loading import load_backend
from sferic.recognition.whisper.mel import HOP, LogMel
from sferic.recognition.whisper.vocabulary import digit_tokens

_LADDER = (8 * SAMPLE_RATE, 15 * SAMPLE_RATE, 30 * SAMPLE_RATE)
_FINAL_PAD = 2 * SAMPLE_RATE
_DRAFT_LEAST = 4 * SAMPLE_RATE
_DRAFT_PAD = SAMPLE_RATE

_CONTEXT_TOKENS = 48
"""Tokens of earlier text that a prompt holds at most."""
_TOKENS_A_SECOND = 9
_SPELLED_OUT = frozenset({"bn", "gu", "hi", "kn", "ml", "mr", "or", "pa", "ta", "te"})
"""Languages in scripts of which Whisper's vocabulary has little but single letters."""
_LETTERS_A_SECOND = 30
_UNSURE = -1.0
"""Mean log-probability of the tokens below which a longer window is tried."""
_SILENT = 0.6
"""Probability of no speech above which an unsure answer is taken for none."""
_LOST = -1.5
"""Mean log-probability below which an answer may be one to no speech at all."""
_QUIET = 0.3
"""Probability of no speech above which it is taken for that."""
_ALIGNMENT = SAMPLE_RATE // 50
"""Samples in one step of the alignment."""


def load(model: LocalModel, running: Running) -> "WhisperEngine":
    """Load a model; see `families`."""
    return WhisperEngine(
        model.folder,
        name=model.name,
        device=running.device,
        compute_type=running.compute_type,
        workers=running.machine.workers,
        threads=running.threads,
        batch=running.machine.batch,
        conversions=running.conversions,
    )


class _Task(msgspec.Struct, frozen=True):
    """What `transcribe` was asked."""

    samples: NDArray[np.float32]
    start: int
    languages: Sequence[str]
    leaning: Leaning
    prefix: Sequence[Word]
    context: Sequence[Word]
    guess: Sequence[Word]
    trusted: int
    digits: bool
    claim: Claim
    keywords: Keywords | None


class _Pass(msgspec.Struct, frozen=True):
    """One decoding of one window."""

    words: tuple[Word, ...]
    language: str
    log_probability: float
    no_speech: float
    suspect: bool
    likelihoods: Mapping[str, float] = {}
    """What the audio says of several languages."""

    @property
    def silent(self) -> bool:
        return (self.no_speech > _SILENT and self.log_probability < _UNSURE) or (
            self.no_speech > _QUIET and self.log_probability < _LOST
        )

    def worth_another(self, window: int) -> bool:
        """Whether to decode again in a longer window; the longest costs too much for a doubt."""
        return self.suspect or (self.log_probability < _UNSURE and window < _LADDER[-1])


class WhisperEngine:
    """A Whisper model in CTranslate2's format.

    Args:
        folder: Holds model.bin, config.json, tokenizer.json and the vocabulary.
        name: What the user called it.
        device: `auto` takes a GPU where CTranslate2 finds one.
        compute_type: As CTranslate2 names them; `auto` is int8 on a CPU, float16 on a GPU.
        workers: Windows decoded at the same time.
        threads: CPU threads for each of them.
        batch: Windows that CTranslate2 runs as one at most.
        conversions: Where what is made of the weights is kept; None for memory.

    Raises:
        ModelLoadError: ONNX Runtime and CTranslate2, or the tokenizer, reject the files.
    """

    longest = 30 * SAMPLE_RATE
    guided = True
    favours_keywords = True
    writing = FULL

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "",
        device: Device = "auto",
        compute_type: str = "auto",
        workers: int = 1,
        threads: int = 1,
        batch: int = 1,
        conversions: Path | None = None,
    ) -> None:
        self.name = name or folder.name
        self.parallel = workers
        try:
            self._vocabulary = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._backend = load_backend(
                folder,
                self._vocabulary,
                gpu=has_gpu(device),
                compute_type=compute_type,
                workers=workers,
                threads=threads,
                batch=batch,
                conversions=conversions,
            )
        except Exception as error:
            raise ModelLoadError(folder, str(error)) from error
        self._log_mel = LogMel(self._backend.bands)
        self._tokenizers: dict[str, Tokenizer] = {}
        self._lock = threading.Lock()
        self.languages = self._served() if self._backend.multilingual else ("en",)

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        languages: Sequence[str],
        leaning: Leaning = NEUTRAL,
        start: int = 0,
        prefix: Sequence[Word] = (),
        context: Sequence[Word] = (),
        guess: Sequence[Word] = (),
        trusted: int = 0,
        draft: bool = False,
        digits: bool = True,
        claim: Claim = PLAIN,
        keywords: Keywords | None = None,
    ) -> Hypothesis:
        """Words in the samples; see `Engine.transcribe`."""
        if len(samples) < HOP:
            return Hypothesis(language=languages[0] if len(languages) == 1 else None)
        task = _Task(
            samples=samples,
            start=start,
            languages=languages,
            leaning=leaning,
            prefix=prefix,
            context=context,
            guess=guess,
            trusted=trusted,
            digits=digits,
            claim=claim,
            keywords=None if draft else keywords,
        )
        grid = self._backend.grid
        if draft:
            best = self._decode(task, _draft_window(len(samples), grid), judge_silence=False)
            return Hypothesis(
                words=best.words, language=best.language, likelihoods=best.likelihoods
            )
        window = _final_window(len(samples), grid)
        first = best = self._decode(task, window)
        again: Literal["broken", "unlikely"] | None = None
        for longer in (_fit(rung, grid) for rung in _LADDER):
            if longer > window and best.worth_another(longer):
                again = "broken" if first.suspect else "unlikely"
                best = _better(best, self._decode(task, longer))
        words = () if best.silent else best.words
        return Hypothesis(
            words=words, language=best.language, likelihoods=best.likelihoods, again=again
        )

    def close(self) -> None:
        """Give back the model's memory."""
        self._backend.close()

    def _decode(self, task: _Task, window: int, *, judge_silence: bool = True) -> _Pass:
        task.claim.check()
        samples = task.samples
        encoded = self._backend.encode(self._log_mel(samples, window), task.claim)
        likelihoods = self._likelihoods(encoded, task.languages)
        language = task.leaning.choose(likelihoods) if likelihoods else task.languages[0]
        tokenizer = self._tokenizer(language)
        forbidden = () if task.digits else self._digit_tokens
        room = _most_tokens(len(samples), language)
        request = _request(task, tokenizer, forbidden=forbidden, room=room)
        decoded = self._backend.decode(encoded, request)
        # A decoder that never came to an end has said enough where all that is too much was echo.
        exhausted = len(decoded.tokens) - len(request.known) >= request.room
        heard = _words(decoded, tokenizer, task.start)
        words = guards.without_echo(heard, end=task.start + len(samples))
        cured = len(words) < len(heard) and not guards.repeats(words)
        if task.keywords and words:
            review = partial(self._review, encoded, request, task.claim)
            biasing = Biasing(task.keywords, tokenizer.encode, review)
            words = _biased(biasing, decoded, tokenizer, task, len(words))
        return _Pass(
            words=words,
            language=language,
            likelihoods=likelihoods,
            log_probability=decoded.log_probability,
            no_speech=decoded.no_speech if judge_silence else 0.0,
            suspect=(exhausted and not cured)
            or guards.loops(words)
            or guards.stumbles(words)
            or guards.hurries(words, speech=len(samples)),
        )

    def _review(
        self, encoded: Any, request: Request, claim: Claim, tokens: Sequence[int]
    ) -> Decoded:
        """What the decoder makes of a text that is given whole."""
        claim.check()
        whole = msgspec.structs.replace(request, known=tokens, guess=(), trusted=0, room=0)
        return self._backend.decode(encoded, whole)

    def _likelihoods(self, encoded: Any, languages: Sequence[str]) -> dict[str, float]:
        if len(languages) == 1:
            return {}
        tokens = {code: self._vocabulary.token_to_id(f"<|{code}|>") for code in languages}
        known = {code: token for code, token in tokens.items() if token is not None}
        return dict(zip(known, self._backend.likelihoods(encoded, [*known.values()]), strict=True))

    def _tokenizer(self, language: str) -> Tokenizer:
        with self._lock:
            if language not in self._tokenizers:
                self._tokenizers[language] = Tokenizer(
                    self._vocabulary,
                    self._backend.multilingual,
                    task="transcribe",
                    language=language,
                )
            return self._tokenizers[language]

    @cached_property
    def _digit_tokens(self) -> frozenset[int]:
        return digit_tokens(self._vocabulary)

    def _served(self) -> tuple[str, ...]:
        return tuple(
            code for code in spoken.CODES if self._vocabulary.token_to_id(f"<|{code}|>") is not None
        )


def _request(
    task: _Task, tokenizer: Tokenizer, *, forbidden: Collection[int], room: int
) -> Request:
    before = ()
    if task.context:
        text = tokenizer.encode(" " + join(task.context))[-_CONTEXT_TOKENS:]
        before = (tokenizer.sot_prev, *text)
    prefix = _tokens(task.prefix, tokenizer)
    known = [*takewhile(lambda token: token not in forbidden, prefix)]
    guess = [*prefix[len(known) :], *_tokens(task.guess, tokenizer)]
    trusted = len(prefix) - len(known) + len(_tokens(task.guess[: task.trusted], tokenizer))
    return Request(
        before=before,
        start=(*tokenizer.sot_sequence, tokenizer.no_timestamps),
        known=known,
        guess=guess,
        trusted=trusted,
        room=room,
        forbidden=[*forbidden],
    )


def _tokens(words: Sequence[Word], tokenizer: Tokenizer) -> list[int]:
    return tokenizer.encode(" " + join(words)) if words else []


def _words(decoded: Decoded, tokenizer: Tokenizer, start: int) -> tuple[Word, ...]:
    times = start + decoded.starts * _ALIGNMENT
    return tuple(
        Word(text=text, start=int(times[at]), end=int(times[to]), confidence=sure)
        for text, at, to, sure in _spelled(decoded.tokens, tokenizer, decoded.probabilities)
    )


def _biased(
    biasing: Biasing, decoded: Decoded, tokenizer: Tokenizer, task: _Task, kept: int
) -> tuple[Word, ...]:
    """The leading words that are no echo, with keywords among them."""
    spelled = _spelled(decoded.tokens, tokenizer, decoded.probabilities)
    words = [
        Spelled(text, first, after, float(decoded.probabilities[first:after].min()))
        for text, first, after, _ in spelled[:kept]
    ]
    end = spelled[kept][1] if kept < len(spelled) else len(decoded.tokens)
    text = msgspec.structs.replace(
        decoded,
        tokens=decoded.tokens[:end],
        probabilities=decoded.probabilities[:end],
        starts=decoded.starts[: end + 1],
    )
    return _words(biasing.apply(text, words, given=len(task.prefix)), tokenizer, task.start)


def _most_tokens(samples: int, language: str) -> int:
    """Tokens of the fastest speech of some length; more of them are a loop."""
    rate = _LETTERS_A_SECOND if language in _SPELLED_OUT else _TOKENS_A_SECOND
    return 8 + samples * rate // SAMPLE_RATE


def _final_window(samples: int, grid: int) -> int:
    return _fit(max(_LADDER[0], samples + _FINAL_PAD), grid)


def _draft_window(samples: int, grid: int) -> int:
    return _fit(max(_DRAFT_LEAST, samples + _DRAFT_PAD), grid)


def _fit(window: int, grid: int) -> int:
    """The window in whole steps of a grid, as far as Whisper's longest has room for them."""
    steps = -(-(window // EVEN * EVEN) // grid)
    return min(steps * grid, WhisperEngine.longest)


def _better(one: _Pass, other: _Pass) -> _Pass:
    if one.suspect != other.suspect:
        return other if one.suspect else one
    return max(one, other, key=lambda decoded: decoded.log_probability)


def _spelled(
    tokens: Sequence[int], tokenizer: Tokenizer, probabilities: NDArray[np.float32]
) -> list[tuple[str, int, int, float]]:
    """Words as (text, first token, token after the last letter, mean probability).

    Punctuation counts neither for the time nor for the confidence of a word.
    """
    pieces, piece_tokens = tokenizer.split_tokens_on_unicode([*tokens])
    words: list[tuple[str, int, int, list[float]]] = []
    at = 0
    for piece, members in zip(pieces, piece_tokens, strict=True):
        after = at + len(members)
        spoken_letters = any(letter.isalnum() for letter in piece)
        sure = [float(p) for p in probabilities[at:after]] if spoken_letters else []
        if words and not piece.startswith(" "):
            text, first, last, so_far = words[-1]
            words[-1] = (text + piece, first, after if spoken_letters else last, so_far + sure)
        else:
            words.append((piece, at, after, sure))
        at = after
    return [
        (text.strip(), first, last, sum(sure) / len(sure) if sure else 0.0)
        for text, first, last, sure in words
        if any(letter.isalnum() for letter in text)
    ]
