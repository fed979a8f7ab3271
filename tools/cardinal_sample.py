"""Writes benchmarks/sets/cardinals: the same numbers in the words of several generators.

Run once in an environment of its own, with `pyicu-wheels num2words num2words2 indic-num2words`:
`python tools/cardinal_sample.py benchmarks/sets/cardinals`. The benchmark reads what this has
written and needs none of them.
"""

import random
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import icu
import num2words
import num2words2
from num_to_words import num_to_word

Speller = Callable[[int, str], str]

LANGUAGES = (
    *("bg", "bn", "cs", "da", "de", "en", "es", "et", "fi", "fr", "gu", "hi", "hu", "it", "kn"),
    *("lt", "lv", "ml", "mr", "mt", "nl", "or", "pa", "pl", "pt", "ro", "ru", "sk", "sv", "ta"),
    *("te", "uk"),
)
_SEED = 20
_BANDS = ((21, 99, 19), (101, 999, 40), (1_000, 9_999, 40), (10_000, 999_999, 40))
_WITHOUT_ICU = frozenset({"bn", "kn", "ml", "mr", "or", "pa", "te"})
"""ICU answers in English for them, and does not say so."""
_WITHOUT_NUM2WORDS2 = frozenset({"gu", "ml", "mr", "mt", "or", "pa"})
"""It writes English, Latin letters or other languages' words for them."""
_INDIC = frozenset({"bn", "gu", "hi", "kn", "ml", "mr", "or", "pa", "ta", "te"})
_SPACE = re.compile(r"\s+")


def main(folder: Path) -> None:
    """Write a file for each language."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = sample()
    for language in LANGUAGES:
        spelled = {
            source: words
            for source, speller in SOURCES.items()
            if (words := _all(speller, numbers, language))
        }
        rows = [("number", *spelled)]
        rows += [
            (str(number), *(words[place] for words in spelled.values()))
            for place, number in enumerate(numbers)
        ]
        text = "".join("\t".join(row) + "\n" for row in rows)
        (folder / f"{language}.tsv").write_text(text, encoding="utf-8")


def sample() -> list[int]:
    """0 to 20, and some of each magnitude; always the same."""
    draw = random.Random(_SEED)  # noqa: S311
    chosen = set(range(21))
    for low, high, count in _BANDS:
        chosen.update(draw.sample(range(low, high + 1), count))
    return sorted(chosen)


def _all(speller: Speller, numbers: list[int], language: str) -> list[str]:
    try:
        return [_plain(speller(number, language)) for number in numbers]
    except (NotImplementedError, KeyError, LookupError):
        return []


def _plain(words: str) -> str:
    """Without soft hyphens and commas, in lower case, with single spaces."""
    return _SPACE.sub(" ", words.replace("\u00ad", "").replace(",", " ")).strip().lower()


def _icu(number: int, language: str) -> str:
    if language in _WITHOUT_ICU:
        raise NotImplementedError
    rules = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(language))
    return str(rules.format(number))


def _num2words(number: int, language: str) -> str:
    return str(num2words.num2words(number, lang=language))


def _num2words2(number: int, language: str) -> str:
    if language in _WITHOUT_NUM2WORDS2:
        raise NotImplementedError
    return str(num2words2.num2words(number, lang=language))


def _indic(number: int, language: str) -> str:
    if language not in _INDIC:
        raise NotImplementedError
    return str(num_to_word(number, lang=language))


SOURCES: Mapping[str, Speller] = {
    "icu": _icu,
    "num2words": _num2words,
    "num2words2": _num2words2,
    "indic-num2words": _indic,
}

if __name__ == "__main__":
    main(Path(sys.argv[1]))
