"""Where somebody lives."""

from sferic.text.redaction.buildings import Buildings
from sferic.text.redaction.document import Mark
from sferic.text.redaction.localities import Localities
from sferic.text.redaction.streets import NAME, Named

_LITTLE = 4


class Gazetteer(Named):
    """Finds addresses in a document."""

    def find(self) -> None:
        """Find addresses, then what stands beside them."""
        document = self._document
        for mark in document.of("box"):
            end = self._number_end(mark.end)
            if end > mark.end:
                self._add(mark.start, end)
        for mark in document.of("street_after"):
            self._named_before(mark)
        self._with_endings()
        for mark in document.of("street_before"):
            self._named_after(mark)
        for mark in document.of("live"):
            self._told(mark)
        if self._streets.postcode:
            self._before_postcodes()
        Localities(self._findings, self._atoms).find()
        Buildings(self._findings, self._atoms).find()

    def _with_endings(self) -> None:
        """Find streets that are told by how their names end."""
        document = self._document
        for index in range(document.begin, document.size if self._streets.endings else 0):
            if document.rules.street.fullmatch(document.keys[index]):
                self._whole(index)
            elif document.keys[index] in document.rules.street_kinds:
                self._in_words(index)

    def _whole(self, index: int) -> None:
        """Take a street whose type is in its name, and the number behind: `Hauptstraße 5`."""
        start = index
        end = self._number_end(index + 1)
        document = self._document
        if document.keys[index] in document.rules.street_words:
            return
        if end < document.size and document.keys[end] in document.rules.units:
            end = index + 1
        link = document.at("number_link", index + 1)
        if link is not None and (behind := self._number_end(link.end)) > link.end:
            end = behind
        named = document.cased and document.tokens[index].capital
        start = self._whole_start(index)
        sure = named or self._is_cued(start, reach=3) or self._number_apart(index + 1) is not None
        if end > index + 1 or sure:
            self._add(start, end)

    def _in_words(self, index: int) -> None:
        """Take a street whose type is a word of its own: `Rosa Luxemburg Straße 5`."""
        document = self._document
        end = self._number_end(index + 1)
        counted = end < document.size and document.keys[end] in document.rules.units
        start = index
        while index - start < NAME - 1 and start > document.begin:
            token = document.tokens[start - 1]
            if token.pause or not self._is_name(start - 1) or not self._is_proper(start - 1, start):
                break
            start -= 1
        weak = document.before("street_before", start) if start < index else None
        start = weak.start if weak is not None else start
        if start < index and end > index + 1 and not counted:
            self._add(start, end)

    def _before_postcodes(self) -> None:
        """Take what stands before a postcode and a city: `An der Ziegelei 9, 48157 Münster`."""
        for index in sorted(self._numbers):
            if self._is_anchor(index):
                start, end = self._before_postcode(index)
                if start < end:
                    self._add(start, end)

    def _before_postcode(self, index: int) -> tuple[int, int]:
        """Return where an address begins and ends that stands before a postcode, if any."""
        if self._streets.number_first:
            names = self._names_start(index)
            start = self._number_start(names)
            return (start, index) if start < names < index else (index, index)
        small = index > 0 and self._document.keys[index - 1] in self._document.rules.never
        end = index - 1 if small else index
        number = self._number_start(end)
        start = self._names_start(number)
        return (start, end) if start < number < end else (index, index)

    def _names_start(self, end: int) -> int:
        """Return where the name of a street begins that ends before a token."""
        document = self._document
        start = end
        while start > document.begin and end - start <= NAME:
            weak = document.before("street_before", start) if start < end else None
            if weak is not None:
                start = weak.start
                break
            particle = document.before("particle", start) if start < end else None
            if particle is not None:
                start = particle.start
                continue
            if start < end and document.tokens[start - 1].pause:
                break
            if not self._is_name(start - 1) or not self._is_proper(start - 1, start):
                break
            start -= 1
        while (
            start < end
            and not document.at("street_before", start)
            and not self._is_proper(start, start + 1)
        ):
            start += 1
        return start

    def _whole_start(self, index: int) -> int:
        """Return where the name of a street begins that ends with one word for both."""
        document = self._document
        for start in (index - 2, index - 1):
            between = range(start, index)
            if start < document.begin or not all(map(self._is_name, between)):
                continue
            capitals = all(document.tokens[place].capital for place in between)
            if document.before("live", start) and (capitals or not document.cased):
                return start
        return index

    def _told(self, mark: Mark) -> None:
        """Take a number and names behind `I live at`."""
        document = self._document
        end = self._number_end(mark.end)
        if end == mark.end and not self._streets.number_first:
            self._told_before_number(mark)
        article = mark.end < document.size and document.keys[mark.end] in document.rules.never
        if end == mark.end or article or self._findings.taken(mark.end, end):
            return
        last = end
        while last < document.size and last - end < NAME and self._is_proper(last, last + 1):
            last += 1
            if document.tokens[last - 1].pause:
                break
        if last > end:
            self._add(mark.end, last, told=True)

    def _told_before_number(self, mark: Mark) -> None:
        """Take names and a number behind `ik woon op de`: `Meir 24`."""
        document = self._document
        place = self._name_end(mark.end)
        if not any(self._is_proper(index, index + 1) for index in range(mark.end, place)):
            return
        link = document.at("number_link", place)
        number = link.end if link is not None else place
        end = self._number_end(number)
        counted = end < document.size and document.keys[end] in document.rules.units
        if end == number:
            end = mark.end
        if end < number and (loose := self._number_behind(place)) > place:
            end = place = loose
        elif end < number and self._number_apart(place) is not None:
            end, counted = place, place == mark.end
        if mark.end < place <= end and not counted and not self._findings.taken(mark.end, end):
            self._add(mark.end, end)

    def _number_behind(self, index: int) -> int:
        """Return where the number ends that a clause ends with: `das ist die 8`."""
        document = self._document
        place = index
        while place < document.size and place - index < _LITTLE:
            end = self._number_end(place)
            if end > place:
                last = end >= document.size or document.tokens[end - 1].pause
                return end if last and place > index else index
            marks = (document.at(group, place) for group in ("link", "name_link", "date_on"))
            link = next((mark for mark in marks if mark is not None), None)
            if link is None:
                break
            place = link.end
        return index
