"""An address of the Internet that has been begun."""

from sferic.text.redaction import internet
from sferic.text.redaction.engine import Analysis

_EMAIL = 24


class Mailboxes:
    """Looks for addresses that the end of some words may be a part of."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._document = analysis.document
        self._findings = analysis.findings

    def __repr__(self) -> str:
        return f"<Mailboxes in {self._document!r}>"

    def start(self) -> int | None:
        """Return where an address begins that is not there as a whole yet."""
        document = self._document
        size = document.size
        cue = self.announced()
        if cue is not None:
            return cue
        for place in range(size - 1, max(document.begin, size - _EMAIL) - 1, -1):
            if self._findings.taken(place, place + 1):
                break
            at = document.at("at", place)
            if at is not None:
                start = internet.local_start(self._findings, self._analysis.atoms, place)
                dotted = any(document.at("sign", index) for index in range(at.end, size))
                return start if size - at.end <= 2 or dotted else None
            sign = document.at("sign", place)
            if sign is not None and size - sign.end <= 1 and place > document.begin:
                start = internet.local_start(self._findings, self._analysis.atoms, size)
                return start if start is not None else place - 1
        return None

    def announced(self) -> int | None:
        """Return where an address begins that was announced and is not there yet."""
        document = self._document
        size = document.size
        for place in range(size - 1, max(-1, size - _EMAIL), -1):
            if self._findings.type_at(place) == "EMAIL" or self._is_place(place):
                return None
            if self._findings.taken(place, place + 1):
                continue
            mark = document.at("before", place)
            if mark is None or mark.value != "EMAIL":
                continue
            start = mark.end
            while (link := document.at("name_link", start)) is not None:
                start = link.end
            start = max(start, document.begin)
            if start >= size:
                continue
            signs = any(
                document.at("sign", index)
                or document.at("at", index)
                or index in self._analysis.atoms
                for index in range(start, size)
            )
            if signs or (size - start <= 3 and self._is_mailbox(start)):
                return start
            return None
        return None

    def _is_place(self, index: int) -> bool:
        """Tell whether a token belongs to an address, whose street has more than letters."""
        found = self._findings.at(index)
        street = found is not None and found.type == "ADDRESS"
        return street and any(len(key) > 1 for key in self._document.keys[index : index + 1])

    def _is_mailbox(self, start: int) -> bool:
        document = self._document
        return all(
            document.keys[index] not in document.rules.never and not document.tokens[index].stop
            for index in range(start, document.size)
        )
