"""Numbers that go on behind a final which ended in a secret: they are the rest of it."""

import unicodedata
from collections.abc import Sequence

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word
from sferic.text.numbers import NumberReader, reader
from sferic.text.redaction.placeholders import PENDING, PLACEHOLDER

LONGEST_GAP = 10 * SAMPLE_RATE
"""Samples of silence behind a secret after which a number is another one."""
_BETWEEN = 1
"""Words that may stand between two parts of a number: somebody hesitates."""
_NO_NUMBERS = ("[FIRSTNAME_", "[LASTNAME_", "[CITY_", "[STATE_", "[EMAIL_", "[URL_")


class Severed:
    """Masks what a secret has left over, where its end was sent before it was known to go on.

    Redaction masks what it is sure of. Somebody who stops in the middle of a number for longer than
    anything is held back leaves digits behind that are too few to be told for what they are.
    """

    def __init__(self) -> None:
        self._ended: int | None = None
        """Where the last secret ended."""
        self._between = 0
        """Words since."""

    def note(self, words: Sequence[Word]) -> None:
        """Take note of what a final says."""
        for word in words:
            found = PLACEHOLDER.search(word.text)
            self._between += 1
            if found is not None:
                named = found[0].startswith(_NO_NUMBERS)
                self._ended, self._between = None if named else word.end, 0

    def mask(self, words: Sequence[Word], language: str) -> list[Word]:
        """Mask the numbers that some words begin with, if they go on from the last."""
        masked = list(words)
        if self._ended is None or self._between > _BETWEEN or not words:
            return masked
        if words[0].start - self._ended > LONGEST_GAP:
            return masked
        numbers = reader(language)
        between = self._between
        for index, word in enumerate(words):
            if PLACEHOLDER.search(word.text):
                between = 0
            elif _is_number(word.text, numbers):
                between = 0
                masked[index] = msgspec.structs.replace(word, text=PENDING, confidence=1.0)
            elif (between := between + 1) > _BETWEEN:
                break
        return masked


def _is_number(text: str, numbers: NumberReader) -> bool:
    if any(map(str.isdigit, text)):
        return True
    token = "".join(c for c in text.casefold() if unicodedata.category(c)[0] in "LM")
    if not token:
        return False
    known = numbers.digit(token), numbers.repeat(token), numbers.cardinal([token], 0)
    return any(reading is not None for reading in known)
