"""Rules: what is said, with slots for numbers, and what is written for it."""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from sferic.text.numerals import grammar as grammars
from sferic.text.numerals.grammar import Grammar, RuleText
from sferic.text.numerals.readings import Number, Readings
from sferic.text.numerals.tokens import Token

NUMBERS = frozenset(("amount", "number", "ordinal", "day", "year", "hour", "minute", "code"))
_ITEM = re.compile(r"\{(?:(\w+):)?(\w+)(?: (\d*)\.\.(\d*))?\}|(\S+)")
_SLOT = re.compile(r"\{(\w+)([+-]\d+)?\}")
_NEAR_BEFORE, _NEAR_BEHIND = 4, 2

Phrases = Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]
"""Phrases by their first word, the longest first, and what is written for each."""


class Item(msgspec.Struct, frozen=True):
    """A part of what is said: words, a comma or a slot."""

    words: frozenset[str] = frozenset()
    optional: bool = False
    comma: bool = False
    name: str = ""
    kind: str = ""
    low: int = 0
    high: int = 10**18


class Rule(msgspec.Struct, frozen=True):
    """A rule, ready to be applied."""

    items: tuple[Item, ...]
    parts: tuple[str, ...]
    """What is written, a word each."""
    text: RuleText


class Filled(msgspec.Struct, frozen=True):
    """A slot with what was said for it."""

    text: str
    value: int
    start: int
    end: int


class Match(msgspec.Struct, frozen=True):
    """A place where a rule holds."""

    rule: Rule
    end: int
    slots: Mapping[str, Filled]


class RuleSet(msgspec.Struct, frozen=True):
    """The rules of a language, by what they begin with."""

    by_word: Mapping[str, tuple[Rule, ...]]
    by_number: tuple[Rule, ...]
    lists: Mapping[str, Phrases]


def compile_rules(grammar: Grammar) -> RuleSet:
    """Make the rules of a language ready."""
    lists = {name: phrases(entries) for name, entries in grammar.lists.items()}
    by_word: dict[str, tuple[Rule, ...]] = {}
    by_number: list[Rule] = []
    for text in grammar.rules:
        rule = Rule(tuple(_items(text.say)), tuple(text.write.split(" ")), text)
        first = rule.items[0]
        if first.kind in NUMBERS:
            by_number.append(rule)
        for word in lists[first.kind] if first.kind in lists else first.words:
            by_word[word] = (*by_word.get(word, ()), rule)
    return RuleSet(by_word, tuple(by_number), lists)


def phrases(entries: Mapping[str, str]) -> Phrases:
    """Arrange phrases by their first word."""
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for phrase, written in entries.items():
        words = tuple(phrase.lower().split())
        found.setdefault(words[0], []).append((words, written))
    return {word: tuple(sorted(many, key=lambda one: -len(one[0]))) for word, many in found.items()}


def _items(say: str) -> Iterator[Item]:
    for name, kind, low, high, words in _ITEM.findall(say):
        if kind:
            yield Item(name=name or kind, kind=kind, low=int(low or 0), high=int(high or 10**18))
        elif words == ",":
            yield Item(comma=True)
        else:
            optional = words.endswith("?")
            yield Item(words=frozenset(words.removesuffix("?").split("|")), optional=optional)


@functools.lru_cache(maxsize=64)
def rules_of(language: str) -> RuleSet:
    """Return the rules of a language; none if it has no file."""
    return compile_rules(grammars.load(language) or Grammar())


