"""Whether numbers are written as they should be."""

import re
import unicodedata

from benchmarks.numerals_sets import Phrase

_RUN = re.compile(r"[+(]?\d+(?:[\s().\-/]+\d+)+")
_GROUP = re.compile(r"\d+")
_DAYTIME = re.compile(r"\b([ap])\.\s?m\b\.?")
_SEPARATORS = re.compile(r"(?<=\d)[.,'’\s](?=\d)")
_LIKE = str.maketrans({"’": "'", "−": "-", "‐": "-", "‑": "-"})
_DICTATED = frozenset({"phone", "digits"})


def is_right(written: str, phrase: Phrase) -> bool:
    """Whether a phrase is written in one of the ways that are right.

    Case, kinds of spaces, apostrophes and minus signs, the dots of "p.m." and Indian digits for
    European ones do not matter, and with dictated digits not how they are grouped, as long as a
    group has two digits (a first one, and one after the code of a country, may have fewer).
    """
    dictated = phrase.kind in _DICTATED
    found = _plain(written, dictated=dictated)
    return any(found == _plain(each, dictated=dictated) for each in phrase.written)


def is_number(written: str, number: int) -> bool:
    """Whether a text is this number and nothing else, however its digits are grouped."""
    return _SEPARATORS.sub("", _plain(written, dictated=False)) == str(number)


def _plain(text: str, *, dictated: bool) -> str:
    text = unicodedata.normalize("NFC", text).translate(_LIKE).casefold()
    text = "".join(_european(letter) for letter in text)
    text = _DAYTIME.sub(r"\1m", " ".join(text.split()))
    return _RUN.sub(_joined, text) if dictated else text


def _joined(run: re.Match[str]) -> str:
    groups = _GROUP.findall(run[0])
    abroad = run[0].startswith("+")
    if any(len(group) < 2 for group in groups[2 if abroad else 1 :]):
        return run[0]
    return ("+" if abroad else "") + "".join(groups)


def _european(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter
