"""What a recognition engine has to offer. There are two kinds, see docs/engines.md."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sferic.recognition.claim import PLAIN, Claim
from sferic.recognition.detection import NEUTRAL, Leaning
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.keywords import Keywords
from sferic.recognition.orthography import Writing


class AnyEngine(Protocol):
    """What both kinds have in common."""

    name: str
    """What the user called the model."""
    languages: tuple[str, ...]
    """Codes it can transcribe."""
    parallel: int
    """How many of its calls that decode may usefully run at the same time."""
    writing: Writing
    """What its words look like."""
    favours_keywords: bool
    """Whether phrases with boosts make a difference to it."""

    def close(self) -> None:
        """Give back the model's memory."""
        ...


class Engine(AnyEngine, Protocol):
    """A model that decodes a stretch of speech anew each time (Whisper and its like)."""

    longest: int
    """Most samples it takes at once."""
    guided: bool
    """Whether words that are known lead the decoding; without, it hears what it hears."""

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
        """Words in the samples.

        Blocks; safe to call from several threads.

        Args:
            samples: Mono audio at 16 kHz, shape (n,), float32, n at most `longest`.
            languages: One code pins the language, several are told apart by the audio.
            leaning: Towards some of several, from what was said before; `Leaning.choose` weighs it
                against the audio.
            start: Clock time of the first sample; the words' times count from the same zero.
            prefix: Words already known to begin the samples; they begin the answer too.
            context: Words that were said just before the samples; they are no part of the answer.
            guess: Words that may follow the prefix, from an earlier call on some of the samples. An
                engine that can check them faster than find them saves the difference.
            trusted: Leading words of the guess that stand unless the audio clearly says otherwise.
            draft: One quick pass for a partial, without the guards that a final deserves.
            digits: Whether numbers may be written in digits; without them they are words, as far as
                the model can be kept to it. A prefix holds only up to its first digit then.
            claim: Who waits for the answer, where calls wait for one another; looked at before work
                that costs something is begun.
            keywords: What the stream expects to hear, with boosts; None for nothing.

        Raises:
            AbandonedError: Nobody waited any more.
        """
        ...


class Decoding(Protocol):
    """What a streaming engine has heard of one stretch of audio so far."""

    def accept(self, samples: NDArray[np.float32]) -> None:
        """Add audio, mono at 16 kHz, shape (n,), float32; nothing is decoded by that."""
        ...

    def hypothesis(self) -> Hypothesis:
        """The words so far; those that no later audio changes are settled."""
        ...


@runtime_checkable
class StreamingEngine(AnyEngine, Protocol):
    """A model that goes on where it stopped when there is more audio (transducers, CTC).

    All methods may be called from several threads, but for one decoding from one at a time.
    """

    step: int
    """Samples that one step of decoding takes in."""
    flush: int
    """Samples that have to follow a word for it to come out."""
    batch: int
    """Most decodings that are usefully taken a step further together."""

    def open(
        self,
        *,
        languages: Sequence[str],
        start: int = 0,
        hotwords: Sequence[tuple[str, float]] = (),
    ) -> Decoding:
        """Begin to decode. Quick: what takes time is left to the first `accept`.

        Args:
            languages: One code pins the language; of several, the model finds out.
            start: Clock time of the first sample that will be accepted.
            hotwords: Phrases to favour and how much, for models that can.
        """
        ...

    def advance(self, decodings: Sequence[Decoding]) -> Sequence[Decoding]:
        """Take those that have audio enough one step further, together. Blocks.

        Returns:
            Those it did that for; the others wait for more audio.
        """
        ...
