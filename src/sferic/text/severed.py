"""Numbers that go on behind a final which ended in a secret: they are the rest of it."""

import unicodedata
from collections.abc import Sequence

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.languages import CODES
from sferic.recognition.hypothesis import Word
from sferic.text.redaction.placeholders import PENDING, PLACEHOLDER
from sferic.text.redaction.rules import Rules, rules

LONGEST_GAP = 10 * SAMPLE_RATE
"""Samples of silence behind a secret after which a number is another one."""
_BETWEEN = 1
"""Words that may stand between two parts of a number: somebody hesitates."""
_STREET = 2
"""Words behind the number of a house that are the name of its street."""
_HOUSE = "[BUILDINGNUMBER_"
_NUMBERED = (_HOUSE, "[EMAIL_")
"""What the rest of a house number may be taken for: things are sent to either address."""
_NO_NUMBERS = ("[FIRSTNAME_", "[LASTNAME_", "[CITY_", "[STATE_", "[URL_")


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
        self._house = False
        """Whether it was the number of a house."""

    def note(self, words: Sequence[Word]) -> None:
        """Take note of what a final says."""
        for word in words:
            found = PLACEHOLDER.search(word.text)
            self._between += 1
            if found is not None:
                named = found[0].startswith(_NO_NUMBERS)
                self._ended, self._between = None if named else word.end, 0
                # What cannot be told behind the number of a house may be a hesitation.
                going_on = self._house and found[0] == PENDING
                self._house = going_on or found[0].startswith(_HOUSE)

    def mask(self, words: Sequence[Word], language: str) -> list[Word]:
        """Mask the numbers that some words begin with, if they go on from the last."""
        masked = list(words)
        if self._ended is None or self._between > _BETWEEN or not words:
            return masked
        if words[0].start - self._ended > LONGEST_GAP:
            return masked
        known = rules(language if language in CODES else "en")
        between = self._between
        street = _STREET if self._house else 0
        for index, word in enumerate(words):
            if found := PLACEHOLDER.search(word.text):
                between = 0
                street = _STREET if found[0].startswith(_NUMBERED) else street
            elif street or _is_number(word.text, known):
                between = 0
                street = max(street - 1, 0)
                masked[index] = msgspec.structs.replace(word, text=PENDING, confidence=1.0)
            elif (between := between + 1) > _BETWEEN:
                break
        return masked


def _is_number(text: str, known: Rules) -> bool:
    """Tell whether a word is a number, an ordinal, or a month."""
    if any(map(str.isdigit, text)):
        return True
    numbers = known.reader
    token = "".join(c for c in text.casefold() if unicodedata.category(c)[0] in "LM")
    if not token:
        return False
    ordinal = any(phrase.group == "ordinal" for phrase in known.phrases.get(token, ()))
    if ordinal or token in known.months:
        return True
    readings = numbers.digit(token), numbers.repeat(token), numbers.cardinal([token], 0)
    return any(reading is not None for reading in readings)
