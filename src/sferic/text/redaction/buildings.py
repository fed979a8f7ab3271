"""The numbers of houses and flats that are not part of an address."""

from sferic.text.redaction.codes import LENGTHS
from sferic.text.redaction.document import MASKED, Mark
from sferic.text.redaction.houses import APART, POSTCODE, Houses

_CUED = 7
"""Tokens in which what announces a number of another kind is looked for."""
_OTHERS = frozenset(LENGTHS) - {"BUILDINGNUMBER", "ZIPCODE"}
_ANSWER = 4
"""Tokens of an answer before the number that was asked for."""


class Buildings(Houses):
    """Finds them by what is said before them."""

    def find(self) -> None:
        """Find the numbers of houses and flats that are not part of an address."""
        document = self._document
        for mark in (*document.of("building"), *document.of("unit")):
            link = document.at("link", mark.end) or document.at("number_link", mark.end)
            self._number(mark, link.end if link is not None else mark.end)
        for mark in document.of("live"):
            self._told_number(mark)
        for mark in document.of("door"):
            self._door(mark)
        for mark in document.of("door_asked"):
            self._answered(mark)
        for index in range(document.begin, document.size):
            end = self._floor_end(index)
            if end > index + 1:
                self._findings.add(index, end, "BUILDINGNUMBER", self._value(index, end))
        for mark in document.of("number_link"):
            street = range(max(0, mark.start - APART), mark.start)
            if any(self._findings.type_at(index) == "ADDRESS" for index in street):
                start = self._number_apart(mark.start)
                if start is not None:
                    self._number(mark, start)

    def _door(self, mark: Mark) -> None:
        """Take a number behind what only the number of a house follows: `the neighbours at`."""
        document = self._document
        start = mark.end
        for group in ("number_link", "link"):
            link = document.at(group, start)
            start = link.end if link is not None else start
        end = self._whole_end(start)
        atom = self._atoms.get(start)
        first = atom is not None and atom.value == "1" and end < document.size
        if first and not document.tokens[end - 1].pause:
            return  # number one in the charts
        if end > start and not self._is_counted(end) and not document.at("meridiem", end):
            self._findings.add(start, end, "BUILDINGNUMBER", self._value(start, end), grows=True)

    def _is_counted(self, end: int) -> bool:
        """Tell whether a number that ends here is a quantity or a day."""
        document = self._document
        if document.tokens[end - 1].pause:
            return False
        if document.keys[end : end + 1] and document.keys[end] in document.rules.units:
            return True
        join = document.at("date_join", end)
        return (
            join is not None
            and join.end < document.size
            and document.keys[join.end] in document.rules.months
        )

    def _answered(self, mark: Mark) -> None:
        """Take a number that is most of an answer."""
        document = self._document
        for start in range(max(mark.end, document.begin), document.size):
            end = self._whole_end(start)
            if end > start:
                if start - document.begin <= _ANSWER or start - mark.end <= _ANSWER:
                    self._findings.add(start, end, "BUILDINGNUMBER", self._value(start, end))
                return

    def _whole_end(self, start: int) -> int:
        """Return where a short number ends with all that belongs to it: `8 bis`, `tercero B`."""
        document = self._document
        end = self._number_end(start)
        digits = sum(len(self._atoms[at].value) for at in range(start, end) if at in self._atoms)
        longer = end in self._numbers or self._is_announced(start)
        zero = start in self._atoms and self._atoms[start].value.startswith("0")
        if digits > POSTCODE or (end > start and (longer or zero)):
            return start
        if end > start:
            suffix = document.at("number_suffix", end)
            return self._parts_end(suffix.end if suffix is not None else end)
        floor = document.at("floor", start)
        if floor is None:
            return start
        while (further := document.at("floor", floor.end)) is not None:
            floor = further
        return self._letter_end(floor.end)

    def _is_announced(self, index: int) -> bool:
        """Tell whether a number of another kind was announced, or goes on from the last final."""
        document = self._document
        if index > 0 and document.keys[index - 1].startswith(MASKED):
            return True
        marks = (document.at("before", place) for place in range(max(0, index - _CUED), index))
        return any(mark is not None and mark.value in _OTHERS for mark in marks)

    def _told_number(self, mark: Mark) -> None:
        """Take a number that is all that follows `j'habite au`."""
        document = self._document
        end = self._number_end(mark.end)
        if end == mark.end or document.keys[mark.end] in document.rules.never:
            return
        digits = sum(len(self._atoms[at].value) for at in range(mark.end, end) if at in self._atoms)
        free = end >= document.size or document.tokens[end - 1].pause
        free = free or (document.keys[end] in document.rules.never and end not in self._atoms)
        if free and digits < POSTCODE and not document.at("date_join", end):
            self._findings.add(mark.end, end, "BUILDINGNUMBER", self._value(mark.end, end))

    def _number(self, mark: Mark, start: int) -> None:
        """Take the number of a house, unless it is the beginning of a longer number."""
        end = self._number_end(start)
        suffix = self._document.at("number_suffix", end) if end > start else None
        end = self._letter_end(start) if end == start else suffix.end if suffix else end
        end = self._whole_end(start) if end == start else end
        tokens = self._document.tokens
        longer = end in self._numbers and not tokens[end - 1].pause
        longer = longer or self._is_counted(end) or self._is_announced(start)
        if end > start and not longer and not self._findings.taken(mark.start, end):
            value = self._value(start, end)
            self._findings.add(start, end, "BUILDINGNUMBER", value, grows=True)

    def _letter_end(self, index: int) -> int:
        """Return where a letter ends that a staircase or a door is called by: `bâtiment C`."""
        document = self._document
        atom = self._atoms.get(index)
        if atom is None or atom.kind != "l" or atom.end in self._atoms:
            return index
        capital = document.cased and document.tokens[index].capital
        small = document.cased or document.keys[index] in document.rules.never
        return index if small and not capital else atom.end
