"""Find the number words of every language and write the tables in `sferic/text/data/numbers`.

Run at development time, in an environment of its own, with `src` on the path:

    pip install icukit-pyicu==78.3.1 indic-num2words==1.3.2 msgspec
    PYTHONPATH=src python tools/number_tables.py [LANGUAGE ...]

Sources are the spell-out rules of ICU (CLDR data, Unicode licence), every gender and case of them,
and for the languages of India indic-num2words (Apache-2.0). Neither is needed at run time. A table
holds the fewest words from which `sferic.text.numbers` reads all that the sources say for 0 to 999
and their multiples by hundred, thousand, lakh, million, crore and milliard.

num2words is left out on purpose: it is what the tables are tested with.
"""

import collections
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import icu
import num_to_words

from sferic.languages import CODES
from sferic.text.numbers import table
from sferic.text.numbers.reader import NumberReader

OUT = Path(__file__).parents[1] / "src" / "sferic" / "text" / "data" / "numbers"
LANGUAGES = tuple(sorted(CODES))
INDIC = frozenset(["bn", "gu", "hi", "kn", "ml", "mr", "or", "pa", "ta", "te"])
FACTORS = (100, 1_000, 10**6, 10**9, 10**12)
ENGLISH_TO_ICU = frozenset(("bn", "kn", "ml", "mr", "or", "pa", "te"))
"""Languages that ICU has no rules for: it answers in English."""
INDIC_FACTORS = (100, 1_000, 10**5, 10**7)
SKIPPED = re.compile(r"ordinal|year|digits|duration|optional|plural|personal")
WRONG = frozenset({("or", 10, "ନଅ")})
"""What a source says that is not so."""
LATIN = re.compile("[a-z]")

Speller = Callable[[int], str]


def spellers(language: str) -> Iterator[tuple[str, Speller]]:
    """Yield the sources of a language: a name, and what spells a number."""
    if language not in ENGLISH_TO_ICU:
        rules = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(language))
        names = [rules.getRuleSetName(at) for at in range(rules.getNumberOfRuleSetNames())]
        for name in sorted(names, key=lambda name: "numbering" not in name):
            if not SKIPPED.search(name):
                yield "ICU", lambda n, name=name: rules.format(n, name)
    if language in INDIC:
        yield "indic-num2words", lambda n: num_to_words.num_to_word(n, lang=language)


def clean(word: str) -> str:
    """Write a source's word with spaces where it may be written apart."""
    word = re.sub(r"[-‐‑,\s]+", " ", word.replace("\u00ad", "").lower()).strip()
    return re.sub("[\u200b-\u200d]", "", word)


class Forms:
    """What the sources say for numbers."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._spellers = list(spellers(language))
        self._known: dict[int, list[str]] = {}

    @property
    def sources(self) -> list[str]:
        """Return the names of the sources."""
        return sorted({name for name, _ in self._spellers})

    def of(self, number: int) -> list[str]:
        """Return all ways to say a number."""
        if number not in self._known:
            said = dict.fromkeys(filter(self._sound, self._say(number)))
            self._known[number] = [
                word for word in said if (self._language, number, word) not in WRONG
            ]
        return self._known[number]

    def _say(self, number: int) -> Iterator[str]:
        for _, spell in self._spellers:
            try:
                yield clean(spell(number))
            except (ValueError, KeyError, IndexError, NotImplementedError):
                continue

    def _sound(self, word: str) -> bool:
        if any(letter.isdigit() for letter in word) or not word:
            return False
        return self._language not in INDIC or not LATIN.search(word)


def factors(forms: Forms, values: Iterable[int], joins: Iterable[str]) -> dict[int, list[str]]:
    """Find the words that multiply: what is left of `c * factor` without `c`, for several `c`."""
    found: dict[int, list[str]] = {}
    for value in values:
        votes: collections.Counter[str] = collections.Counter(_rests(forms, 1, value))
        counts = range(2, 10) if value == 100 else (*range(2, 13), 15, 20, 21, 22, 25, 31, 50, 70)
        for count in counts:
            votes.update(set(_rests(forms, count, value)))
        singular = set(_rests(forms, 1, value))
        joints = tuple(f" {word}" for word in joins)
        found[value] = [
            word
            for word, times in votes.items()
            if (times > 1 or word in singular) and not word.endswith(joints)
        ]
    return found


def _rests(forms: Forms, count: int, value: int) -> Iterator[str]:
    ones = forms.of(1)
    whole = list(forms.of(count * value))
    for form in forms.of(count * value + 1):
        whole.extend(form.removesuffix(one).strip() for one in ones if form.endswith(one))
    for form in whole:
        starts = [start for start in forms.of(count) if form.startswith(start)]
        rest = form.removeprefix(max(starts, key=len, default=form)).strip()
        if len(rest) > 1:
            yield rest


def numbers(*, indic: bool) -> Iterator[int]:
    """Yield the numbers whose words a table has to read, the small ones first."""
    yield from range(21)
    yield from range(30, 100, 10)
    yield from range(21, 1000)
    for value in INDIC_FACTORS[1:] if indic else FACTORS[1:]:
        for count in range(1, 100 if indic else 1000):
            yield count * value
            if count < 100:
                yield count * value + 1


def tabulate(language: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Make the rows of a table, keys and words, and say where they are from."""
    forms = Forms(language)
    indic = language in INDIC
    hints = table.hints(language)
    rows = [
        (f"*{value}", word)
        for value, words in factors(forms, INDIC_FACTORS if indic else FACTORS, hints.joins).items()
        for word in words
    ]
    known = table.build(rows, hints)
    reader = NumberReader(known)
    for number in numbers(indic=indic):
        if number == 21:  # The words for units and tens are known.
            known = table.build(rows, hints)
            reader = NumberReader(known)
        for word in forms.of(number):
            if _reads(reader, word, number):
                continue
            for value, part in (*_heads(forms, word, number, hints.joins), (number, word)):
                trial = NumberReader(table.build([*rows, (str(value), part)], hints))
                if _reads(trial, word, number):
                    rows.append((str(value), part))
                    known.root.insert(part, table.entry_of(str(value)))
                    break
    return rows, forms.sources


def _heads(forms: Forms, word: str, number: int, joins: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield what is left of a word without the words for its hundreds, tens and units."""
    for place in (10**5, 1000, 100):
        rest = number % place
        for end in forms.of(rest) if 0 < rest < min(number, 1000) else ():
            head = word.removesuffix(end).strip()
            for joint in joins:
                head = head.removesuffix(f" {joint}")
            if 1 < len(head) < len(word):
                yield number - rest, head


def _reads(reader: NumberReader, word: str, number: int) -> bool:
    tokens = word.split()
    reading = reader.cardinal(tokens, 0)
    return reading is not None and (reading.value, reading.count) == (number, len(tokens))


def write(language: str) -> None:
    """Write the table of a language."""
    rows, sources = tabulate(language)
    words: dict[str, list[str]] = {}
    for key, word in rows:
        words.setdefault(key, []).append(word)
    lines = ["\t".join((key, *found)) for key, found in words.items()]
    head = f"# Made by tools/number_tables.py from {' and '.join(sources)}."
    (OUT / f"{language}.tsv").write_text("\n".join((head, *lines)) + "\n", "utf-8")
    print(language, len(rows), sources)


if __name__ == "__main__":
    for code in sys.argv[1:] or LANGUAGES:
        write(code)
