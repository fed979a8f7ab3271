"""What runs the network of a Whisper model; the engine on top of it decides what to run."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.recognition.claim import PLAIN, Claim
from sferic.recognition.whisper.mel import HOP

MOST_TOKENS = 448
"""That Whisper has places for, those of the prompt included."""

EVEN = 2 * HOP
"""The encoder halves the frames, so a window is an even number of them."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Text to be decoded from an encoded window. All are token ids."""

    before: Sequence[int] = ()
    """The start of the previous text and that text, or nothing."""
    start: Sequence[int]
    """The start of the transcript, with language, task and the wish for no timestamps."""
    known: Sequence[int] = ()
    """How the transcript begins in any case."""
    guess: Sequence[int] = ()
    """How it may go on; right or wrong, it only saves time."""
    trusted: int = 0
    """Leading tokens of the guess that stand unless the audio says clearly otherwise."""
    room: int
    """Most tokens after those that are known."""
    forbidden: Sequence[int] = ()
    """Tokens that are never decoded, also where the guess has them."""


class Decoded(msgspec.Struct, frozen=True, kw_only=True):
    """A transcript in tokens."""

    tokens: Sequence[int]
    """Those known and those decoded, without the end."""
    probabilities: NDArray[np.float32]
    """Of each token, shape (n,)."""
    starts: NDArray[np.int64]
    """Where each begins and the last one ends, in steps of 20 ms, shape (n + 1,)."""
    log_probability: float
    """Mean over the tokens that were decoded; of the end where there are none."""
    no_speech: float
    """Probability that there is no speech."""


class Backend(Protocol):
    """One loaded model. Its methods block, and may be called from several threads."""

    bands: int
    """Mel bands it takes."""
    multilingual: bool
    grid: int
    """Samples of which windows are best a multiple, itself one of `EVEN`."""

    def encode(self, features: NDArray[np.float32], claim: Claim = PLAIN) -> Any:
        """Encode a window, at the latest when it is needed.

        Args:
            features: Log-mel, shape (1, bands, frames), float32, an even number of frames.
            claim: Who waits for what is decoded from it, where windows wait for one another.

        Returns:
            What `decode` and `likelihoods` take.
        """
        ...

    def likelihoods(self, encoded: Any, languages: Sequence[int]) -> list[float]:
        """How well each of these language tokens fits the window; together they are 1."""
        ...

    def decode(self, encoded: Any, request: Request) -> Decoded:
        """Decode greedily."""
        ...

    def close(self) -> None:
        """Give back the memory."""
        ...
