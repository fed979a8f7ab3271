"""Numbers that are somebody's: cards, accounts, telephones, postcodes, identity numbers."""

import itertools
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sferic.text.redaction.checks import luhn
from sferic.text.redaction.cues import Cue, cues
from sferic.text.redaction.document import MASKED, Document
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom, Run

LENGTHS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "CREDITCARDNUMBER": (4, 23),
        "CREDITCARDCVV": (3, 4),
        "CREDITCARDEXPIRY": (3, 6),
        "ZIPCODE": (3, 9),
        "SSN": (4, 22),
        "ACCOUNTNUMBER": (4, 34),
        "IBAN": (8, 40),
        "ROUTINGNUMBER": (4, 12),
        "PIN": (3, 9),
        "PHONENUMBER": (6, 20),
        "DATE": (6, 8),
        "BUILDINGNUMBER": (1, 5),
    }
)
"""How many digits and letters a number with a cue may have, slips of the tongue included."""
_COMPLETE: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "CREDITCARDNUMBER": frozenset(),
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
_CERTAIN = frozenset(("CREDITCARDNUMBER", "IBAN"))
"""What a form of some length is, whatever somebody says."""
WITH_LETTERS = frozenset(
    ("SSN", "ACCOUNTNUMBER", "IBAN", "ROUTINGNUMBER", "ZIPCODE", "BUILDINGNUMBER")
)
_EXTENSION = frozenset(
    ("extension", "durchwahl", "ext", "nebenstelle", "poste", "extensión", "anexo", "interno")
)
_YEAR = re.compile(r"(?:19|20)\d\d")
NEAR = 4
"""How many tokens at most are between a cue and the first digits of a number it announces."""
_LINKED = 3
_GROUP = 4
_MOST = 15
"""Digits of a card that may be left to be said."""
_CARD = 8
"""From how many digits on a number is no secret of a card, but the card."""
DICTATED = 4
"""From how many digits said one by one on they are no count, score or version."""


def find(findings: Findings, runs: Iterable[Run]) -> None:
    """Find numbers that a cue, a check digit or their form gives away."""
    for whole in runs:
        for run in _free(findings, whole):
            known = _find(findings, run)
            number = _without_words(findings.document, run)
            if number is not None and not findings.taken(run.start, run.end):
                known = _find(findings, number)
            if not known and (once := _once(run)):
                _find(findings, once)


def _without_words(document: Document, run: Run) -> Run | None:
    """Take letters off the edges of a run that may be words with a capital: `4242 A delivery`."""
    kept = list(run.atoms)
    while kept and _may_be_word(document, kept[-1]):
        del kept[-1]
    while kept and _may_be_word(document, kept[0]):
        del kept[0]
    return Run(kept) if kept and len(kept) < len(run.atoms) else None


def _may_be_word(document: Document, atom: Atom) -> bool:
    return atom.kind == "l" and document.keys[atom.start] in document.rules.never


def _once(run: Run) -> Run | None:
    """Leave digits out of a run that are said again: `eight eight oh oh four`."""
    once = [run.atoms[0], *(b for a, b in itertools.pairwise(run.atoms) if a.value != b.value)]
    return Run(once, again=run.end) if len(once) < len(run.atoms) else None


def _half(run: Run) -> Run | None:
    """Return the first half of what is said twice: `61714 61714`."""
    said = [atom.value for atom in run.atoms]
    half = len(said) // 2
    return Run(run.atoms[:half], again=run.end) if half and said[:half] == said[half:] else None


def _free(findings: Findings, run: Run) -> Iterable[Run]:
    """Split a run at what is taken, and where a card is complete."""
    current: list[Atom] = []
    for atom in run.atoms:
        if findings.taken(atom.start, atom.end):
            if current:
                yield Run(current)
            current = []
            continue
        current.append(atom)
    if current:
        yield Run(current)


