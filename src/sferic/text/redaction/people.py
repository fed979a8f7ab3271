"""First names and surnames."""

from collections.abc import Mapping

from sferic.text.redaction.document import Document, Mark, Token
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom

_LINKS = 4
"""How many phrases may stand between a question and the name that answers it."""
_SHORT_ANSWER = 4


class People:
    """Finds names in a document."""

    def __init__(self, findings: Findings, atoms: Mapping[int, Atom]) -> None:
        self._findings = findings
        self._document = findings.document
        self._rules = findings.document.rules
        self._atoms = atoms

    def __repr__(self) -> str:
        return f"<People in {self._document!r}>"

    def find(self) -> None:
        """Find names: after a cue, before one, and by themselves."""
        document = self._document
        for mark in document.of("title"):
            self._titled(mark)
        for mark in document.of("name"):
            self._told(mark, self._linked(mark.end))
        for mark in document.of("name_asked"):
            self._answered(mark)
        self._continued()
        for mark in document.of("name_weak"):
            self._hinted(mark)
        for mark in document.of("name_after"):
            self._before(mark)
        for index in range(document.begin, document.size):
            self._alone(index)

    def _linked(self, index: int) -> int:
        """Skip what may stand between a cue and a name."""
        document = self._document
        for _ in range(_LINKS):
            mark = document.at("name_link", index)
            if mark is None or mark.end >= document.size or self._is_name_word(index):
                break
            index = mark.end
        return index

    def _is_name_word(self, index: int) -> bool:
        return self._document.keys[index] not in self._rules.never and bool(
            set("fF") & set(self._document.tokens[index].kinds)
        )

    def _told(self, mark: Mark, index: int) -> None:
        """Take the name behind a cue that nothing but a name follows."""
        document = self._document
        if index >= document.size or index < document.begin:
            return
        if not self._may_be(index, month=True) or self._findings.type_at(index + 1) == "DATE":
            return
        if index == mark.end and document.tokens[mark.end - 1].stop:
            return
        if not self._is_likely(index, strong=True):
            return
        if mark.value == "LAST":
            self._take(index, "LASTNAME")
            self._join_hyphened(index)
            return
        self._full(index, only_first=mark.value == "FIRST")

    def _answered(self, mark: Mark) -> None:
        """Take the name that answers a question, in the turn after it."""
        document = self._document
        end = mark.end
        tokens = document.tokens
        while end < document.size and end < document.begin:
            if document.keys[end].startswith("\0"):
                return
            end += 1
        if end >= document.size or end - mark.end > _SHORT_ANSWER:
            return
        if end == mark.end and not tokens[end - 1].stop and document.begin != end:
            return
        index = self._linked(end)
        if index >= document.size or not self._may_be(index):
            return
        short = document.size - index <= _SHORT_ANSWER
        if self._is_likely(index, strong=short or index > end):
            if mark.value == "LAST":
                self._take(index, "LASTNAME")
            else:
                self._full(index, only_first=mark.value == "FIRST")

    def _titled(self, mark: Mark) -> None:
        document = self._document
        index = mark.end
        if index >= document.size or not self._may_be(index):
            return
        if document.tokens[mark.end - 1].stop and len(document.keys[mark.start]) > 4:
            return
        if not self._is_likely(index, strong=True):
            return
        following = index + 1
        if self._is_first(index) and self._is_surname(following, index):
            self._full(index)
        else:
            start = index
            end = self._surname_end(index)
            self._findings.add(start, end, "LASTNAME", self._value(start, end))

    def _hinted(self, mark: Mark) -> None:
        """Take what looks like a name behind a cue that anything may follow."""
        document = self._document
        index = mark.end
        if index >= document.size or index < document.begin or not self._may_be(index):
            return
        token = document.tokens[index]
        if document.tokens[index - 1].stop:
            return
        kinds = set(token.kinds)
        capital = document.cased and token.capital
        first = bool(kinds & set("fF"))
        rare = "g" in kinds and "w" not in kinds and self._is_person_cue(mark)
        if (first or rare) and "w" not in kinds and token.key not in self._rules.doubtful:
            self._full(index)
        elif (
            capital
            and (first or "g" in kinds)
            and (self._is_surname(index + 1, index) or (first and self._is_person_cue(mark)))
        ):
            self._full(index)
        elif capital and "p" in kinds and self._is_surname(index + 1, index, certain=True):
            self._full(index)
        elif capital and not kinds and self._is_person_cue(mark):
            self._full(index)
        elif "L" in kinds and not kinds & set("we") and (capital or not document.cased):
            if token.key not in self._rules.doubtful and self._is_person_cue(mark):
                self._take(index, "LASTNAME")
        elif (
            capital
            and kinds & set("lL")
            and not kinds & set("w")
            and self._is_surname(index + 1, index)
        ):
            self._full(index)
        elif first and not document.cased and self._is_surname(index + 1, index, certain=True):
            self._full(index)

    def _is_person_cue(self, mark: Mark) -> bool:
        return len(self._document.keys[mark.start]) > 4 or mark.end - mark.start > 1

    def _before(self, mark: Mark) -> None:
        """Take the name before `speaking`."""
        document = self._document
        index = mark.start - 1
        if index < document.begin or not self._may_be(index) or document.tokens[index].stop:
            return
        token = document.tokens[index]
        kinds = set(token.kinds)
        hint = document.before("name_weak", index) or document.before("name_weak", index - 1)
        strong = mark.end - mark.start > 1 or (hint is not None and self._is_person_cue(hint))
        looks = bool(kinds & set("fFglL"))
        likely = (looks and ("w" not in kinds or token.capital)) or (
            not kinds and (token.capital or not document.cased)
        )
        if not likely and not (strong and looks):
            return
        begin = index
        if (
            begin > document.begin
            and self._may_be(begin - 1)
            and not document.tokens[begin - 1].pause
        ):
            before = document.tokens[begin - 1]
            if set(before.kinds) & set("fFg") and (before.capital or not document.cased):
                begin -= 1
        self._full(begin)

    def _continued(self) -> None:
        """Take the surname that a final begins with after a first name that the last ended with."""
        document = self._document
        index = document.begin
        if (
            index
            and self._findings.type_at(index - 1) == "FIRSTNAME"
            and not document.tokens[index - 1].stop
        ):
            if self._is_surname(index, index - 1):
                end = self._surname_end(index)
                self._findings.add(index, end, "LASTNAME", self._value(index, end))

    def _alone(self, index: int) -> None:
        """Take a name that is hardly anything else."""
        document = self._document
        token = document.tokens[index]
        kinds = set(token.kinds)
        if not kinds & set("fFglL") or not self._may_be(index):
            return
        if document.cased and not token.capital:
            return
        first = self._is_first(index)
        if first:
            self._full(index)
        elif (
            "f" in kinds | {kind.lower() for kind in kinds & {"F"}}
            and token.capital
            and document.cased
        ):
            starts = index == 0 or document.tokens[index - 1].stop
            if self._is_surname(index + 1, index, certain=True) and not (starts and "w" in kinds):
                self._full(index)
        elif "L" in kinds and not kinds & set("wp") and token.key not in self._rules.doubtful:
            self._take(index, "LASTNAME")

    def _is_first(self, index: int) -> bool:
        """Tell whether a word is a first name wherever it stands."""
        token = self._document.tokens[index]
        kinds = set(token.kinds)
        if token.key in self._rules.certain:
            return True
        if token.key in self._rules.doubtful or not kinds & set("fF"):
            return False
        if len(token.key) < 3:
            return False
        return "w" not in kinds

    def _full(self, index: int, *, only_first: bool = False, cued: bool = True) -> None:
        """Take a first name and what follows it of the name."""
        document = self._document
        kinds = set(document.tokens[index].kinds)
        named = kinds & set("lL") and not kinds & set("fFg") and not only_first
        if named and not self._is_surname(index + 1, index):
            self._take(index, "LASTNAME")
            return
        if not self._take(index, "FIRSTNAME"):
            return
        following = index + 1
        for _ in range(2):
            if following >= document.size or document.tokens[following - 1].pause:
                return
            if self._is_initial(following) and self._is_surname(following + 1, following):
                self._findings.add(following, following + 1, "FIRSTNAME", document.keys[following])
                following += 1
            elif self._is_second_first(following) and (
                only_first or self._is_surname(following + 1, following)
            ):
                self._take(following, "FIRSTNAME")
                following += 1
        if only_first or following >= document.size:
            return
        if not self._is_surname(following, index, cued=cued):
            return
        end = self._surname_end(following)
        self._findings.add(following, end, "LASTNAME", self._value(following, end))

    def _is_initial(self, index: int) -> bool:
        key = self._document.keys[index]
        return (
            len(key) == 1
            and key.isalpha()
            and (key not in ("i", "a") or self._document.tokens[index].capital)
        )

    def _is_second_first(self, index: int) -> bool:
        return self._may_be(index) and self._is_first(index)

    def _surname_end(self, index: int) -> int:
        """Return where a surname ends that begins here, with what stands before it and a second."""
        document = self._document
        particle = document.at("particle", index)
        end = index
        while particle is not None and particle.end < document.size and self._may_be(particle.end):
            end = particle.end
            particle = document.at("particle", end)
        end += 1
        if end < document.size and not document.tokens[end - 1].pause and self._may_be(end):
            token = document.tokens[end]
            kinds = set(token.kinds)
            if kinds & set("lL") and "w" not in kinds and not self._is_first(end):
                if token.capital or not document.cased:
                    end += 1
        return end

    def _is_surname(
        self, index: int, first: int, *, certain: bool = False, cued: bool = False
    ) -> bool:
        """Tell whether a word behind a first name is the surname."""
        document = self._document
        if index >= document.size or document.tokens[first].pause:
            return False
        if not self._may_be(index):
            return False
        if index - 1 >= document.begin and document.tokens[index - 1].key != _whole(
            document, index - 1
        ):
            return False
        particle = document.at("particle", index)
        if particle is not None and particle.end < document.size:
            return self._is_surname(
                particle.end, particle.end - 1, certain=certain
            ) and self._is_likely(particle.end, strong=True)
        token = document.tokens[index]
        kinds = set(token.kinds)
        surname = bool(kinds & set("lL"))
        if document.cased:
            if not token.capital:
                return False
            return surname or not certain
        if surname and "w" not in kinds:
            return True
        if certain:
            return False
        if cued and "L" in kinds and token.key not in self._rules.doubtful:
            return True
        return not kinds and len(token.key) > 2

    def _join_hyphened(self, index: int) -> None:
        document = self._document
        following = index + 1
        if (
            following < document.size
            and not document.tokens[index].pause
            and self._may_be(following)
        ):
            token = document.tokens[following]
            if (
                set(token.kinds) & set("lL")
                and "w" not in token.kinds
                and (token.capital or not document.cased)
            ):
                self._take(following, "LASTNAME")

    def _is_likely(self, index: int, *, strong: bool) -> bool:
        """Tell whether a word may be a name where one is expected."""
        token = self._document.tokens[index]
        kinds = set(token.kinds)
        if kinds & set("fFg"):
            return True
        if self._document.cased and token.capital:
            return True
        if kinds & set("lL"):
            return strong and ("w" not in kinds or "L" in kinds)
        return strong and not kinds & set("we") and not self._document.cased

    def _may_be(self, index: int, *, month: bool = False) -> bool:
        """Tell whether a word can be part of a name at all."""
        token = self._document.tokens[index]
        if index < self._document.begin or self._findings.taken(index, index + 1):
            return False
        if not token.key[:1].isalpha() or token.key in self._rules.never or len(token.key) < 2:
            return False
        return index not in self._atoms and (month or token.key not in self._rules.months)

    def _take(self, index: int, kind: str) -> bool:
        start = index
        end = index + 1
        if kind == "LASTNAME":
            end = self._surname_end(index)
        return self._findings.add(start, end, kind, self._value(start, end))

    def _value(self, start: int, end: int) -> str:
        return "".join(
            [letter for key in self._document.keys[start:end] for letter in key if letter.isalpha()]
        )


def _whole(document: Document, index: int) -> str:
    """Return the key of a token, less what was cut off its end: `Kevin's` is followed by no name."""
    token: Token = document.tokens[index]
    if token.last < 0 or token.first < 0:
        return token.key
    rest = document.words[token.last].text[token.end :] if token.first == token.last else ""
    return token.key if not rest[:1] in ("'", "’") else ""
