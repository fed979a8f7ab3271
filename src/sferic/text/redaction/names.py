"""Whole names: what belongs to one, from its first word on."""

from sferic.text.redaction.surnames import Surnames


class Names(Surnames):
    """Takes a name word by word."""

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
        particle = self._document.at("particle", index)
        return particle is None and self._may_be(index) and self._is_first(index)

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

    def _three(self, index: int) -> bool:
        firsts = self._take(index, "FIRSTNAME") and self._take(index + 1, "FIRSTNAME")
        return firsts and self._take(index + 2, "LASTNAME")

    def _is_three(self, index: int) -> bool:
        """Tell whether two first names and a surname are all there is: `luz marina quintero`."""
        document = self._document
        second, last = index + 1, index + 2
        if last >= document.size or document.tokens[second].pause or not self._may_be(last):
            return False
        if document.at("particle", second):
            return False
        first = set("fF") & set(document.tokens[second].kinds)
        surname = set("lL") & set(document.tokens[last].kinds)
        return bool(first and surname) and self._ends_clause(last + 1)

    def _take(self, index: int, kind: str) -> bool:
        start = index
        end = index + 1
        if kind == "LASTNAME":
            end = self._surname_end(index)
        return self._findings.add(start, end, kind, self._value(start, end))
