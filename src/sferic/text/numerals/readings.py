"""The numbers in some tokens: amounts, ordinals, years, minutes."""

import re
from collections.abc import Sequence

import msgspec

from sferic.text.numbers import NumberReader, Reading
from sferic.text.numerals import ordinals, quarters, writing
from sferic.text.numerals.grammar import Grammar
from sferic.text.numerals.number import Number
from sferic.text.numerals.tokens import Token

AHEAD = 32
_WRITTEN = re.compile(r"\d[\d.,'\u00a0\u202f]*")
_SCALES = frozenset((10**3, 10**5, 10**6, 10**7, 10**9, 10**12))
_MILLION = 10**6
_LONGEST_CODE = 6
_GROUP = 4
"""How many words are enough to see that hundreds follow."""


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
        self._ends = self._stretches()
        self._cardinals: dict[int, Reading | None] = {}
        self._amounts: dict[int, Number | None] = {}
        self._ordinals: dict[int, Number | None] = {}

    def ahead(self, at: int) -> list[str]:
        """Return what stands from a token on, to the next punctuation and no further than 32."""
        return self._norms[at : min(self._ends[at], at + AHEAD)] if at < len(self._ends) else []

    def _stretches(self) -> list[int]:
        """Return where what stands without punctuation ends, for every token."""
        ends = [0] * len(self._tokens)
        end = len(ends)
        for at in reversed(range(len(ends))):
            if not self._norms[at]:
                end = at
            elif at + 1 < end and self._is_apart(at + 1):
                end = at + 1
            ends[at] = end
        return ends

    def _is_apart(self, at: int) -> bool:
        """Tell whether punctuation before a token ends a number: five thousand, three hundred."""
        before, after = self._tokens[at - 1], self._tokens[at]
        if not before.trail and not after.lead:
            return False
        if before.trail != "," or after.lead or self._reader.scale(before.norm) < 1000:
            return True
        found = self._reader.cardinal(self._norms[at : at + _GROUP], 0)
        return found is None or not found.spelled or found.value < 100

    def _cardinal(self, at: int) -> Reading | None:
        if at not in self._cardinals:
            said = self.ahead(at)
            self._cardinals[at] = self._reader.cardinal(said, 0) if said else None
        return self._cardinals[at]

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
        first = self._cardinal(at)
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
        found = self._cardinal(at)
        if found is None or found.value == 0:
            found = self._after_oh(said, 0) or found
        if found is None or found.value > 59:
            return None
        return Number(found.value, f"{found.value:02}", found.count, spelled=found.spelled)

    def cardinal(self, at: int) -> Number | None:
        """Read a whole number, without separators."""
        found = self._cardinal(at)
        if found is None:
            return None
        return Number(found.value, str(found.value), found.count, spelled=found.spelled)

    def code(self, at: int) -> Number | None:
        """Read the number of a room or a flight: dictated digits, or an amount."""
        amount = self.amount(at)
        said = self.ahead(at)
        if amount and amount.count == 1 < len(said) and said[0] in self._grammar.articles:
            return None
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
        parts = quarters.read(said, at, self._grammar, self._reader)
        if parts is not None:
            return self._in_quarters(first, parts, at)
        reading = self._cardinal(first + at)
        if reading is None:
            return self._mixed(first, said, at)
        if reading.count == 1 and reading.value >= _MILLION and self._scale(said[at]):
            return None
        article = reading.count == 2 and self._reader.joins(said[at])
        whole = Number(reading.value, "", reading.count, spelled=reading.spelled, article=article)
        end = at + reading.count
        last = self._tokens[first + end - 1].text
        scale = self._scale(last.lower()) if reading.count > 1 else 0
        if scale >= _MILLION and reading.value % scale == 0:
            half = self._half(said, end)
            if half:
                text = f"{reading.value // scale}{self._grammar.decimal}5 {last}"
                count = reading.count + half
                return msgspec.structs.replace(whole, text=text, count=count, plain=False)
        for decimals, count in self._fractions(said, end):
            text = self._with_decimals(reading.value, decimals)
            return self._scaled(first, at, end + count, text, whole)
        text = self._whole(first + at, reading)
        year = reading.spelled and (reading.in_hundreds or 2000 < reading.value < 2100)
        return msgspec.structs.replace(whole, text=text, alone=str(reading.value) if year else "")

    def _with_decimals(self, value: int, decimals: str) -> str:
        """Write a number before its decimals, or the first of a version."""
        is_version = decimals[0] != self._grammar.decimal or "." in decimals[1:]
        return (str(value) if is_version else writing.integer(value, self._grammar)) + decimals

    def _in_quarters(self, first: int, parts: quarters.Quarters, at: int) -> Number:
        """Write a number of quarters: with decimals, or as a whole number if it is one."""
        decimals = quarters.written(parts.value, self._grammar.decimal)
        value, count = parts.value * parts.scale // 4, parts.count
        if parts.scale == 1:
            return Number(value, decimals, count, spelled=True, article=True)
        if self._exact or parts.scale < self._grammar.scales_from:
            return Number(value, writing.integer(value, self._grammar), count, spelled=True)
        last = self._tokens[first + at + count - 1].text
        return Number(value, f"{decimals} {last}", count, spelled=True, plain=False)

    def _is_round(self, at: int, count: int) -> bool:
        """Tell whether a number has one scale: two million, but no billion two hundred million."""
        scales = [self._scale(norm) for norm in self._norms[at : at + count]]
        return sum(scale >= self._grammar.scales_from for scale in scales) == 1 and (
            scales[-1] >= self._grammar.scales_from
        )

    def _whole(self, at: int, reading: Reading) -> str:
        """Write a whole number; round millions with the word for them, unless digits are wanted."""
        value, last = reading.value, self._tokens[at + reading.count - 1].text
        if not reading.spelled:
            return str(value)
        if value >= self._grammar.scales_from and not self._exact and reading.count > 1:
            scale = self._scale(last.lower())
            if scale and value % scale == 0 and self._is_round(at, reading.count):
                return f"{writing.integer(value // scale, self._grammar)} {last}"
        return writing.integer(value, self._grammar)

    def _scale(self, word: str) -> int:
        """Return what a word such as `million` multiplies by; 0 for other words."""
        scale = self._reader.scale(word)
        return scale if scale in _SCALES else 0

    def _mixed(self, first: int, said: Sequence[str], at: int) -> Number | None:
        """Read a number that is written, or ends in a half: 2.5, zweieinhalb."""
        word = said[at]
        if _WRITTEN.fullmatch(word):
            none = Number(0, "", 1, spelled=False)
            return self._scaled(first, at, at + 1, word, none)
        for ending, decimals in self._grammar.fused_halves.items():
            stem = self._reader.cardinal([word.removesuffix(ending)], 0)
            if stem and word.endswith(ending):
                half = Number(stem.value, "", 1, spelled=True)
                text = f"{stem.value}{self._grammar.decimal}{decimals}"
                return self._scaled(first, at, at + 1, text, half)
        return None

    def _scaled(self, first: int, at: int, end: int, text: str, whole: Number) -> Number:
        """Add the word for millions behind a number, if there is one."""
        said = self.ahead(first)
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
        before = self._cardinal(at)
        start = before.count if before and before.spelled else 0
        for last in range(start, min(start + 2, len(said))):
            if said[last].endswith(self._ordinal_endings):
                found = ordinals.read(said, last, self._grammar, self._reader)
                if found is not None:
                    return found
        return None
