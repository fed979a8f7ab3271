"""First names and surnames."""

from collections.abc import Mapping

from sferic.text.redaction.document import Document, Mark
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom
from sferic.text.redaction.script import is_letter

_LINKS = 4
"""How many phrases may stand between a question and the name that answers it."""
_SHORT_ANSWER = 4
_SELVES = ("self", "relation")


class People:
    """Finds names in a document."""

    def __init__(self, findings: Findings, atoms: Mapping[int, Atom]) -> None:
        self._findings = findings
        self._document = findings.document
        self._rules = findings.document.rules
        self._spoken = {index for atom in atoms.values() for index in range(atom.start, atom.end)}

    def __repr__(self) -> str:
        return f"<People in {self._document!r}>"

    def find(self) -> None:
        """Find names: after a cue, before one, and by themselves."""
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
        for index in range(document.begin, document.size):
            self._alone(index)

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
        own = mark.value in _SELVES or document.keys[index + 1] in self._rules.surnames
        if not (first and last and own and self._ends_clause(index + 2)):
            return False
        return self._take(index, "FIRSTNAME") and self._take(index + 1, "LASTNAME")

    def _three(self, index: int) -> bool:
        firsts = self._take(index, "FIRSTNAME") and self._take(index + 1, "FIRSTNAME")
        return firsts and self._take(index + 2, "LASTNAME")

    def _is_three(self, index: int) -> bool:
        """Tell whether two first names and a surname are all there is: `luz marina quintero`."""
        document = self._document
        second, last = index + 1, index + 2
        if last >= document.size or document.tokens[second].pause or not self._may_be(last):
            return False
        first = set("fF") & set(document.tokens[second].kinds)
        surname = set("lL") & set(document.tokens[last].kinds)
        return bool(first and surname) and self._ends_clause(last + 1)

    def _ends_clause(self, index: int) -> bool:
        """Tell whether a word is followed by none that says more about it."""
        document = self._document
        if index >= document.size or document.tokens[index - 1].pause:
            return True
        key = document.keys[index]
        return key in self._rules.never or key in self._rules.then

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

    def _alone(self, index: int) -> None:
        """Take a name that is hardly anything else."""
        document = self._document
        token = document.tokens[index]
        kinds = set(token.kinds)
        if not kinds & set("fFglL") or not self._may_be(index) or token.key in self._rules.units:
            return
        if document.cased and not token.capital:
            return
        surname = kinds & set("lL") and self._findings.type_at(index - 1) == "FIRSTNAME"
        if surname and not document.tokens[index - 1].pause:
            self._take(index, "LASTNAME")
        elif self._is_first(index):
            if self._is_known(index) or self._is_surname(index + 1, index, certain=True):
                self._full(index, cued=False)
        elif not document.cased and self._is_named(index):
            self._full(index, cued=False)
        elif kinds & set("fFg") and token.capital and document.cased:
            starts = index == 0 or document.tokens[index - 1].stop
            if self._is_surname(index + 1, index, certain=True) and not (starts and "w" in kinds):
                self._full(index)
        elif self._is_lone_surname(index):
            self._take(index, "LASTNAME")

    def _is_known(self, index: int) -> bool:
        """Tell whether a first name is one of this language, or cannot be one of its words."""
        document = self._document
        if self._rules.knows_words or not self._rules.firsts:
            return True
        starts = index == 0 or document.tokens[index - 1].stop
        return (document.cased and not starts) or document.keys[index] in self._rules.firsts

    def _is_named(self, index: int) -> bool:
        """Tell whether a name that is a word has a surname behind it that is none."""
        tokens = self._document.tokens
        if self._rules.knows_words or set(tokens[index].kinds).isdisjoint("fF"):
            return False
        following = index + 1
        surname = following < len(tokens) and "w" not in tokens[following].kinds
        return surname and self._is_surname(following, index, certain=True)

    def _is_lone_surname(self, index: int) -> bool:
        token = self._document.tokens[index]
        if "L" not in token.kinds or "w" in token.kinds or self._document.at("street_after", index):
            return False
        return token.key not in self._rules.doubtful and not self._in_state(index)

    def _in_state(self, index: int) -> bool:
        """Tell whether a word belongs to the name of a state: `New York`."""
        state = self._document.before("state", index + 1)
        return state is not None and state.start < index

    def _is_first(self, index: int) -> bool:
        """Tell whether a word is a first name wherever it stands."""
        token = self._document.tokens[index]
        kinds = set(token.kinds)
        if token.key in self._rules.certain:
            return True
        if token.key in self._rules.doubtful or not kinds & set("fF"):
            return False
        if len(token.key) < 3 or ("L" in kinds and "F" not in kinds):
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
        following = self._behind_same(index)
        for _ in range(2):
            if following >= document.size:
                return
            if document.tokens[following - 1].pause:
                break
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
        if not self._is_surname(following, following - 1, cued=cued):
            return
        end = self._surname_end(following)
        self._findings.add(following, end, "LASTNAME", self._value(following, end))

    def _behind_same(self, index: int) -> int:
        """Take a first name that is said again; return where that ends: `Brian Brian Robinson`."""
        keys = self._document.keys
        following = index + 1
        while following < len(keys) and keys[following] == keys[index]:
            self._take(following, "FIRSTNAME")
            following += 1
        return following

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
        particle = self._particle(index)
        end = index
        while particle is not None:
            end = particle.end
            particle = self._particle(end)
        end += 1
        if end < document.size and not document.tokens[end - 1].pause and self._may_be(end):
            token = document.tokens[end]
            kinds = set(token.kinds)
            second = kinds & set("lL") and "w" not in kinds and not self._is_first(end)
            if second and (token.capital or not document.cased):
                end += 1
        return end

    def _is_surname(
        self, index: int, first: int, *, certain: bool = False, cued: bool = False
    ) -> bool:
        """Tell whether a word behind a first name is the surname.

        Args:
            index: The word.
            first: The last word of what is before it.
            certain: Whether it has to be a surname, and nothing else.
            cued: Whether a cue said that a name comes.
        """
        document = self._document
        whole = index <= document.begin or _is_whole(document, index - 1)
        if index >= document.size or not whole or self._is_apart(first, index, cued=cued):
            return False
        particle = self._particle(index)
        if particle is not None:
            return self._is_particled(particle, certain=certain, cued=cued)
        if not self._may_be(index):
            return False
        kinds = set(document.tokens[index].kinds)
        sure = cued and bool(kinds & set("lL")) and "w" not in kinds
        if document.cased and not sure:
            return self._is_capital(index, certain=certain, cued=cued)
        return self._is_plain(index, certain=certain, cued=cued)

    def _is_plain(self, index: int, *, certain: bool, cued: bool) -> bool:
        """Tell whether a word is a surname where there are no capitals."""
        token = self._document.tokens[index]
        kinds = set(token.kinds)
        surname = bool(kinds & set("lL"))
        if surname and "w" not in kinds:
            return True
        own = token.key in self._rules.surnames
        known = own or (cued and surname and token.key not in self._rules.doubtful)
        unknown = not kinds and len(token.key) > 2 and (cued or self._rules.knows_words)
        unknown = unknown and token.key not in self._rules.then
        return not certain and (known or unknown)

    def _is_capital(self, index: int, *, certain: bool, cued: bool) -> bool:
        """Tell whether a word is a surname by its capital."""
        token = self._document.tokens[index]
        kinds = set(token.kinds)
        if cued and kinds & set("lL") and "w" not in kinds:
            return True
        noun = self._rules.file.nouns_capital and not cued and bool(kinds)
        return token.capital and (bool(kinds & set("lL")) or not (certain or noun))

    def _particle(self, index: int) -> Mark | None:
        """Return what comes before a surname, if a word that may be one follows it."""
        document = self._document
        if index < document.begin or self._findings.taken(index, index + 1):
            return None
        mark = document.at("particle", index)
        if mark is None or mark.end >= document.size:
            return None
        last, following = document.tokens[mark.end - 1], document.tokens[mark.end]
        if last.pause and last.last != following.first:
            return None
        capital = document.tokens[index].capital or not document.cased
        if self._rules.file.people.particles_capital and not capital:
            return None
        return mark if self._particle(mark.end) or self._may_be(mark.end) else None

    def _is_particle(self, index: int) -> bool:
        return self._document.keys[index] in self._rules.never and (
            self._particle(index) is not None
        )

    def _is_particled(self, particle: Mark, *, certain: bool, cued: bool) -> bool:
        """Tell whether a surname is behind what comes before one."""
        index = particle.end
        if self._particle(index) is not None:
            return self._is_surname(index, index - 1, certain=certain, cued=cued)
        if self._document.cased:
            return self._is_capital(index, certain=certain, cued=cued)
        token = self._document.tokens[index]
        kinds = set(token.kinds)
        if kinds & set("lL") and ("w" not in kinds or token.key in self._rules.surnames):
            return True
        several = particle.end - particle.start > 1
        if not kinds and len(token.key) > 2:
            return several or (cued and self._ends_clause(index + 1))
        if cued and kinds & set("lL") and self._ends_clause(index + 1):
            return True
        named = bool(kinds & set("fF")) and token.key not in self._rules.doubtful
        likely = several and ("w" not in kinds or bool(kinds & set("lL")))
        return cued and not certain and (named or likely)

    def _is_apart(self, first: int, index: int, *, cued: bool) -> bool:
        """Tell whether punctuation parts two words of a name; behind a cue hardly ever."""
        before = self._document.tokens[first]
        if not before.pause:
            return False
        return not cued or not self._is_only_surname(index)

    def _is_only_surname(self, index: int) -> bool:
        """Tell whether a word is a surname and no other."""
        token = self._document.tokens[index]
        kinds = set(token.kinds)
        surname = bool(kinds & set("lL")) and "w" not in kinds
        return surname and (token.capital or not self._document.cased)

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
        if index >= self._document.size:
            return False
        token = self._document.tokens[index]
        if index < self._document.begin or self._findings.taken(index, index + 1):
            return False
        if not token.key[:1].isalpha() or token.key in self._rules.never or len(token.key) < 2:
            return False
        return index not in self._spoken and (month or token.key not in self._rules.months)

    def _take(self, index: int, kind: str) -> bool:
        start = index
        end = index + 1
        if kind == "LASTNAME":
            end = self._surname_end(index)
        return self._findings.add(start, end, kind, self._value(start, end))

    def _value(self, start: int, end: int) -> str:
        name = "".join(self._document.keys[start:end])
        return "".join(filter(is_letter, name))


def _is_whole(document: Document, index: int) -> bool:
    """Tell whether nothing was cut off the end of a token: no name follows `Kevin's`."""
    token = document.tokens[index]
    if token.first < 0 or token.first != token.last:
        return True
    return document.words[token.last].text[token.end : token.end + 1] not in ("'", "’")
