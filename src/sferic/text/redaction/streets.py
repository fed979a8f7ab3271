"""Streets by the words they are called by: `avenue`, `rue`."""

from sferic.text.redaction.document import Mark
from sferic.text.redaction.houses import Houses

NAME = 4
"""How many words the name of a street may have."""
_NUMERALS = frozenset(
    ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xx")
)
"""Behind the names of kings and popes, and in days that streets are named after."""


class Named(Houses):
    """Finds streets whose kind is said."""

    def _named_before(self, mark: Mark) -> None:
        """Take a number, a name and the type of the street: `12 Acacia Avenue`."""
        document = self._document
        begin = mark.start
        while begin > document.begin and mark.start - begin < NAME and self._is_name(begin - 1):
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
        if begin < mark.start and (mark.value != "weak" or self._is_cued(begin)):
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
        while end < document.size and end - index <= NAME:
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
