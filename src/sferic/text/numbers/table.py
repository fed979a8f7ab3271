"""The number words of one language, in the shape that reading needs."""

import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from types import MappingProxyType

import msgspec

from sferic.text.numbers.folding import fold

BREAK = " "
"""Marks a place in a word where it may be written apart."""


class Entry(msgspec.Struct, frozen=True):
    """What a number word does to the number it is part of."""

    value: int
    multiplies: bool = False
    """Whether it multiplies what comes before it: `hundred`."""
    joins: bool = False
    """Whether it is `and`: it may come where something smaller than `value` may follow."""
    article: bool = False
    """Whether it is `a`: one, if something that multiplies follows."""


class Node(msgspec.Struct):
    """A place in the tree of all words: what may follow, and what ends here."""

    children: dict[str, "Node"] = msgspec.field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    breaks: bool = False
    """Whether the word may be broken here."""

    def insert(self, word: str, entry: Entry) -> None:
        """Add a word to the tree that begins here. Spaces in it are where it may be broken."""
        node = self
        for letter in fold(word).replace("-", BREAK):
            if letter == BREAK:
                node.breaks = True
            else:
                node = node.children.setdefault(letter, Node())
        if entry not in node.entries:
            node.entries = (*node.entries, entry)


class Table(msgspec.Struct, frozen=True):
    """The number words of a language."""

    root: Node
    digits: Mapping[str, str]
    """Spoken digits, folded, and the digit."""
    joins: frozenset[str]
    """What stands between the words of a number, folded: `and`, `a`."""
    repeats: Mapping[str, int]
    """What says that the next digit comes several times, folded: `double`."""


class Hints(msgspec.Struct, frozen=True, kw_only=True):
    """What is written by hand about a language, beside its generated table."""

    joins: dict[str, int] = {}
    """`and` in numbers, and the value that what follows has to be under."""
    units_first: tuple[str, ...] = ()
    """`and` between units and the tens after them: einundzwanzig."""
    articles: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = {}
    """Further ways to say a number, by the number; `*1000` for what multiplies."""
    digits: dict[str, tuple[str, ...]] = {}
    """Words for digits that are no words for numbers, by the digit."""
    repeats: dict[str, int] = {}


def build(forms: Iterable[tuple[str, str]], hints: Hints) -> Table:
    """Make the table of a language.

    Args:
        forms: Keys and words: a number and a way to say it, or `*1000` and a word that multiplies.
            A space in a word is a place where it may be written apart or together.
        hints: What else is known about the language.
    """
    root = Node()
    extra = [(key, word) for key, words in hints.words.items() for word in words]
    rows = [*forms, *extra]
    for key, word in (*rows, *_units_first(rows, hints)):
        root.insert(word, entry_of(key))
    digits = {fold(word): key for key, word in rows if len(key) == 1}
    for word, room in hints.joins.items():
        root.insert(word, Entry(room, joins=True))
    for word in hints.articles:
        root.insert(word, Entry(1, article=True))
    for digit, words in hints.digits.items():
        digits.update((fold(word), digit) for word in words)
    repeats = {fold(word): times for word, times in hints.repeats.items()}
    joins = frozenset(map(fold, (*hints.joins, *hints.units_first, *hints.articles)))
    return Table(root, MappingProxyType(digits), joins, MappingProxyType(repeats))


def _units_first(rows: Sequence[tuple[str, str]], hints: Hints) -> Iterator[tuple[str, str]]:
    units = [(int(key), word) for key, word in rows if len(key) == 1 and key != "0"]
    tens = [(int(key), word) for key, word in rows if len(key) == 2 and key > "1" and key[1] == "0"]
    for joint in hints.units_first:
        for unit, first in units:
            for ten, last in tens:
                yield str(ten + unit), f"{first} {joint} {last}"


def entry_of(key: str) -> Entry:
    """Return what a row of a table stands for, by its key."""
    return Entry(int(key.removeprefix("*")), multiplies=key.startswith("*"))


@functools.lru_cache(maxsize=64)
def load(language: str) -> Table:
    """Read the table of a language.

    Raises:
        LookupError: there is none.
    """
    return build(generated(language), hints(language))


def hints(language: str) -> Hints:
    """Read what is written by hand about a language; nothing if there is nothing."""
    path = _data(f"{language}.toml")
    if not path.is_file():
        return Hints()
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Hints)


def generated(language: str) -> list[tuple[str, str]]:
    """Read the words that `tools/number_tables.py` found for a language, with their keys.

    Raises:
        LookupError: there is no such language.
    """
    path = _data(f"{language}.tsv")
    if not path.is_file():
        message = f"there are no number words for {language!r}"
        raise LookupError(message)
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines() if line[:1] != "#")
    return [(key, word) for key, *words in rows for word in words]


def _data(name: str) -> resources.abc.Traversable:
    return resources.files("sferic.text") / "data" / "numbers" / name
