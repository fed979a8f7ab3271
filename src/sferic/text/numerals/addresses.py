"""E-mail addresses and those of the web, as they are said: john at gmail dot com."""

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
_MAX_LABELS = 12
_MAX_TOKENS = 48
_LONGEST_NUMBER = 6
_SIGN_LENGTHS = (3, 2, 1)
"""How many words a sign may be said in."""


class AddressFinder:
    """Finds spoken addresses in the tokens of one text."""

    def __init__(self, tokens: Sequence[Token], words: Addresses, reader: NumberReader) -> None:
        self._tokens = tokens
        self._words = words
        self._reader = reader
        self._signs: dict[tuple[str, ...], str] = {
            **{tuple(phrase.split()): "@" for phrase in words.at},
            **{tuple(phrase.split()): "." for phrase in words.dot},
            **{tuple(phrase.split()): sign for phrase, sign in words.signs.items()},
        }

    def all(self) -> dict[int, tuple[int, str]]:
        """Return where addresses begin, where each ends, and how it is written."""
        found: dict[int, tuple[int, str]] = {}
        done = 0
        for at in range(len(self._tokens)):
            if at < done or not self._tells(at):
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

    def _tells(self, at: int) -> bool:
        """Tell whether there may be an address: a dot is said, or `@` before a written host."""
        norm = self._tokens[at].norm
        if norm not in self._words.sure or at + 1 == len(self._tokens):
            return norm in self._words.dot
        return self._is_whole(self._tokens[at + 1].norm)

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
        for count in _SIGN_LENGTHS:
            if said[-count:] in self._signs:
                return start - count
        return 0

    def _sign_at(self, at: int) -> tuple[str, int]:
        """Return the sign that is said at a token, and in how many."""
        said = tuple(token.norm for token in self._tokens[at : at + _SIGN_LENGTHS[0]])
        for count in _SIGN_LENGTHS:
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
        start = min(start, self._number_before(end, furthest))
        if self._is_piece(start) and start > floor and not self._tokens[start - 1].trail:
            named = self._is_label(start - 1, start) and self._digits_end(start, end)
            start -= int(named)
        while start > furthest and self._is_letter(start - 1, spelling=self._is_letter(start)):
            start -= 1
        return self._particles_before(start, floor)

    def _number_before(self, end: int, furthest: int) -> int:
        """Return where the longest number begins that ends before a token: vinte e cinco."""
        if not self._is_piece(end - 1):
            return end
        for start in range(max(furthest, end - _LONGEST_NUMBER), end):
            broken = any(token.trail for token in self._tokens[start : end - 1])
            if not broken and self._is_piece(start) and self._digits_end(start, end):
                return start
        return end

    def _particles_before(self, start: int, floor: int) -> int:
        """Return where a name begins that may have words before it: the `de` of `punt de vries`."""
        place = start
        while place > floor and self._tokens[place - 1].norm in self._words.particles:
            place -= 1
        return place if place == start or self._sign_before(place) > floor else start

    def _is_letter(self, at: int, *, spelling: bool = True) -> bool:
        """Tell whether a token is one letter of a name; `a` only where a name is spelled."""
        token = self._tokens[at]
        letter = self._written(at)
        if len(letter) != 1 or not letter.isalpha() or token.trail:
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
        norm, written = self._tokens[at].norm, self._written(at)
        if len(written) == 1 and written.isalpha():
            return norm not in self._words.stops
        return norm.isdecimal() or self._reader.digits([norm], 0) is not None

    def _is_label(self, at: int, end: int) -> bool:
        """Tell whether a token may be a label, or the last of one that ends before a place."""
        norm = self._tokens[at].norm
        if not norm or self._join(at):
            return False
        # What is joined by a hyphen may be any word: my dash company.
        hyphenated = self._sign_at(end)[0] in {"-", "_"}
        if norm in self._words.stops and norm not in self._words.names and not hyphenated:
            return False
        return all(letter.isalnum() or letter in "-_." for letter in self._written(at))

    def _written(self, at: int) -> str:
        return in_address(self._tokens[at].norm, self._words)

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
        text, place = self._particles(at)
        first, worded = place, False
        while place < len(self._tokens) and not self._join(place):
            norm = self._tokens[place].norm
            apart = place > first and (self._tokens[place - 1].trail or self._tokens[place].lead)
            if not norm or apart:
                break
            if self._is_piece(place):
                piece, count = self._piece(place)
            elif worded or any(letter.isdecimal() for letter in text):
                break
            else:
                piece, count, worded = self._written(place), 1, True
            text, place = text + piece, place + count
        return text, place - at

    def _particles(self, at: int) -> tuple[str, int]:
        """Write the words before a name that ends in `@`: `de` in `punt de vries apenstaartje`."""
        place, last = at, min(len(self._tokens) - 1, at + _MAX_LABELS)
        while place < last and self._tokens[place].norm in self._words.particles:
            place += 1
        if at == place or self._join(place) or self._sign_at(place + 1)[0] != "@":
            return "", at
        return "".join(token.norm for token in self._tokens[at:place]), place

    def _piece(self, at: int) -> tuple[str, int]:
        said: list[str] = []
        while len(said) < _MAX_LABELS and at + len(said) < len(self._tokens):
            if self._join(at + len(said)):
                break
            said.append(self._tokens[at + len(said)].norm)
        run = self._reader.digits(said, 0)
        return (run.digits, run.count) if run else (self._written(at), 1)


def _is_address(text: str) -> bool:
    name, at, host = text.rsplit("://", maxsplit=1)[-1].rpartition("@")
    labels = host.split("/")[0].split(".")
    if len(labels) < 2 or labels[-1] not in _ENDINGS or not all(labels):
        return False
    return bool(name) if at else labels[0] == "www" or len(labels[0]) > 1
