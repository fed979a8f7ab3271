"""How old people are."""

from collections.abc import Iterator

from sferic.text.redaction.calendar import BETWEEN, Calendar
from sferic.text.redaction.document import Document, Mark
from sferic.text.redaction.runs import Atom

_OLDEST = 120
_LIST = 4
"""How many ages are looked at together."""
_YOUNGEST = 2
"""Under this a number is a pronoun or an article more often."""
_CLAUSE = 8
"""Tokens in which the thing is looked for that a number is the age of."""
_OWNED = 3
"""The same before somebody whose thing it may be."""
_ANSWER = 4
"""Tokens of an answer before the number that was asked for."""


class Ages(Calendar):
    """Finds ages in a document."""

    def find(self) -> None:
        """Find ages of people."""
        for atom in self._free():
            if self._is_age(self._document, atom):
                self._add(atom)
        for index in range(self._document.begin, self._document.size):
            self._in_word(index)
        self._listed()

    def _in_word(self, index: int) -> None:
        """Take an age with what makes it one in the same word: `achtzigjährige`."""
        rules = self._document.rules
        key = self._document.keys[index]
        ending = next(filter(key.endswith, rules.file.ages.endings), None)
        if ending is not None and rules.is_number(key.removesuffix(ending).removesuffix("-")):
            self._findings.add(index, index + 1, "AGE", key)

    def find_named(self) -> None:
        """Find ages behind names and words for people, once names have been found."""
        for atom in self._free():
            if self._is_of_person(atom):
                self._add(atom)
        self._listed()

    def _free(self) -> Iterator[Atom]:
        """Yield the numbers that may be an age."""
        for atom in self._atoms.values():
            if atom.kind not in "sw" or len(atom.value) > 3 or int(atom.value) > _OLDEST:
                continue
            following = self._atoms.get(atom.end)
            longer = following is not None and following.kind != "l"
            if longer and not self._document.tokens[atom.end - 1].pause:
                continue
            if not self._findings.taken(atom.start, atom.end):
                yield atom

    def _add(self, atom: Atom) -> None:
        half = self._document.at("age_half", atom.end)
        end = half.end if half is not None else atom.end
        value = str(int(atom.value))
        self._findings.add(atom.start, end, "AGE", value, grows=atom.takes_unit)

    def _listed(self) -> None:
        """Find the other ages of a list: `five, eight and twelve`."""
        # No further back than one: partials would have shown what is before.
        behind = [atom for atom in self._free() if self._is_beside(atom, -1)]
        for atom in behind:
            self._add(atom)
        for atom in self._free():
            if self._is_beside(atom, 1):
                self._add(atom)

    def _is_beside(self, atom: Atom, step: int) -> bool:
        """Tell whether a number is listed with an age."""
        beside = self._findings.type_at(self._beside(atom, step))
        return beside == "AGE" and not self._is_counted(atom.end)

    def _beside(self, atom: Atom, step: int) -> int:
        """Return the token that a number is listed with, before it or, for `step` -1, behind."""
        document = self._document
        if step > 0:
            join = document.before("age_join", atom.start)
            if join is None:
                return atom.start - 1 if document.tokens[atom.start - 1].pause else -1
            return join.start - 1
        join = document.at("age_join", atom.end)
        if join is None:
            return atom.end if document.tokens[atom.end - 1].pause else -1
        return join.end

    def _is_counted(self, end: int) -> bool:
        """Tell whether something else than years is counted."""
        return self._is_unit(end) and self._document.at("age_years", end) is None

    def _is_of_person(self, atom: Atom) -> bool:
        """Tell whether a number is said of somebody: `my nephew Leo has just turned nine`."""
        document = self._document
        copula = document.before("copula", atom.start)
        if copula is None or int(atom.value) < _YOUNGEST:
            return False
        end = atom.end
        years = document.at("age_years", end)
        ages = document.rules.file.ages
        counted = ages.years and not ages.bare and not document.at("age_after", end)
        if counted and years is None and not self._ends_in_years(end):
            return False
        if years is None and not (self._is_free(end) or self._is_clause(end) or self._lists(end)):
            return False
        if self._is_range(end):
            return False
        if self._findings.type_at(copula.start - 1) in ("FIRSTNAME", "LASTNAME"):
            return True
        person = document.before("person", copula.start)
        return person is not None and not self._is_owned(person.start)

    def _is_owned(self, index: int) -> bool:
        """Tell whether it is a thing that is somebody's: `la casa de mi madre`."""
        keys = self._document.keys[max(0, index - _OWNED) : index]
        return not self._document.rules.things.isdisjoint(keys)

    def _is_range(self, end: int) -> bool:
        """Tell whether another number follows up to which it goes: `three to five`."""
        keys = self._document.keys
        joined = end < len(keys) and keys[end] in BETWEEN and end + 1 in self._atoms
        return joined and not self._lists(end)

    def _ends_in_years(self, end: int) -> bool:
        """Tell whether a list of numbers that a number begins is one of years."""
        for _ in range(_LIST):
            join = self._document.at("age_join", end)
            following = self._atoms.get(join.end if join is not None else end)
            if following is None:
                break
            end = following.end
        return self._document.at("age_years", end) is not None

    def _lists(self, end: int) -> bool:
        """Tell whether another number follows that is an age then: `five and eight`."""
        join = self._document.at("age_join", end)
        return join is not None and join.end in self._atoms

    def _is_asked(self, atom: Atom) -> bool:
        """Tell whether a number answers the question for an age."""
        document = self._document
        for mark in document.of("age_asked"):
            between = range(mark.end, atom.start)
            things = document.rules.things - document.rules.never
            if len(between) > _CLAUSE or not things.isdisjoint(
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
            owned = document.at("particle", years.end) is not None
            behind = document.keys[years.end : years.end + (3 if owned else 1)]
            return person and document.rules.things.isdisjoint(behind)
        counted = self._is_counted(atom.end)
        if not counted and self._is_asked(atom):
            return True
        if document.before("age_before", atom.start) and not counted:
            return person
        return (
            subject is not None
            and (self._is_free(end) or self._is_clause(end))
            and not self._is_range(end)
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
