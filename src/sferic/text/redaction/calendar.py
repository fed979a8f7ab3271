"""What days, hours and ages have in common: numbers that count nothing."""

from collections.abc import Mapping

from sferic.text.redaction.cues import cues
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom

BETWEEN = frozenset(("and", "to", "or", "und", "bis", "oder", "et", "ou", "à", "y", "o", "a"))


class Calendar:
    """Reads the numbers of a document."""

    def __init__(self, findings: Findings, atoms: Mapping[int, Atom]) -> None:
        self._findings = findings
        self._document = findings.document
        self._atoms = atoms
        self._ends = {atom.end: atom for atom in atoms.values()}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} over {self._document!r}>"

    def _is_unit(self, index: int) -> bool:
        document = self._document
        return index < document.size and document.keys[index] in document.rules.units

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
        free = free and (key not in BETWEEN or index + 1 not in self._atoms)
        return free and key in document.rules.never and not document.at("date_join", index)

    def _expires(self, start: int, end: int) -> bool:
        for index, cue in enumerate(cues(self._findings, start, end)):
            if cue.type == "CREDITCARDEXPIRY" and (index == 0 or cue.start >= end):
                return True
        return False
