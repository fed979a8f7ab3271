"""Where the words of a recording are, by forced alignment: nothing of Whisper has a part in it."""

import re
from collections.abc import Sequence
from importlib import metadata
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder

from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.timed import TimedWord

RATE = 16_000
"""Samples a second of what is aligned."""

_FRAME_S = 0.01
_AGREEMENT_S = 0.05
"""How far a border may move when noise is added to the recording."""
_NOISE = 10 ** (-30 / 20)
"""Root mean square of that noise, as a share of the recording's."""
_LONGEST_PHONE_S = 0.3
"""Mean length of the phones of a word from which it has swallowed silence."""
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_ONES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
""".split()  # noqa: SIM905 - legible
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


class AlignedWord(TimedWord, frozen=True):
    """A word of the reference."""

    sure: bool
    """Whether its borders can be relied on."""


class UnalignedError(BenchmarkError):
    """A recording that cannot be aligned; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the recording cannot be aligned: {reason}")
        self.reason = reason


class Aligner(Protocol):
    """Finds the words of a text in a recording of it."""

    name: str
    """The tool and its version."""
    languages: tuple[str, ...]
    """Codes that it knows."""

    def align(self, pcm: bytes, text: str) -> list[AlignedWord]:
        """Words of the text in order, with their places.

        Args:
            pcm: 16-bit mono samples at `RATE`.
            text: What is said in them.

        Raises:
            UnalignedError: It cannot be done.
        """
        ...


class SphinxAligner:
    """PocketSphinx with its own English model and dictionary, the words given, silence optional.

    A recording is aligned twice, the second time with a little noise added. A word is relied on
    where both put it to the same place and it is no longer than its phones can be.
    """

    languages: tuple[str, ...] = ("en",)

    def __init__(self) -> None:
        self.name = f"PocketSphinx {metadata.version('pocketsphinx')}"
        # The mean of the whole recording is taken off: of a running one, what was before matters.
        # A search of the lattice afterwards finds no path now and then, and gains nothing.
        self._decoder = Decoder(lm=None, cmn="batch", bestpath=False, loglevel="FATAL")

    def align(self, pcm: bytes, text: str) -> list[AlignedWord]:
        """See `Aligner`."""
        words = pronounceable(text)
        if not words:
            reason = "it has no words"
            raise UnalignedError(reason)
        if any(self._decoder.lookup_word(word) is None for word in words):
            reason = "a word is not in the dictionary"
            raise UnalignedError(reason)
        found = self._find(pcm, words)
        again = self._find(_noisy(pcm), words)
        return [
            AlignedWord(
                word,
                one.start,
                one.end,
                _agree(one, other) and self._plausible(one),
            )
            for word, one, other in zip(words, found, again, strict=True)
        ]

    def _find(self, pcm: bytes, words: Sequence[str]) -> list[TimedWord]:
        """The words with the variants of their pronunciation that fit best, such as `the(2)`."""
        decoder = self._decoder
        decoder.set_align_text(" ".join(words))
        decoder.start_utt()
        decoder.process_raw(pcm, full_utt=True)
        decoder.end_utt()
        found = [
            TimedWord(part.word, part.start_frame * _FRAME_S, (part.end_frame + 1) * _FRAME_S)
            for part in decoder.seg() or ()
            if part.word[0] not in "<["  # silence and noise
        ]
        if len(found) != len(words):
            reason = "its words do not fit"
            raise UnalignedError(reason)
        return found

    def _plausible(self, word: TimedWord) -> bool:
        phones = self._decoder.lookup_word(word.text).split()
        return word.end - word.start <= _LONGEST_PHONE_S * len(phones)


def pronounceable(text: str) -> list[str]:
    """English text as the words that are spoken: lower case, numbers below 100 in letters.

    Larger ones are left as they are: a year is read in another way than a price.
    """
    return [
        spoken
        for word in _WORD.findall(text.lower().replace("’", "'"))
        for spoken in (_spelled(int(word)) if word.isdecimal() and len(word) < 3 else [word])
    ]


def _spelled(number: int) -> list[str]:
    if number < len(_ONES):
        return [_ONES[number]]
    tens, ones = divmod(number, 10)
    return [_TENS[tens - 2], *([_ONES[ones]] if ones else [])]


def _noisy(pcm: bytes) -> bytes:
    samples: NDArray[np.float64] = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    level = np.sqrt(np.mean(samples**2))
    noise = np.random.default_rng(0).normal(0, _NOISE * max(level, 1), len(samples))
    return (samples + noise).clip(-32768, 32767).astype("<i2").tobytes()


def _agree(one: TimedWord, other: TimedWord) -> bool:
    moved = max(abs(one.start - other.start), abs(one.end - other.end))
    return moved <= _AGREEMENT_S + _FRAME_S / 2
