"""Days, hours and ages."""

import re
from collections.abc import Mapping

from sferic.text.redaction.cues import cues
from sferic.text.redaction.document import Document, Mark
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom

_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})|(\d{4})([./-])(\d{1,2})\6(\d{1,2})")
_DAY_AND_MONTH = re.compile(r"(\d{1,2})[./-](\d{1,2})\.?")
_CLOCK = re.compile(r"([01]?\d|2[0-4])[:h]([0-5]\d)(?::[0-5]\d)?(?:([ap])\.?m\.?)?")
_CLOCK_WITH_DOT = re.compile(r"([01]?\d|2[0-4])\.([0-5]\d)")
_HOUR = re.compile(r"(1[0-2]|0?[1-9])([ap])\.?m\.?|([01]?\d|2[0-4])h")
_OLDEST = 120
_CLAUSE = 8
"""Tokens in which the thing is looked for that a number is the age of."""
_OWNED = 3
"""The same before somebody whose thing it may be."""
_ANSWER = 4
"""Tokens of an answer before the number that was asked for."""
_HOUR_MARKS = ("hour", "hour_after_cue", "meridiem")
_BETWEEN = frozenset(("and", "to", "or", "und", "bis", "oder", "et", "ou", "à", "y", "o", "a"))
_RANGES = frozenset(("to", "till", "bis", "a", "à"))
"""What comes between minutes and an hour, or between two numbers that are a range."""


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

    def _expires(self, start: int, end: int) -> bool:
        for index, cue in enumerate(cues(self._findings, start, end)):
            if cue.type == "CREDITCARDEXPIRY" and (index == 0 or cue.start >= end):
                return True
        return False

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
        for entity in list(self._findings):
            if entity.type == "TIME":
                self._range(entity.start)

    def _range(self, end: int) -> None:
        """Take the first hour of two: `between two and three p m`."""
        if end - 1 < 0 or self._document.keys[end - 1] not in _BETWEEN:
            return
        atom = self._ends.get(end - 1)
        if atom is None or atom.start in self._ends or self._document.tokens[atom.end - 1].pause:
            return
        if self._hour(atom) is not None and atom.kind != "m":
            self._add_time(atom.start, atom.end, f"{atom.value}:00")

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
        elif self._ends_time(end) or self._ends_cued_time(index, end):
            hour_mark = document.at("hour", end) or document.at("hour_after_cue", end)
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
        elif self._is_expected(index) and not self._expires(index, end):
            self._bare(atom, minutes)

    def _is_expected(self, index: int) -> bool:
        """Tell whether an hour may follow, and not the second number of a score: `trois à deux`."""
        before = self._document.before("hour_before", index)
        first = self._ends.get(before.start) if before is not None else None
        if before is None or first is None or self._document.keys[before.start] not in _RANGES:
            return before is not None
        return self._document.before("hour_before", first.start) is not None

    def _past(self, minutes: Atom, place: int) -> None:
        """Take `ten past five`; `five to seven` is one only where an hour is expected."""
        document = self._document
        hour = self._atoms[place]
        if int(minutes.value) > 59 or self._hour(hour) is None or self._is_unit(hour.end):
            return
        between = document.keys[minutes.end]
        if between in _RANGES:
            expected = document.before("hour_before", minutes.start) is not None
            if not expected or int(minutes.value) % 5 or not self._is_free(hour.end):
                return
        self._add_time(minutes.start, hour.end, f"{minutes.value} {between} {hour.value}")

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

    def _is_clause(self, index: int) -> bool:
        """Tell whether a word with no meaning of its own follows, which nothing is counted in."""
        document = self._document
        key = document.keys[index]
        free = index not in self._atoms and key not in document.rules.units
        free = free and (key not in _BETWEEN or index + 1 not in self._atoms)
        return free and key in document.rules.never and not document.at("date_join", index)

    def _ends_time(self, index: int) -> bool:
        return bool(self._document.at("meridiem", index) or self._document.at("hour", index))

    def _ends_cued_time(self, start: int, end: int) -> bool:
        document = self._document
        return bool(document.before("hour_before", start) and document.at("hour_after_cue", end))

    def _hour(self, atom: Atom) -> int | None:
        if atom.kind not in "sw" or len(atom.value) > 2 or int(atom.value) > 24:
            return None
        return int(atom.value) or None if atom.kind == "s" else int(atom.value)

    def _minutes(self, index: int) -> Atom | None:
        """Return the minutes that begin at a token: `thirty`, `oh five`, `30`, `e trenta`."""
        join = self._document.at("time_join", index)
        atom = self._atoms.get(join.end if join is not None else index)
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
        for _ in range(3):
            marks = [(document.at(group, end), group) for group in _HOUR_MARKS]
            ends = [(mark.end, group) for mark, group in marks if mark is not None]
            if not ends:
                break
            last, group = max(ends)
            if group == "meridiem":
                value += document.keys[max(end, last - 2)][:1]
            end = last
            marked = True
        part = document.before("part", start)
        for _ in range(2 if marked else 0):
            if part is not None:
                start = part.start
                value = document.keys[start] + value
                part = document.before("part", start)
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
                age = str(int(atom.value))
                half = document.at("age_half", atom.end)
                end = half.end if half is not None else atom.end
                self._findings.add(atom.start, end, "AGE", age, grows=atom.takes_unit)

    def _is_asked(self, atom: Atom) -> bool:
        """Tell whether a number answers the question for an age."""
        document = self._document
        for mark in document.of("age_asked"):
            between = range(mark.end, atom.start)
            if len(between) > _CLAUSE or not document.rules.things.isdisjoint(
                document.keys[mark.end : atom.start]
            ):
                continue
            turns = (atom.start - index for index in between if document.tokens[index].stop)
            behind = min(turns, default=_CLAUSE)
            if document.begin > mark.start:
                behind = min(behind, atom.start - document.begin)
            if behind <= _ANSWER:
                return True
        return False

    def _is_age(self, document: Document, atom: Atom) -> bool:
        subject = document.before("age_subject", atom.start)
        person = is_person(document, atom.start, subject)
        half = document.at("age_half", atom.end)
        end = half.end if half is not None else atom.end
        if document.at("age_after", end):
            return person
        years = document.at("age_years", atom.end)
        if years is not None and (subject or document.before("age_having", atom.start)):
            behind = document.keys[years.end : years.end + 3]
            return person and document.rules.things.isdisjoint(behind)
        counted = self._is_unit(atom.end) and years is None
        if not counted and self._is_asked(atom):
            return True
        if document.before("age_before", atom.start) and not counted:
            return True
        return (
            subject is not None
            and (self._is_free(end) or self._is_clause(end))
            and int(atom.value) > 1
        )


def is_person(document: Document, start: int, subject: Mark | None) -> bool:
    """Tell whether a number is not the age of a thing, `das Auto meiner Mutter ist zehn`."""
    several = subject is not None and subject.end - subject.start > 1
    if subject is not None and several and document.keys[subject.start] in document.rules.never:
        return True  # what comes before `I am` owns nobody
    end = subject.start if subject is not None and several else start
    begin = max(0, end - (_OWNED if several else _CLAUSE))
    for index in range(end - 1, begin - 1, -1):
        key = document.keys[index]
        if key in document.rules.things:
            return False
        if document.tokens[index].pause or document.at("list", index):
            break
        if several and key not in document.rules.never:
            break
    return True
