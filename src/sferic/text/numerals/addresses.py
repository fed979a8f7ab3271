"""E-mail addresses and those of the web, as they are said: john at gmail dot com."""

import unicodedata
from collections.abc import Sequence

from sferic.text.numbers import NumberReader
from sferic.text.numerals.grammar import Addresses
from sferic.text.numerals.spelling import in_address
from sferic.text.numerals.tokens import Token

_GENERIC = "com org net edu gov mil int info io ai app dev co me tv biz eu"
_COUNTRIES = (
    "de at ch fr be es it pt nl uk us ca au nz ie in br mx ar cl pl cz sk hu ro bg ru ua lt lv ee "
    "fi se no dk jp cn kr mt"
)
_ENDINGS = frozenset(f"{_GENERIC} {_COUNTRIES}".split(" "))
"""What the last part of a host is; others are too likely to be words."""
_MAX_LABELS = 8
_MAX_TOKENS = 48
_AHEAD = 8


class AddressFinder:
    """Finds spoken addresses in the tokens of one text."""

    def __init__(self, tokens: Sequence[Token], words: Addresses, reader: NumberReader) -> None:
        self._tokens = tokens
        self._words = words
        self._reader = reader
        self._norms = [token.norm for token in tokens]
        self._signs = _signs(self._norms, words)

    def all(self) -> dict[int, tuple[int, str]]:
        """Return where addresses begin, where each ends, and how it is written."""
        found: dict[int, tuple[int, str]] = {}
        done = 0
        for at, token in enumerate(self._tokens):
            if at < done or token.norm not in self._words.dot or self._signs[at] != ".":
                continue
            start = self._back(at, done)
            if start is None:
                continue
            end, text, seen = self._forward(start)
            if end > at and _is_address(text):
                found[start] = (end, text)
                done = end
            else:
                done = seen  # What was no address from its beginning is none from its middle.
        return found

    def _back(self, dot: int, floor: int) -> int | None:
        """Return where the address with a dot begins: its name, what is joined to it, letters."""
        start = self._label_before(dot, floor)
        floor = max(floor, dot - _MAX_LABELS)
        while start is not None and start - 1 > floor and self._join(start - 1):
            sign = start - 1
            while sign > floor and self._signs[sign] == "":
                sign -= 1
            before = self._label_before(sign, floor)
            if before is None:
                return start
            start = before
        return start

    def _label_before(self, end: int, floor: int) -> int | None:
        """Return where the label that ends before a token begins."""
        start = end - 1
        if start < floor or not self._is_label(start) or self._tokens[start].trail:
            return None
        while (
            start > max(floor, end - _MAX_LABELS)
            and self._sticks(start - 1)
            and not self._tokens[start - 1].trail
        ):
            start -= 1
        start = min(start, self._number_before(end, floor))
        if start > floor and not self._tokens[start - 1].trail:
            if self._is_label(start - 1) and self._digits_end(start, end):
                start -= 1
        return self._particles_before(start, floor)

    def _number_before(self, end: int, floor: int) -> int:
        """Return where the longest number begins that ends before a token: vinte e cinco."""
        for start in range(max(floor, end - _AHEAD), end):
            if self._digits_end(start, end) and not self._is_broken(start, end):
                return start
        return end

    def _is_broken(self, start: int, end: int) -> bool:
        return any(token.trail for token in self._tokens[start : end - 1])

    def _particles_before(self, start: int, floor: int) -> int:
        """Return where a name begins that may have words before it: the `de` of `punt de vries`."""
        place = start
        while place > floor and self._norms[place - 1] in self._words.particles:
            place -= 1
        return place if place > floor and self._join(place - 1) else start

    def _digits_end(self, start: int, end: int) -> bool:
        """Tell whether what is said is digits behind a name: john forty two."""
        if start >= end or not self._is_piece(start):
            return False
        said = self._norms[start:end]
        run = self._reader.digits(said, 0)
        return run is not None and run.count == len(said)

    def _sticks(self, at: int) -> bool:
        return not self._join(at) and self._is_piece(at) and self._is_piece(at + 1)

    def _is_piece(self, at: int) -> bool:
        """Tell whether a token is a letter or a number, of which a label may have several."""
        norm = self._norms[at]
        if norm and len(self._written(at)) == 1 and self._written(at).isalpha():
            return norm not in self._words.stops
        return norm.isdecimal() or self._reader.digits([norm], 0) is not None

    def _is_label(self, at: int) -> bool:
        norm = self._norms[at]
        if not norm or self._stops(norm) or self._join(at):
            return False
        return all(_in_label(letter) for letter in norm)

    def _stops(self, norm: str) -> bool:
        return norm in self._words.stops and norm not in self._words.names

    def _written(self, at: int) -> str:
        return in_address(self._norms[at], self._words)

    def _join(self, at: int) -> bool:
        return self._signs[at] is not None

    def _forward(self, start: int) -> tuple[int, str, int]:
        """Write the address that begins at a token, as far as it is one.

        Returns:
            Index behind it, what is written, and index behind all that was looked at.
        """
        text, place, end, whole = "", start, start, ""
        limit = min(len(self._tokens), start + _MAX_TOKENS)
        while place < limit:
            label, count = self._label(place)
            if not count:
                break
            text, place = text + label, place + count
            if self._is_whole(text):
                end, whole = place, text
            if place >= limit or self._tokens[place - 1].trail or self._tokens[place].lead:
                break
            joined = place
            while place < limit and (sign := self._signs[place]) is not None:
                text, place = text + sign, place + 1
            if place == joined:
                break
        return end, whole, place

    def _is_whole(self, text: str) -> bool:
        host = text.rpartition("@")[2].split("://")[-1].split("/")[0]
        return "." in host and host.rpartition(".")[2] in _ENDINGS

    def _label(self, at: int) -> tuple[str, int]:
        """Write one label: a word, or letters and numbers, or a word and a number."""
        text, place = self._particles(at)
        first = place
        while place < len(self._tokens) and not self._join(place):
            norm = self._norms[place]
            apart = place > first and (self._tokens[place - 1].trail or self._tokens[place].lead)
            word = len(self._written(place)) > 1 and not self._is_piece(place)
            stops = self._stops(norm) and norm not in _ENDINGS and place == first
            if not norm or apart or (word and place > first) or stops:
                break
            run = self._reader.digits(self._said(place), 0) if self._is_piece(place) else None
            if run is not None:
                text, place = text + run.digits, place + run.count
            else:
                text, place = text + self._written(place), place + 1
            if word and (place >= len(self._tokens) or not self._is_piece(place)):
                break
        return text, place - at

    def _particles(self, at: int) -> tuple[str, int]:
        """Write the words before a name, if it goes on to a sign: `de` in `punt de vries at`."""
        place = at
        while place < len(self._norms) and self._norms[place] in self._words.particles:
            place += 1
        named = place > at > 0 and self._join(at - 1) and place + 1 < len(self._norms)
        if named and not self._join(place) and self._signs[place + 1] == "@":
            return "".join(self._norms[at:place]), place
        return "", at

    def _said(self, at: int) -> list[str]:
        """Return what may be one number: what is said up to the next sign."""
        end = at
        while end < min(len(self._norms), at + _AHEAD) and not self._join(end):
            end += 1
        return self._norms[at:end]


def _in_label(letter: str) -> bool:
    return letter.isalnum() or letter in "-_." or unicodedata.category(letter)[0] == "M"


def _signs(norms: Sequence[str], words: Addresses) -> list[str | None]:
    """Return the sign that each word says; nothing for the later words of those with several."""
    signs = {**words.signs, **dict.fromkeys(words.dot, "."), **dict.fromkeys(words.at, "@")}
    phrases = sorted(((phrase.split(), sign) for phrase, sign in signs.items()), key=_longest_first)
    found: list[str | None] = [None] * len(norms)
    known = {phrase[0] for phrase, _ in phrases}
    for at, norm in enumerate(norms):
        if norm not in known or found[at] is not None:
            continue
        for phrase, sign in phrases:
            end = at + len(phrase)
            if list(norms[at:end]) == phrase:
                found[at:end] = [sign, *[""] * (len(phrase) - 1)]
                break
    return found


def _longest_first(phrase: tuple[list[str], str]) -> int:
    return -len(phrase[0])


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    labels = host.split("/")[0].split(".")
    if len(labels) < 2 or labels[-1] not in _ENDINGS or not all(labels):
        return False
    return bool(name) if at else labels[0] == "www" or len(labels[0]) > 1
