"""Whisper through CTranslate2, with windows trimmed to the speech.

Whisper pads every window to 30 s, and on short speech nearly all of its cost is padding. The
encoder takes shorter windows; what they break is very short speech, where the decoder repeats
itself. So a final is decoded in a window of its own length plus two seconds, at least eight; its
words are aligned; echoes without audio of their own are dropped; and only if what is left still
looks wrong is the next longer window tried (15, then 30 s).
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import ctranslate2
import msgspec
import numpy as np
import tokenizers
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from sferic import languages as spoken
from sferic.audio import SAMPLE_RATE
from sferic.errors import ModelLoadError
from sferic.recognition import guards
from sferic.recognition.hypothesis import Hypothesis, Word, join
from sferic.recognition.mel import HOP, LogMel

Device = Literal["auto", "cpu", "cuda"]

_LADDER = (8 * SAMPLE_RATE, 15 * SAMPLE_RATE, 30 * SAMPLE_RATE)
_FINAL_PAD = 2 * SAMPLE_RATE
_DRAFT_LEAST = 4 * SAMPLE_RATE
_DRAFT_PAD = SAMPLE_RATE
_GRID = 2 * HOP
"""The encoder halves the frames, so a window is an even number of them."""

_CONTEXT_TOKENS = 48
"""Tokens of earlier text that a prompt holds at most."""
_MOST_TOKENS = 448
_TOKENS_A_SECOND = 9
_SPELLED_OUT = frozenset({"bn", "gu", "hi", "kn", "ml", "mr", "or", "pa", "ta", "te"})
"""Languages in scripts of which Whisper's vocabulary has little but single letters."""
_LETTERS_A_SECOND = 30
_UNSURE = -1.0
"""Mean log-probability of the tokens below which a longer window is tried."""
_SILENT = 0.6
"""Probability of no speech above which an unsure answer is taken for none."""
_ALIGNMENT = SAMPLE_RATE // 50
"""Samples in one step of the alignment."""


class _Task(msgspec.Struct, frozen=True):
    """What `transcribe` was asked."""

    samples: NDArray[np.float32]
    start: int
    languages: Sequence[str]
    prefix: Sequence[Word]
    context: Sequence[Word]


