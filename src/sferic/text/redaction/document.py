"""Words made ready for matching: tokens without punctuation, and the phrases among them."""

from collections.abc import Iterator, Sequence

import msgspec

from sferic.recognition.hypothesis import Word
from sferic.text.redaction.rules import Rules
from sferic.text.redaction.script import folded

MASKED = "\0"
"""Begins the key of a token that stands for what was taken out."""
_STOPS = frozenset(".?!।…")
_SIGNS = frozenset("-/_+@")
_LONGEST = 200
"""Characters of a word that are looked at; what is longer is no word."""


class Token(msgspec.Struct):
    """One word to match, or a part of one."""

    key: str
    """Folded, without what is around it, with `'` for every apostrophe."""
    text: str
    """As it was written."""
    first: int
    """Index of its first word; below zero in what was said before."""
    last: int
    """Index of its last word."""
    start: int
    """Where it begins in the text of those words."""
    end: int
    stop: bool
    """Whether punctuation behind it ends a sentence."""
    pause: bool
    """Whether any punctuation is behind it."""
    kinds: str
    """What the lexicon says about it."""

    @property
    def capital(self) -> bool:
        """Whether it is written with a capital."""
        return self.text[:1].isupper()


class Mark(msgspec.Struct, frozen=True):
    """A phrase, found."""

    start: int
    end: int
    value: str


class Document:
    """Tokens and what is found in them.

    Attributes:
        tokens: What was said before, then the new words.
        keys: Their keys.
        begin: Index of the first new token.
        marks: By group, the phrases of the rules, by where they begin.
        cased: Whether capitals mean anything.
    """

    def __init__(self, context: Sequence[Token], words: Sequence[Word], rules: Rules) -> None:
        self.rules = rules
        self.words = words
        self.tokens = [*context, *tokenize(words, rules, before=context[-1].key if context else "")]
        self.begin = len(context)
        self.keys = [token.key for token in self.tokens]
        self.cased = not rules.file.caseless and any(token.capital for token in self.tokens)
        self.marks = _marks(self.keys, rules)
        self.size = len(self.tokens)

    def __repr__(self) -> str:
        return f"<Document of {self.size} tokens>"

    def at(self, group: str, index: int) -> Mark | None:
        """Return the phrase of a group that begins at a token."""
        found = self.marks.get(group)
        return found.get(index) if found else None

    def before(self, group: str, index: int, reach: int = 6) -> Mark | None:
        """Return the phrase of a group that ends right before a token."""
        found = self.marks.get(group)
        if found:
            for start in range(max(0, index - reach), index):
                mark = found.get(start)
                if mark is not None and mark.end == index:
                    return mark
        return None

    def are(self, group: str, start: int, end: int) -> bool:
        """Tell whether there is nothing but phrases of a group between two places."""
        while start < end:
            mark = self.at(group, start)
            if mark is None or mark.end > end:
                return False
            start = mark.end
        return True

    def of(self, group: str) -> Sequence[Mark]:
        """Return all phrases of a group, in order."""
        found = self.marks.get(group)
        return list(found.values()) if found else ()


def tokenize(words: Sequence[Word], rules: Rules, *, before: str = "") -> list[Token]:
    """Make tokens of words. Words that are glued together are one; letters with hyphens several.

    Args:
        words: Which ones.
        rules: What has no token: hesitations, and words that are only said again.
        before: The key of the token before them.
    """
    tokens: list[Token] = []
    index = 0
    while index < len(words):
        last = index
        text = words[index].text
        while last + 1 < len(words) and words[last + 1].glued and len(text) < _LONGEST:
            last += 1
            text += words[last].text
        for start, end in _pieces(text[:_LONGEST], rules):
            core = text[start:end]
            plain = core.casefold().replace("’", "'")
            key = folded(plain)
            if plain in rules.hesitations or not key:
                continue
            kinds = rules.kinds(plain)
            if (tokens[-1].key if tokens else before) == key and _is_said_again(key, kinds, rules):
                continue
            behind = text[end:]
            tokens.append(
                Token(
                    key=key,
                    text=core,
                    first=index,
                    last=last,
                    start=start,
                    end=end,
                    stop=not _STOPS.isdisjoint(behind) and not behind[:1].isalnum(),
                    pause=bool(behind),
                    kinds=kinds,
                )
            )
        index = last + 1
    return tokens