def _find(findings: Findings, run: Run) -> bool:
    """Take a number; tell whether it is known what it is, if only that it is no secret."""
    document = findings.document
    value = run.value
    if not any(map(str.isdigit, value)):
        return True
    kind = by_form(document, run)
    if kind is None and _is_quantity(document, run):
        return True
    if kind not in _CERTAIN or len(value) < 15:
        kind = _told(findings, run, kind)
    if kind is None and _follows_card(findings, run):
        kind = "CREDITCARDCVV"
    guessed = kind is None
    half = _half(run) if kind in (None, "NONE") else None
    if half is not None and by_cue(findings, half) in LENGTHS:
        return _find(findings, half)
    if guessed:
        kind = _by_length(findings, run)
        kind = kind and (_by_check(findings.document, run) or kind)
    if kind is None or kind == "NONE":
        return kind is not None
    grows = guessed or not _is_complete(document, kind, run)
    end = run.end if run.again is None else run.again
    start = run.start
    plus = document.before("sign", start, 2)
    if kind == "PHONENUMBER" and plus is not None and plus.value == "+":
        start = start if findings.taken(plus.start, start) else plus.start
    findings.add(start, end, kind, normal(run, kind), grows=grows)
    return True


def _told(findings: Findings, run: Run, kind: str | None) -> str | None:
    """Return the type that what is said near a number gives it, or else the one of its form."""
    told = by_cue(findings, run)
    if told in (None, "NONE") and _resumes(findings.document, run):
        told = "CREDITCARDNUMBER"
    # One in ten numbers passes a check; what somebody says it is, it is more often.
    if told in LENGTHS or kind is None or (told == "NONE" and kind == "PHONENUMBER"):
        return told
    return kind


def _follows_card(findings: Findings, run: Run) -> bool:
    """Tell whether three or four digits come right behind a card or its end of validity."""
    document = findings.document
    if not run.value.isdecimal() or len(run.value) not in (3, 4):
        return False
    for index in range(run.start - 1, max(-1, run.start - 1 - NEAR), -1):
        kind = findings.type_at(index)
        if kind is not None:
            return kind in ("CREDITCARDNUMBER", "CREDITCARDEXPIRY")
        small = document.keys[index] in document.rules.never
        if not small and not document.before("filler", index + 1):
            return False
    return False


def _resumes(document: Document, run: Run) -> bool:
    """Tell whether a number is the rest of a card that something was said in between of."""
    if run.spoken < DICTATED and not (run.value.isdecimal() and len(run.value) % _GROUP == 0):
        return False
    said = document.keys[: document.begin]
    masked = [key for key in said if key.startswith(MASKED)]
    if masked[-1:] != [f"{MASKED}CREDITCARDNUMBER+"] or not _GROUP <= len(run.value) <= _MOST:
        return False
    announced = (mark for mark in document.of("before") if document.begin <= mark.start < run.start)
    return not any(mark.value == "NONE" for mark in announced)


def normal(run: Run, kind: str) -> str:
    """Return what makes two numbers the same, the country code of a telephone aside."""
    value = run.value
    if kind == "PHONENUMBER":
        value = value.lstrip("0")
    return value


def _is_complete(document: Document, kind: str, run: Run) -> bool:
    """Tell whether nothing more of a number is to come."""
    value = run.value
    if run.atoms[-1].takes_unit:
        return False
    if kind == "CREDITCARDNUMBER":
        length = 15 if value[:2] in ("34", "37") else 16
        return value.isdecimal() and luhn(value) and len(value) == length
    if len(value) in document.rules.file.unfinished.get(kind, ()):
        return by_form(document, run) == kind
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
            general = general or ("PHONENUMBER" if _is_number(run) else None)
        elif cue.type == "NONE":
            if len(value) < 13:
                return "NONE"
        elif is_public(findings.document, run, cue) or _is_short_code(findings.document, run, cue):
            return "NONE"
        elif _suits(findings.document, run, cue) or _is_begun(run, cue):
            if cue.type == "CREDITCARDNUMBER" and len(value) < _CARD:
                return _of_card(findings, run, cue) or cue.type
            return _by_name(findings.document, run, cue)
    return general


def _is_short_code(document: Document, run: Run, cue: Cue) -> bool:
    """Tell whether a number that is just called a code is too short for a secret: `code 404`."""
    mark = document.at("before", cue.start)
    return (
        cue.type == "PIN" and mark is not None and mark.value == "CODE" and len(run.value) < _GROUP
    )


def _is_number(run: Run) -> bool:
    """Tell whether what is just called a number may be that of a telephone."""
    return 7 <= len(run.value) <= 15 or 5 <= run.spoken == len(run.value)


def _of_card(findings: Findings, run: Run, card: Cue) -> str | None:
    """Return the type of what is said to be of a card, right before it: `PIN zu meiner Karte`."""
    for cue in cues(findings, run.start, run.end):
        near = 0 < card.start - cue.end + 1 <= NEAR
        if near and cue.type in ("PIN", "CREDITCARDCVV") and _suits_alone(run, cue):
            return cue.type
    return None


