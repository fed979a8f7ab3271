"""What a recognition engine has to offer.

A new family of models is one new file that implements `Engine`.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sferic.recognition.claim import PLAIN, Claim
from sferic.recognition.detection import NEUTRAL, Leaning
from sferic.recognition.hypothesis import Hypothesis, Word


class Engine(Protocol):
    """A model that decodes a stretch of speech anew each time (Whisper and its like)."""

    name: str
    """What the user called the model."""
    languages: tuple[str, ...]
    """Codes it can transcribe."""
    longest: int
    """Most samples it takes at once."""
    parallel: int
    """How many calls of `transcribe` may usefully run at the same time."""

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

        Raises:
            AbandonedError: Nobody waited any more.
        """
        ...

    def close(self) -> None:
        """Give back the model's memory."""
        ...
