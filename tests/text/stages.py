"""Redaction and numerals that a test can foresee."""

from collections.abc import Sequence
from itertools import groupby

import msgspec

from sferic.recognition.hypothesis import Word

DIGITS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5"}
SECRET = frozenset(("seven", "eight", "nine", "sieben"))
MASK = "[PIN_1]"


def say(text: str, *, at: float = 0.0) -> list[Word]:
    """Words of a text, one a second."""
    return [
        Word(
            text=part,
            start=round((at + place) * 16_000),
            end=round((at + place + 0.5) * 16_000),
            confidence=0.9 - place / 100,
        )
        for place, part in enumerate(text.split())
    ]


def texts(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


class Hidden(msgspec.Struct, frozen=True):
    """What redaction makes of some words."""

    words: list[Word]
    held: int


class FakeRedactor:
    """Masks a run of secret words as one; a run that is not over waits, or else is `[...]`.

    Attributes:
        languages: Of every call, in order.
        failure: What every call raises.
    """

    def __init__(self) -> None:
        self.languages: list[str] = []
        self.failure: Exception | None = None

    def partial(self, words: Sequence[Word], language: str) -> list[Word]:
        self.languages.append(language)
        if self.failure is not None:
            raise self.failure
        return _merged(words, SECRET, MASK, tail="[...]")

    def final(self, words: Sequence[Word], language: str, *, ended: bool) -> Hidden:
        self.languages.append(language)
        if self.failure is not None:
            raise self.failure
        held = 0 if ended else _tail(words, SECRET)
        return Hidden(_merged(words[: len(words) - held], SECRET, MASK, tail="[...]"), held)


class FakeNumerals:
    """Writes a run of number words as one number; one at the end may go on."""

    def write(self, words: Sequence[Word], language: str) -> list[Word]:
        return _merged(words, DIGITS, None)

    def open_tail(self, words: Sequence[Word], language: str) -> int:
        return _tail(words, DIGITS)


def _tail(words: Sequence[Word], which: dict[str, str] | frozenset[str]) -> int:
    count = 0
    while count < len(words) and words[-1 - count].text in which:
        count += 1
    return count


def _merged(
    words: Sequence[Word],
    which: dict[str, str] | frozenset[str],
    mask: str | None,
    *,
    tail: str | None = None,
) -> list[Word]:
    merged: list[Word] = []
    for inside, group in groupby(words, key=lambda word: word.text in which):
        run = list(group)
        if not inside:
            merged += run
            continue
        written = mask or "".join(DIGITS[word.text] for word in run)
        if tail is not None and run[-1] is words[-1]:
            written = tail
        merged.append(
            msgspec.structs.replace(
                run[0],
                text=written,
                end=run[-1].end,
                confidence=min(word.confidence for word in run),
            )
        )
    return merged
