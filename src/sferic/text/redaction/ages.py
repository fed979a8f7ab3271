"""How old people are."""

from sferic.text.redaction.calendar import Calendar
from sferic.text.redaction.document import Document, Mark
from sferic.text.redaction.runs import Atom

_OLDEST = 120
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
