"""Names and words that are spelled: `S E R G E I`, `S as in Sam`."""

from collections.abc import Mapping, Sequence

import msgspec

from sferic.text.redaction import codes
from sferic.text.redaction.cues import cues
from sferic.text.redaction.document import Document
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.ledger import Ledger
from sferic.text.redaction.runs import Atom

_CODE = 4
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
        if len(word.letters) < 2 or findings.taken(word.start, word.end):
            continue
        kind = kind_of(findings, word, ledger)
        if kind is not None:
            findings.add(word.start, word.end, kind, word.letters, grows=True)


def go_on(findings: Findings, spelled: Sequence[Spelled], kind: str, until: int) -> None:
    """Take what a name goes on with that was sent, masked, while it was being spelled.

    Args:
        findings: Where to put it.
        spelled: The letters in the words.
        kind: The type of the name.
        until: Where an example ends that was announced: `S as in`, and then the final ended.
    """
    document = findings.document
    begin = document.begin
    end = max(begin, min(until, document.size))
    starts = {word.start: word for word in spelled}
    letters = ""
    while end < document.size:
        example = document.at("example", end)
        if example is None and end == begin:
            example = document.at("example_rest", end)
        if example is not None:
            end = min(example.end + 1, document.size)
        elif end in starts:
            letters += starts[end].letters
            end = starts[end].end
        else:
            break
    findings.add(begin, end, kind, letters, grows=True)


def kind_of(findings: Findings, word: Spelled, ledger: Ledger) -> str | None:
    """Return which name is spelled, if it is one."""
    letters = word.letters
    for kind in ("FIRSTNAME", "LASTNAME"):
        if ledger.has(kind, letters):
            return kind
    if len(letters) >= _CODE:
        for code in cues(findings, word.start, word.end):
            if code.type in codes.WITH_LETTERS and code.distance <= codes.NEAR:
                return code.type
    cue = cue_of(findings, word.start)
    return cue if cue not in (None, "FULL") else _by_letters(findings, word, named=cue is not None)


def _by_letters(findings: Findings, word: Spelled, *, named: bool) -> str | None:
    """Guess which name letters are, by the lexicon or by how many there are."""
    document = findings.document
    kinds = set(document.rules.kinds(word.letters))
    count = len(word.letters)
    if (count >= 3 or named) and kinds & set("fFg"):
        return "FIRSTNAME"
    if (count >= 4 or named) and kinds & set("lL"):
        return "LASTNAME"
    if named:
        return "FIRSTNAME"
    example = any(document.at("example", index) for index in range(word.start, word.end))
    return "LASTNAME" if count >= _SURE or (example and count > 2) else None


def cue_of(findings: Findings, index: int) -> str | None:
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