class Matcher:
    """Applies rules to the tokens of one text."""

    def __init__(
        self, tokens: Sequence[Token], readings: Readings, rules: RuleSet, *, full: bool, auto: bool
    ) -> None:
        self._tokens = tokens
        self._readings = readings
        self._rules = rules
        self._full = full
        self._auto = auto

    def longest(self, at: int, *, number: bool) -> Match | None:
        """Return the rule that takes most tokens from one on.

        Args:
            at: Index of the token.
            number: Whether a number of any kind begins there.
        """
        best: Match | None = None
        rules = self._rules.by_word.get(self._tokens[at].norm, ())
        for rule in (*rules, *self._rules.by_number) if number else rules:
            if (rule.text.full and not self._full) or (self._auto and not rule.text.auto):
                continue
            match = self._match(rule, at)
            if match is not None and (best is None or match.end > best.end):
                best = match
        return best

    def phrase(self, among: Phrases, at: int) -> tuple[str, int] | None:
        """Return what is written for the longest phrase at a token, and how many tokens it takes."""
        for words, written in among.get(self._tokens[at].norm, ()):
            end = at + len(words)
            said = tuple(token.norm for token in self._tokens[at:end])
            if said == words and self._joined(at, end):
                return written, len(words)
        return None

    def _joined(self, start: int, end: int) -> bool:
        """Tell whether no punctuation stands between tokens."""
        return not any(self._apart(place) for place in range(start + 1, end))

    def _apart(self, at: int) -> bool:
        return bool(self._tokens[at - 1].trail or self._tokens[at].lead)

    def _match(self, rule: Rule, at: int) -> Match | None:
        slots: dict[str, Filled] = {}
        place, comma = at, False
        for item in rule.items:
            if item.comma:
                comma = True
                continue
            if place >= len(self._tokens) or (place > at and not self._follows(place, comma=comma)):
                if item.optional:
                    continue
                return None
            if item.kind:
                filled = self._fill(item, place)
                if filled is None:
                    return None
                slots[item.name] = filled
                place = filled.end
            elif self._tokens[place].norm in item.words:
                place += 1
            elif not item.optional:
                return None
            comma = False
        return Match(rule, place, slots) if self._allowed(rule.text, at, place) else None

    def _follows(self, place: int, *, comma: bool) -> bool:
        before, after = self._tokens[place - 1], self._tokens[place]
        return not after.lead and (not before.trail or (comma and before.trail == ","))

    def _fill(self, item: Item, at: int) -> Filled | None:
        if item.kind not in NUMBERS:
            found = self.phrase(self._rules.lists[item.kind], at)
            if found is None:
                return None
            written, count = found
            said = " ".join(token.text for token in self._tokens[at : at + count])
            return Filled(written or said, 0, at, at + count)
        number = self._number(item.kind, at)
        if number is None:
            return None
        oh = item.kind == "minute" and number.count == 2 and number.value < 10
        if not oh and not item.low <= number.value <= item.high:
            return None
        return Filled(number.text, number.value, at, at + number.count)

    def _number(self, kind: str, at: int) -> Number | None:
        readings = self._readings
        if kind == "day":
            found = readings.ordinal(at)
            return msgspec.structs.replace(found, text=str(found.value)) if found else None
        if kind in {"number", "hour"}:
            found = readings.cardinal(at)
            return found if found and (kind == "number" or found.value <= 24) else None
        return {
            "amount": readings.amount,
            "ordinal": readings.ordinal,
            "code": readings.code,
            "year": readings.year,
            "minute": readings.minute,
        }[kind](at)

    def _allowed(self, text: RuleText, at: int, end: int) -> bool:
        before = "^" if at == 0 or self._tokens[at - 1].trail else self._tokens[at - 1].norm
        after = self._tokens[end].norm if end < len(self._tokens) else ""
        if (text.after and before not in text.after) or before in text.not_after:
            return False
        if end > at and self._tokens[end - 1].trail:
            after = ""
        if after in text.not_before and after:
            return False
        if not text.not_near:
            return True
        near = (
            *self._tokens[max(0, at - _NEAR_BEFORE) : at],
            *self._tokens[end : end + _NEAR_BEHIND],
        )
        return not any(token.norm in text.not_near for token in near)


def render(match: Match, at: int) -> list[tuple[str, int, int]]:
    """Write what a rule writes for what begins at a token.

    Returns:
        Words, each with the range of tokens it stands for, in order. Words that stand for the same
        tokens have the same range.
    """
    texts: list[str] = []
    starts: list[int] = []
    behind = at
    for part in match.rule.parts:
        slots = [match.slots[name] for name, _ in _SLOT.findall(part)]
        text = _SLOT.sub(lambda found: _slot_text(match.slots, found), part)
        start = min((slot.start for slot in slots), default=behind)
        behind = max((slot.end for slot in slots), default=behind)
        words = text.split(" ")
        texts.extend(words)
        starts.extend(start if start < match.end else starts[-1] for _ in words)
    starts[0] = at
    if starts != sorted(starts):
        starts = [at] * len(starts)
    ends = [next((later for later in starts if later > one), match.end) for one in starts]
    return list(zip(texts, starts, ends, strict=True))


def _slot_text(slots: Mapping[str, Filled], found: re.Match[str]) -> str:
    slot = slots[found[1]]
    if not found[2]:
        return slot.text
    return str(slot.value + int(found[2]) or 12)
