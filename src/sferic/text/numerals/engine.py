"""Numerals: spoken numbers become what written language has for them."""

from collections.abc import Sequence
from typing import Literal

from sferic.recognition.hypothesis import Word
from sferic.text.numbers import NumberReader, reader
from sferic.text.numerals import grammar as grammars
from sferic.text.numerals import tail
from sferic.text.numerals.addresses import AddressFinder
from sferic.text.numerals.dictation import Dictation
from sferic.text.numerals.grammar import Grammar
from sferic.text.numerals.readings import Number, Readings, nothing
from sferic.text.numerals.rules import Matcher, phrases, render, rules_of
from sferic.text.numerals.tokens import Token, merge, tokenize

_SMALL = 10
_MILLION = 10**6

Written = list[tuple[str, int, int]]
"""Words, and the range of tokens that each stands for."""


class Numerals:
    """Writes numbers in words.

    Args:
        mode: `true`: every spoken number becomes digits, unless it is no number ("no one"); `auto`:
            only where written language has digits, and small bare numbers stay.
        full: Whether full written forms are wanted: money, dates, times, telephones, addresses.
            Without, these are cardinals, ordinals, decimals and percentages.
    """

    def __init__(self, mode: Literal["true", "auto"], *, full: bool) -> None:
        self._auto = mode == "auto"
        self._full = full

    def write(self, words: Sequence[Word], language: str) -> list[Word]:
        """Write the numbers in some words.

        A word that several become spans them all, with the least of their confidences, and speaker
        and glue of the first. Other words, placeholders among them, stay as they are.

        Args:
            words: Words as they stand in the transcript, of whole sentences if possible.
            language: One of the codes of `sferic.languages`; words in others stay as they are.
        """
        try:
            numbers = reader(language)
        except LookupError:
            return list(words)
        tokens = tokenize(words)
        return _Writing(tokens, language, numbers, full=self._full, auto=self._auto).words()

    def open_tail(self, words: Sequence[Word], language: str) -> int:
        """Return how many of the last words may belong to a number that is not at its end.

        They are number words and what joins them, at most 64, with no end of a sentence behind.
        """
        try:
            numbers = reader(language)
        except LookupError:
            return 0
        return tail.count(words, grammars.load(language) or nothing(), numbers)


class _Writing:
    """The writing of one text."""

    def __init__(
        self,
        tokens: Sequence[Token],
        language: str,
        numbers: NumberReader,
        *,
        full: bool,
        auto: bool,
    ) -> None:
        self._tokens = tokens
        grammar = grammars.load(language)
        self._known = grammar is not None
        self._grammar = grammar or nothing()
        self._numbers = numbers
        self._full = full
        self._auto = auto
        self._readings = Readings(tokens, self._grammar, numbers, exact=not auto)
        self._matcher = Matcher(tokens, self._readings, rules_of(language), full=full, auto=auto)
        self._dictation = Dictation(
            tokens, self._readings, self._grammar, numbers, full=full, auto=auto
        )
        keep = self._grammar.keep + (self._grammar.keep_auto if auto else ())
        self._kept = phrases(dict.fromkeys(keep, ""))

    def words(self) -> list[Word]:
        """Return the words with their numbers written."""
        addresses = self._addresses()
        written: list[Word] = []
        at = 0
        while at < len(self._tokens):
            if at in addresses:
                end, text = addresses[at]
                found: Written | None = [(text, at, end)]
            else:
                found = self._number_at(at) if self._tokens[at].norm else None
            if found is None:
                written.extend(self._tokens[at].words)
                at += 1
                continue
            end = found[-1][2]
            written.extend(self._merged(found, at, end))
            at = end
        return written

    def _addresses(self) -> dict[int, tuple[int, str]]:
        if not self._full or not self._grammar.addresses.dot:
            return {}
        return AddressFinder(self._tokens, self._grammar.addresses, self._numbers).all()

    def _merged(self, found: Written, start: int, end: int) -> list[Word]:
        said = [token.text for token in self._tokens[start:end]]
        if [text for text, _, _ in found] == said:
            return [word for token in self._tokens[start:end] for word in token.words]
        return [
            merge(self._tokens[first:last], text, first=place == 0, last=place == len(found) - 1)
            for place, (text, first, last) in enumerate(found)
        ]

    def _number_at(self, at: int) -> Written | None:
        kept = self._matcher.phrase(self._kept, at)
        if kept is not None:
            return self._as_said(at, at + kept[1])
        amount = self._readings.amount(at)
        ordinal = self._readings.ordinal(at)
        dictated = self._dictation.run(at) if amount or self._dictation.starts(at) else None
        number = bool(amount or ordinal or self._dictation.starts(at))
        match = self._matcher.longest(at, number=number)
        if match is not None and (dictated is None or match.end - at >= dictated.count):
            return render(match, at)
        if dictated is not None and not (amount and amount.count > dictated.count):
            return [(dictated.text, at, at + dictated.count)]
        if ordinal is not None and (amount is None or ordinal.count >= amount.count):
            if self._is_written(ordinal, at):
                return [(ordinal.text, at, at + ordinal.count)]
            return self._as_said(at, at + ordinal.count)
        return self._bare(at, amount) if amount is not None else None

    def _is_written(self, ordinal: Number, at: int) -> bool:
        forms = self._grammar.ordinals
        if self._auto or ordinal.value >= _SMALL:
            return ordinal.value >= forms.smallest
        return not forms.after or (at > 0 and self._tokens[at - 1].norm in forms.after)

    def _as_said(self, start: int, end: int) -> Written:
        return [(self._tokens[at].text, at, at + 1) for at in range(start, end)]

    def _bare(self, at: int, amount: Number) -> Written | None:
        """Write a number that stands for itself."""
        end = at + amount.count
        if not amount.spelled or self._stays(at, amount):
            return self._as_said(at, end)
        return [(text, at, end) for text in (amount.alone or amount.text).split(" ")]

    def _stays(self, at: int, amount: Number) -> bool:
        """Tell whether a spoken number stays in words where nothing else is said of it."""
        norm = self._tokens[at].norm
        if amount.count == 1 and amount.plain:
            alone = norm in self._grammar.no_numbers or (not self._known and amount.value == 1)
            if alone or (amount.value >= _MILLION):
                return True
        if not self._auto or not amount.plain:
            return False
        return amount.value < _SMALL or amount.article
