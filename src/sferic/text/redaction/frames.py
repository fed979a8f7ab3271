"""Names that may be words, told by what stands before and behind them: `then Will said`."""

import msgspec

from sferic.text.redaction.document import Token
from sferic.text.redaction.strays import Strays
from sferic.text.redaction.surnames import is_whole

_NAMES = frozenset("fFglL")
_SHORTEST = 3
"""Letters of a name that is taken for one by what is said around it."""
_SURE = 2
"""The weight of what is said of people only."""


class Frame(msgspec.Struct, frozen=True):
    """What stands around a word."""

    end: int
    """Where the name ends that it would begin."""
    before: int
    """How much what stands before it speaks for a name: 0 nothing, 1 a little, 2 surely."""
    behind: int
    """The same of what stands behind it."""
    surname: bool
    """Whether a surname follows that is nothing else."""

    @property
    def weight(self) -> int:
        """How much all of it speaks for a name."""
        return self.before + self.behind


class Frames(Strays):
    """Finds names by their place in a sentence."""

    def find(self) -> None:
        """Find names that are words too, or that nobody has listed."""
        for index in range(self._document.begin, self._document.size):
            frame = self._frame(index)
            if frame is not None and self._is_name(index, frame):
                kinds = set(self._document.tokens[index].kinds)
                if kinds & set("lL") and not kinds & set("fFg"):
                    self._take(index, "LASTNAME")
                else:
                    self._full(index, cued=bool(frame.before))

    def _frame(self, index: int) -> Frame | None:
        """Weigh what stands around a word, if it may be a name at all."""
        document = self._document
        token = document.tokens[index]
        if not self._looks_like_one(token) or self._is_other(index, token):
            return None
        follows = self._findings.at(index + 1)
        has = follows is not None and follows.type == "LASTNAME" and not token.pause
        first = not set("fF").isdisjoint(token.kinds)
        surname = first and (has or self._is_own_surname(index + 1, index))
        if not self._may_be(index, month=surname) or self._is_thing(index):
            return None
        named = self._is_surname(index + 1, index)
        end = self._surname_end(index + 1) if named else index + 1
        if has and follows is not None:
            end = follows.end
        before, behind = self._before_it(index), self._behind_it(end)
        if named and before + behind < _SURE:
            behind = max(behind, self._behind_it(index + 1))
        if before == _SURE and not behind and self._is_spoken_to(index, end):
            behind = 1
        return Frame(end, before, behind, surname)

    def _looks_like_one(self, token: Token) -> bool:
        """Tell whether the form of a word allows for a name, whatever stands around it."""
        if self._document.cased and not token.capital:
            return False
        if token.kinds:
            return not _NAMES.isdisjoint(token.kinds)
        return self._document.cased or self._rules.knows_words

    def _is_other(self, index: int, token: Token) -> bool:
        """Tell whether a word is something else than a name: a title, a relation, a street."""
        document = self._document
        if len(token.key) < _SHORTEST or token.key in self._rules.units:
            return True
        cue = document.at("name_weak", index)
        named = ("title", "person", "street_after")
        return (cue is not None and bool(cue.value)) or any(
            document.at(group, index) for group in named
        )

    def _is_name(self, index: int, frame: Frame) -> bool:
        document = self._document
        token = document.tokens[index]
        if frame.surname and (token.capital if document.cased else frame.weight):
            return True
        if document.cased and not token.capital:
            return False
        if self._is_place(index) and frame.weight <= _SURE:
            return False
        if not document.cased:
            return self._is_lower_name(set(token.kinds), frame)
        if index == 0 or document.tokens[index - 1].stop:
            return self._is_first_word(set(token.kinds), frame)
        return not self._is_in_title(index, frame.end) and self._is_capital_name(token, frame)

    def _is_first_word(self, kinds: set[str], frame: Frame) -> bool:
        """Tell whether a word that a sentence begins with is a name; its capital says nothing."""
        first = bool(kinds & set("fFg"))
        unknown = not kinds and not self._rules.file.nouns_capital
        return frame.behind == _SURE and (first or unknown)

    def _is_capital_name(self, token: Token, frame: Frame) -> bool:
        """Tell whether a word with a capital in a sentence is a name."""
        kinds = set(token.kinds)
        nouns = self._rules.file.nouns_capital
        if kinds & set("fFg"):
            usual = "F" in kinds and token.key not in self._rules.doubtful
            weak = not nouns and (self._rules.knows_words or usual)
            return frame.weight >= (1 if weak else _SURE)
        if not kinds:
            return not nouns and frame.weight >= _SURE
        return bool(kinds & set("lL")) and "w" not in kinds and frame.weight >= _SURE

    def _is_lower_name(self, kinds: set[str], frame: Frame) -> bool:
        """Tell whether a word is a name where there are no capitals."""
        if kinds & set("fF"):
            return frame.behind == _SURE or frame.weight > _SURE
        if kinds & set("lLg"):
            return "w" not in kinds and _SURE in (frame.before, frame.behind)
        return not kinds and self._rules.knows_words and frame.weight >= _SURE

    def _before_it(self, index: int) -> int:
        """Weigh what stands before a word for it to be a name."""
        document = self._document
        if index == 0 or document.tokens[index - 1].stop:
            return 0
        cue = document.before("name_weak", index)
        if cue is None:
            return 0
        beside = self._findings.type_at(cue.start - 1) in ("FIRSTNAME", "LASTNAME")
        return _SURE if cue.value or (beside and document.at("list", cue.start)) else 1

    def _behind_it(self, end: int) -> int:
        """Weigh what stands behind a name that ends before a token."""
        document = self._document
        if not is_whole(document, end - 1):
            return 1
        if document.tokens[end - 1].pause:
            return 0
        if document.at("name_after", end):
            return _SURE
        act = document.at("act", end)
        return 0 if act is None else _SURE if act.value else 1

    def _is_in_title(self, index: int, end: int) -> bool:
        """Tell whether other words with a capital stand beside a word: `Amazing Grace`."""
        tokens = self._document.tokens
        before = tokens[index - 1]
        begins = index == 1 or (index > 1 and tokens[index - 2].stop)
        if before.capital and not before.pause and not begins and not self._may_announce(index):
            return True
        return end < self._document.size and tokens[end].capital and not tokens[end - 1].pause

    def _may_announce(self, index: int) -> bool:
        document = self._document
        taken = self._findings.type_at(index - 1) is not None
        return taken or document.before("name_weak", index) is not None

    def _is_spoken_to(self, index: int, end: int) -> bool:
        """Tell whether a clause begins behind what a person was addressed with: `tell grace i`."""
        cue = self._document.before("name_weak", index)
        addressed = cue is not None and cue.value != "self"
        return addressed and end < self._document.size and self._ends_clause(end)

    def _is_own_surname(self, index: int, first: int) -> bool:
        """Tell whether a surname that is neither word nor first name follows a first name."""
        following = self._document.tokens[index : index + 1]
        surname = following and not self._is_first(index) and "w" not in following[0].kinds
        return bool(surname) and self._is_surname(index, first, certain=True)
