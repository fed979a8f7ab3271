"""Names that something announces: `my name is`, `speaking`."""

from sferic.text.redaction.document import Mark
from sferic.text.redaction.names import Names

_LINKS = 4
"""How many phrases may stand between a question and the name that answers it."""
_SHORT_ANSWER = 4
_SELVES = ("self", "relation")


class People(Names):
    """Finds names by what is said before and behind them."""

    def find(self) -> None:
        """Find names after a cue and before one."""
        document = self._document
        for mark in document.of("title"):
            self._titled(mark)
        for mark in document.of("name"):
            if self._is_question(mark):
                continue
            self._told(mark, self._linked(mark.end, last=mark.value == "LAST"))
        for mark in document.of("name_asked"):
            self._answered(mark)
        self._continued()
        for mark in document.of("name_weak"):
            if not self._introduced(mark):
                self._hinted(mark)
        for mark in document.of("name_after"):
            self._before(mark)
        for mark in document.of("honorific"):
            self._honoured(mark)

    def _linked(self, index: int, *, last: bool = False) -> int:
        """Skip what may stand between a cue and a name."""
        document = self._document
        for _ in range(_LINKS):
            mark = document.at("name_link", index) or document.at("spelled", index)
            if mark is None or mark.end >= document.size or self._is_name_word(index):
                break
            capital = document.cased and document.tokens[index].capital
            if (capital or last) and self._particle(index):
                break
            index = mark.end
        return index

    def _is_name_word(self, index: int) -> bool:
        return self._document.keys[index] not in self._rules.never and bool(
            set("fF") & set(self._document.tokens[index].kinds)
        )

    def _is_question(self, mark: Mark) -> bool:
        """Tell whether a bare `nom` asks for a name, which may be a whole one."""
        if mark.value != "LAST" or mark.end - mark.start > 1:
            return False
        before = mark.start < self._document.begin
        return any(
            question.start <= mark.start < question.end
            for question in self._document.of("name_asked")
            if question.value == "FULL" and (before or question.end - question.start > 1)
        )

    def _told(self, mark: Mark, index: int) -> None:
        """Take the name behind a cue that nothing but a name follows."""
        document = self._document
        while (relation := document.at("person", index)) is not None:
            index = relation.end
        if index >= document.size or index < document.begin:
            return
        if self._is_particle(index) and self._is_surname(index, index - 1, cued=True):
            self._take(index, "LASTNAME")
            return
        if not self._may_be(index, month=True) or self._findings.type_at(index + 1) == "DATE":
            return
        several = mark.end - mark.start > 1 and self._is_name_word(index)
        if index == mark.end and document.tokens[mark.end - 1].stop and not several:
            return
        if not self._is_likely(index, strong=True):
            return
        under = mark.value == "UNDER" and not self._is_whole_name(index)
        if mark.value == "LAST" or under:
            self._take(index, "LASTNAME")
            self._join_hyphened(index)
            return
        self._full(index, only_first=mark.value == "FIRST")

    def _is_whole_name(self, index: int) -> bool:
        """Tell whether a name begins with a first name, and no surname stands alone."""
        if set("fFg") & set(self._document.tokens[index].kinds):
            return True
        return self._is_surname(index + 1, index, cued=True)

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
        if index >= document.size:
            return
        if self._is_particle(index) and self._is_title_of(index):
            self._take(index, "LASTNAME")
            return
        if not self._may_be(index):
            return
        if document.tokens[mark.end - 1].stop and len(document.keys[mark.start]) > 4:
            return
        if not self._is_likely(index, strong=True):
            word = document.cased or set(document.tokens[index].kinds).isdisjoint("lL")
            if word or not self._ends_clause(index + 1):
                return
        following = index + 1
        if self._is_first(index) and self._is_surname(following, index):
            self._full(index)
        else:
            start = index
            end = self._surname_end(index)
            self._findings.add(start, end, "LASTNAME", self._value(start, end))

    def _is_title_of(self, index: int) -> bool:
        """Tell whether a surname with something before it follows a title: `M. de la Tour`."""
        particle = self._particle(index)
        while particle is not None and (further := self._particle(particle.end)) is not None:
            particle = further
        if particle is None:
            return False
        token = self._document.tokens[particle.end]
        if self._document.cased:
            return token.capital
        return "w" not in token.kinds or not set(token.kinds).isdisjoint("lL")

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
        cued = mark.value in _SELVES or self._rules.knows_words
        capital = document.cased and token.capital
        first = bool(kinds & set("fF"))
        if self._is_person_cue(mark) and self._is_addressed(mark, index):
            self._full(index, cued=cued)
            return
        rare = "g" in kinds and "w" not in kinds and self._is_person_cue(mark)
        if (
            ((first or rare) and "w" not in kinds and token.key not in self._rules.doubtful)
            or (
                capital
                and (first or "g" in kinds)
                and (self._is_surname(index + 1, index) or (first and self._is_person_cue(mark)))
            )
            or (capital and "p" in kinds and self._is_surname(index + 1, index, certain=True))
        ):
            self._full(index, cued=cued)
        elif capital and not kinds and self._is_person_cue(mark):
            if not self._rules.file.nouns_capital:
                self._full(index, cued=cued)
        elif "L" in kinds and not kinds & set("we") and (capital or not document.cased):
            if token.key not in self._rules.doubtful and self._is_person_cue(mark):
                self._take(index, "LASTNAME")
        elif (
            capital
            and kinds & set("lL")
            and not kinds & set("w")
            and self._is_surname(index + 1, index)
        ) or (first and not document.cased and self._is_surname(index + 1, index, certain=True)):
            self._full(index, cued=cued)

    def _introduced(self, mark: Mark) -> bool:
        """Take a whole name of two words that are something else too: `hier ist rose klein`."""
        document = self._document
        index = mark.end
        if document.cased or not self._is_person_cue(mark) or not self._may_be(index):
            return False
        if document.tokens[index].pause or not self._may_be(index + 1):
            return False
        first = set("fF") & set(document.tokens[index].kinds)
        last = set("lL") & set(document.tokens[index + 1].kinds)
        if mark.value in _SELVES and first and self._is_three(index):
            return self._three(index)
        if self._is_second_first(index + 1) and self._is_surname(index + 2, index + 1):
            return False
        own = mark.value in _SELVES or document.keys[index + 1] in self._rules.surnames
        if not (first and last and own and self._ends_clause(index + 2)):
            return False
        return self._take(index, "FIRSTNAME") and self._take(index + 1, "LASTNAME")

    def _is_addressed(self, mark: Mark, index: int) -> bool:
        """Tell whether a doubtful name is one, by a capital or by what follows."""
        document = self._document
        token = document.tokens[index]
        if not set(token.kinds) & set("fF") or len(token.key) < 3:
            return False
        if document.cased:
            return token.capital
        following = index + 1
        if following >= document.size or token.pause:
            return True
        if self._is_surname(following, index, certain=True):
            return True
        if mark.value == "relation":
            return self._ends_clause(following)
        after = document.at("name_after", following)
        return after is not None or document.keys[following] in self._rules.then

    def _is_person_cue(self, mark: Mark) -> bool:
        return mark.value in ("person", *_SELVES)

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
        told = hint is not None and self._is_person_cue(hint)
        unknown = not document.cased and (told or self._rules.knows_words)
        likely = (looks and ("w" not in kinds or token.capital)) or (
            not kinds and (token.capital or unknown)
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

    def _honoured(self, mark: Mark) -> None:
        """Take the name before what is said behind one: `शर्मा जी`."""
        index = mark.start - 1
        if index < self._document.begin or not self._may_be(index):
            return
        token = self._document.tokens[index]
        if set(token.kinds) & set("fFlL") and "w" not in token.kinds and not token.pause:
            before = index - 1
            first = before >= 0 and self._may_be(before) and self._is_first(before)
            self._full(before if first else index)

    def _continued(self) -> None:
        """Take the surname that a final begins with after a name that the last ended with."""
        document = self._document
        index = document.begin
        if (
            index
            and self._findings.type_at(index - 1) in ("FIRSTNAME", "LASTNAME")
            and (self._may_be(index) or self._particle(index) is not None)
            and (self._is_only_surname(index) or self._goes_on(index))
        ):
            again = self._is_first(index) and self._is_surname(index + 1, index)
            self._full(index) if again else self._take(index, "LASTNAME")

    def _goes_on(self, index: int) -> bool:
        first = self._findings.type_at(index - 1) == "FIRSTNAME"
        return first and self._is_surname(index, index - 1)
