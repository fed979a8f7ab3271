"""E-mail addresses and those of the web, as they are said: john at gmail dot com."""

from collections.abc import Sequence

from sferic.text.numbers import NumberReader
from sferic.text.numerals.grammar import Addresses
from sferic.text.numerals.tokens import Token

_ENDINGS = frozenset(
    "com org net edu gov mil int info io ai app dev co me tv biz eu de at ch fr be es it pt nl uk "
    "us ca au nz ie in br mx ar cl pl cz sk hu ro bg ru ua lt lv ee fi se no dk jp cn kr".split()
)
_MAX_LABELS = 12
_MAX_PATH = 12
_DOTS_AND_SLASHES = frozenset("./:")


class AddressFinder:
    """Finds spoken addresses in the tokens of one text."""

    def __init__(self, tokens: Sequence[Token], words: Addresses, reader: NumberReader) -> None:
        self._tokens = tokens
        self._words = words
        self._reader = reader

    def all(self) -> dict[int, tuple[int, str]]:
        """Return where addresses begin, where each ends, and how it is written."""
        found: dict[int, tuple[int, str]] = {}
        done = 0
        for at, token in enumerate(self._tokens):
            if at < done or token.norm not in self._words.dot:
                continue
            address = self._around(at, done)
            if address is not None:
                start, done, text = address
                found[start] = (done, text)
        return found

    def _around(self, dot: int, floor: int) -> tuple[int, int, str] | None:
        """Read the address whose first dot, in its host or before, is at a token."""
        start = self._back(dot, floor)
        if start is None:
            return None
        end, text = self._forward(start)
        if end <= dot:
            return None
        name, at, host = text.rpartition("@")
        labels = host.split("/")[0].split(".")
        if len(labels) < 2 or labels[-1] not in _ENDINGS or not all(labels):
            return None
        if at and not name:
            return None
        if not at and labels[0] != "www" and len(labels[0]) < 2:
            return None
        return start, end, text

    def _back(self, dot: int, floor: int) -> int | None:
        """Return where the address with a dot begins: its name, what is joined to it, letters."""
        start = self._label_before(dot, floor)
        while start is not None and start - 1 > floor and self._join(start - 1):
            before = self._label_before(start - 1, floor)
            if before is None:
                return start
            start = before
        return start

    def _label_before(self, end: int, floor: int) -> int | None:
        """Return where the label that ends before a token begins."""
        start = end - 1
        if start < floor or not self._is_label(start) or self._tokens[start].trail:
            return None
        while start > floor and self._sticks(start - 1) and not self._tokens[start - 1].trail:
            start -= 1
        if self._is_piece(start) and start > floor and not self._tokens[start - 1].trail:
            before = self._tokens[start - 1].norm
            if (
                self._is_label(start - 1)
                and not self._sign(before)
                and self._digits_end(start, end)
            ):
                start -= 1
        return start

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

    def _is_label(self, at: int) -> bool:
        norm = self._tokens[at].norm
        if not norm or norm in self._words.stops or self._join(at):
            return False
        return all(letter.isalnum() or letter in "-_." for letter in norm)

    def _sign(self, norm: str) -> str:
        if norm in self._words.at:
            return "@"
        return "." if norm in self._words.dot else self._words.signs.get(norm, "")

    def _join(self, at: int) -> bool:
        return self._sign(self._tokens[at].norm) != ""

    def _forward(self, start: int) -> tuple[int, str]:
        """Write the address that begins at a token, as far as it is one."""
        text, place, end, whole = "", start, start, ""
        limit = min(len(self._tokens), start + 4 * (_MAX_LABELS + _MAX_PATH))
        while place < limit:
            label, count = self._label(place)
            if not count:
                break
            text, place = text + label, place + count
            if self._is_whole(text):
                end, whole = place, text
            if place >= limit or self._tokens[place - 1].trail or self._tokens[place].lead:
                break
            sign = self._sign(self._tokens[place].norm)
            if not sign:
                break
            while place < limit and (sign := self._sign(self._tokens[place].norm)):
                text, place = text + sign, place + 1
        return end, whole

    def _is_whole(self, text: str) -> bool:
        host = text.rpartition("@")[2].split("://")[-1].split("/")[0]
        return "." in host and host.rpartition(".")[2] in _ENDINGS

    def _label(self, at: int) -> tuple[str, int]:
        """Write one label: a word, or letters and numbers, or a word and a number."""
        text, place = "", at
        while place < len(self._tokens) and not self._join(place):
            norm = self._tokens[place].norm
            apart = place > at and (self._tokens[place - 1].trail or self._tokens[place].lead)
            word = len(norm) > 1 and not self._is_piece(place)
            stops = norm in self._words.stops and norm not in _ENDINGS and not text
            if not norm or apart or (word and text) or stops:
                break
            said = [token.norm for token in self._tokens[place : place + 8]]
            run = self._reader.digits(said, 0) if self._is_piece(place) else None
            if run is not None:
                text, place = text + run.digits, place + run.count
            else:
                text, place = text + norm, place + 1
            if word and (place >= len(self._tokens) or not self._is_piece(place)):
                break
        return text, place - at
