"""One spelling for words that Indic scripts spell in several ways."""

import re
import unicodedata

_FIRST, _LAST = "\u0900", "\u0dff"
_NUKTAS = re.compile("[\u093c\u09bc\u0a3c\u0abc\u0b3c]")
_SILENT = re.compile("[\u0903\u0983\u0a71\u200c\u200d]")
_NASALS = re.compile(
    "[\u0901\u0981\u0a01\u0a81\u0b01\u0a70]"
    # A nasal consonant that is joined to a stop sounds like the sign for a nasal.
    "|[\u0919\u091e\u0923\u0928\u092e]\u094d(?=[\u0915-\u092d])"
)
_ANUSVARA = "\u0902"


def is_indic(text: str) -> bool:
    """Tell whether any letter of a text is of a script of India, none of which has capitals."""
    return not text.isascii() and any(_FIRST <= letter <= _LAST for letter in text)


def folded(text: str) -> str:
    """Return the spelling that stands for all of a word: ज़ीरो is जीरो, नरेन्द्र is नरेंद्र.

    Words of other scripts come back as they are.
    """
    if not is_indic(text):
        return text
    text = _NUKTAS.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", _NASALS.sub(_ANUSVARA, _SILENT.sub("", text)))


def is_letter(mark: str) -> bool:
    """Tell whether a character is part of a word: a letter, or a vowel sign behind one."""
    return mark.isalpha() or (_FIRST <= mark <= _LAST and unicodedata.category(mark)[0] == "M")
