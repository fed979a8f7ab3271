"""Number words in the letters of some tokens."""

from collections.abc import Sequence

from sferic.text.numbers.folding import fold
from sferic.text.numbers.table import Entry, Node

_MAX_TOKENS = 32
_MAX_LETTERS = 4000


class Letters:
    """The letters of some tokens, folded as far as they are looked at."""

    def __init__(self, tokens: Sequence[str], at: int) -> None:
        self._tokens = tokens
        self._next = at
        self._last = min(len(tokens), at + _MAX_TOKENS)
        self._letters = ""
        self._breaks: dict[int, int | None] = {}

    def letter(self, place: int) -> str:
        """Return the letter at a place, or nothing behind the last."""
        while place >= len(self._letters) and self._next < self._last:
            for part in (folded := fold(self._tokens[self._next])).split("-"):
                self._letters += part
                self._breaks.setdefault(len(self._letters), None)
            self._next += 1
            if folded[:1].isdigit() or len(self._letters) > _MAX_LETTERS:
                # Digits in the middle of words are a number of their own.
                self._last = self._next
            self._breaks[len(self._letters)] = self._next
        return self._letters[place] if place < len(self._letters) else ""

    def is_break(self, place: int) -> bool:
        """Tell whether a token, or a part of one, ends at a place."""
        return place in self._breaks

    def token_ending_at(self, place: int) -> int | None:
        """Return the index behind the token that ends at a place, if one does."""
        return self._breaks.get(place)


def matches(root: Node, letters: Letters, place: int) -> list[tuple[int, Entry]]:
    """Find the words that begin at a place, the longest first, and where each ends."""
    found: list[tuple[int, Entry]] = []
    node = root
    begin = place
    while True:
        letter = letters.letter(place)
        if place > begin and letters.is_break(place) and not node.breaks:
            break
        following = node.children.get(letter)
        if following is None:
            break
        node = following
        place += 1
        found.extend((place, entry) for entry in node.entries)
    found.reverse()
    return found
