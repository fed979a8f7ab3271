"""Digits and letters said or written one after the other: what a number or a code is made of."""

import re
from collections.abc import Sequence

import msgspec

from sferic.text.redaction.document import Document
from sferic.text.redaction.script import is_indic

_WRITTEN = re.compile(r"\+?\(?\d[\d\-‐‑–./:()]*")
_MIXED = re.compile(r"(?=[^\W_]*\d)[^\W_]+(?:[-/][^\W_]+)*")
_COUNTRY = re.compile(r"[A-Z]{2}\d{2}")
_NOT_ALNUM = re.compile(r"[\W_]+")
_MAX_BRIDGE = 6
_BEFORE_LETTERS = frozenset(("-", "/", "dash", "hyphen", "letra", "lettre", "buchstabe"))
_MAX_LETTERS = 4
_LEAST_TENS = 20
_YEARS = 2
"""Digits of an age that may be said again without being another number."""
_REACH_OF_IBAN = 16
_NO_LETTERS = frozenset("èéàáòóì")
"""Words of one letter that nobody spells: letters with accents are named."""


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

    @property
    def takes_unit(self) -> bool:
        """Whether a digit behind it may belong to it: sixty may become sixty one."""
        return self.whole and self.value.endswith("0")


class Run(msgspec.Struct):
    """Atoms with nothing in between but what means nothing."""

    atoms: list[Atom]
    again: int | None = None
    """Index behind what says the same again, if something does."""

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
        atom = _atom(document, index) or _letters(document, index, found)
        if atom is None:
            index += 1
        elif found and _is_said_again(document, found[-1], atom):
            index = found[-1].end = atom.end
        else:
            found.append(atom)
            index = atom.end
    return found


def _is_said_again(document: Document, before: Atom, atom: Atom) -> bool:
    """Tell whether a number of years, or the end of it, is said again: `sixty six six years`."""
    if before.end != atom.start or len(before.value) != _YEARS or not before.value.isdecimal():
        return False
    years = document.at("age_after", atom.end) or document.at("age_years", atom.end)
    same = atom.value == before.value or (before.whole and atom.value == before.value[-1])
    return same and years is not None


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
    rules = document.rules
    letter = _letter(document, index)
    if letter and _is_letter(document, index):
        return Atom(index, index + 1, letter.upper(), "l")
    digit = rules.file.digits.get(key)
    if digit is not None:
        return Atom(index, index + 1, digit, "s", spoken=1)
    return _spoken(document, index)


def _bank(document: Document, index: int, before: Atom) -> Atom | None:
    """Take the letters of a bank in an IBAN, behind a country and two digits: `GB29 NWBK`."""
    key = document.keys[index]
    if len(key) == 4 and key.isalpha() and _COUNTRY.fullmatch(before.value):
        return Atom(index, index + 1, key.upper(), "m")
    return None


def _letters(document: Document, index: int, before: Sequence[Atom]) -> Atom | None:
    """Read some letters in one word that are part of a number."""
    key = document.keys[index]
    if not (2 <= len(key) <= _MAX_LETTERS and key.isascii() and key.isalpha()):
        return None
    if _is_bank_code(document, index):
        return Atom(index, index + 1, key.upper(), "m")
    if not before or before[-1].end != index:
        return None
    return _bank(document, index, before[-1]) or _letter_pair(document, index, before)


def _is_bank_code(document: Document, index: int) -> bool:
    """Tell whether letters before digits are a part of an account number: `NL 91 ABNA 04`."""
    key = document.keys[index]
    following = document.keys[index + 1] if index + 1 < document.size else ""
    if key in document.rules.never or not document.rules.is_number(following):
        return False
    if document.rules.is_number(key) or any(
        document.at(kind, index) for kind in ("filler", "link", "before")
    ):
        return False
    for place in range(index - 1, max(-1, index - _REACH_OF_IBAN), -1):
        mark = document.at("before", place)
        if mark is not None and mark.end <= index:
            token = document.tokens[index]
            plain = not document.cased and (len(key) == 2 or "w" not in token.kinds)
            alike = token.text.isupper() or mark.value == "IBAN" or plain
            return alike and mark.value in ("IBAN", "ACCOUNTNUMBER", "SSN")
    return False


def _letter_pair(document: Document, index: int, before: Sequence[Atom]) -> Atom | None:
    """Read the two letters of a postcode that are written as one word."""
    token = document.tokens[index]
    key = token.key
    if not document.rules.file.letter_pairs or len(key) != 2:
        return None
    if not token.text.isupper() and (document.cased or key in document.rules.never):
        return None
    digits = ""
    end = index
    for atom in reversed(before):
        if atom.end != end or not atom.value.isdecimal():
            break
        digits = atom.value + digits
        end = atom.start
        if len(digits) >= 4:
            break
    return Atom(index, index + 1, key.upper(), "l") if len(digits) == 4 else None