class _Pass(msgspec.Struct, frozen=True):
    """One decoding of one window."""

    words: tuple[Word, ...]
    language: str
    log_probability: float
    no_speech: float
    suspect: bool

    @property
    def silent(self) -> bool:
        return self.no_speech > _SILENT and self.log_probability < _UNSURE

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

    Raises:
        ModelLoadError: CTranslate2 or the tokenizer rejects the files.
    """

    longest = 30 * SAMPLE_RATE

    def __init__(
        self,
        folder: Path,
        *,
        name: str = "",
        device: Device = "auto",
        compute_type: str = "auto",
        workers: int = 1,
        threads: int = 1,
    ) -> None:
        self.name = name or folder.name
        self.parallel = workers
        gpu = device == "cuda" or (device == "auto" and ctranslate2.get_cuda_device_count() > 0)
        if compute_type == "auto":
            compute_type = "float16" if gpu else "int8"
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder),
                device="cuda" if gpu else "cpu",
                compute_type=compute_type,
                inter_threads=workers,
                intra_threads=threads,
            )
            self._vocabulary = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:
            raise ModelLoadError(folder, str(error)) from error
        self._log_mel = LogMel(self._model.n_mels)
        self._tokenizers: dict[str, Tokenizer] = {}
        self._lock = threading.Lock()
        self.languages = self._served() if self._model.is_multilingual else ("en",)

    def transcribe(
        self,
        samples: NDArray[np.float32],
        *,
        languages: Sequence[str],
        start: int = 0,
        prefix: Sequence[Word] = (),
        context: Sequence[Word] = (),
        draft: bool = False,
    ) -> Hypothesis:
        """Words in the samples; see `Engine.transcribe`."""
        if len(samples) < HOP:
            return Hypothesis(language=languages[0] if len(languages) == 1 else None)
        task = _Task(samples, start, languages, prefix, context)
        if draft:
            best = self._decode(task, _draft_window(len(samples)), judge_silence=False)
            return Hypothesis(words=best.words, language=best.language)
        window = _final_window(len(samples))
        best = self._decode(task, window)
        for longer in _LADDER:
            if longer > window and best.worth_another(longer):
                best = _better(best, self._decode(task, longer))
        return Hypothesis(words=() if best.silent else best.words, language=best.language)

    def close(self) -> None:
        """Give back the model's memory."""
        self._model.unload_model()

    def _decode(self, task: _Task, window: int, *, judge_silence: bool = True) -> _Pass:
        samples = task.samples
        features = ctranslate2.StorageView.from_array(self._log_mel(samples, window))
        encoded = self._model.encode(features)
        language = self._language(encoded, task.languages)
        tokenizer = self._tokenizer(language)
        known = tokenizer.encode(" " + join(task.prefix)) if task.prefix else []
        prompt = [*tokenizer.sot_sequence, tokenizer.no_timestamps, *known]
        if task.context:
            before = tokenizer.encode(" " + join(task.context))[-_CONTEXT_TOKENS:]
            prompt = [tokenizer.sot_prev, *before, *prompt]
        room = _most_tokens(len(samples), language)
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=1,
            # CTranslate2 generates at most half of it, and no more than the prompt leaves.
            max_length=min(max(2 * room, len(prompt) + room), _MOST_TOKENS),
            return_scores=True,
            return_no_speech_prob=judge_silence,
        )[0]
        # CTranslate2 answers with the part of the prompt that is text in front.
        tokens = [token for token in result.sequences_ids[0] if token < tokenizer.eot]
        words = self._align(encoded, tokens, tokenizer, window, task.start) if tokens else ()
        words = guards.without_echo(words, end=task.start + len(samples))
        return _Pass(
            words=words,
            language=language,
            log_probability=result.scores[0],
            no_speech=result.no_speech_prob if judge_silence else 0.0,
            suspect=len(tokens) - len(known) >= room
            or guards.loops(words)
            or guards.stumbles(words)
            or guards.hurries(words, speech=len(samples)),
        )

    def _align(
        self,
        encoded: Any,
        tokens: list[int],
        tokenizer: Tokenizer,
        window: int,
        start: int,
    ) -> tuple[Word, ...]:
        """Words with times from cross-attention (dynamic time warping, as in Whisper)."""
        alignment = self._model.align(
            encoded, tokenizer.sot_sequence, [tokens], window // HOP, median_filter_width=7
        )[0]
        pairs = np.asarray(alignment.alignments)
        first_step = np.concatenate(([True], np.diff(pairs[:, 0]) > 0))
        begins = np.append(pairs[first_step, 1], pairs[-1, 1])
        probabilities = np.asarray(alignment.text_token_probs)
        words = []
        for text, at, to, sure in _spelled(tokens, tokenizer, probabilities):
            words.append(
                Word(
                    text=text,
                    start=start + int(begins[min(at, len(begins) - 1)]) * _ALIGNMENT,
                    end=start + int(begins[min(to, len(begins) - 1)]) * _ALIGNMENT,
                    confidence=sure,
                )
            )
        return tuple(words)

    def _language(self, encoded: Any, languages: Sequence[str]) -> str:
        if len(languages) == 1:
            return languages[0]
        ranked = self._model.detect_language(encoded)[0]
        allowed = {f"<|{code}|>": code for code in languages}
        return next((allowed[token] for token, _ in ranked if token in allowed), languages[0])

    def _tokenizer(self, language: str) -> Tokenizer:
        with self._lock:
            if language not in self._tokenizers:
                self._tokenizers[language] = Tokenizer(
                    self._vocabulary,
                    self._model.is_multilingual,
                    task="transcribe",
                    language=language,
                )
            return self._tokenizers[language]

    def _served(self) -> tuple[str, ...]:
        return tuple(
            code for code in spoken.CODES if self._vocabulary.token_to_id(f"<|{code}|>") is not None
        )


def _most_tokens(samples: int, language: str) -> int:
    """Tokens of the fastest speech of some length; more of them are a loop."""
    rate = _LETTERS_A_SECOND if language in _SPELLED_OUT else _TOKENS_A_SECOND
    return 8 + samples * rate // SAMPLE_RATE


def _final_window(samples: int) -> int:
    return _fit(max(_LADDER[0], samples + _FINAL_PAD), samples)


def _draft_window(samples: int) -> int:
    return _fit(max(_DRAFT_LEAST, samples + _DRAFT_PAD), samples)


def _fit(window: int, samples: int) -> int:
    window = min(window, WhisperEngine.longest)
    return max(window, samples) // _GRID * _GRID


def _better(one: _Pass, other: _Pass) -> _Pass:
    if one.suspect != other.suspect:
        return other if one.suspect else one
    return max(one, other, key=lambda decoded: decoded.log_probability)


def _spelled(
    tokens: list[int], tokenizer: Tokenizer, probabilities: NDArray[np.float32]
) -> list[tuple[str, int, int, float]]:
    """Words as (text, first token, token after the last letter, mean probability).

    Punctuation counts neither for the time nor for the confidence of a word.
    """
    pieces, piece_tokens = tokenizer.split_tokens_on_unicode(tokens)
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
