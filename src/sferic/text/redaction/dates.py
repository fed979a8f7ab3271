"""Days, hours and ages."""

import re
from collections.abc import Mapping

from sferic.text.redaction.cues import cues
from sferic.text.redaction.document import Document
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom

_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})|(\d{4})([./-])(\d{1,2})\6(\d{1,2})")
_DAY_AND_MONTH = re.compile(r"(\d{1,2})[./-](\d{1,2})\.?")
_CLOCK = re.compile(r"([01]?\d|2[0-4])[:h]([0-5]\d)(?::[0-5]\d)?(?:([ap])\.?m\.?)?")
_CLOCK_WITH_DOT = re.compile(r"([01]?\d|2[0-4])\.([0-5]\d)")
_HOUR = re.compile(r"(1[0-2]|0?[1-9])([ap])\.?m\.?|([01]?\d|2[0-4])h")
_OLDEST = 120


class Calendar:
    """Finds days, hours and ages in a document."""

    def __init__(self, findings: Findings, atoms: Mapping[int, Atom]) -> None:
        self._findings = findings
        self._document = findings.document
        self._atoms = atoms
        self._ends = {atom.end: atom for atom in atoms.values()}

    def __repr__(self) -> str:
        return f"<Calendar over {self._document!r}>"

    def dates(self) -> None:
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
        while place in self._atoms and self._atoms[place].kind in "sw":
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
            self._findings.add(start, end, "DATE", value, grows=year is None)

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

    def _expires(self, start: int, end: int) -> bool:
        return self._cued(start, end) == "CREDITCARDEXPIRY"

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
        if place == 0 or (
            document.tokens[place - 1].stop
            and not document.rules.file.dates.ordinal_endings == (".",)
        ):
            if place == 0 or not document.keys[place - 1].isdecimal():
                return month, None
        day = self._written_ordinal(place - 1)
        if day is not None:
            return place - 1, day
        atom = self._ends.get(place)
        if atom is not None and atom.kind in "sw" and 0 < int(atom.value or 0) < 32:
            if join is None or document.rules.file.dates.joins:
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

    def _is_unit(self, index: int) -> bool:
        document = self._document
        return index < document.size and document.keys[index] in document.rules.units

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
            return end, digits
        if len(digits) == 2 and not self._is_unit(end) and (place != begin or digits > "31"):
            return end, digits
        first = self._atoms.get(begin)
        if first is not None and len(digits) == 2 and not self._is_unit(first.end):
            return end, digits
        return place, None

    def times(self) -> None:
        """Find hours of the day."""
        document = self._document
        for mark in document.of("hours"):
            self._findings.add(mark.start, mark.end, "TIME", document.keys[mark.start])
        for mark in document.of("fraction"):
            atom = self._atoms.get(mark.end)
            if atom is not None and self._hour(atom) is not None:
                self._add_time(
                    mark.start,
                    atom.end,
                    " ".join(document.keys[mark.start : mark.end]) + atom.value,
                )
        for index in range(document.begin, document.size):
            if not self._findings.taken(index, index + 1):
                self._time_at(index)

    def _time_at(self, index: int) -> None:
        document = self._document
        key = document.keys[index]
        if key[:1].isdigit():
            clock = _CLOCK.fullmatch(key) or _HOUR.fullmatch(key)
            if clock and not self._is_unit(index + 1):
                self._add_time(
                    index, index + 1, re.sub(r"\D", "", key).zfill(4) if ":" in key else key
                )
                return
            if _CLOCK_WITH_DOT.fullmatch(key) and (
                document.at("hour", index + 1) or document.at("meridiem", index + 1)
            ):
                self._add_time(index, index + 1, key)
                return
        atom = self._atoms.get(index)
        hour = self._hour(atom) if atom is not None else None
        if atom is None or hour is None:
            return
        end = atom.end
        minutes = self._minutes(end)
        if minutes is not None and self._ends_time(minutes.end):
            self._add_time(index, minutes.end, f"{hour}:{int(minutes.value):02}")
        elif self._ends_time(end):
            hour_mark = document.at("hour", end)
            if (
                hour_mark is not None
                and (after := self._minutes(hour_mark.end))
                and not self._is_unit(after.end)
            ):
                self._add_time(index, after.end, f"{hour}:{int(after.value):02}")
            else:
                self._add_time(index, end, f"{hour}:00")
        elif (past := document.at("past", end)) and past.end in self._atoms:
            self._past(atom, past.end)
        elif document.before("hour_before", index):
            self._bare(atom, minutes)

    def _past(self, minutes: Atom, place: int) -> None:
        """Take `ten past five`; `five to seven` is one only where an hour is expected."""
        document = self._document
        hour = self._atoms[place]
        expected = document.before("hour_before", minutes.start) or document.keys[
            minutes.start - 1 : minutes.start
        ] in (["it's"], ["is"])
        sure = document.keys[minutes.end] not in ("to", "till", "a", "bis")
        if int(minutes.value) < 60 and self._hour(hour) is not None and not self._is_unit(hour.end):
            if sure or (expected and int(minutes.value) % 5 == 0 and self._is_free(hour.end)):
                self._add_time(
                    minutes.start,
                    hour.end,
                    f"{minutes.value} {document.keys[minutes.end]} {hour.value}",
                )

    def _bare(self, atom: Atom, minutes: Atom | None) -> None:
        if minutes is not None and len(minutes.value) == 2 and not self._is_unit(minutes.end):
            if self._is_free(minutes.end):
                self._add_time(atom.start, minutes.end, f"{atom.value}:{minutes.value}")
        elif self._is_free(atom.end) and minutes is None:
            self._add_time(atom.start, atom.end, f"{atom.value}:00")

    def _is_free(self, index: int) -> bool:
        """Tell whether a bare number that ends here counts nothing."""
        document = self._document
        if index >= document.size or document.tokens[index - 1].pause:
            return True
        return document.keys[index] in document.rules.goes_on and index not in self._atoms

    def _ends_time(self, index: int) -> bool:
        return bool(self._document.at("meridiem", index) or self._document.at("hour", index))

    def _hour(self, atom: Atom) -> int | None:
        if atom.kind not in "sw" or len(atom.value) > 2 or int(atom.value) > 24:
            return None
        return int(atom.value) or None if atom.kind == "s" else int(atom.value)

    def _minutes(self, index: int) -> Atom | None:
        """Return the minutes that begin at a token: `thirty`, `oh five`, `30`."""
        atom = self._atoms.get(index)
        if atom is None or atom.kind not in "sw":
            return None
        if atom.value == "0" and (second := self._atoms.get(atom.end)) and len(second.value) == 1:
            return (
                Atom(atom.start, second.end, f"0{second.value}", "s")
                if second.value.isdigit()
                else None
            )
        return atom if len(atom.value) == 2 and int(atom.value) < 60 else None

    def _add_time(self, start: int, end: int, value: str) -> None:
        document = self._document
        marked = False
        for _ in range(2):
            for group in ("hour", "meridiem"):
                mark = document.at(group, end)
                if mark is not None:
                    value += (
                        ""
                        if group == "hour"
                        else document.keys[mark.end - 2][:1]
                        if mark.end - mark.start > 1
                        else document.keys[mark.start][:1]
                    )
                    end = mark.end
                    marked = True
        self._findings.add(start, end, "TIME", value, grows=not marked)

    def ages(self) -> None:
        """Find ages of people."""
        document = self._document
        for atom in self._atoms.values():
            if atom.kind not in "sw" or len(atom.value) > 3 or int(atom.value) > _OLDEST:
                continue
            if self._findings.taken(atom.start, atom.end) or atom.end in self._atoms:
                continue
            if self._is_age(document, atom):
                self._findings.add(atom.start, atom.end, "AGE", str(int(atom.value)))

    def _is_age(self, document: Document, atom: Atom) -> bool:
        if document.at("age_after", atom.end):
            before = document.keys[max(0, atom.start - 4) : atom.start]
            return document.rules.things.isdisjoint(before)
        if document.before("age_before", atom.start) and not self._is_unit(atom.end):
            return True
        subject = document.before("age_subject", atom.start)
        return bool(subject) and self._is_free(atom.end) and int(atom.value) > 1
