"""Where somebody lives: streets with numbers, and the cities and states beside them."""

from collections.abc import Mapping

from sferic.text.redaction.document import Document, Mark
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom

_NAME = 4
"""How many words the name of a street may have."""
_CITY = 3
_DIGITS = 6


class Gazetteer:
    """Finds addresses in a document."""

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
        return f"<Gazetteer over {self._document!r}>"

    def find(self) -> None:
        """Find addresses, then what stands beside them."""
        document = self._document
        for mark in document.of("box"):
            end = self._number_end(mark.end)
            if end > mark.end:
                self._add(mark.start, end)
        for mark in document.of("street_after"):
            self._named_before(mark)
        for mark in document.of("street_before"):
            self._named_after(mark)
        if self._streets.endings:
            for index in range(document.begin, document.size):
                if document.rules.street.fullmatch(document.keys[index]):
                    self._whole(index)
        for mark in document.of("live"):
            self._told(mark)
        self._beside()
        for group in ("building", "unit"):
            for mark in document.of(group):
                end = self._number_end(mark.end)
                if end > mark.end and not self._findings.taken(mark.start, end):
                    value = self._value(mark.end, end)
                    self._findings.add(mark.end, end, "BUILDINGNUMBER", value, grows=True)

    def _named_before(self, mark: Mark) -> None:
        """Take a number, a name and the type of the street: `12 Acacia Avenue`."""
        document = self._document
        begin = mark.start
        while begin > document.begin and mark.start - begin < _NAME and self._is_name(begin - 1):
            begin -= 1
        ordinal = document.before("ordinal", mark.start)
        if ordinal is not None:
            begin = ordinal.start
        end = mark.end
        direction = document.at("direction", end)
        if direction is not None and self._is_direction(direction):
            end = direction.end
        for name in range(begin, mark.start + 1):
            start = self._number_start(name)
            if start < name and (name < mark.start or mark.value != "weak"):
                if name == mark.start and not self._is_cued(start):
                    continue
                if (
                    mark.value == "weak"
                    and not self._is_proper(name, mark.start)
                    and not self._is_cued(start)
                ):
                    continue
                self._add(start, end)
                return
        if begin < mark.start and mark.value != "weak":
            capital = document.cased and document.tokens[mark.start].capital
            if ordinal is not None or capital or self._is_cued(begin):
                while capital and begin < mark.start and not document.tokens[begin].capital:
                    begin += 1
                self._add(begin, end)

    def _named_after(self, mark: Mark) -> None:
        """Take the type of a street, its name, and a number on either side: `12 rue du Bac`."""
        document = self._document
        end = mark.end
        named = False
        while end < document.size and end - mark.end < _NAME + 1:
            if self._findings.taken(end, end + 1) or (
                end in self._atoms and self._atoms[end].kind != "l"
            ):
                break
            if document.tokens[end - 1].pause and named:
                break
            particle = document.at("particle", end)
            if particle is None and not self._is_name(end, foreign=True):
                break
            named = named or particle is None
            end += 1
        if not named:
            return
        start = self._number_start(mark.start)
        if start == mark.start:
            link = document.at("number_link", end)
            behind = self._number_end(link.end if link is not None else end)
            if behind > (link.end if link is not None else end):
                self._add(start, behind)
                return
        if start < mark.start or self._is_cued(start) or document.tokens[mark.end].capital:
            self._add(start, end)

    def _whole(self, index: int) -> None:
        """Take a street whose type is in its name, and the number behind: `Hauptstraße 5`."""
        start = index
        end = self._number_end(index + 1)
        document = self._document
        if (
            end == index + 1
            and not self._is_cued(start)
            and document.cased
            and not document.tokens[index].capital
        ):
            return
        self._add(start, end)

    def _told(self, mark: Mark) -> None:
        """Take a number and names behind `I live at`."""
        document = self._document
        end = self._number_end(mark.end)
        if end == mark.end or self._findings.taken(mark.end, end):
            return
        last = end
        while last < document.size and last - end < _NAME and self._is_proper(last, last + 1):
            last += 1
            if document.tokens[last - 1].pause:
                break
        if last > end:
            self._add(mark.end, last)

    def _add(self, start: int, end: int) -> None:
        document = self._document
        for group in ("unit", "building"):
            for length in (1, 2, 3):
                mark = document.before(group, start - length)
                if mark is not None and self._number_end(mark.end) == start:
                    start = mark.start
                    break
            mark = document.at(group, end)
            if mark is not None and (behind := self._number_end(mark.end)) > mark.end:
                end = behind
        self._findings.add(start, end, "ADDRESS", self._value(start, end), grows=False)

    def _beside(self) -> None:
        """Find city, state and postcode behind an address, and a city before a state and postcode."""
        document = self._document
        for index in range(document.begin, document.size + 1):
            if self._findings.type_at(index - 1) == "ADDRESS" and (
                self._findings.type_at(index) != "ADDRESS"
            ):
                self._behind(index)
        for mark in (*document.of("state"), *document.of("state_code")):
            if self._state(mark.start) is None:
                continue
            end = self._postcode_end(mark.end)
            if end > mark.end and not self._findings.taken(mark.start, end):
                self._city_before(mark.start)
                self._findings.add(mark.start, mark.end, "STATE", self._value(mark.start, mark.end))
                self._findings.add(mark.end, end, "ZIPCODE", self._value(mark.end, end), grows=True)

    def _behind(self, index: int) -> None:
        document = self._document
        link = document.at("city_link", index)
        if link is not None:
            index = link.end
        before = self._postcode_end(index)
        if before > index:
            self._findings.add(index, before, "ZIPCODE", self._value(index, before))
            index = before
        end = self._city_end(index, sure=before > index or link is not None)
        if end > index:
            self._findings.add(index, end, "CITY", self._value(index, end))
        elif self._state(index) is None:
            return
        state = self._state(end)
        if state is not None and self._findings.add(
            end, state.end, "STATE", self._value(end, state.end)
        ):
            end = state.end
        behind = self._postcode_end(end)
        if behind > end:
            self._findings.add(end, behind, "ZIPCODE", self._value(end, behind), grows=True)

    def _state(self, index: int) -> Mark | None:
        """Return the state that begins at a token; an abbreviation only if it is in capitals."""
        document = self._document
        mark = document.at("state_code", index)
        if mark is not None and document.tokens[index].text.isupper():
            return mark
        return document.at("state", index)

    def _city_end(self, index: int, *, sure: bool) -> int:
        document = self._document
        end = index
        while (
            end < document.size and end - index < _CITY and not self._findings.taken(end, end + 1)
        ):
            if self._state(end) is not None and end > index:
                break
            if end > index and document.tokens[end - 1].pause:
                break
            if not self._is_proper(end, end + 1):
                break
            end += 1
        follows = self._state(end) is not None or self._postcode_end(end) > end
        return end if follows or sure or document.cased or end - index == 1 else index

    def _city_before(self, index: int) -> None:
        document = self._document
        begin = index
        while (
            begin > document.begin and index - begin < _CITY and self._is_proper(begin - 1, begin)
        ):
            begin -= 1
            if document.tokens[begin - 1].pause:
                break
        if begin < index:
            self._findings.add(begin, index, "CITY", self._value(begin, index))

    def _is_name(self, index: int, *, foreign: bool = False) -> bool:
        """Tell whether a word may be part of the name of a street."""
        document = self._document
        token = document.tokens[index]
        if self._findings.taken(index, index + 1) or not token.key[:1].isalpha():
            return False
        if index in self._numbers:
            return False
        if not foreign and token.stop:
            return False
        return token.key not in document.rules.never and token.key not in document.rules.units

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

    def _is_cued(self, index: int) -> bool:
        document = self._document
        return any(document.before("live", place) for place in range(max(1, index - 1), index + 1))

    def _is_direction(self, mark: Mark) -> bool:
        return len(self._document.keys[mark.start]) > 2 or self._document.tokens[mark.start].capital

    def _number_start(self, index: int) -> int:
        """Return where the number of a house begins that ends before a token."""
        start = index
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
            digits += len(self._atoms[end].value)
            end = self._atoms[end].end
            if self._document.tokens[end - 1].pause:
                break
        if not any(
            self._atoms[place].kind != "l" for place in range(index, end) if place in self._atoms
        ):
            return index
        return end

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
