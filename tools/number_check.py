"""Measure how many cardinals are read right that other generators say, and how fast.

Run at development time, in an environment of its own:

    pip install -e . icukit-pyicu==78.3.1 indic-num2words==1.3.2
    pip install num2words==0.5.14 num2words2==1.0.20
    python tools/number_check.py

401 numbers a language: 0 to 100, and a hundred each from 101 to 999, 1,000 to 9,999 and 10,000 to
999,999, always the same ones. ICU and indic-num2words made the tables; the others had no part in
them. What num2words2 says in Gujarati, Malayalam, Marathi, Maltese, Odia and Punjabi is not these
languages, and left out.
"""

import random
import re
import time
from collections.abc import Callable

import icu
import num2words
import num2words2
import num_to_words

from sferic.languages import CODES
from sferic.text.numbers import reader

ENGLISH_TO_ICU = frozenset(("bn", "kn", "ml", "mr", "or", "pa", "te"))
NOT_NUM2WORDS2 = frozenset(("gu", "ml", "mr", "mt", "or", "pa"))
ERRORS = (NotImplementedError, AssertionError, KeyError, ValueError, icu.ICUError)


def numbers() -> list[int]:
    """Return the numbers that are asked for."""
    chance = random.Random(7)  # noqa: S311
    picked = [
        sorted(chance.sample(range(low, high), 100))
        for low, high in ((101, 1000), (1000, 10_000), (10_000, 1_000_000))
    ]
    return [*range(101), *picked[0], *picked[1], *picked[2]]


def generators(language: str) -> dict[str, Callable[[int], str]]:
    """Return what says numbers in a language, by its name."""
    found: dict[str, Callable[[int], str]] = {
        "num2words": lambda number: num2words.num2words(number, lang=language),
        "indic-num2words": lambda number: num_to_words.num_to_word(number, lang=language),
    }
    if language not in NOT_NUM2WORDS2:
        found["num2words2"] = lambda number: num2words2.num2words(number, lang=language)
    if language not in ENGLISH_TO_ICU:
        rules = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(language))
        found["ICU"] = rules.format
    return found


def measure(language: str, say: Callable[[int], str]) -> tuple[float, float] | None:
    """Return the share that is read right and microseconds a word; nothing without words."""
    try:
        said = [(n, re.sub("[,\u00ad]", "", say(n)).lower().split()) for n in numbers()]
    except ERRORS:
        return None
    numbers_of = reader(language)
    start = time.process_time()
    readings = [numbers_of.cardinal(words, 0) for _, words in said]
    spent = time.process_time() - start
    right = sum(
        reading is not None and (reading.value, reading.count) == (number, len(words))
        for reading, (number, words) in zip(readings, said, strict=True)
    )
    return 100 * right / len(said), 1e6 * spent / sum(len(words) for _, words in said)


if __name__ == "__main__":
    for code in sorted(CODES):
        for name, say in generators(code).items():
            figures = measure(code, say)
            if figures is not None:
                print(f"{code}  {name:16} {figures[0]:5.1f} %  {figures[1]:5.1f} us a word")
