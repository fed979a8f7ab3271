"""The numbers of houses, and postcodes."""

import re
from collections.abc import Mapping

from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom

_DIGITS = 6
_PARTS = 4
_FLOOR = re.compile(r"\d{1,2}[ºª]")
APART = 8
"""Tokens between a street and what announces the number of the house."""
POSTCODE = 4
"""From how many digits on a number behind that of a house is one of its own."""


class Houses:
    """Reads what the parts of an address have in common."""

    def __init__(self, findings: Findings, atoms: Mapping[int, Atom]) -> None:
        self._findings = findings
        self._document = findings.document
        self._streets = findings.document.rules.file.streets
        self._atoms = atoms
        self._ends = {atom.end: atom for atom in atoms.values()}
        self._numbers = {
            index
            for atom in atoms.values()
            if atom.kind != "l"
            for index in range(atom.start, atom.end)
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in {self._document!r}>"

    def _floor_end(self, index: int) -> int:
        """Return where a floor ends that is written as a number, and the door: `3º B`."""
        document = self._document
        if index >= document.size or not _FLOOR.fullmatch(document.keys[index]):
            return index
        end = index + 1
        door = document.at("floor", end)
        if door is not None:
            return door.end
        letter = self._atoms.get(end)
        capital = letter is not None and letter.kind == "l" and document.tokens[end].capital
        return end + capital

    def _number_apart(self, index: int) -> int | None:
        """Return where a number begins that is said after its street: `und zwar die Nummer 5`."""
        document = self._document
        announced = False
        place = index
        while place < document.size and place - index < APART:
            if announced and self._number_end(place) > place:
                return place
            link = document.at("number_link", place)
            announced = announced or link is not None
            small = document.keys[place] in document.rules.never
            if link is None and not small and not document.at("link", place):
                break
            place = link.end if link is not None else place + 1
        return None

    def _is_anchor(self, index: int) -> bool:
        """Tell whether a postcode begins at a token, and a city follows it."""
        document = self._document
        end = self._postcode_end(index)
        inside = (self._atoms[place] for place in range(index, end) if place in self._atoms)
        if sum(len(atom.value) for atom in inside) != self._streets.postcode:
            return False
        if end == index or end >= document.size or not self._is_proper(end, end + 1):
            return False
        return not self._findings.taken(max(0, index - 1), end)

    def _parts_end(self, index: int) -> int:
        """Return where the parts of a house end that an address goes on with: floor, door."""
        document = self._document
        end = index
        for _ in range(_PARTS):
            mark = document.at("unit", end) or document.at("building", end)
            if mark is not None and (behind := self._number_end(mark.end)) > mark.end:
                end = behind
                continue
            if end > index or end - 1 in self._numbers:
                end = self._floor_end(end)
            floor = document.at("floor", end)
            numbered = end - 1 in self._numbers or end > index
            if floor is None or not numbered or document.tokens[end - 1].pause:
                break
            end = floor.end
            door = self._atoms.get(end)
            if door is not None and door.kind == "l" and not document.tokens[end - 1].pause:
                end = door.end
        return end

    def _is_proper(self, start: int, end: int) -> bool:
        """Tell whether words are names: capitals where there are any, else nothing common."""
        document = self._document
        for index in range(start, end):
            token = document.tokens[index]
            if not token.key[:1].isalpha() or token.key in document.rules.never:
                return False
            if document.cased and not token.capital:
                return False
            if not document.cased and "w" in token.kinds and not set(token.kinds) & set("fFlLp"):
                return False
        return start < end

    def _number_start(self, index: int) -> int:
        """Return where the number of a house begins that ends before a token."""
        suffix = self._document.before("number_suffix", index)
        start = suffix.start if suffix is not None and suffix.start in self._ends else index
        digits = 0
        while start in self._ends and start > self._document.begin:
            atom = self._ends[start]
            digits += len(atom.value)
            if digits > _DIGITS or self._findings.taken(atom.start, atom.end):
                break
            start = atom.start
        while start < index and self._atoms[start].kind == "l":
            start = self._atoms[start].end
        return start

    def _number_end(self, index: int) -> int:
        end = index
        digits = 0
        while end in self._atoms and digits + len(self._atoms[end].value) <= _DIGITS:
            atom = self._atoms[end]
            if end > index and (
                (atom.kind == "w" and len(atom.value) >= POSTCODE)
                or self._is_postcode(end)
                or self._is_rest(end)
            ):
                break
            digits += len(atom.value)
            end = atom.end
            if self._document.tokens[end - 1].pause:
                break
        if not any(
            self._atoms[place].kind != "l" for place in range(index, end) if place in self._atoms
        ):
            return index
        return end

    def _is_rest(self, index: int) -> bool:
        """Tell whether the rest of some digits has the length of a postcode."""
        rest = 0
        end = index
        while end in self._atoms and self._atoms[end].kind in "sw":
            rest += len(self._atoms[end].value)
            end = self._atoms[end].end
        return 0 < rest == self._streets.postcode

    def _is_postcode(self, index: int) -> bool:
        """Tell whether a postcode with letters begins at a token."""
        end = self._postcode_end(index)
        places = range(index, end)
        return any(self._atoms[place].kind == "l" for place in places if place in self._atoms)

    def _postcode_end(self, index: int) -> int:
        """Return where a number ends that has the form of a postcode, if one begins here."""
        end = index
        value = ""
        best = index
        while end in self._atoms and len(value) < 9:
            value += self._atoms[end].value
            end = self._atoms[end].end
            for form, pattern, _ in self._document.rules.formats:
                if form.type == "ZIPCODE" and pattern.fullmatch(value):
                    best = end
        return best if len(value) <= 9 else index

    def _value(self, start: int, end: int) -> str:
        """Write a place with its numbers in digits, in small letters."""
        parts = []
        place = start
        while place < end:
            atom = self._atoms.get(place)
            if atom is not None and atom.end <= end:
                parts.append(atom.value.lower())
                place = atom.end
            else:
                parts.append(self._document.keys[place])
                place += 1
        return "".join(parts)
