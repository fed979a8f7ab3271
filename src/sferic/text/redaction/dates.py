"""Days of a month, and ends of validity."""

import re

from sferic.text.redaction.calendar import Calendar
from sferic.text.redaction.cues import cues

_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})|(\d{4})([./-])(\d{1,2})\6(\d{1,2})")
_DAY_AND_MONTH = re.compile(r"(\d{1,2})[./-](\d{1,2})\.?")


class Dates(Calendar):
    """Finds dates in a document."""

    def find(self) -> None:
        """Find days of a month, and ends of validity after a cue for those."""
        document = self._document
        for index in range(document.begin, document.size):
            key = document.keys[index]
            if key in document.rules.months:
                self._around_month(index, document.rules.months[key])
            elif not key.isalnum() and key[0].isdigit():
                self._written_date(index, key)
            elif index in self._atoms:
                self._spoken_date(index)
                self._spoken_expiry(index)
            if document.rules.file.dates.ordinal_months:
                self._two_ordinals(index)

    def _written_date(self, index: int, key: str) -> None:
        match = _DATE.fullmatch(key)
        if match:
            day, month = (match[1], match[3]) if match[1] else (match[8], match[7])
            year = match[4] or match[5]
            if not (0 < int(day) < 32 and 0 < int(month) < 32 and min(int(day), int(month)) < 13):
                return
            value = f"{int(year) % 100:02}-{int(month):02}-{int(day):02}"
            kind = "CREDITCARDEXPIRY" if self._expires(index, index + 1) else "DATE"
            self._findings.add(index, index + 1, kind, value)
            return
        if _DAY_AND_MONTH.fullmatch(key) and self._cued(index, index + 1) == "DATE":
            self._findings.add(index, index + 1, "DATE", key)

    def _spoken_date(self, index: int) -> None:
        """Take `four slash twelve slash eighty eight`, as it is or as an end of validity."""
        parts = [""]
        place = index
        while place in self._atoms and self._atoms[place].kind in "sw" and len(parts[-1]) < 5:
            parts[-1] += self._atoms[place].value
            place = self._atoms[place].end
            sign = self._document.at("sign", place)
            if sign is not None and sign.value in "/.-" and sign.end in self._atoms:
                parts.append("")
                place = sign.end
        if len(parts) != 3 or not all(0 < len(part) < 5 for part in parts):
            return
        first, second, year = map(int, parts)
        if 0 < min(first, second) < 13 and max(first, second) < 32 and len(parts[2]) in (2, 4):
            value = f"{year % 100:02}-{second:02}-{first:02}"
            self._findings.add(index, place, "DATE", value)

    def _spoken_expiry(self, index: int) -> None:
        """Take `doze de vinte e seis`, month and year, where an end of validity is announced."""
        month = self._atoms[index]
        if month.value == "0":
            month = self._atoms.get(month.end, month)
        join = self._document.at("date_join", month.end)
        year = self._atoms.get(join.end) if join is not None else None
        if year is None or month.kind not in "sw" or len(month.value) > 2 or year.kind not in "sw":
            return
        numbers = 0 < int(month.value) < 13 and len(year.value) in (2, 4)
        if numbers and self._expires(index, year.end):
            value = f"{int(month.value):02}{int(year.value) % 100:02}"
            self._findings.add(index, year.end, "CREDITCARDEXPIRY", value)

    def _two_ordinals(self, index: int) -> None:
        """Take `dritten fünften`, day and month."""
        day = self._document.at("ordinal", index)
        month = self._document.at("ordinal", day.end) if day is not None else None
        if day is None or month is None or int(month.value) > 12:
            return
        end, year = self._year(month.end)
        value = f"{int(year or 0) % 100:02}-{int(month.value):02}-{int(day.value):02}"
        self._findings.add(index, end, "DATE", value, grows=self._is_open(end, year))

    def _around_month(self, index: int, month: int) -> None:
        document = self._document
        doubtful = document.keys[index] in document.rules.doubtful_months
        start, day = self._day_before(index)
        end = index + 1
        if day is None:
            day, end, sure = self._day_after(index + 1)
            if day is None or (doubtful and not sure and not self._is_month(index)):
                self._expiry(index, month)
                return
            start = index
        end, year = self._year(end)
        value = f"{int(year or 0) % 100:02}-{month:02}-{day:02}"
        if self._expires(start, end):
            self._findings.add(start, end, "CREDITCARDEXPIRY", value)
        else:
            self._findings.add(start, end, "DATE", value, grows=self._is_open(end, year))

    def _is_open(self, end: int, year: str | None) -> bool:
        """Tell whether a year, or the rest of one, may follow what ends here."""
        return year in (None, "19", "20") or (end in self._ends and self._ends[end].takes_unit)

    def _is_month(self, index: int) -> bool:
        document = self._document
        if document.tokens[index].capital and index and not document.tokens[index - 1].stop:
            return True
        return document.keys[index - 1 : index] in (["on"], ["since"], ["until"], ["of"], ["by"])

    def _expiry(self, index: int, month: int) -> None:
        """Take a month and a year for an end of validity, if a cue for one is near."""
        document = self._document
        if not self._expires(index, index + 1):
            return
        place = index + 1
        join = document.at("date_join", place)
        end, year = self._year(join.end if join is not None else place)
        if year is not None:
            self._findings.add(index, end, "CREDITCARDEXPIRY", f"{month:02}{int(year) % 100:02}")

    def _cued(self, start: int, end: int) -> str | None:
        for cue in cues(self._findings, start, end):
            return cue.type
        return None

    def _day_before(self, month: int) -> tuple[int, int | None]:
        document = self._document
        place = month
        join = document.before("date_join", place)
        if join is not None:
            place = join.start
        ordinal = document.before("ordinal", place)
        if ordinal is not None:
            return ordinal.start, int(ordinal.value)
        # "3." is a day in some languages and no end of a sentence.
        if place == 0 or (
            document.tokens[place - 1].stop and not document.keys[place - 1].isdecimal()
        ):
            return month, None
        day = self._written_ordinal(place - 1)
        if day is not None:
            return place - 1, day
        atom = self._ends.get(place)
        if atom is not None and atom.kind in "sw" and 0 < int(atom.value) < 32:
            return atom.start, int(atom.value)
        return month, None

    def _written_ordinal(self, index: int) -> int | None:
        if index < 0:
            return None
        match = self._document.rules.ordinal.fullmatch(self._document.keys[index])
        return int(match[1]) if match and 0 < int(match[1]) < 32 else None

    def _day_after(self, place: int) -> tuple[int | None, int, bool]:
        """Read the day behind a month: it, where it ends, and whether it can be nothing else."""
        document = self._document
        join = document.at("date_join", place)
        if join is not None and document.keys[place] == "the":
            place = join.end
        if place >= document.size:
            return None, place, False
        ordinal = document.at("ordinal", place)
        if ordinal is not None:
            return int(ordinal.value), ordinal.end, True
        day = self._written_ordinal(place)
        if day is not None:
            return day, place + 1, True
        atom = self._atoms.get(place)
        if atom is None or atom.kind not in "sw" or not document.rules.file.dates.month_first:
            return None, place, False
        if len(atom.value) > 2 or not 0 < int(atom.value) < 32 or self._is_unit(atom.end):
            return None, place, False
        return int(atom.value), atom.end, atom.kind == "w"

    def _again(self, end: int, digits: str) -> tuple[int, str]:
        """Take the rest of a year that is said again as a whole: `nineteen fifty fifty four`."""
        again = self._atoms.get(end)
        if digits[-1] != "0" or again is None or again.kind != "s" or len(again.value) != 2:
            return end, digits
        same = again.value[0] == digits[2]
        return (again.end, digits[:2] + again.value) if same else (end, digits)

    def _year(self, place: int) -> tuple[int, str | None]:
        """Read a year: `1985`, `nineteen eighty five`, `two thousand five`, `85`."""
        document = self._document
        join = document.at("date_join", place)
        begin = join.end if join is not None else place
        digits = ""
        end = begin
        while end in self._atoms and len(digits) < 4:
            atom = self._atoms[end]
            if atom.kind not in "sw" or len(digits + atom.value) > 4:
                break
            digits += atom.value
            end = atom.end
        if len(digits) == 4 and digits[:2] in ("19", "20", "18"):
            return self._again(end, digits)
        if len(digits) == 2 and not self._is_unit(end) and (place != begin or digits > "31"):
            return end, digits
        first = self._atoms.get(begin)
        if first is not None and len(digits) == 2 and not self._is_unit(first.end):
            return end, digits
        return place, None
