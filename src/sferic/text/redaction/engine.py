"""From words to the secrets among them."""

from collections.abc import Mapping, Sequence

from sferic.recognition.hypothesis import Word
from sferic.text.redaction import codes, internet, ner, spelling
from sferic.text.redaction.addresses import Gazetteer
from sferic.text.redaction.ages import Ages
from sferic.text.redaction.dates import Dates
from sferic.text.redaction.document import MASKED, Document, Token
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.frames import Frames
from sferic.text.redaction.ledger import Ledger
from sferic.text.redaction.ner import NameFinder
from sferic.text.redaction.people import People
from sferic.text.redaction.rules import Rules
from sferic.text.redaction.runs import Atom, Run, atoms, runs
from sferic.text.redaction.strays import Strays
from sferic.text.redaction.times import Times

_NUMBERS = frozenset((*codes.LENGTHS, "TIME", "AGE"))


class Analysis:
    """What is found in some words.

    Attributes:
        document: The words as tokens.
        atoms: Numbers and single letters, by the token they begin at.
        runs: Numbers and letters that belong together.
        spelled: Letters that were said one after the other.
        findings: The entities.
    """

    def __init__(
        self,
        context: Sequence[Token],
        words: Sequence[Word],
        rules: Rules,
        ledger: Ledger,
        names: NameFinder | None = None,
    ) -> None:
        """Find everything; what is sure of itself first, so that it keeps its tokens."""
        self.document = Document(context, words, rules)
        self.atoms: Mapping[int, Atom] = {atom.start: atom for atom in atoms(self.document)}
        self.runs: Sequence[Run] = runs(self.document, list(self.atoms.values()))
        self.findings = Findings(self.document)
        findings = self.findings
        internet.find(findings, self.atoms)
        self.spelled = spelling.words(self.document, self.atoms)
        self._continue()
        Gazetteer(findings, self.atoms).find()
        Dates(findings, self.atoms).find()
        Times(findings, self.atoms).find()
        ages = Ages(findings, self.atoms)
        ages.find()
        codes.find(findings, self.runs)
        spelling.find(findings, self.spelled, ledger)
        People(findings, self.atoms).find()
        Strays(findings, self.atoms).find()
        Frames(findings, self.atoms).find()
        if names is not None:
            ner.add(findings, names)
        ages.find_named()
        findings.stammered()

    def __repr__(self) -> str:
        return f"<Analysis of {self.document.size} tokens>"

    def _continue(self) -> None:
        """Take digits that go on where the last final ended in the middle of a number."""
        document = self.document
        begin = place = document.begin
        while (
            between := document.before("filler", place) or document.before("example", place)
        ) is not None:
            place = between.start
        if place and document.rules.reader.repeat(document.keys[place - 1]) is not None:
            place -= 1
        until = begin
        for start in range(max(0, begin - 2), begin):
            example = document.at("example", start)
            if example is not None and example.end > begin:
                place, until = start, example.end
        key = document.keys[place - 1] if place else ""
        if key == f"{MASKED}EMAIL+":
            internet.go_on(self.findings, self.atoms)
        elif key in (f"{MASKED}FIRSTNAME+", f"{MASKED}LASTNAME+"):
            kind = key.strip(f"{MASKED}+")
            spelling.go_on(self.findings, self.spelled, kind, until + (place < begin))
        if not key.startswith(MASKED) or not self.runs:
            return
        run = self.runs[0]
        kind = key.strip(MASKED + "+")
        if kind not in _NUMBERS or not document.are("filler", begin, run.start):
            return
        only = run.end == document.size and len(run.value) <= 6
        if (key.endswith("+") or only) and any(map(str.isdigit, run.value)):
            self.findings.add(run.start, run.end, kind, run.value, grows=True)
