"""Names and words that are spelled: `S E R G E I`, `S as in Sam`."""

from collections.abc import Mapping, Sequence

import msgspec

from sferic.text.redaction.document import Document
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.lexicon import lexicon
from sferic.text.redaction.ledger import Ledger
from sferic.text.redaction.runs import Atom

_SURE = 5
"""From how many letters on a word that is spelled is no abbreviation."""


class Spelled(msgspec.Struct):
    """Letters that were said one after the other."""

    start: int
    end: int
    letters: str


def words(document: Document, atoms: Mapping[int, Atom]) -> list[Spelled]:
    """Find all runs of letters, examples and fillers between them included."""
    found: list[Spelled] = []
    index = document.begin
    while index < document.size:
        spelled = _word(document, atoms, index)
        if spelled is None:
            index += 1
        else:
            if len(spelled.letters) > 1:
                found.append(spelled)
            index = spelled.end
    return found


def _word(document: Document, atoms: Mapping[int, Atom], index: int) -> Spelled | None:
    letters = ""
    end = place = index
    while place < document.size:
        atom = atoms.get(place)
        if atom is None or not atom.value.isalpha():
            double = document.rules.reader.repeat(document.keys[place])
            following = atoms.get(place + 1)
            if double and following is not None and following.value.isalpha():
                letters += following.value * double
                place = end = following.end
                continue
            filler = document.at("filler", place)
            if (
                filler is None
                or not letters
                or filler.end not in atoms
                or not atoms[filler.end].value.isalpha()
            ):
                break
            place = filler.end
            continue
        letters += atom.value
        place = end = atom.end
        example = document.at("example", place)
        if example is not None and example.end < document.size:
            word = document.keys[example.end]
            if word.startswith(atom.value.lower()) and len(word) > 1:
                place = end = example.end + 1
    return Spelled(index, end, letters.lower()) if letters else None


def find(findings: Findings, spelled: Sequence[Spelled], ledger: Ledger) -> None:
    """Find names that are spelled out."""
    for word in spelled:
        if findings.taken(word.start, word.end):
            continue
        kind = kind_of(findings, word, ledger)
        if kind is not None:
            findings.add(word.start, word.end, kind, word.letters, grows=True)


def kind_of(findings: Findings, word: Spelled, ledger: Ledger) -> str | None:
    """Return which name is spelled, if it is one."""
    document = findings.document
    letters = word.letters
    for kind in ("FIRSTNAME", "LASTNAME"):
        if ledger.has(kind, letters):
            return kind
    cue = _cue(findings, word.start)
    kinds = lexicon().kinds(letters)
    if cue is not None:
        if cue == "FULL":
            return (
                "LASTNAME"
                if {"l", "L"} & set(kinds) and not set("fFg") & set(kinds)
                else "FIRSTNAME"
            )
        return cue
    if len(letters) >= 3 and set("fFg") & set(kinds):
        return "FIRSTNAME"
    if len(letters) >= 4 and {"l", "L"} & set(kinds):
        return "LASTNAME"
    example = any(document.at("example", index) for index in range(word.start, word.end))
    return "LASTNAME" if len(letters) >= _SURE or (example and len(letters) > 2) else None


def _cue(findings: Findings, index: int) -> str | None:
    """Return what letters are said to spell, by what stands before them."""
    document = findings.document
    spelled = False
    for place in range(index - 1, max(-1, index - 10), -1):
        taken = findings.type_at(place)
        if taken in ("FIRSTNAME", "LASTNAME"):
            return taken
        if taken is not None:
            return None
        for group in ("name", "name_asked"):
            mark = document.at(group, place)
            if mark is not None and mark.end <= index:
                return {"FIRST": "FIRSTNAME", "LAST": "LASTNAME"}.get(mark.value, "FULL")
        spelled = spelled or document.at("spelled", place) is not None
    return "LASTNAME" if spelled else None
