"""Which number words nearby say what a number is."""

from collections.abc import Iterator

import msgspec

from sferic.text.redaction.document import Document, Mark
from sferic.text.redaction.entities import Findings

_REACH = 14
"""How many tokens a cue is looked for before a number, those of earlier turns included."""
_REACH_OF_NONE = 3
_LINKS = 3
_NEAR_CODE = 6
"""Tokens between what is just called a code and its digits."""
_CARD = 8
"""Tokens between a card and what is just called a code and belongs to it."""


class Cue(msgspec.Struct, frozen=True):
    """A phrase that says what a number is, and where it is."""

    type: str
    start: int
    end: int
    distance: int


def cues(findings: Findings, start: int, end: int) -> Iterator[Cue]:
    """Yield the cues for a number, those behind it and then the nearest before it first."""
    document = findings.document
    behind = list(_behind(document, end))
    before = list(_before(findings, start))
    if before and before[0].distance <= _LINKS and before[0].type != "NONE":
        yield from before
        yield from behind
    else:
        yield from behind
        yield from before


def _before(findings: Findings, start: int) -> Iterator[Cue]:
    document = findings.document
    marks = document.marks.get("before")
    if not marks:
        return
    used: set[str] = set()
    for index in range(start - 1, max(-1, start - 1 - _REACH), -1):
        taken = findings.type_at(index)
        if taken is not None:
            if not _is_listed(document, index + 1, start):
                used.add(taken)
            continue
        mark = marks.get(index)
        if mark is None or mark.end > start:
            continue
        kind = mark.value
        if kind == "CODE":
            kind = _kind_of_code(findings, mark, start)
        distance = start - mark.end
        if kind in used or (kind == "NONE" and distance > _REACH_OF_NONE):
            continue
        yield Cue(kind, mark.start, mark.end, distance)


def _kind_of_code(findings: Findings, code: Mark, number: int) -> str:
    """Return what is just called a code, by what has been said or announced before it."""
    index = code.start
    if _is_after_card(findings, index):
        return "CREDITCARDCVV"
    marks = (findings.document.at("before", place) for place in range(max(0, index - _CARD), index))
    card = any(mark is not None and mark.value == "CREDITCARDNUMBER" for mark in marks)
    near = number - code.end <= _NEAR_CODE
    return "PIN" if card or near else "NONE"


def _is_after_card(findings: Findings, index: int) -> bool:
    """Tell whether a card or its end of validity has been said a few words before."""
    places = range(max(0, index - _CARD), index)
    return any((findings.type_at(place) or "").startswith("CREDITCARD") for place in places)


def _behind(document: Document, end: int) -> Iterator[Cue]:
    link = document.at("link", end)
    place = link.end if link is not None else end
    mark = document.at("after", place)
    if mark is not None and (link is not None or not document.tokens[end - 1].pause):
        yield Cue(mark.value, mark.start, mark.end, place - end)


def _is_listed(document: Document, start: int, end: int) -> bool:
    """Tell whether nothing but `or` stands between two numbers."""
    mark = document.at("list", start)
    return mark is not None and mark.end == end
