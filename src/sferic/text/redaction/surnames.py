"""Which words are names, and where a surname ends."""

from collections.abc import Mapping

from sferic.text.redaction.document import Document, Mark
from sferic.text.redaction.entities import Findings
from sferic.text.redaction.runs import Atom
from sferic.text.redaction.script import is_letter


class Surnames:
    """Tells what first names and surnames are made of."""

    def __init__(self, findings: Findings, atoms: Mapping[int, Atom]) -> None:
        self._findings = findings
        self._document = findings.document
        self._rules = findings.document.rules
        self._nobody = {
            index for mark in self._document.of("nobody") for index in range(mark.start, mark.end)
        }
        self._spoken = {index for atom in atoms.values() for index in range(atom.start, atom.end)}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in {self._document!r}>"

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
        whole = index <= document.begin or is_whole(document, index - 1)
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
        if surname and "w" not in kinds and len(token.key) > 2:
            return True
        own = token.key in self._rules.surnames
        if not own and self._document.at("act", index) is not None:
            return False
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

    def _ends_clause(self, index: int) -> bool:
        """Tell whether a word is followed by none that says more about it."""
        document = self._document
        if index >= document.size or document.tokens[index - 1].pause:
            return True
        key = document.keys[index]
        return key in self._rules.never or key in self._rules.then

    def _may_be(self, index: int, *, month: bool = False) -> bool:
        """Tell whether a word can be part of a name at all."""
        if index >= self._document.size:
            return False
        token = self._document.tokens[index]
        if index < self._document.begin or self._findings.taken(index, index + 1):
            return False
        if index in self._nobody or self._is_contracted(token.key):
            return False
        if not token.key[:1].isalpha() or token.key in self._rules.never or len(token.key) < 2:
            return False
        announces = self._document.at("before", index)
        if announces is not None and announces.end == index + 1:
            return False
        return index not in self._spoken and (month or token.key not in self._rules.months)

    def _is_contracted(self, key: str) -> bool:
        """Tell whether a word is a pronoun with what is drawn together with it: `i'll`."""
        head, apostrophe, _ = key.partition("'")
        return bool(apostrophe) and (len(head) > 1 or head == "i") and head in self._rules.never

    def _value(self, start: int, end: int) -> str:
        name = "".join(self._document.keys[start:end])
        return "".join(filter(is_letter, name))


def is_whole(document: Document, index: int) -> bool:
    """Tell whether nothing was cut off the end of a token: no name follows `Kevin's`."""
    token = document.tokens[index]
    if token.first < 0 or token.first != token.last:
        return True
    return document.words[token.last].text[token.end : token.end + 1] not in ("'", "’")
