"""Names that nothing announces."""

from sferic.text.redaction.document import Token
from sferic.text.redaction.names import Names

_WORD = 5
"""Letters from which on a word in capitals is no abbreviation."""


class Strays(Names):
    """Finds names that are hardly anything else."""

    def find(self) -> None:
        """Find names by themselves."""
        for index in range(self._document.begin, self._document.size):
            self._alone(index)

    def _alone(self, index: int) -> None:
        """Take a name that is hardly anything else."""
        document = self._document
        token = document.tokens[index]
        kinds = set(token.kinds)
        if not kinds & set("fFglL") or not self._may_stand_alone(index):
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

    def _may_stand_alone(self, index: int) -> bool:
        """Tell whether a word is one that a name without anything around it may be."""
        token = self._document.tokens[index]
        if not self._may_be(index) or token.key in self._rules.units:
            return False
        if (self._document.cased and not token.capital) or self._is_thing(index):
            return False
        return "F" in token.kinds or not _is_abbreviation(token)

    def _is_thing(self, index: int) -> bool:
        """Tell whether a name is that of a company or a thing: `the Kennedy Center`."""
        document = self._document
        following = index + 1
        beside = following < document.size and not document.tokens[index].pause
        if beside and document.keys[following] in self._rules.organisations:
            return True
        if self._is_first(index) and document.keys[index] not in self._rules.places:
            return False
        determined = index and document.keys[index - 1] in self._rules.determiners
        return bool(determined) and not self._is_surname(following, index, certain=True)

    def _is_place(self, index: int) -> bool:
        """Tell whether a word is the name of a place, or an abbreviation, as well."""
        token = self._document.tokens[index]
        return token.key in self._rules.places or _is_abbreviation(token)

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


def _is_abbreviation(token: Token) -> bool:
    return token.text.isupper() and token.text != token.key and len(token.key) < _WORD
