"""Numbers that are somebody's: cards, accounts, telephones, postcodes, identity numbers."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sferic.text.redaction.cues import Cue, cues
from sferic.text.redaction.document import Document
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Run

LENGTHS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "CREDITCARDNUMBER": (4, 23),
        "CREDITCARDCVV": (3, 4),
        "CREDITCARDEXPIRY": (3, 6),
        "ZIPCODE": (3, 9),
        "SSN": (4, 22),
        "ACCOUNTNUMBER": (4, 34),
        "IBAN": (8, 40),
        "ROUTINGNUMBER": (6, 12),
        "PIN": (3, 9),
        "PHONENUMBER": (6, 20),
        "DATE": (6, 8),
        "BUILDINGNUMBER": (1, 5),
    }
)
"""How many digits and letters a number with a cue may have, slips of the tongue included."""
_COMPLETE: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "CREDITCARDNUMBER": frozenset((15, 16)),
        "ZIPCODE": frozenset((9,)),
        "SSN": frozenset((9, 12)),
        "ROUTINGNUMBER": frozenset((9,)),
        "PHONENUMBER": frozenset((10, 11, 12, 13)),
        "IBAN": frozenset(),
    }
)
"""Lengths at which nothing more is to come."""
OPEN = frozenset(LENGTHS) - {"DATE", "BUILDINGNUMBER"}
"""What some digits at the end of words may be the beginning of."""
_WITH_LETTERS = frozenset(
    ("SSN", "ACCOUNTNUMBER", "IBAN", "ROUTINGNUMBER", "ZIPCODE", "BUILDINGNUMBER")
)
_EXTENSION = frozenset(("extension", "durchwahl", "ext"))
_YEAR = re.compile(r"(?:19|20)\d\d")
NEAR = 4
"""How many tokens at most are between a cue and the first digits of a number it announces."""
DICTATED = 4
"""From how many digits said one by one on they are no count, score or version."""


def find(findings: Findings, runs: Iterable[Run]) -> None:
    """Find numbers that a cue, a check digit or their form gives away."""
    for whole in runs:
        for run in _free(findings, whole):
            _find(findings, run)


def _free(findings: Findings, run: Run) -> Iterable[Run]:
    """Split a run at what is taken, and where a card is complete."""
    current = []
    for atom in run.atoms:
        if findings.taken(atom.start, atom.end):
            if current:
                yield Run(current, run.corrected)
            current = []
            continue
        current.append(atom)
    if current:
        yield Run(current, run.corrected)


def _find(findings: Findings, run: Run) -> None:
    document = findings.document
    value = run.value
    if not any(map(str.isdigit, value)):
        return
    kind = by_form(document, run)
    if kind is None and (_is_quantity(document, run) or value in document.rules.public):
        return
    if kind is None:
        kind = by_cue(findings, run)
    if kind is None:
        kind = _by_length(findings, run)
    if kind is None or kind == "NONE":
        return
    findings.add(run.start, run.end, kind, normal(run, kind), grows=not _is_complete(kind, value))


def normal(run: Run, kind: str) -> str:
    """Return what makes two numbers the same, the country code of a telephone aside."""
    value = run.value
    if kind == "PHONENUMBER":
        value = value.lstrip("0")
    return value


def _is_complete(kind: str, value: str) -> bool:
    return len(value) in _COMPLETE.get(kind, ())


def by_form(document: Document, run: Run) -> str | None:
    """Return the type of a number whose form alone says it."""
    value = run.value
    written = " ".join([token.text for token in document.tokens[run.start : run.end]])
    for form, pattern, check in document.rules.formats:
        if not form.alone:
            continue
        if not pattern.fullmatch(written if form.written else value):
            continue
        if check is None or check(value):
            return form.type
    return None


def by_cue(findings: Findings, run: Run) -> str | None:
    """Return the type that a cue near a number gives it, `NONE` if that is nobody's secret."""
    general: str | None = None
    value = run.value
    for cue in cues(findings, run.start, run.end):
        if cue.type == "NUMBER":
            general = general or ("PHONENUMBER" if 7 <= len(value) <= 15 else None)
        elif cue.type == "NONE":
            if general is None and len(value) < 13:
                return "NONE"
        elif _suits(findings.document, run, cue):
            return cue.type
        elif _is_begun(run, cue):
            return cue.type
    return general


def _suits(document: Document, run: Run, cue: Cue) -> bool:
    bounds = LENGTHS.get(cue.type)
    if bounds is None:
        return False
    value = run.value
    length = len(value)
    digits = sum(map(str.isdigit, value))
    if cue.type == "PHONENUMBER" and not _EXTENSION.isdisjoint(document.keys[cue.start : cue.end]):
        return 2 <= length <= 6
    if not bounds[0] <= length <= bounds[1] or not digits:
        return False
    if digits < length and (cue.type not in _WITH_LETTERS or digits < min(2, bounds[0])):
        return False
    if cue.type == "PIN" and length == 6 and "code" in document.keys[cue.start : cue.end]:
        return True
    if cue.distance > 3 and length <= 4:
        return not _is_year(document, run) and cue.type != "BUILDINGNUMBER"
    return True


def _is_begun(run: Run, cue: Cue) -> bool:
    """Tell whether some digits are the beginning of what a cue announces."""
    return cue.type in _COMPLETE and cue.distance <= 3 and 2 <= run.spoken == len(run.value)


def _is_year(document: Document, run: Run) -> bool:
    return len(run.atoms) == 1 and _YEAR.fullmatch(run.value) is not None


def _is_quantity(document: Document, run: Run) -> bool:
    """Tell whether something is counted: a unit behind a number, money before it."""
    tokens = document.tokens
    if run.spoken > DICTATED or len(run.value) > 8:
        return False
    last = tokens[run.end - 1]
    if last.key.endswith(("%", "°", "‰")):
        return True
    first = tokens[run.start]
    text = document.words[first.first].text if first.first >= 0 else ""
    if first.start and text[first.start - 1] in "$€£₹¥#":
        return True
    return (
        run.end < document.size
        and not last.pause
        and document.keys[run.end] in document.rules.units
    )


def _by_length(findings: Findings, run: Run) -> str | None:
    """Guess what a number is that has no cue, by how long it is and whether it was dictated."""
    value = run.value
    length = len(value)
    if not value.isdecimal():
        return None
    if all(atom.whole for atom in run.atoms) and len(run.atoms) < 4:
        return None
    separate = len(run.atoms)
    dictated = run.spoken >= DICTATED or (run.spoken and separate >= 4) or separate >= 4
    if length in (15, 16):
        return "CREDITCARDNUMBER"
    if length >= 13:
        return "ACCOUNTNUMBER"
    if length in (10, 11) and (separate > 1 or value[0] in "06789" or length == 10):
        return "PHONENUMBER"
    if dictated and length >= 7:
        return "SSN" if length == 9 else "PHONENUMBER"
    if value[0] == "0" and separate > 1 and 9 <= length <= 12:
        return "PHONENUMBER"
    if separate > 1 and length == 12:
        return "SSN"
    if dictated and length == 6:
        return "ACCOUNTNUMBER"
    return None
