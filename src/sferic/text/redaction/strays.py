"""Names that nothing announces."""

from sferic.text.redaction.names import Names
from sferic.text.redaction.surnames import is_whole

_SHORTEST = 3
"""Letters of a name that is taken for one by what is said around it."""
_WORD = 5
"""Letters from which on a word in capitals is no abbreviation."""
_SURE = 2
"""The weight of what is said of people only."""


class Strays(Names):
    """Finds names that are hardly anything else."""

    def find(self) -> None:
        """Find names by themselves."""
        for index in range(self._document.begin, self._document.size):
            self._alone(index)
        for index in range(self._document.begin, self._document.size):
            self._framed(index)

    def _alone(self, index: int) -> None:
        """Take a name that is hardly anything else."""
        document = self._document
        token = document.tokens[index]
        kinds = set(token.kinds)
        if not kinds & set("fFglL") or not self._may_be(index) or token.key in self._rules.units:
            return
        if document.cased and not token.capital:
            return
        abbreviation = token.text.isupper() and len(token.key) < _WORD and token.text != token.key
        if self._is_thing(index) or (abbreviation and "F" not in kinds):
            return
        surname = kinds & set("lL") and self._findings.type_at(index - 1) == "FIRSTNAME"
        acts = "w" in kinds and not document.cased and document.at("act", index)
        if surname and not document.tokens[index - 1].pause and not acts:
            self._take(index, "LASTNAME")
        elif self._is_first(index):
            if self._is_known(index) or self._is_surname(index + 1, index, certain=True):
                self._full(index, cued=False)
        elif not document.cased and self._is_named(index):
            self._full(index, cued=False)
        elif kinds & set("fFg") and token.capital and document.cased:
            starts = index == 0 or document.tokens[index - 1].stop
            if self._is_surname(index + 1, index, certain=True) and not (
                starts and "w" in kinds and "w" in document.tokens[index + 1].kinds
            ):
                self._full(index)
        elif self._is_lone_surname(index):
            self._take(index, "LASTNAME")

    def _is_thing(self, index: int) -> bool:
        """Tell whether a name is that of a company or a thing: `the Kennedy Center`."""
        document = self._document
        following = index + 1
        if following < document.size and not document.tokens[index].pause:
            if document.keys[following] in self._rules.organisations:
                return True
        if self._is_first(index) and document.keys[index] not in self._rules.places:
            return False
        determined = index and document.keys[index - 1] in self._rules.determiners
        return bool(determined) and not self._is_surname(following, index, certain=True)

    def _framed(self, index: int) -> None:
        """Take what may be a name, by what stands before and behind it."""
        document = self._document
        token = document.tokens[index]
        kinds = set(token.kinds)
        if len(token.key) < _SHORTEST or document.at("title", index):
            return
        cue = document.at("name_weak", index)
        if document.at("person", index) or (cue is not None and cue.value):
            return
        if token.key in self._rules.units:
            return
        taken = self._findings.at(index + 1)
        has_surname = taken is not None and taken.type == "LASTNAME" and not token.pause
        surname = bool(kinds & set("fF")) and (
            has_surname or self._is_own_surname(index + 1, index)
        )
        if (
            not self._may_be(index, month=surname)
            or self._is_thing(index)
            or document.at("street_after", index)
        ):
            return
        starts = index == 0 or document.tokens[index - 1].stop
        named = self._is_surname(index + 1, index)
        end = self._surname_end(index + 1) if named else index + 1
        if taken is not None and has_surname:
            end = taken.end
        before, behind = self._before_it(index), self._behind_it(end)
        if named and before + behind < _SURE:
            behind = max(behind, self._behind_it(index + 1))
        if before == _SURE and not behind and self._is_spoken_to(index, end):
            behind = 1
        if surname and (token.capital if document.cased else before + behind):
            found = True
        elif not document.cased:
            place = self._is_place(index) and before + behind <= _SURE
            found = not place and self._is_lower_name(kinds, before, behind)
        elif not token.capital:
            return
        elif starts:
            nouns = self._rules.file.nouns_capital and not kinds & set("fFg")
            found = (
                behind == _SURE
                and not nouns
                and not self._is_place(index)
                and (not kinds or bool(kinds & set("fFg")))
            )
        else:
            place = self._is_place(index) and before + behind <= _SURE
            found = not place and not self._is_in_title(index, end)
            doubtful = token.key in self._rules.doubtful
            found = found and self._is_capital_name(kinds, before, behind, doubtful=doubtful)
        if found:
            if kinds & set("lL") and not kinds & set("fFg"):
                self._take(index, "LASTNAME")
            else:
                self._full(index, cued=bool(before))

    def _is_place(self, index: int) -> bool:
        """Tell whether a word is the name of a place, or an abbreviation, as well."""
        token = self._document.tokens[index]
        return token.key in self._rules.places or (token.text.isupper() and len(token.key) < _WORD)

    def _is_own_surname(self, index: int, first: int) -> bool:
        """Tell whether a surname that is neither word nor first name follows a first name."""
        following = self._document.tokens[index : index + 1]
        surname = following and not self._is_first(index) and "w" not in following[0].kinds
        return bool(surname) and self._is_surname(index, first, certain=True)

    def _is_capital_name(
        self, kinds: set[str], before: int, behind: int, *, doubtful: bool
    ) -> bool:
        """Tell whether a word with a capital in a sentence is a name."""
        usual = self._rules.knows_words or ("F" in kinds and not doubtful)
        least = 1 if usual and not self._rules.file.nouns_capital else _SURE
        if kinds & set("fFg"):
            return before + behind >= least
        if not kinds:
            return not self._rules.file.nouns_capital and before + behind >= _SURE
        return bool(kinds & set("lL")) and "w" not in kinds and before + behind >= _SURE

    def _is_lower_name(self, kinds: set[str], before: int, behind: int) -> bool:
        """Tell whether a word is a name where there are no capitals."""
        if kinds & set("fF"):
            return behind == _SURE or before + behind > _SURE
        if kinds & set("lLg"):
            return "w" not in kinds and _SURE in (before, behind)
        return not kinds and self._rules.knows_words and before + behind >= _SURE

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

    def _is_spoken_to(self, index: int, end: int) -> bool:
        """Tell whether a clause begins behind what a person was addressed with: `tell grace i`."""
        cue = self._document.before("name_weak", index)
        addressed = cue is not None and cue.value != "self"
        return addressed and end < self._document.size and self._ends_clause(end)

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

    def _is_known(self, index: int) -> bool:
        """Tell whether a first name is one of this language, or cannot be one of its words."""
        document = self._document
        if self._rules.knows_words or not self._rules.firsts:
            return True
        starts = index == 0 or document.tokens[index - 1].stop
        usual = "F" in document.tokens[index].kinds or document.keys[index] in self._rules.firsts
        return usual or (document.cased and not starts)

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
