"""Tokens with times and probabilities, as sherpa-onnx answers, to words."""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word

_SPACE = "▁"
_SPECIAL = re.compile(r"<(?!0x[0-9A-F]{2}>)[^<>]+>")
_QUIET = 0.05
"""Share of the loudest sample below which there is no speech."""
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
_LONGEST_TOKEN = SAMPLE_RATE // 4
"""Samples that a token is taken to last where nothing follows it sooner."""
_UNKNOWN = 1.0
"""Confidence of words from a model that tells no probabilities."""


class Token(msgspec.Struct, frozen=True):
    """A piece of text that was emitted at one point of time."""

    text: str
    at: int
    """Clock time, in samples."""
    length: int = _LONGEST_TOKEN
    """Samples that it lasts at most."""
    log_probability: float | None = None


def timed(
    texts: Sequence[str],
    seconds: Sequence[float],
    log_probabilities: Sequence[float] = (),
    durations: Sequence[float] = (),
    *,
    start: int = 0,
    scale: float = 1.0,
) -> list[Token]:
    """Put together what an answer gives as separate lists.

    Args:
        texts: One a token.
        seconds: When each was emitted.
        log_probabilities: Of each, or nothing where the model does not tell.
        durations: Seconds of each, or nothing.
        start: Clock time of the first sample.
        scale: By which the seconds are off.
    """
    sure = log_probabilities if len(log_probabilities) == len(texts) else [None] * len(texts)
    lengths = durations if len(durations) == len(texts) else [0.0] * len(texts)
    return [
        Token(
            text,
            start + round(at * scale * SAMPLE_RATE),
            round(length * SAMPLE_RATE) or _LONGEST_TOKEN,
            probability,
        )
        for text, at, probability, length in zip(texts, seconds, sure, lengths, strict=False)
    ]


def spoken(tokens: Iterable[Token]) -> list[Token]:
    """Those that are text: not names of languages and the like, which stand in angle brackets."""
    return [token for token in tokens if not _SPECIAL.fullmatch(token.text.strip())]


def spread(texts: Sequence[str], samples: NDArray[np.float32]) -> list[float]:
    """Seconds at which tokens may have been said, for models that tell no times.

    They are spread over what is loud, each by its letters. That is a guess.
    """
    sizes = np.array([len(text) for text in texts], np.float64)
    if not len(sizes):
        return []
    loud = np.flatnonzero(np.abs(samples) > _QUIET * np.abs(samples).max(initial=0.0))
    first, last = (loud[0], loud[-1] + 1) if len(loud) else (0, len(samples))
    shares = (np.cumsum(sizes) - sizes) / max(sizes.sum(), 1.0)
    return [float(first + share * (last - first)) / SAMPLE_RATE for share in shares]


def words(tokens: Sequence[Token]) -> tuple[Word, ...]:
    """Join tokens to words.

    A word begins at a token that begins with a space, or behind one that is a space. Tokens of
    punctuation count neither for the times nor for the confidence of the word they stand at. Bytes
    that make up a letter together are put together.
    """
    found: list[list[tuple[Token, int]]] = []
    apart = True
    for index, token in enumerate(tokens):
        text = token.text.replace(_SPACE, " ")
        following = tokens[index + 1].at if index + 1 < len(tokens) else None
        end = token.at + token.length
        end = max(token.at, end if following is None else min(end, following))
        if not found or apart or text.startswith(" "):
            found.append([])
        found[-1].append((token, end))
        apart = text.endswith(" ")
    return tuple(word for group in found if (word := _word(group)) is not None)


def _word(group: Sequence[tuple[Token, int]]) -> Word | None:
    text = _spelled(token.text for token, _ in group)
    if not text:
        return None
    spoken = [pair for pair in group if _is_spoken(pair[0].text)] or list(group)
    known = [token.log_probability for token, _ in spoken if token.log_probability is not None]
    confidence = sum(math.exp(min(value, 0.0)) for value in known) / len(known) if known else None
    return Word(
        text=text,
        start=spoken[0][0].at,
        end=spoken[-1][1],
        confidence=_UNKNOWN if confidence is None else confidence,
    )


def _spelled(texts: Iterable[str]) -> str:
    joined = "".join(texts).replace(_SPACE, " ")
    if "<0x" in joined:
        raw = b"".join(
            bytes.fromhex(part) if odd % 2 else part.encode()
            for odd, part in enumerate(_BYTE.split(joined))
        )
        joined = raw.decode("utf-8", "ignore")
    return joined.strip()


def _is_spoken(text: str) -> bool:
    """Whether there is more to it than punctuation: vowel signs are no letters to Unicode."""
    return any(unicodedata.category(mark)[0] not in "PZ" for mark in text if mark != _SPACE)
