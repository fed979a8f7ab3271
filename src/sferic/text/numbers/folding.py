"""One spelling for what is spelt in several ways: accents, dashes, Indic nasals."""

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060'’ʼ`"))
_DASHES = dict.fromkeys(map(ord, "‐‑–—"), "-")
_ACCENTS = dict.fromkeys(range(0x300, 0x370))
_LETTERS = _INVISIBLE | _DASHES | _ACCENTS
_INDIC = re.compile("[\u0900-\u0d7f]")
_BLOCKS = range(0x900, 0xD80, 0x80)
_VIRAMA, _VOWEL = 0x4D, 0x38
"""Where each script of India has its virama, and how far its vowel signs are behind its vowels."""
_NASALS = re.compile(
    # A nasal consonant that is joined to a stop sounds like the sign for a nasal.
    "[\u0919\u091e\u0923\u0928\u092e]\u094d(?=[\u0915-\u092e])"
)
_NASAL = "\u0902"
_SIGNS = (
    {
        block + sign: chr(block + _VIRAMA) + chr(block + sign - _VOWEL)
        for block in _BLOCKS
        for sign in range(0x3E, 0x4D)
    }
    | dict.fromkeys((block + 1 for block in _BLOCKS if block < 0xB80), _NASAL)
    | dict.fromkeys((block + 2 for block in _BLOCKS), _NASAL)
    | dict.fromkeys((0x93C, 0x9BC, 0xA3C, 0xABC, 0xB3C, 0x903, 0x983, 0xA71))
    | {0xA70: _NASAL}
    | dict(zip(range(0xD7A, 0xD80), ("ണ്", "ന്", "ര്", "ല്", "ള്", "ക്"), strict=True))
    | _INVISIBLE
    | _DASHES
)
"""Vowel signs and the vowels they stand for; nasals; what is silent or left out now and then; and
Malayalam's chillus, as consonants."""


def fold(text: str) -> str:
    """Return the one spelling that stands for all the spellings of a word that mean the same.

    Accents of Latin and Cyrillic letters go, because recognisers leave them out now and then and no
    two number words differ only there. In Indic scripts, nuktas go and the ways to write a nasal
    become one; a vowel sign is written as the vowel, so that words that flow into each other can be
    told apart (இரண்டாயிரம்: இரண்ட், ஆயிரம்). Dashes become hyphens.

    Args:
        text: A word, in any case.
    """
    text = text.lower().replace("ß", "ss")
    if text.isascii():
        return text.replace("'", "").replace("`", "")
    if _INDIC.search(text):
        text = unicodedata.normalize("NFC", text)
        return _NASALS.sub(_NASAL, text).translate(_SIGNS)
    return unicodedata.normalize("NFD", text).translate(_LETTERS)
