"""What the end of some words may be the beginning of."""

from sferic.text.redaction import codes, internet
from sferic.text.redaction.cues import cues
from sferic.text.redaction.engine import Analysis
from sferic.text.redaction.runs import Run

_BRIDGES = ("filler", "correction", "link", "list")
_ADDRESS = 3
_EMAIL = 12
_NAMES = 2


class Tail:
    """Looks at where words end.

    Attributes:
        start: Index of the first token that may be part of something that goes on; the number of
            tokens if there is none.
    """

    def __init__(self, analysis: Analysis, *, final: bool) -> None:
        """Look for what may go on.

        Args:
            analysis: What was found in the words.
            final: Whether they are final: then only what probably goes on is waited for, else
                everything that could be taken back is.
        """
        self._analysis = analysis
        self._document = analysis.document
        self._findings = analysis.findings
        self._ends = {atom.end: atom for atom in analysis.atoms.values()}
        self._final = final
        self.start = self._document.size
        if self._document.size > self._document.begin:
            self._numbers()
            self._dates()
            self._addresses()
            self._internet()
            if not final:
                self._names()
            self._whole_entities()

    def __repr__(self) -> str:
        return f"<Tail from {self.start}>"

    def _open(self, index: int) -> None:
        self.start = min(self.start, max(index, self._document.begin))

    def _numbers(self) -> None:
        document = self._document
        end = self._before_bridges(document.size)
        last = document.keys[end - 1] if end else ""
        if document.rules.reader.repeat(last) is not None and end > document.begin:
            end = self._before_bridges(end - 1)
            self._open(end)
        entity = self._findings.at(end - 1)
        if entity is not None:
            if entity.grows:
                self._open(entity.start)
            return
        for run in reversed(self._analysis.runs):
            if run.end < end:
                break
            if run.end == end and self._waits(run):
                self._open(run.start)
        for width in (1, 2):
            ordinal = document.at("ordinal", end - width)
            if ordinal is not None and ordinal.end == end:
                self._open(ordinal.start)
        if not self._final and end in self._ends:
            self._open(self._ends[end].start)

    def _waits(self, run: Run) -> bool:
        """Tell whether a run is more than a letter that may be a word."""
        return not self._final or len(run.atoms) > 1 or run.atoms[0].kind != "l"

    def _before_bridges(self, end: int) -> int:
        """Return where what matters ends, if only fillers and the like follow."""
        document = self._document
        start = end
        for _ in range(4):
            for group in _BRIDGES:
                mark = document.before(group, start)
                if mark is not None and mark.start > document.begin:
                    start = mark.start
                    break
            else:
                break
        found = self._findings.at(start - 1)
        if start in self._ends or (found is not None and found.grows):
            return start
        return end

    def _dates(self) -> None:
        document = self._document
        end = document.size
        join = document.before("date_join", end)
        if join is not None and join.start > document.begin:
            end = join.start
            for width in (1, 2):
                ordinal = document.at("ordinal", end - width)
                if ordinal is not None and ordinal.end == end:
                    self._open(ordinal.start)
            if end in self._ends and self._ends[end].kind != "l":
                self._open(self._ends[end].start)
        key = document.keys[end - 1] if end else ""
        if key in document.rules.months and not self._findings.taken(end - 1, end):
            if not (self._final and key in document.rules.doubtful_months):
                self._open(end - 1)
        fraction = document.before("fraction", document.size)
        past = document.before("past", document.size)
        if fraction is not None:
            self._open(fraction.start)
        if past is not None and past.start in self._ends:
            self._open(self._ends[past.start].start)

    def _addresses(self) -> None:
        """Wait for the street behind a number."""
        document = self._document
        size = document.size
        for place in range(size - 1, max(document.begin, size - _ADDRESS) - 1, -1):
            token = document.tokens[place]
            if self._findings.taken(place, place + 1) or not token.key[:1].isalpha():
                break
            if token.key in document.rules.never or token.key in document.rules.units or token.stop:
                break
            if self._final and "w" in token.kinds and not (document.cased and token.capital):
                break
            atom = self._ends.get(place)
            taken = self._findings.type_at(place - 1)
            if atom is not None and atom.kind != "l" and taken in (None, "TIME", "AGE"):
                self._open(self._run_start(place))
                break
        for place in range(size - 1, max(document.begin, size - _ADDRESS - 1) - 1, -1):
            if document.at("street_before", place) and not self._findings.taken(place, size):
                self._open(self._run_start(place))

    def _run_start(self, index: int) -> int:
        while index in self._ends and self._ends[index].start >= self._document.begin:
            index = self._ends[index].start
        return index

    def _internet(self) -> None:
        document = self._document
        size = document.size
        cue = self._email_cue()
        if cue is not None:
            self._open(cue)
            return
        for place in range(size - 1, max(document.begin, size - _EMAIL) - 1, -1):
            if self._findings.taken(place, place + 1):
                break
            at = document.at("at", place)
            if at is not None:
                start = internet.local_start(self._findings, self._analysis.atoms, place)
                dotted = any(document.at("sign", index) for index in range(at.end, size))
                if start is not None and (size - at.end <= 2 or dotted):
                    self._open(start)
                break
            sign = document.at("sign", place)
            if sign is not None and size - sign.end <= 1 and place > document.begin:
                start = internet.local_start(self._findings, self._analysis.atoms, size)
                self._open(start if start is not None else place - 1)
                break

    def _email_cue(self) -> int | None:
        """Return where an address begins that was announced and is not there yet."""
        document = self._document
        size = document.size
        for place in range(size - 1, max(-1, size - _EMAIL), -1):
            if self._findings.type_at(place) == "EMAIL":
                return None
            mark = document.at("before", place)
            if mark is None or mark.value != "EMAIL":
                continue
            start = mark.end
            while (link := document.at("name_link", start)) is not None:
                start = link.end
            start = max(start, document.begin)
            if start >= size:
                return None
            signs = any(
                document.at("sign", index)
                or document.at("at", index)
                or index in self._analysis.atoms
                for index in range(start, size)
            )
            told = start > mark.end or mark.end <= document.begin
            if signs or (told and size - start <= 3 and self._is_mailbox(start)):
                return start
            return None
        return None

    def _is_mailbox(self, start: int) -> bool:
        document = self._document
        return all(
            document.keys[index] not in document.rules.never and not document.tokens[index].stop
            for index in range(start, document.size)
        )

    def _names(self) -> None:
        """Wait for what follows a word that may be a name."""
        document = self._document
        for place in range(document.size - 1, max(document.begin, document.size - _NAMES) - 1, -1):
            token = document.tokens[place]
            if self._findings.taken(place, place + 1) or token.key in document.rules.never:
                break
            if not token.key[:1].isalpha():
                break
            kinds = set(token.kinds)
            if not (token.capital or not kinds or kinds & set("fFglL")):
                break
            self._open(place)

    def _whole_entities(self) -> None:
        """Let nothing that is found be cut in two."""
        for entity in self._findings:
            if entity.start < self.start < entity.end:
                self.start = entity.start

    def settle(self) -> None:
        """Mask what could be part of a secret, now that nothing follows."""
        findings = self._findings
        for run in self._analysis.runs:
            if run.end < self.start or findings.taken(run.start, run.end):
                continue
            kind = self._kind(run)
            if kind is not None:
                findings.add(run.start, run.end, kind, run.value, grows=True)
        document = self._document
        start = max(self.start, document.begin)
        cue = self._email_cue()
        if start < document.size and cue is not None and start <= cue:
            findings.add(cue, document.size, "EMAIL", "".join(document.keys[cue:]), grows=True)

    def _kind(self, run: Run) -> str | None:
        if len(run.value) < 2 or run.value in self._document.rules.public:
            return None
        digits = any(map(str.isdigit, run.value))
        for cue in cues(self._findings, run.start, run.end):
            if cue.type == "NONE":
                return None
            if cue.type in codes.OPEN and digits and cue.distance <= codes.NEAR:
                return cue.type
        if digits and run.spoken >= codes.DICTATED:
            return "PHONENUMBER"
        return None
