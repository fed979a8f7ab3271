"""Hours of the day."""

import re

from sferic.text.redaction.calendar import BETWEEN, Calendar
from sferic.text.redaction.runs import Atom

_CLOCK = re.compile(r"([01]?\d|2[0-4])[:h]([0-5]\d)(?::[0-5]\d)?(?:([ap])\.?m\.?)?")
_CLOCK_WITH_DOT = re.compile(r"([01]?\d|2[0-4])\.([0-5]\d)")
_HOUR = re.compile(r"(1[0-2]|0?[1-9])([ap])\.?m\.?|([01]?\d|2[0-4])h")
_HOUR_MARKS = ("hour", "hour_after_cue", "meridiem")
_RANGES = frozenset(("to", "till", "bis", "a", "à"))
"""What comes between minutes and an hour, or between two numbers that are a range."""


class Times(Calendar):
    """Finds hours in a document."""

    def find(self) -> None:
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
        if end - 1 < 0 or self._document.keys[end - 1] not in BETWEEN:
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
