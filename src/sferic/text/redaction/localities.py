"""Cities, states and postcodes beside an address."""

from sferic.text.redaction.document import Mark
from sferic.text.redaction.houses import Houses

_CITY = 3


class Localities(Houses):
    """Finds them, behind an address and before each other."""

    def __repr__(self) -> str:
        return f"<Localities in {self._document!r}>"

    def find(self) -> None:
        """Find city, state and postcode behind an address, and a city before the other two."""
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
        small = index < document.size and document.keys[index] in document.rules.never
        if small and self._streets.postcode and self._is_anchor(index + 1):
            index += 1
        before = self._postcode_end(index)
        if before > index:
            self._findings.add(index, before, "ZIPCODE", self._value(index, before))
            index = before
        end = self._city_end(index, sure=before > index or link is not None)
        namesake = self._state(index)
        if end == index and namesake is not None and self._state(namesake.end) is not None:
            end = namesake.end
        if end > index:
            self._findings.add(index, end, "CITY", self._value(index, end))
        elif namesake is None:
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
        """Return the state at a token; an abbreviation in capitals, or before a postcode."""
        document = self._document
        mark = document.at("state_code", index)
        if mark is not None:
            token = document.tokens[index]
            # Ohio is a zero more often.
            known = token.key in document.rules.never or index in self._numbers
            word = document.cased or known
            if (token.text.isupper() and index not in self._numbers) or (
                not word and self._postcode_end(mark.end) > mark.end
            ):
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
            last = document.at("city_end", end)
            if last is not None and end > index:
                end = last.end
                break
            if document.keys[end] in document.rules.city_starts and self._is_city(end + 1):
                end += 1
                continue
            if (end > index and document.tokens[end - 1].pause) or end in self._numbers:
                break
            if document.at("before", end) is not None:
                break  # what announces a number is no city
            known = (
                self._state(end + 1) is not None and document.keys[end] not in document.rules.never
            )
            told = sure and end == index and self._is_told(end)
            if not self._is_proper(end, end + 1) and not ((known and not document.cased) or told):
                break
            end += 1
        follows = self._state(end) is not None or self._postcode_end(end) > end
        begun = end > index and document.keys[index] in document.rules.city_starts
        whole = begun or document.before("city_end", end) is not None
        return end if follows or sure or document.cased or whole or end - index == 1 else index

    def _is_told(self, index: int) -> bool:
        """Tell whether a word in small letters that is no name elsewhere may be a city."""
        document = self._document
        key = document.keys[index]
        if document.cased or not key.isalpha() or document.at("hours", index):
            return False
        words = (document.rules.never, document.rules.units, document.rules.months)
        if any(key in group for group in words) or len(key) < 3:
            return False
        following = index + 1
        if following >= document.size or document.at("city_end", following):
            return True
        return document.keys[following] in document.rules.never

    def _is_city(self, index: int) -> bool:
        return index < self._document.size and self._is_proper(index, index + 1)

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
