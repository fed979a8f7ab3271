"""Punctuation and capitals taken off words, one to one."""

import itertools
import re
import unicodedata
from collections.abc import Sequence

import msgspec

from sferic.recognition.hypothesis import Word
from sferic.text.redaction.placeholders import PLACEHOLDER, PLACEHOLDER_WORD

_APOSTROPHES = frozenset("'’")
_SINGLE_QUOTES = frozenset("'’‘‚‛")
_DASHES = frozenset("-‐‑–—―")
_JOINERS = frozenset("'’-‐‑./@:")
"""What joins the parts of one word that the recogniser gave as several."""
_MEANINGFUL = frozenset("%‰#&@*§_/\\")
"""Punctuation to Unicode, but read aloud."""
_ELISIONS = frozenset(("s", "t", "n", "m", "k", "r", "em", "tis", "twas", "til", "cause", "bout"))
"""What is written with an apostrophe before it, in Dutch and English."""
_ACRONYM = re.compile(r"(?:[^\W\d_]\.){2,}")
_ADDRESS = re.compile(r".*\w(?:://|@)\w.*|www\.\w.*", re.IGNORECASE | re.DOTALL)


def apply(words: Sequence[Word], *, punctuate: bool = True, capitalize: bool = True) -> list[Word]:
    """Take punctuation, capitals or both off words.

    Every word stays one word with its times, except that one which was only punctuation is gone.
    What belongs to the spelling of a word stays: apostrophes and hyphens inside it, vowel signs
    and other marks, decimal points, signs that are read aloud, the stops of `a.m.`, the dots of an
    address. Redaction placeholders are left as they are.

    Args:
        words: Words as they stand in the transcript.
        punctuate: Whether punctuation stays.
        capitalize: Whether capitals stay.
    """
    if punctuate and capitalize:
        return list(words)
    styled: list[Word] = []
    quoted = apart = False
    for index, word in enumerate(words):
        text = word.text
        if not punctuate:
            continued = index + 1 < len(words) and _continues(words[index + 1])
            text, quoted = _bare(text, quoted=quoted, glued=word.glued, continued=continued)
        if not text:
            # A dash between two words is gone, the space it stood for is not.
            apart = apart or not word.glued or _DASHES.issuperset(word.text)
            continue
        if not capitalize:
            text = _lower(text)
        glued = word.glued and not apart
        apart = False
        if (text, glued) == (word.text, word.glued):
            styled.append(word)
        else:
            styled.append(msgspec.structs.replace(word, text=text, glued=glued))
    return styled


def _lower(text: str) -> str:
    parts = PLACEHOLDER.split(text)
    return "".join(part if odd % 2 else part.lower() for odd, part in enumerate(parts))


def _continues(word: Word) -> bool:
    return word.glued and any(map(str.isalnum, word.text))


def _bare(text: str, *, quoted: bool, glued: bool, continued: bool) -> tuple[str, bool]:
    """Take the punctuation off one word.

    Args:
        text: The word.
        quoted: Whether a single quotation mark is open: what closes it is no apostrophe.
        glued: Whether the word is the rest of the one before it.
        continued: Whether the word after it is the rest of this one.

    Returns:
        What is left, and whether a single quotation mark is open now.
    """
    if text.isalnum() or (glued and continued and text in _JOINERS):
        return text, quoted
    placeholder = PLACEHOLDER_WORD.search(text)
    if placeholder:
        return placeholder[0], quoted
    start, end = 0, len(text)
    while start < end and _is_punctuation(text[start]) and not _leads(text, start, glued=glued):
        quoted = quoted or text[start] in _SINGLE_QUOTES
        start += 1
    while start < end and _is_punctuation(text[end - 1]):
        mark = text[end - 1]
        if (continued and mark in _JOINERS) or _ACRONYM.fullmatch(text, start, end):
            break
        if mark in _APOSTROPHES and not quoted and not _is_punctuation(text[end - 2]):
            break
        quoted = quoted and mark not in _SINGLE_QUOTES
        end -= 1
    bare = text[start:end]
    return bare if _ADDRESS.fullmatch(bare) else _without_inner(bare), quoted


def _is_punctuation(mark: str) -> bool:
    if mark in _MEANINGFUL:
        return False
    return unicodedata.category(mark).startswith("P") or mark in "`´"


def _leads(text: str, index: int, *, glued: bool) -> bool:
    """Tell whether a mark before a word belongs to its spelling: a minus, `.5`, `'tis`."""
    mark, after = text[index], text[index + 1 : index + 2]
    if glued and index == 0 and mark in _JOINERS:
        return after.isalnum()
    if mark in "-–":
        return after.isdigit()
    if mark == ".":
        return after.isalnum() and not text[:index].endswith(".")
    if mark in _APOSTROPHES:
        return text[index + 1 :].strip("'’.,?!").lower() in _ELISIONS
    return False


def _without_inner(text: str) -> str:
    """Put a space where punctuation inside a word stands for one, as in `well—yes`."""
    runs = ["".join(run) for _, run in itertools.groupby(text, key=_is_punctuation)]
    for index in range(1, len(runs) - 1):
        run = runs[index]
        if not _is_punctuation(run[0]):
            continue
        numeric = runs[index - 1][-1].isdigit() and runs[index + 1][0].isdigit()
        if run[0] in _APOSTROPHES:
            runs[index] = run[0]
        elif run not in ("-", "‐", "‑", ".", ":", "·") and not (numeric and run in (",", "–")):
            runs[index] = " "
    return "".join(runs)
