"""The numbers in some tokens: amounts, ordinals, years, minutes."""

import functools
import itertools
import re
from collections.abc import Sequence

import msgspec

from sferic.text.numbers import NumberReader, Reading
from sferic.text.numerals import writing
from sferic.text.numerals.grammar import Grammar
from sferic.text.numerals.tokens import Token

AHEAD = 32
_WRITTEN = re.compile(r"\d[\d.,'\u00a0\u202f]*")
_SCALES = frozenset((10**3, 10**5, 10**6, 10**7, 10**9, 10**12))
_MILLION = 10**6
_LONGEST_CODE = 6


class Number(msgspec.Struct, frozen=True):
    """A number in some tokens, and how it is written."""

    value: int
    """The whole part of it."""
    text: str
    count: int
    """How many tokens it takes."""
    spelled: bool
    """Whether any of it was said in words."""
    plain: bool = True
    """Whether it is a whole number without sign or scale."""
    article: bool = False
    """Whether it begins with an article: a hundred."""
    alone: str = ""
    """How it is written where nothing is counted or measured and it may be a year, if differently."""


class Readings:
    """Finds numbers in the tokens of one text."""

    def __init__(
        self, tokens: Sequence[Token], grammar: Grammar, reader: NumberReader, *, exact: bool
    ) -> None:
        self._tokens = tokens
        self._norms = [token.norm for token in tokens]
        self._grammar = grammar
        self._reader = reader
        self._exact = exact
        self._ordinal_endings = tuple(grammar.ordinals.endings)
        self._amounts: dict[int, Number | None] = {}
        self._ordinals: dict[int, Number | None] = {}

    def ahead(self, at: int) -> list[str]:
        """Return what stands from a token on, to the next punctuation and no further than 32."""
        end = at
        last = min(len(self._tokens), at + AHEAD)
        while end < last and self._norms[end]:
            end += 1
            if self._tokens[end - 1].trail or (end < last and self._tokens[end].lead):
                break
        return self._norms[at:end]

    def amount(self, at: int) -> Number | None:
        """Read a number with its sign, decimals and scale, if one begins at a token."""
        if at not in self._amounts:
            self._amounts[at] = self._read_amount(at)
        return self._amounts[at]

    def ordinal(self, at: int) -> Number | None:
        """Read an ordinal, if one begins at a token."""
        if at not in self._ordinals:
            self._ordinals[at] = self._read_ordinal(at) if self._ordinal_endings else None
        return self._ordinals[at]

    def year(self, at: int) -> Number | None:
        """Read a year between 1000 and 2999, said as one number or as two halves."""
        said = self.ahead(at)
        first = self._reader.cardinal(said, 0) if said else None
        if first is None:
            return None
        if self._grammar.paired_years and first.spelled and 11 <= first.value <= 20:
            half = self._half_year(said, first.count)
            if half is not None:
                value = first.value * 100 + half.value
                return Number(value, str(value), first.count + half.count, spelled=True)
        if not 1000 <= first.value < 3000:
            return None
        return Number(first.value, str(first.value), first.count, spelled=first.spelled)

    def minute(self, at: int) -> Number | None:
        """Read the minutes of a time, with two digits; `oh five` too."""
        said = self.ahead(at)
        if not said:
            return None
        found = self._reader.cardinal(said, 0)
        if found is None or found.value == 0:
            found = self._after_oh(said, 0) or found
        if found is None or found.value > 59:
            return None
        return Number(found.value, f"{found.value:02}", found.count, spelled=found.spelled)

    def cardinal(self, at: int) -> Number | None:
        """Read a whole number, without separators."""
        said = self.ahead(at)
        found = self._reader.cardinal(said, 0) if said else None
        if found is None:
            return None
        return Number(found.value, str(found.value), found.count, spelled=found.spelled)

    def code(self, at: int) -> Number | None:
        """Read the number of a room or a flight: dictated digits, or an amount."""
        amount = self.amount(at)
        said = self.ahead(at)
        run = self._reader.digits(said, 0) if said else None
        if run is None or len(run.digits) > _LONGEST_CODE or (amount and amount.count >= run.count):
            return amount
        return Number(int(run.digits), run.digits, run.count, spelled=True)

    def _half_year(self, said: Sequence[str], at: int) -> Reading | None:
        if at >= len(said):
            return None
        second = self._reader.cardinal(said, at)
        if second is not None and 10 <= second.value <= 99:
            return second
        return self._after_oh(said, at)

    def _after_oh(self, said: Sequence[str], at: int) -> Reading | None:
        if at + 1 >= len(said) or self._reader.digit(said[at]) != "0":
            return None
        digit = self._reader.digit(said[at + 1])
        return Reading(int(digit), 2, spelled=True) if digit and digit != "0" else None

    def _read_amount(self, at: int) -> Number | None:
        said = self.ahead(at)
        if not said:
            return None
        sign = int(said[0] in self._grammar.minus and not self._is_number(at - 1))
        if len(said) <= sign:
            return None
        found = self._unsigned(at, said, sign)
        if found is None or not sign:
            return found
        return msgspec.structs.replace(
            found, text="-" + found.text, count=found.count + 1, plain=False, spelled=True
        )

    def _is_number(self, at: int) -> bool:
        return at >= 0 and bool(self._norms[at]) and self.amount(at) is not None

    def _unsigned(self, first: int, said: Sequence[str], at: int) -> Number | None:
        """Read a number at a place in what is said from a token on."""
        reading = self._reader.cardinal(said, at)
        if reading is None:
            return self._mixed(first, said, at)
        if reading.count == 1 and reading.value >= _MILLION and self._scale(said[at]):
            return None
        article = reading.count > 1 and self._reader.cardinal(said[at : at + 1], 0) is None
        whole = Number(reading.value, "", reading.count, spelled=reading.spelled, article=article)
        end = at + reading.count
        for decimals, count in self._fractions(said, end):
            text = str(reading.value) + decimals
            return self._scaled(first, said, end + count, text, whole, at)
        last = self._tokens[first + end - 1].text
        scale = self._scale(last.lower()) if reading.count > 1 else 0
        if scale >= _MILLION and reading.value % scale == 0:
            half = self._half(said, end)
            if half:
                count = str(reading.value // scale)
                text = f"{count}{self._grammar.decimal}5 {last}"
                return msgspec.structs.replace(
                    whole, text=text, count=reading.count + half, plain=False
                )
        text = self._whole(last, reading)
        year = reading.spelled and (reading.in_hundreds or 2000 < reading.value < 2100)
        return msgspec.structs.replace(whole, text=text, alone=str(reading.value) if year else "")

    def _whole(self, last: str, reading: Reading) -> str:
        """Write a whole number; round millions with the word for them, unless digits are wanted."""
        value = reading.value
        if not reading.spelled:
            return str(value)
        if value >= _MILLION and not self._exact and reading.count > 1:
            scale = self._scale(last.lower())
            if scale and value % scale == 0 and value // scale < scale:
                return f"{writing.integer(value // scale, self._grammar)} {last}"
        return writing.integer(value, self._grammar)

    def _scale(self, word: str) -> int:
        """Return what a word such as `million` multiplies by; 0 for other words."""
        found = self._reader.cardinal([word], 0)
        return found.value if found and found.spelled and found.value in _SCALES else 0

    def _mixed(self, first: int, said: Sequence[str], at: int) -> Number | None:
        """Read a number that is written, or ends in a half: 2.5, zweieinhalb."""
        word = said[at]
        if _WRITTEN.fullmatch(word):
            none = Number(0, "", 1, spelled=False)
            return self._scaled(first, said, at + 1, word, none, at)
        for ending, decimals in self._grammar.fused_halves.items():
            stem = self._reader.cardinal([word.removesuffix(ending)], 0)
            if stem and word.endswith(ending):
                half = Number(stem.value, "", 1, spelled=True)
                text = f"{stem.value}{self._grammar.decimal}{decimals}"
                return self._scaled(first, said, at + 1, text, half, at)
        return None

    def _scaled(
        self, first: int, said: Sequence[str], end: int, text: str, whole: Number, at: int
    ) -> Number:
        spelled = whole.spelled or end - at > 1
        if end < len(said) and self._scale(said[end]):
            text, end = f"{text} {self._tokens[first + end].text}", end + 1
        return msgspec.structs.replace(
            whole, text=text, count=end - at, plain=False, spelled=spelled
        )

    def _fractions(self, said: Sequence[str], at: int) -> list[tuple[str, int]]:
        """Read what follows a whole number: a decimal sign and digits, or a half."""
        for signs, mark in (
            (self._grammar.points, self._grammar.decimal),
            (self._grammar.dots, "."),
        ):
            decimals, count = self._after_sign(said, at, signs, mark)
            if decimals:
                return [(decimals, count)]
        half = self._half(said, at)
        return [(self._grammar.decimal + "5", half)] if half else []

    def _half(self, said: Sequence[str], at: int) -> int:
        """Return how many tokens there say that a half is to be added."""
        for half in self._grammar.halves:
            phrase = half.split()
            if list(said[at : at + len(phrase)]) == phrase:
                return len(phrase)
        return 0

    def _after_sign(
        self, said: Sequence[str], at: int, signs: Sequence[str], mark: str
    ) -> tuple[str, int]:
        text, end = "", at
        while end + 1 < len(said) and said[end] in signs:
            digits, count = self._decimals(said, end + 1)
            if not digits:
                break
            text, end = text + mark + digits, end + 1 + count
            mark = "."  # What has a second sign is a version.
        return text, end - at

    def _decimals(self, said: Sequence[str], at: int) -> tuple[str, int]:
        text, end = "", at
        while end < len(said):
            reading = self._reader.cardinal(said, end)
            if reading and reading.value < 100 and (reading.count == 1 or reading.value > 10):
                text, end = text + str(reading.value), end + reading.count
                continue
            digit = self._reader.digit(said[end])
            if digit is None:
                break
            text, end = text + digit, end + 1
        return text, end - at

    def _read_ordinal(self, at: int) -> Number | None:
        said = self.ahead(at)
        if not said:
            return None
        before = self._reader.cardinal(said, 0)
        start = before.count if before and before.spelled else 0
        for last in range(start, min(start + 2, len(said))):
            if said[last].endswith(self._ordinal_endings):
                found = self._as_cardinal(said, last)
                if found is not None:
                    return found
        return None

    def _as_cardinal(self, said: Sequence[str], last: int) -> Number | None:
        """Read words the last of which is an ordinal, and the ordinals behind it."""
        best: Number | None = None
        said = list(said)
        spoken = list(said)
        for end in itertools.count(last):
            if end >= len(said) or not (cardinals := _cardinals(said[end], self._grammar)):
                return best
            for cardinal in cardinals:
                reading = self._reader.cardinal([*said[:end], cardinal], 0)
                if reading and reading.spelled and reading.count == end + 1:
                    text = writing.ordinal(reading.value, spoken[end], self._grammar)
                    best = Number(reading.value, text, end + 1, spelled=True)
                    said[end] = cardinal
                    break
            else:
                return best
        return best


def _cardinals(word: str, grammar: Grammar) -> list[str]:
    """Return what a word for an ordinal may be made of."""
    stem, dash, word = word.rpartition("-")
    return [
        stem + dash + word.removesuffix(ending) + instead
        for ending, replacements in grammar.ordinals.endings.items()
        if word.endswith(ending)
        for instead in replacements
    ]


@functools.lru_cache(maxsize=1)
def nothing() -> Grammar:
    """Return the grammar of languages that have no file: whole numbers, grouped by nothing."""
    return Grammar()
