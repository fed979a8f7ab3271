"""What could be part of a secret, at the end of words that nothing follows."""

from sferic.text.redaction import codes, spelling
from sferic.text.redaction.ages import is_person
from sferic.text.redaction.cues import cues
from sferic.text.redaction.engine import Analysis
from sferic.text.redaction.mailboxes import Mailboxes
from sferic.text.redaction.runs import Run


class Settling:
    """Masks what could have gone on.

    Args:
        analysis: What was found in the words; more is added to it.
        start: Index of the first token that could be part of something.
    """

    def __init__(self, analysis: Analysis, start: int) -> None:
        self._analysis = analysis
        self._document = analysis.document
        self._findings = analysis.findings
        self._start = start

    def __repr__(self) -> str:
        return f"<Settling from {self._start}>"

    def mask(self) -> None:
        """Mask what could be part of a secret, now that nothing follows."""
        findings = self._findings
        document = self._document
        if document.size <= document.begin:
            return
        for run in self._analysis.runs:
            if run.end < self._start or findings.taken(run.start, run.end):
                continue
            counts = len(run.value) == 1 and run.end < document.size
            kind = (None if counts else self._kind(run)) or self._place_or_age(run)
            if kind is not None:
                findings.add(run.start, run.end, kind, run.value, grows=True)
        self._last()
        cue = Mailboxes(self._analysis).announced()
        if cue is not None and self._start <= cue and not self._is_plain(cue):
            value = "".join(document.keys[cue:])
            findings.claim(cue, document.size, "EMAIL", value, grows=True)
        self._letters()

    def _last(self) -> None:
        """Mask `double` behind digits, and the month of a day that was to come."""
        findings = self._findings
        document = self._document
        last = document.size - 1
        before = findings.at(last - 1)
        if before is not None and document.rules.reader.repeat(document.keys[last]) is not None:
            findings.claim(last - 1, document.size, before.type, before.value, grows=True)
        elif document.rules.reader.repeat(document.keys[last]) is not None:
            cue = next(cues(findings, last, document.size), None)
            if cue is not None and cue.type in codes.OPEN and cue.distance <= codes.NEAR:
                findings.add(last, document.size, cue.type, document.keys[last], grows=True)
        if document.keys[last] in document.rules.months and document.before("date_on", last):
            findings.add(last, document.size, "DATE", document.keys[last], grows=True)

    def _letters(self) -> None:
        """Mask letters that a name is spelled with."""
        findings = self._findings
        for word in self._analysis.spelled:
            if word.end < self._start or findings.taken(word.start, word.start + 1):
                continue
            named = spelling.cue_of(findings, word.start)
            if named is not None:
                kind = "FIRSTNAME" if named == "FULL" else named
                findings.claim(word.start, word.end, kind, word.letters, grows=True)

    def _place_or_age(self, run: Run) -> str | None:
        """Tell whether a number was about to be an age, or that of a house."""
        document = self._document
        if document.before("live", run.start):
            article = document.keys[run.start] in document.rules.never
            return None if article else "BUILDINGNUMBER"
        subject = document.before("age_subject", run.start)
        person = subject is not None and is_person(document, run.start, subject)
        return "AGE" if person and run.end < document.size else None

    def _kind(self, run: Run) -> str | None:
        digits = any(map(str.isdigit, run.value))
        for cue in cues(self._findings, run.start, run.end):
            if cue.type == "NONE" or codes.is_public(self._document, run, cue):
                return None
            if cue.type in codes.OPEN and digits and cue.distance <= codes.NEAR:
                return cue.type
        fraction = codes.is_fraction(self._document, run)
        if digits and run.spoken >= codes.DICTATED and not fraction:
            return "PHONENUMBER"
        return None

    def _is_plain(self, start: int) -> bool:
        """Tell whether nothing but common words follows what may have announced a mailbox."""
        document = self._document
        return all(
            "w" in document.tokens[index].kinds or document.keys[index] in document.rules.never
            for index in range(start, document.size)
        )
