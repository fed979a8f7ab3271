"""E-mail addresses, web addresses and IP addresses, written and spoken."""

import re
from collections.abc import Mapping

from sferic.text.redaction.document import Document
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom

_EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(?:https?://|www\.)\S+|(?:[\w-]{2,}\.)+([a-z]{2,6})(?:[/?#:]\S*)?")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?::\d+)?")
_IPV6 = re.compile(r"(?=(?:.*:){2})[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}")
_REACH = 10
"""How many tokens the name before `at` and the host behind it may take."""
_MAILBOXES = frozenset(
    (
        "info", "sales", "support", "contact", "hello", "office", "admin", "team", "care",
        "service", "help", "billing", "orders", "jobs",
    )
)  # fmt: skip
"""Words that a mailbox is called by, and little else before `at` and a host."""
_LOUD = 5
"""Letters of a name of `@` that is nothing else, as `at` may be."""
_LOOSE = 7
"""Tokens before it in which the verb is looked for that a mailbox follows."""
_HOST = 4
"""Words that a host may have before its dot."""
_CUES = frozenset(("EMAIL",))


def find(findings: Findings, atoms: Mapping[int, Atom]) -> None:
    """Find addresses of the Internet."""
    document = findings.document
    _written(findings, atoms)
    dots = [mark.start for mark in document.of("sign") if mark.value == "."]
    if len(dots) >= 3:
        _spoken_ip(findings, dots, atoms)
    for dot in dots:
        host = None if findings.taken(dot, dot + 1) else _host_end(document, dot)
        if host is not None and document.at("at", host) is None:
            _spoken(findings, atoms, dot, host)


def go_on(findings: Findings, atoms: Mapping[int, Atom]) -> None:
    """Take what an address goes on with that was sent, masked, before it was complete."""
    document = findings.document
    end = begin = document.begin
    if _goes_on(document, atoms, end):
        end += 1
    while end < document.size and end - begin < _REACH:
        sign = document.at("sign", end) or document.at("at", end)
        if sign is not None:
            end = min(sign.end + 1, document.size)
        elif end in atoms:
            end = atoms[end].end
        else:
            break
    findings.add(begin, end, "EMAIL", _value(document, atoms, begin, end), grows=True)


def _goes_on(document: Document, atoms: Mapping[int, Atom], index: int) -> bool:
    """Tell whether a word may be the next part of an address that was cut."""
    if index >= document.size or document.keys[index] in document.rules.never:
        return False
    if document.at("sign", index) or document.at("at", index):
        return False
    after = index + 1
    following = document.at("sign", after) or document.at("at", after) or atoms.get(after)
    last = after >= document.size
    return last or following is not None or document.keys[index] in document.rules.domains


def _written(findings: Findings, atoms: Mapping[int, Atom]) -> None:
    document = findings.document
    for index in range(document.begin, document.size):
        key = document.keys[index]
        if key.isalnum():
            continue
        if _EMAIL.fullmatch(key):
            findings.add(index, index + 1, "EMAIL", key)
        elif _IPV4.fullmatch(key) or _IPV6.fullmatch(key):
            findings.add(index, index + 1, "IPADDRESS", key)
        elif (url := _URL.fullmatch(key)) and (url[1] is None or url[1] in document.rules.domains):
            token = document.tokens[index]
            if url[1] is not None and document.tokens[index].text.rpartition(".")[2].istitle():
                continue
            at = document.before("at", index)
            if at is None and token.start and document.keys[index - 1 : index]:
                joined = document.words[token.first].text[token.start - 1] == "@"
                start = local_start(findings, atoms, index) if joined else None
            else:
                start = local_start(findings, atoms, at.start) if at is not None else None
            if start is not None:
                findings.add(start, index + 1, "EMAIL", _value(document, atoms, start, index + 1))
            else:
                findings.add(index, index + 1, "URL", key)


def _host_end(document: Document, dot: int) -> int | None:
    """Return the index behind the name of a host of which a dot is part, if that is one."""
    end = None
    place = dot
    while place < document.size and (mark := document.at("sign", place)) and mark.value == ".":
        label = mark.end
        if label >= document.size:
            break
        if document.keys[label] in document.rules.domains or _is_domain(document, label):
            end = label + 1
            place = end
            continue
        letters = _letters(document, label)
        if letters is None:
            place = label + 1
            continue
        end = place = letters
    return end


def _is_domain(document: Document, index: int) -> bool:
    key = document.keys[index]
    return "." in key and all(part in document.rules.domains for part in key.split("."))


def _letters(document: Document, index: int) -> int | None:
    """Return the index behind a spelled domain: `c o m`."""
    for count in (3, 2):
        parts = document.keys[index : index + count]
        if all(len(part) == 1 for part in parts) and "".join(parts) in document.rules.domains:
            return index + count
    return None


def _spoken(findings: Findings, atoms: Mapping[int, Atom], dot: int, end: int) -> None:
    document = findings.document
    for index in range(dot - 1, max(document.begin - 1, dot - _REACH), -1):
        at = document.before("at", index)
        if at is not None and at.start >= document.begin:
            start = local_start(findings, atoms, at.start)
            host = document.keys[at.end : dot]
            if start is not None:
                findings.add(start, end, "EMAIL", _value(document, atoms, start, end))
                return
            if "".join(host) in document.rules.providers:
                findings.add(at.start, end, "EMAIL", _value(document, atoms, at.start, end))
                return
            break
        if document.tokens[index - 1].stop:
            break
    _spoken_url(findings, atoms, dot, end)


def _spoken_url(findings: Findings, atoms: Mapping[int, Atom], dot: int, end: int) -> None:
    document = findings.document
    web = document.before("web", dot, 9)
    start = web.start if web is not None else dot - 1
    if start < document.begin or document.keys[start] in document.rules.never:
        if start < document.begin and document.begin:
            findings.add(dot, end, "URL", _value(document, atoms, dot, end))
        return
    while start > document.begin:
        before = document.before("sign", start, 2)
        if before is not None and before.start > document.begin:
            web = document.before("web", before.start)
            start = before.start - 1 if web is None else web.start
        elif _is_letter(document, start) and _is_letter(document, start - 1):
            start -= 1
        else:
            break
    web = document.before("web", start)
    start = web.start if web is not None else _host_start(findings, start)
    while end < document.size and (mark := document.at("sign", end)) and mark.end < document.size:
        end = mark.end + 1
    findings.add(start, end, "URL", _value(document, atoms, start, end))


def _host_start(findings: Findings, start: int) -> int:
    """Return where the name of a host of several words begins, behind what announces it."""
    document = findings.document
    begin = start
    if document.at("web", start):
        return start
    while begin > document.begin and start - begin < _HOST:
        web = document.before("web", begin) or document.before("web", begin - 1)
        if web is not None:
            return start if findings.taken(web.start, start) else web.start
        cue = document.before("before", begin)
        if cue is not None and cue.value == "URL":
            while (link := document.at("name_link", begin)) or (link := document.at("link", begin)):
                begin = link.end
            return start if begin > start or findings.taken(begin, start) else begin
        if document.tokens[begin - 1].stop or document.at("at", begin - 1):
            break
        begin -= 1
    return start


def _is_letter(document: Document, index: int) -> bool:
    return len(document.keys[index]) == 1


def local_start(findings: Findings, atoms: Mapping[int, Atom], at: int) -> int | None:
    """Return where the name of a mailbox begins that ends before `at`, if that is one."""
    document = findings.document
    cue = _cue_end(document, at)
    if cue is None and at < document.size and len(document.keys[at]) >= _LOUD:
        cue = _linked_end(document, at)
    near = (atoms.get(index) for index in range(max(0, at - _REACH * 2), at))
    ends = {atom.end: atom for atom in near if atom is not None}
    start = at
    certain = cue is not None
    while start > document.begin and at - start < _REACH * 2:
        if start < at and document.tokens[start - 1].stop and cue is None:
            break
        sign = document.before("sign", start, 3)
        if sign is not None and sign.start > document.begin:
            certain = True
            start = sign.start
            if start in ends:
                start = ends[start].start
            else:
                start -= 1
            continue
        atom = ends.get(start)
        if atom is not None and atom.start >= max(document.begin, cue or 0):
            start = atom.start
            certain = certain or atom.kind != "l"
            continue
        if not _continues(document, start, at, cue, number=start in atoms):
            break
        start -= 1
    if start == at or findings.taken(start, at):
        return None
    certain = certain or document.keys[at - 1] in _MAILBOXES
    if not certain and _is_plain(document, at - 1) and not _is_provider(document, at):
        return None
    return start


def _continues(document: Document, start: int, at: int, cue: int | None, *, number: bool) -> bool:
    """Tell whether the word before a token belongs to the name of a mailbox too."""
    index = start - 1
    if cue is not None:
        return index >= cue and document.at("name_link", index) is None
    if document.keys[index] in document.rules.never:
        return False
    if start == at:
        return True
    return not _is_plain(document, index) and (number or not _is_plain(document, start))


def _is_plain(document: Document, index: int) -> bool:
    kinds = document.tokens[index].kinds
    return "w" in kinds and "F" not in kinds


def _is_provider(document: Document, at: int) -> bool:
    mark = document.at("at", at)
    end = mark.end if mark is not None else at
    return end < document.size and (
        document.keys[end].partition(".")[0] in document.rules.providers
    )


def _cue_end(document: Document, at: int) -> int | None:
    """Return the index behind a cue for an e-mail address, and behind what links the two."""
    for index in range(at - 1, max(-1, at - _REACH * 2), -1):
        mark = document.at("before", index)
        if mark is not None and mark.value in _CUES and mark.end < at:
            end = mark.end
            while (link := document.at("name_link", end)) and link.end < at:
                end = link.end
            return max(end, document.begin)
    return None


def _linked_end(document: Document, at: int) -> int | None:
    """Return the index behind the verb before a mailbox: `c'est boulangerie du coin arobase`."""
    for index in range(at - 1, max(document.begin, at - _LOOSE) - 1, -1):
        link = document.at("link", index)
        if link is not None and link.end < at:
            return max(link.end, document.begin)
        if document.tokens[index].stop:
            break
    return None


def _spoken_ip(findings: Findings, dots: list[int], atoms: Mapping[int, Atom]) -> None:
    document = findings.document
    ends = {atom.end: atom for atom in atoms.values()}
    for first, second, third in zip(dots, dots[1:], dots[2:], strict=False):
        start = first
        digits = ""
        while start in ends and len(ends[start].value) + len(digits) <= 3:
            digits = ends[start].value + digits
            start = ends[start].start
        end = third + 1
        last = ""
        while end in atoms and len(last) + len(atoms[end].value) <= 3:
            last += atoms[end].value
            end = atoms[end].end
        middle = _is_byte(first, second, atoms) and _is_byte(second, third, atoms)
        if digits and last and middle:
            findings.add(start, end, "IPADDRESS", _value(document, atoms, start, end))


def _is_byte(dot: int, following: int, atoms: Mapping[int, Atom]) -> bool:
    place = dot + 1
    value = ""
    while place < following and place in atoms:
        value += atoms[place].value
        place = atoms[place].end
    return place == following and value.isdecimal() and int(value) < 256


def _value(document: Document, atoms: Mapping[int, Atom], start: int, end: int) -> str:
    """Write an address that was spoken."""
    parts = []
    place = start
    while place < end:
        at = document.at("at", place)
        sign = document.at("sign", place)
        atom = atoms.get(place)
        if at is not None and at.end <= end:
            parts.append("@")
            place = at.end
        elif sign is not None and sign.end <= end:
            parts.append(sign.value)
            place = sign.end
        elif atom is not None and atom.end <= end:
            parts.append(atom.value.lower())
            place = atom.end
        else:
            parts.append(document.keys[place])
            place += 1
    return "".join(parts)