def _is_said_again(key: str, kinds: str, rules: Rules) -> bool:
    """Tell whether a word that comes twice in a row means no more than once: `i am am`."""
    known = key in rules.never or key in rules.months
    name = not known and not set(kinds).isdisjoint("fFglL")
    if len(key) < 2 or not key.isalpha() or name:
        return False
    return not (key in rules.file.spelling.letters or rules.is_number(key))


def _pieces(text: str, rules: Rules) -> Iterator[tuple[int, int]]:
    """Find where the tokens of a word begin and end."""
    if text.isalpha():
        yield 0, len(text)
        return
    start, end = _core(text)
    if start == end:
        if text in _SIGNS:
            yield 0, 1
        return
    lower = text[start:end].lower().replace("’", "'")
    elision = next(filter(lower.startswith, rules.file.elisions), "")
    if 0 < len(elision) < len(lower):
        yield start, start + len(elision)
        start += len(elision)
        lower = lower[len(elision) :]
    ending = next(filter(lower.endswith, rules.file.endings), "")
    if ending and _is_name_with(lower, ending, rules):
        end -= len(ending)
        lower = lower[: -len(ending)]
    if "-" not in lower or "@" in lower or not _splits(lower.split("-"), rules):
        yield start, end
        return
    for part in lower.split("-"):
        if part:
            yield start, start + len(part)
        start += len(part) + 1


def _is_name_with(word: str, ending: str, rules: Rules) -> bool:
    """Tell whether a word is a name with an ending, and no phrase such as `name's`."""
    if word in rules.phrases or word in rules.never or word == ending:
        return False
    stem = word.removesuffix(ending)
    return stem in rules.phrases or rules.kinds(stem) != "w"


def _core(text: str) -> tuple[int, int]:
    start, end = 0, len(text)
    while start < end and not (text[start].isalnum() or _is_mark(text[start])):
        start += 1
    while end > start and not (text[end - 1].isalnum() or _is_mark(text[end - 1])):
        end -= 1
    if end > start and text[end : end + 1] in ("%", "‰", "°"):
        end += 1
    if 0 < start < end and text[start - 1] in "+(" and text[start].isdigit():
        start -= 1
    return start, end


def _is_mark(letter: str) -> bool:
    return "\u0900" <= letter <= "\u0dff" and letter not in "।॥"


def _splits(parts: list[str], rules: Rules) -> bool:
    """Tell whether a word with hyphens is several: spelled letters, numbers with words."""
    letters = all(len(part) <= 1 for part in parts)
    digits = [part.isdecimal() for part in parts]
    if all(digits):
        return False
    numbers = any(map(rules.is_number, parts))
    return (letters and not all(digits)) or numbers or (any(digits) and "old" in parts)


def _marks(keys: Sequence[str], rules: Rules) -> dict[str, dict[int, Mark]]:
    """Find the phrases of the rules; of one group, none that is inside another."""
    marks: dict[str, dict[int, Mark]] = {}
    ends: dict[str, int] = {}
    phrases = rules.phrases
    for index, key in enumerate(keys):
        for phrase in phrases.get(key, ()):
            end = index + len(phrase.words)
            if end <= ends.get(phrase.group, 0):
                continue
            if len(phrase.words) > 1 and tuple(keys[index:end]) != phrase.words:
                continue
            found = marks.setdefault(phrase.group, {})
            if index not in found:
                found[index] = Mark(index, end, phrase.value)
                ends[phrase.group] = end
    return marks