def _letter(document: Document, index: int) -> str:
    """Return the letter that a token is or names, whatever else it may be."""
    if not 0 <= index < document.size:
        return ""
    key = document.keys[index]
    if len(key) == 1 and key.isalpha() and not is_indic(key):
        return key
    return document.rules.file.spelling.letters.get(key, "")


def _is_letter(document: Document, index: int) -> bool:
    """Tell whether a letter is no word: by itself, or by one that is none in the same row."""
    words = document.rules.letter_words
    if document.keys[index] in words and document.keys[index] in _NO_LETTERS:
        return False
    token = document.tokens[index]
    capital = document.cased and len(token.key) == 1 and token.capital
    if token.key not in words or (capital and index > 0):
        return True
    example = document.at("example", index + 1)
    if example is not None and example.end < document.size:
        word = document.keys[example.end]
        if len(word) > 1 and word.startswith(_letter(document, index)):
            return True
    for step in (-1, 1):
        place = index + step
        while _letter(document, place) and abs(place - index) <= _MAX_BRIDGE:
            if document.keys[place] not in words:
                return True
            place += step
    return False


def _spoken(document: Document, index: int) -> Atom | None:
    """Read one number, or a repeated digit, at a token."""
    reader = document.rules.reader
    keys = document.keys
    times = reader.repeat(keys[index])
    if times is not None:
        if index + 1 >= document.size:
            return None
        repeated = reader.digit(keys[index + 1])
        return Atom(index, index + 2, repeated * times, "s", spoken=times) if repeated else None
    reading = reader.cardinal(keys, index)
    if reading is not None:
        value, end = _with_unit(document, index + reading.count, reading.value)
        single = len(value) == 1
        return Atom(index, end, value, "s", int(single), whole=not single)
    digit = reader.digit(keys[index])
    return Atom(index, index + 1, digit, "s", spoken=1) if digit is not None else None


def _with_unit(document: Document, end: int, value: int) -> tuple[str, int]:
    """Add a written digit to the tens before it: recognisers write `fifty 4`.

    Returns:
        The number in digits, and where it ends.
    """
    if value % 10 == 0 and value % 100 >= _LEAST_TENS:
        place = end
        if place < document.size and document.rules.reader.joins(document.keys[place]):
            place += 1
        unit = _ascii(document.keys[place]) if place < document.size else ""
        if len(unit) == 1 and unit in "123456789":
            return str(value + int(unit)), place + 1
    return str(value), end


def _ascii(key: str) -> str:
    """Return a text with the digits of every script as 0 to 9."""
    if key.isascii():
        return key
    return "".join([str(int(mark)) if mark.isdecimal() else mark for mark in key])


def runs(document: Document, found: Sequence[Atom]) -> list[Run]:
    """Join atoms to runs, over fillers and corrections, and take letters off that are words."""
    joined: list[Run] = []
    current: list[Atom] = []
    for atom in found:
        if current:
            begin = _example_end(document, current[-1])
            joins = begin == atom.start or _is_bridge(document, begin, atom.start)
            if not joins or not (begin > current[-1].end or _fits(current[-1], atom, document)):
                _close(joined, current, document)
                current = []
        current.append(atom)
    _close(joined, current, document)
    return joined


def _example_end(document: Document, letter: Atom) -> int:
    """Return where a letter ends with the word that it was told by: `D as in Delta`."""
    example = document.at("example", letter.end) if letter.kind == "l" else None
    if example is None or example.end >= document.size:
        return letter.end
    word = document.keys[example.end]
    fits = len(word) > 1 and word.startswith(letter.value.lower())
    return example.end + 1 if fits else letter.end


def _is_bridge(document: Document, start: int, end: int) -> bool:
    """Tell whether nothing but fillers and corrections stands between two atoms."""
    if end - start > _MAX_BRIDGE:
        return False
    while start < end:
        mark = document.at("correction", start) or document.at("filler", start)
        if mark is None or mark.end > end:
            return False
        start = mark.end
    return True


def _fits(before: Atom, after: Atom, document: Document) -> bool:
    """Tell whether a letter that is next to a number belongs to it."""
    if before.end == after.start or "l" not in before.kind + after.kind:
        return True
    return document.keys[before.end] in _BEFORE_LETTERS


def _close(joined: list[Run], current: list[Atom], document: Document) -> None:
    """End a run, without letters at its edges that are words: `a`, `y`."""
    kept = list(current)
    while kept and _is_word(kept[0], document) and (len(kept) == 1 or kept[1].kind != "l"):
        del kept[0]
    while kept and _is_word(kept[-1], document) and (len(kept) == 1 or kept[-2].kind != "l"):
        del kept[-1]
    if kept:
        joined.append(Run(kept))


def _is_word(atom: Atom, document: Document) -> bool:
    token = document.tokens[atom.start]
    if atom.kind != "l" or token.key not in document.rules.never:
        return False
    return token.key == "i" or not token.capital
