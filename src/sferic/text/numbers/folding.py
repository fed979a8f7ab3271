"""One spelling for what is spelt in several ways: accents, dashes, Indic nasals."""

import re
import unicodedata

_ACCENTS = re.compile("[\u0300-\u036f]")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060'’ʼ`"))
_DASHES = dict.fromkeys(map(ord, "‐‑–—"), "-")
_NUKTAS = re.compile("[\u093c\u09bc\u0a3c\u0abc\u0b3c]")
_NASALS = re.compile(
    "[\u0901\u0981\u0a01\u0a81\u0b01\u0902\u0982\u0a02\u0a70\u0a82\u0b02\u0c02\u0c82\u0d02]"
    # A nasal consonant that is joined to a stop sounds like the sign for a nasal.
    "|[\u0919\u091e\u0923\u0928\u092e]\u094d(?=[\u0915-\u092e])"
)
_SILENT = re.compile("[\u0903\u0983\u0a71]")
_MARKED_SCRIPT = "\u0900"


def fold(text: str) -> str:
    """Return the one spelling that stands for all the spellings of a word that mean the same.

    Accents of Latin and Cyrillic letters go, because recognisers leave them out now and then and no
    two number words differ only there. In Indic scripts, nuktas go and the ways to write a nasal
    become one. Dashes become hyphens.

    Args:
        text: A word, in any case.
    """
    text = text.lower()
    if text.isascii():
        return text.replace("'", "").replace("`", "")
    text = unicodedata.normalize("NFD", text).translate(_INVISIBLE).translate(_DASHES)
    text = _ACCENTS.sub("", text)
    if max(text, default="") >= _MARKED_SCRIPT:
        text = _SILENT.sub("", _NASALS.sub("\u0902", _NUKTAS.sub("", text)))
    return text
