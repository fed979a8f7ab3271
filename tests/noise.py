"""What a recogniser makes of what somebody said: case, punctuation and digits as they come."""

import random
from collections.abc import Iterator, Mapping, Sequence

from phrasebook import DIGITS, FILLERS

_MARKS = (",", ",", ".", "?")
_DEVANAGARI = "०१२३४५६७८९"


def noisy(chance: random.Random, words: Sequence[str], language: str) -> list[str]:
    """Write words as a recogniser might: each stays one, so that its place is known.

    Case may be lost or wrong, marks may be missing or stand anywhere, and some of the digits that
    were said may be written as digits.
    """
    style = chance.choice(("lower", "cased", "punctuated"))
    written_digits = chance.choice((0.0, 0.0, 0.3, 0.7))
    digits = _digits(chance, language)
    written = []
    for word in words:
        text = word.lower() if style == "lower" else word
        if chance.random() < written_digits:
            text = digits.get(text, text)
        if style == "punctuated" and chance.random() < 0.12:
            text += chance.choice(_MARKS)
        if style != "lower" and chance.random() < 0.05:
            text = text[:1].upper() + text[1:]
        written.append(text)
    return written


def stumbled(
    chance: random.Random, language: str, words: Sequence[str], *, hesitates: bool
) -> Iterator[str]:
    """Hesitate between words, and say some of them twice."""
    repeats = chance.random() < 0.15
    for place, word in enumerate(words):
        if place and hesitates and chance.random() < 0.15:
            yield chance.choice(FILLERS[language])
        yield word
        if repeats and chance.random() < 0.08:
            yield word


def _digits(chance: random.Random, language: str) -> Mapping[str, str]:
    written = _DEVANAGARI if language == "hi" and chance.random() < 0.3 else "0123456789"
    return dict(zip(DIGITS[language], written, strict=True)) | {"oh": "0"}
