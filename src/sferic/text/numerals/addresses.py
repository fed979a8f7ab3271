"""E-mail addresses and those of the web, as they are said: john at gmail dot com."""

from collections.abc import Sequence

from sferic.text.numbers import NumberReader
from sferic.text.numerals.grammar import Addresses
from sferic.text.numerals.tokens import Token

_GENERIC = "com org net edu gov mil int info io ai app dev co me tv biz eu"
_COUNTRIES = (
    "de at ch fr be es it pt nl uk us ca au nz ie in br mx ar cl pl cz sk hu ro bg ru ua lt lv ee "
    "fi se no dk jp cn kr mt"
)
_ENDINGS = frozenset(f"{_GENERIC} {_COUNTRIES}".split(" "))
"""What the last part of a host is; others are too likely to be words."""
_MAX_LABELS = 12
_MAX_TOKENS = 48


class AddressFinder:
    """Finds spoken addresses in the tokens of one text."""

    def __init__(self, tokens: Sequence[Token], words: Addresses, reader: NumberReader) -> None:
        self._tokens = tokens
        self._words = words
        self._reader = reader
        self._signs = {
            **{(word,): "@" for word in words.at},
            **{(word,): "." for word in words.dot},
            **{tuple(phrase.split()): sign for phrase, sign in words.signs.items()},
        }

    def all(self) -> dict[int, tuple[int, str]]:
        """Return where addresses begin, where each ends, and how it is written."""
        found: dict[int, tuple[int, str]] = {}
        done = 0
        for at, token in enumerate(self._tokens):
            if at < done or token.norm not in self._words.dot:
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
        while start is not None and (sign := self._sign_before(start)) > floor:
            before = self._label_before(sign, floor)
            if before is None:
                return start
            start = before
        return start

    def _sign_before(self, start: int) -> int:
        """Return where the sign before a label begins, 0 if none does; `://` is said in three."""
        said = tuple(token.norm for token in self._tokens[max(0, start - 3) : start])
        if [self._signs.get((norm,)) for norm in said] == [":", "/", "/"]:
            return start - 3
        for count in (2, 1):
            if said[-count:] in self._signs:
                return start - count
        return 0

    def _sign_at(self, at: int) -> tuple[str, int]:
        """Return the sign that is said at a token, and in how many."""
        said = tuple(token.norm for token in self._tokens[at : at + 2])
        for count in (2, 1):
            if said[:count] in self._signs:
                return self._signs[said[:count]], count
        return "", 0

    def _label_before(self, end: int, floor: int) -> int | None:
        """Return where the label that ends before a token begins."""
        start = end - 1
        if start < floor or self._tokens[start].trail or not self._is_label(start, end):
            return None
        furthest = max(floor, end - _MAX_LABELS)
        while start > furthest and self._sticks(start - 1) and not self._tokens[start - 1].trail:
            start -= 1
        if self._is_piece(start) and start > floor and not self._tokens[start - 1].trail:
            named = self._is_label(start - 1, start) and self._digits_end(start, end)
            start -= int(named)
        while start > furthest and self._is_letter(start - 1, spelling=self._is_letter(start)):
            start -= 1
        return start

    def _is_letter(self, at: int, *, spelling: bool = True) -> bool:
        """Tell whether a token is one letter of a name; `a` only where a name is spelled."""
        token = self._tokens[at]
        if len(token.norm) != 1 or not token.norm.isalpha() or token.trail:
            return False
        return spelling or token.norm not in self._words.stops

    def _digits_end(self, start: int, end: int) -> bool:
        """Tell whether what is said is digits behind a name: john forty two."""
        said = [token.norm for token in self._tokens[start:end]]
        run = self._reader.digits(said, 0)
        return run is not None and run.count == len(said)

    def _sticks(self, at: int) -> bool:
        return self._is_piece(at) and self._is_piece(at + 1)

    def _is_piece(self, at: int) -> bool:
        """Tell whether a token is a letter or a number, of which a label may have several."""
        norm = self._tokens[at].norm
        if len(norm) == 1 and norm.isalpha():
            return norm not in self._words.stops
        return norm.isdecimal() or self._reader.digits([norm], 0) is not None

    def _is_label(self, at: int, end: int) -> bool:
        """Tell whether a token may be a label, or the last of one that ends before a place."""
        norm = self._tokens[at].norm
        if not norm or self._join(at):
            return False
        # What is joined by a hyphen may be any word: my dash company.
        hyphenated = self._sign_at(end)[0] in {"-", "_"}
        if norm in self._words.stops and not hyphenated:
            return False
        return all(letter.isalnum() or letter in "-_." for letter in norm)

    def _join(self, at: int) -> bool:
        return self._sign_at(at)[1] > 0

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
            while place < limit and (found := self._sign_at(place))[1]:
                text, place = text + found[0], place + found[1]
            if place == joined:
                break
        return end, whole, place

    def _is_whole(self, text: str) -> bool:
        host = text.rpartition("@")[2].split("://")[-1].split("/")[0]
        return "." in host and host.rpartition(".")[2] in _ENDINGS

    def _label(self, at: int) -> tuple[str, int]:
        """Write one label: letters and numbers, a word, letters and numbers."""
        text, place, worded = "", at, False
        while place < len(self._tokens) and not self._join(place):
            norm = self._tokens[place].norm
            apart = place > at and (self._tokens[place - 1].trail or self._tokens[place].lead)
            if not norm or apart:
                break
            if self._is_piece(place):
                piece, count = self._piece(place)
            elif worded or any(letter.isdecimal() for letter in text):
                break
            else:
                piece, count, worded = norm, 1, True
            text, place = text + piece, place + count
        return text, place - at

    def _piece(self, at: int) -> tuple[str, int]:
        said = [token.norm for token in self._tokens[at : at + _MAX_LABELS]]
        run = self._reader.digits(said, 0)
        return (run.digits, run.count) if run else (said[0], 1)


def _is_address(text: str) -> bool:
    name, at, host = text.rsplit("://", maxsplit=1)[-1].rpartition("@")
    labels = host.split("/")[0].split(".")
    if len(labels) < 2 or labels[-1] not in _ENDINGS or not all(labels):
        return False
    return bool(name) if at else labels[0] == "www" or len(labels[0]) > 1
