"""Digits and letters said or written one after the other: what a number or a code is made of."""

import re
from collections.abc import Sequence

import msgspec

from sferic.text.redaction.document import Document, Token

_WRITTEN = re.compile(r"\+?\(?\d[\d\-‐‑–./:()]*")
_MIXED = re.compile(r"(?=[^\W_]*\d)[^\W_]+(?:[-/][^\W_]+)*")
_NOT_ALNUM = re.compile(r"[\W_]+")
_MAX_BRIDGE = 6
_ARTICLES = frozenset("aio")
"""Letters that are words too, at the edge of a run."""


class Atom(msgspec.Struct):
    """Some tokens that say some digits, or a letter."""

    start: int
    end: int
    value: str
    kind: str
    """`s` a spoken number, `w` a written one, `m` digits and letters in one word, `l` a letter."""
    spoken: int = 0
    """How many digits were said one by one."""
    whole: bool = False
    """Whether it was said as one number: `two hundred`, `forty two`."""


class Run(msgspec.Struct):
    """Atoms with nothing in between but what means nothing."""

    atoms: list[Atom]
    corrected: bool = False
    """Whether digits were taken back."""

    @property
    def start(self) -> int:
        """Index of its first token."""
        return self.atoms[0].start

    @property
    def end(self) -> int:
        """Index behind its last."""
        return self.atoms[-1].end

    @property
    def value(self) -> str:
        """Its digits and letters, in capitals."""
        return "".join([atom.value for atom in self.atoms])

    @property
    def digits(self) -> str:
        """Its digits."""
        return "".join([mark for mark in self.value if mark.isdigit()])

    @property
    def spoken(self) -> int:
        """How many digits were said one by one."""
        return sum(atom.spoken for atom in self.atoms)


def atoms(document: Document) -> list[Atom]:
    """Find all numbers and single letters, in order."""
    found: list[Atom] = []
    index = document.begin
    while index < document.size:
        atom = _atom(document, index)
        if atom is None:
            index += 1
        else:
            found.append(atom)
            index = atom.end
    return found


def _atom(document: Document, index: int) -> Atom | None:
    token = document.tokens[index]
    key = token.key
    if not key.isalpha():
        if _WRITTEN.fullmatch(key):
            return Atom(index, index + 1, _NOT_ALNUM.sub("", _ascii(key)), "w")
        if any(map(str.isdigit, key)):
            if _MIXED.fullmatch(key):
                return Atom(index, index + 1, _NOT_ALNUM.sub("", _ascii(key)).upper(), "m")
            return None
    elif len(key) == 1:
        return Atom(index, index + 1, key.upper(), "l")
    rules = document.rules
    letter = rules.file.spelling.letters.get(key)
    if letter is not None:
        return Atom(index, index + 1, letter.upper(), "l")
    digit = rules.file.digits.get(key)
    if digit is not None:
        return Atom(index, index + 1, digit, "s", spoken=1)
    return _spoken(document, index)


def _spoken(document: Document, index: int) -> Atom | None:
    """Read one number, or a repeated digit, at a token."""
    reader = document.rules.reader
    keys = document.keys
    times = reader.repeat(keys[index])
    if times is not None:
        if index + 1 >= document.size:
            return None
        digit = reader.digit(keys[index + 1])
        return Atom(index, index + 2, digit * times, "s", spoken=times) if digit else None
    reading = reader.cardinal(keys, index)
    if reading is not None:
        value = str(reading.value)
        digit = len(value) == 1
        return Atom(index, index + reading.count, value, "s", int(digit), whole=not digit)
    digit = reader.digit(keys[index])
    return Atom(index, index + 1, digit, "s", spoken=1) if digit is not None else None


def _ascii(key: str) -> str:
    """Return a text with the digits of every script as 0 to 9."""
    if key.isascii():
        return key
    return "".join([str(int(mark)) if mark.isdecimal() else mark for mark in key])


def runs(document: Document, found: Sequence[Atom]) -> list[Run]:
    """Join atoms to runs, over fillers and corrections, and take letters off that are words."""
    joined: list[Run] = []
    current: list[Atom] = []
    corrected = False
    for atom in found:
        if current:
            bridge = _bridge(document, current[-1].end, atom.start)
            if bridge is None or not _fits(current[-1], atom, document):
                _close(joined, current, document, corrected=corrected)
                current, corrected = [], False
            corrected = corrected or bridge == "correction"
        current.append(atom)
    _close(joined, current, document, corrected=corrected)
    return joined


def _bridge(document: Document, start: int, end: int) -> str | None:
    """Tell what joins two atoms: nothing between them, fillers, or a correction."""
    kind = ""
    if end - start > _MAX_BRIDGE:
        return None
    while start < end:
        mark = document.at("correction", start)
        if mark is not None and mark.end <= end:
            kind = "correction"
        else:
            mark = document.at("filler", start)
        if mark is None or mark.end > end:
            return None
        start = mark.end
        kind = kind or "filler"
    return kind


def _fits(before: Atom, after: Atom, document: Document) -> bool:
    """Tell whether a letter that is next to a number belongs to it."""
    if before.end == after.start or "l" not in before.kind + after.kind:
        return True
    return document.keys[before.end] in ("-", "/", "dash", "hyphen")


def _close(joined: list[Run], current: list[Atom], document: Document, *, corrected: bool) -> None:
    tokens = document.tokens
    kept = list(current)
    while kept and _is_article(kept[0], tokens) and (len(kept) == 1 or kept[1].kind != "l"):
        del kept[0]
    while kept and _is_article(kept[-1], tokens) and (len(kept) == 1 or kept[-2].kind != "l"):
        del kept[-1]
    if kept:
        joined.append(Run(kept, corrected))


def _is_article(atom: Atom, tokens: Sequence[Token]) -> bool:
    key = tokens[atom.start].key
    return atom.kind == "l" and key in _ARTICLES and (key == "i" or not tokens[atom.start].capital)
