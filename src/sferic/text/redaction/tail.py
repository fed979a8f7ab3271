"""What the end of some words may be the beginning of."""

from sferic.text.redaction import spelling
from sferic.text.redaction.engine import Analysis
from sferic.text.redaction.entities import Entity
from sferic.text.redaction.mailboxes import Mailboxes
from sferic.text.redaction.runs import Atom
from sferic.text.redaction.settling import Settling
from sferic.text.redaction.spelling import Spelled

_BRIDGES = ("filler", "correction", "link", "list", "example")
_COMPLETED = ("AGE", "DATE", "TIME")
_CENTURIES = ("18", "19", "20")
"""Numbers that years begin with."""
_ANNOUNCED = 2
"""Tokens between what announces a date and its month."""
_NUMBERED = 4
"""Tokens between what announces an address and the name of a street."""
_ADDRESS = 3
_APART = 9
"""Tokens in which the number of a house is waited for in a partial."""
_NAMES = 2
_CUES = ("before", "name", "name_asked", "live", "web")
_CUED = 12
"""Tokens in which a partial waits for what a cue has announced."""
_LAG = 4
"""Words that a partial is behind: what follows them may make them part of something."""


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
            self._ages()
            self._addresses()
            self._linked()
            self._mailboxes()
            self._particles()
            if not final:
                self._names()
                self._lag()
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
        self._letters(end)
        entity = self._findings.at(end - 1)
        if entity is not None:
            if entity.grows or self._is_half(entity, end):
                self._open(entity.start)
            return
        for run in reversed(self._analysis.runs):
            if run.end < end:
                break
            lone = len(run.atoms) == 1 and run.atoms[0].kind == "l"
            if run.end == end and not (self._final and lone):
                self._open(run.start)
        self._ordinal(end)
        if not self._final and end in self._ends:
            self._open(self._ends[end].start)

    def _is_half(self, entity: Entity, end: int) -> bool:
        """Tell whether an age or a date ends with a number that another may complete: `fifty`."""
        atom = self._ends.get(end)
        if atom is None or atom.kind != "s" or entity.type not in _COMPLETED:
            return False
        return atom.value in _CENTURIES or atom.value.endswith("0")

    def _letters(self, end: int) -> None:
        for word in reversed(self._analysis.spelled):
            if word.end < end:
                break
            if not self._final or end < self._document.size or self._is_spelled(word):
                self._open(word.start)

    def _ordinal(self, end: int) -> None:
        ordinal = self._document.before("ordinal", end, 2)
        if ordinal is not None:
            self._open(ordinal.start)

    def _is_spelled(self, word: Spelled) -> bool:
        """Tell whether letters are more than a word of one letter."""
        return len(word.letters) > 1 or spelling.cue_of(self._findings, word.start) is not None

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
        for count in (1, 2, 3):
            behind = tuple(document.keys[max(start - count, document.begin) : start])
            if behind in document.rules.begun:
                start -= len(behind)
                break
        found = self._findings.at(start - 1)
        letters = any(word.end == start for word in self._analysis.spelled)
        if start in self._ends or letters or (found is not None and found.grows):
            return start
        return end

    def _dates(self) -> None:
        document = self._document
        end = document.size
        join = document.before("date_join", end)
        if join is not None and join.start > document.begin:
            end = join.start
            self._ordinal(end)
            if end in self._ends and self._ends[end].kind != "l":
                self._open(self._ends[end].start)
        key = document.keys[end - 1] if end else ""
        doubtful = self._final and key in document.rules.doubtful_months
        doubtful = doubtful and not self._has_date_cue(end - 1)
        if key in document.rules.months and not doubtful and not self._findings.taken(end - 1, end):
            self._open(end - 1)
        before = document.before("hour_before", document.size - 1)
        if before is not None and document.keys[-1] in document.rules.fractions:
            self._open(document.size - 1)
        fraction = document.before("fraction", document.size)
        past = document.before("past", document.size)
        if fraction is not None:
            self._open(fraction.start)
        if past is not None and past.start in self._ends:
            self._open(self._ends[past.start].start)

    def _has_date_cue(self, index: int) -> bool:
        """Tell whether a date has been announced right before a token."""
        cues = (mark for mark in self._document.of("before") if mark.value == "DATE")
        return any(0 <= index - mark.end <= _ANNOUNCED for mark in cues)

    def _ages(self) -> None:
        """Wait for what makes a number an age: `45 years` goes on with `old`."""
        document = self._document
        for width in (1, 2):
            start = document.size - width
            atom = self._ends.get(start)
            if atom is None or atom.kind not in "sw" or start <= document.begin:
                continue
            begun = tuple(document.keys[start:])
            if not self._final or document.before("age_subject", atom.start):
                phrases = document.rules.phrases.get(begun[0], ())
                if any(
                    phrase.group == "age_after" and phrase.words[:width] == begun
                    for phrase in phrases
                ):
                    self._open(atom.start)

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
            named = (document.cased and token.capital) or self._is_address(place)
            if self._final and "w" in token.kinds and not named:
                break
            atom = self._ends.get(place)
            taken = self._findings.type_at(place - 1)
            if atom is not None and atom.kind != "l" and taken in (None, "TIME", "AGE"):
                self._open(self._run_start(place))
                break
        self._streets()

    def _streets(self) -> None:
        """Wait for the name of a street, and for its number."""
        document = self._document
        size = document.size
        for place in range(size - 1, max(document.begin, size - _ADDRESS - 1) - 1, -1):
            mark = document.at("street_before", place)
            if mark is None or self._findings.taken(place, size):
                continue
            if not mark.value or self._is_address(place):
                self._open(self._run_start(place))
        for place in range(max(document.begin, size - _APART), size if not self._final else 0):
            if self._is_street(place) and not self._findings.taken(place, place + 1):
                self._open(place)
                break

    def _is_street(self, index: int) -> bool:
        """Tell whether a token names a street, whose number may be said much later."""
        document = self._document
        mark = document.at("street_before", index)
        named = document.rules.street.fullmatch(document.keys[index]) is not None
        return named or (mark is not None and not mark.value and mark.end < document.size)

    def _is_address(self, index: int) -> bool:
        """Tell whether somebody has just begun to say where they live."""
        return any(0 <= index - mark.end <= _NUMBERED for mark in self._document.of("live"))

    def _linked(self) -> None:
        """Wait for the number of a house whose street is there already: `via Roma numero`."""
        link = self._document.before("number_link", self._document.size)
        entity = self._findings.at(link.start - 1) if link is not None else None
        if entity is not None and entity.type == "ADDRESS" and entity.grows:
            self._open(entity.start)

    def _run_start(self, index: int) -> int:
        while index in self._ends and self._ends[index].start >= self._document.begin:
            index = self._ends[index].start
        return index

    def _mailboxes(self) -> None:
        start = Mailboxes(self._analysis).start()
        if start is not None:
            self._open(start)

    def _particles(self) -> None:
        """Wait for a surname whose `van der` is there already."""
        document = self._document
        place = document.size
        while (particle := document.before("particle", place)) is not None:
            place = particle.start
        named = self._findings.type_at(place - 1) == "FIRSTNAME"
        stopped = place < 1 or document.tokens[place - 1].pause
        if named and not stopped and document.begin <= place < document.size:
            self._open(place)

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

    def _lag(self) -> None:
        """Keep the last words of a partial back, and a number or address that runs into them."""
        document = self._document
        place = min(self.start, max(document.begin, document.size - _LAG), self._announced())
        while place > document.begin and self._runs_on(place - 1):
            place -= 1
        self._open(place)

    def _announced(self) -> int:
        """Return where begins what a cue has announced, if nothing has been found since."""
        document = self._document
        for place in range(document.size - 1, max(-1, document.size - _CUED), -1):
            if self._findings.type_at(place) is not None:
                break
            for group in _CUES:
                mark = document.at(group, place)
                if mark is not None and mark.value not in ("NONE", "CODE"):
                    return mark.start if group == "web" else mark.end
        return document.size

    def _runs_on(self, index: int) -> bool:
        """Tell whether a token that nothing was found in may be part of what follows it."""
        document = self._document
        if self._findings.taken(index, index + 1):
            found = self._findings.at(index)
            return found is not None and found.grows
        if document.at("sign", index + 1) or document.at("at", index + 1):
            return True
        signs = any(
            document.at(group, index) for group in ("sign", "at", "web", "unit", "particle")
        ) or any(document.before(group, index + 1) for group in ("sign", "at"))
        return signs or any(
            atom.start <= index < atom.end
            and (atom.kind != "l" or document.keys[index] not in document.rules.never)
            for atom in self._near(index)
        )

    def _near(self, index: int) -> list[Atom]:
        """Return the numbers and letters around a token."""
        starts = range(max(0, index - _ADDRESS), index + 1)
        found = (self._analysis.atoms.get(start) for start in starts)
        return [atom for atom in found if atom is not None]

    def _whole_entities(self) -> None:
        """Let nothing that is found be cut in two."""
        for entity in self._findings:
            if entity.start < self.start < entity.end:
                self.start = entity.start

    def settle(self) -> None:
        """Mask what could be part of a secret, now that nothing follows."""
        Settling(self._analysis, self.start).mask()