def _suits_alone(run: Run, cue: Cue) -> bool:
    least, most = LENGTHS[cue.type]
    return run.value.isdecimal() and least <= len(run.value) <= most


def _by_name(document: Document, run: Run, cue: Cue) -> str:
    """Return the type of a cue; a PIN code is a postcode in India, but not of four digits."""
    if cue.type == "ZIPCODE" and len(run.value) < 5 and "pin" in document.keys[cue.start : cue.end]:
        return "PIN"
    return cue.type


def is_public(document: Document, run: Run, cue: Cue) -> bool:
    """Tell whether a number is everybody's: `call 911`, and not `my phone number is 911`."""
    called = cue.type == "PHONENUMBER" and cue.end - cue.start == 1
    return called and run.value in document.rules.public


def _suits(document: Document, run: Run, cue: Cue) -> bool:
    """Tell whether a number has as many digits and letters as its cue wants."""
    bounds = LENGTHS.get(cue.type)
    if bounds is None:
        return False
    value = run.value
    length = len(value)
    digits = sum(map(str.isdigit, value))
    if not _EXTENSION.isdisjoint(document.keys[cue.start : cue.end]):
        return 2 <= length <= 6
    if not bounds[0] <= length <= bounds[1] or not digits:
        return False
    if digits < length and (cue.type not in WITH_LETTERS or digits < min(2, bounds[0])):
        return False
    if cue.distance > _LINKED and length <= 4:
        return not _is_year(run) and cue.type != "BUILDINGNUMBER"
    return True


def _is_begun(run: Run, cue: Cue) -> bool:
    """Tell whether some digits are the beginning of what a cue announces."""
    if cue.type in ("CREDITCARDCVV", "PIN"):
        return cue.distance <= _LINKED and len(run.value) == 2
    return cue.type in _COMPLETE and cue.distance <= _LINKED and 2 <= run.spoken == len(run.value)


def _is_year(run: Run) -> bool:
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


def is_fraction(document: Document, run: Run) -> bool:
    """Tell whether a number is what comes behind a decimal point."""
    sign = document.before("sign", run.start, 2)
    return sign is not None and sign.value == "." and document.keys[sign.start] != "."


def _has_length_of_telephone(document: Document, value: str) -> bool:
    """Tell whether a number that is none by its form alone is like a telephone of the country."""
    return any(
        form.type == "PHONENUMBER" and not form.alone and pattern.fullmatch(value)
        for form, pattern, _ in document.rules.formats
    )


def _groups(document: Document, atom: Atom) -> int:
    """Count what was said apart of a number: `1-2-3-4` is one word and four digits."""
    if atom.kind != "w":
        return 1
    return len([part for part in document.keys[atom.start].split("-") if part])


def _by_check(document: Document, run: Run) -> str | None:
    """Return the type of a number that a check digit speaks for."""
    for form, pattern, check in document.rules.formats:
        if form.guess and pattern.fullmatch(run.value) and (check is None or check(run.value)):
            return form.type
    return None


def _by_length(findings: Findings, run: Run) -> str | None:
    """Guess what a number is that has no cue, by how long it is and whether it was dictated."""
    value = run.value
    length = len(value)
    groups = sum(_groups(findings.document, atom) for atom in run.atoms)
    if not value.isdecimal() or length < 6 or is_fraction(findings.document, run):
        return None
    if groups < DICTATED and all(atom.whole for atom in run.atoms):
        return None
    dictated = run.spoken >= DICTATED or groups >= DICTATED
    if (dictated or groups > 1) and _has_length_of_telephone(findings.document, value):
        return "PHONENUMBER"
    guess = None
    if length >= 13:
        guess = "CREDITCARDNUMBER" if length in (15, 16) else "ACCOUNTNUMBER"
    elif groups > 1 and length == 12:
        guess = "SSN"
    elif length == 10 or (length == 11 and (groups > 1 or value[0] in "06789")):
        guess = "PHONENUMBER"
    elif dictated and length >= 7:
        guess = "SSN" if length == 9 else "PHONENUMBER"
    elif groups > 1 and length == 9 and value[0] == "0":
        guess = "PHONENUMBER"
    elif dictated:
        guess = "ACCOUNTNUMBER"
    return guess
