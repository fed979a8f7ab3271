"""Where somebody lives: streets and the numbers of houses."""

from sferic.text.redaction.document import Mark
from sferic.text.redaction.houses import POSTCODE, Houses
from sferic.text.redaction.localities import Localities

_NAME = 4
"""How many words the name of a street may have."""
_NUMERALS = frozenset(
    ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xx")
)
"""Behind the names of kings and popes, and in days that streets are named after."""
_LITTLE = 4
_APART = 8
"""Tokens between a street and what announces the number of the house."""


class Gazetteer(Houses):
    """Finds addresses in a document."""

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
        self._with_endings()
        for mark in document.of("street_before"):
            self._named_after(mark)
        for mark in document.of("live"):
            self._told(mark)
        if self._streets.postcode:
            self._before_postcodes()
        Localities(self._findings, self._atoms).find()
        self._buildings()

    def _with_endings(self) -> None:
        """Find streets that are told by how their names end."""
        document = self._document
        for index in range(document.begin, document.size if self._streets.endings else 0):
            if document.rules.street.fullmatch(document.keys[index]):
                self._whole(index)
            elif document.keys[index] in document.rules.street_kinds:
                self._in_words(index)

    def _buildings(self) -> None:
        """Find the numbers of houses and flats that are not part of an address."""
        document = self._document
        for mark in (*document.of("building"), *document.of("unit")):
            link = document.at("link", mark.end) or document.at("number_link", mark.end)
            self._number(mark, link.end if link is not None else mark.end)
        for mark in document.of("live"):
            self._told_number(mark)
        for index in range(document.begin, document.size):
            end = self._floor_end(index)
            if end > index + 1:
                self._findings.add(index, end, "BUILDINGNUMBER", self._value(index, end))
        for mark in document.of("number_link"):
            street = range(max(0, mark.start - _APART), mark.start)
            if any(self._findings.type_at(index) == "ADDRESS" for index in street):
                start = self._number_apart(mark.start)
                if start is not None:
                    self._number(mark, start)

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
        tokens = self._document.tokens
        longer = end in self._numbers and not tokens[end - 1].pause
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

    def _number_apart(self, index: int) -> int | None:
        """Return where a number begins that is said after its street: `und zwar die Nummer 5`."""
        document = self._document
        announced = False
        place = index
        while place < document.size and place - index < _APART:
            if announced and self._number_end(place) > place:
                return place
            link = document.at("number_link", place)
            announced = announced or link is not None
            small = document.keys[place] in document.rules.never
            if link is None and not small and not document.at("link", place):
                break
            place = link.end if link is not None else place + 1
        return None

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
            if start < name and self._is_street(mark, name, start):
                self._add(start, end)
                return
        if begin < mark.start and mark.value != "weak":
            self._unnumbered(begin, mark.start, end, sure=ordinal is not None)

    def _is_street(self, mark: Mark, name: int, number: int) -> bool:
        """Tell whether what stands between a number and the type of a street is its name."""
        if self._is_cued(number):
            return mark.value != "weak" or name < mark.start
        if all(self._document.at("street_after", index) for index in range(name, mark.start)):
            return False
        return mark.value != "weak" or self._is_proper(name, mark.start)

    def _unnumbered(self, begin: int, kind: int, end: int, *, sure: bool) -> None:
        """Take a street without a number, where capitals or a cue make it one."""
        document = self._document
        capital = document.cased and document.tokens[kind].capital
        if not (sure or capital or self._is_cued(begin)):
            return
        while capital and begin < kind and not document.tokens[begin].capital:
            begin += 1
        self._add(begin, end)

    def _named_after(self, mark: Mark) -> None:
        """Take the type of a street, its name, and a number on either side: `12 rue du Bac`."""
        end = self._name_end(mark.end)
        if end == mark.end:
            self._numbered_street(mark)
        if end == mark.end or (mark.value and not self._is_cued(mark.start, reach=4)):
            return
        start = self._number_start(mark.start)
        link = self._document.before("particle", start)
        if start == mark.start and link is not None:
            # The fourteen of the street.
            number = self._number_start(link.start)
            start = number if number < link.start else start
        if start == mark.start:
            link = self._document.at("number_link", end)
            number = link.end if link is not None else end
            behind = self._number_end(number)
            if behind > number:
                self._add(start, behind)
                return
        if mark.value and start == mark.start:
            return
        capital = any(token.capital for token in self._document.tokens[mark.end : end])
        sure = capital or self._is_cued(start) or self._number_apart(end) is not None
        if start < mark.start or sure:
            self._add(start, end)

    def _numbered_street(self, mark: Mark) -> None:
        """Take a street whose name is a number: `carrera 15 número 93-47`."""
        document = self._document
        named = self._number_end(mark.end)
        link = document.at("number_link", named) if named > mark.end else None
        end = self._number_end(link.end) if link is not None else named
        if link is not None and end > link.end:
            sign = document.at("sign", end) or document.at("filler", end)
            if sign is not None and (behind := self._number_end(sign.end)) > sign.end:
                end = behind
            self._add(mark.start, end)
        last = document.keys[mark.end - 1]
        if link is None and named > mark.end > mark.start + 1 and last not in document.rules.never:
            self._add(mark.start, named)

    def _name_end(self, index: int) -> int:
        """Return where the name of a street ends that begins at a token."""
        document = self._document
        end = index
        named = False
        while end < document.size and end - index <= _NAME:
            day = self._day_end(end)
            if day > end:
                named, end = True, day
                continue
            if self._findings.taken(end, end + 1) or end in self._numbers:
                break
            if document.at("ordinal", end) or (named and document.tokens[end - 1].pause):
                break
            if document.at("number_link", end):
                break
            particle = document.at("particle", end)
            numeral = named and document.keys[end] in _NUMERALS
            if particle is None and not (numeral or self._is_name(end, foreign=True)):
                break
            named = named or particle is None
            end = end + 1 if particle is None else particle.end
        return end if named else index

    def _day_end(self, index: int) -> int:
        """Return where a day ends that a street is named after: `XX settembre`, `25 de março`."""
        document = self._document
        atom = self._atoms.get(index)
        ordinal = document.at("ordinal", index)
        place = ordinal.end if ordinal is not None else atom.end if atom is not None else index
        join = document.at("date_join", place)
        month = join.end if join is not None else place
        if (
            place > index
            and month < document.size
            and document.keys[month] in document.rules.months
        ):
            return month + 1
        return index

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
        while index - start < _NAME - 1 and start > document.begin:
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
        while start > document.begin and end - start <= _NAME:
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
        while last < document.size and last - end < _NAME and self._is_proper(last, last + 1):
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

    def _add(self, start: int, end: int, *, told: bool = False) -> None:
        document = self._document
        for group in ("unit", "building"):
            named = document.before(group, start)
            if named is not None and start in self._atoms:
                start = named.start
            for length in (1, 2, 3):
                mark = document.before(group, start - length)
                if mark is not None and self._number_end(mark.end) == start:
                    start = mark.start
                    break
        end = self._parts_end(end)
        grows = end - 1 not in self._numbers and (told or not self._streets.number_first)
        if end in self._ends:
            grows = grows or self._ends[end].takes_unit
        self._findings.add(start, end, "ADDRESS", self._value(start, end), grows=grows)

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

    def _is_cued(self, index: int, reach: int = 1) -> bool:
        """Tell whether it was said that an address follows, a few words before at most."""
        document = self._document
        places = range(max(1, index - reach), index + 1)
        return any(document.before("live", place) for place in places)

    def _is_direction(self, mark: Mark) -> bool:
        return len(self._document.keys[mark.start]) > 2 or self._document.tokens[mark.start].capital
