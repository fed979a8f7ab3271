"""What is taken out of what speakers of a language say, by tables of cases.

A line of a table is what is said, with every secret in braces behind its type.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sferic.recognition.hypothesis import Word
from sferic.text.redaction import Redactor

CASES = Path(__file__).parent / "cases"
_SECRET = re.compile(r"\{([A-Z]+) ([^}]*)\}")
_PUNCTUATION = re.compile(r"[.,?!।](?=\s|$)")


def cases(language: str) -> Iterator[tuple[str, str]]:
    """Yield what is said, and what is to come out."""
    for line in (CASES / f"{language}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield said(line), expected(line)


def said(line: str) -> str:
    return _SECRET.sub(r"\2", line)


def expected(line: str) -> str:
    counts: Counter[str] = Counter()

    def placeholder(match: re.Match[str]) -> str:
        counts[match[1]] += 1
        return f"[{match[1]}_{counts[match[1]]}]"

    return _SECRET.sub(placeholder, line)


def redacted(text: str, language: str) -> str:
    words = [
        Word(text=part, start=place, end=place + 1, confidence=0.9)
        for place, part in enumerate(text.split())
    ]
    result = Redactor(pii=True, pci=True).final(words, language, ended=True)
    return " ".join(word.text for word in result.words)


def plain(text: str) -> str:
    """Write as engines do that know neither capitals nor punctuation."""
    return _PUNCTUATION.sub("", text).lower()


LANGUAGES = sorted(path.stem for path in CASES.glob("*.txt"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_secrets_are_taken_out_and_nothing_else(language: str) -> None:
    wrong = [
        f"{text}\n  {result}"
        for text, right in cases(language)
        if (result := redacted(text, language)) != right
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_capitals_and_punctuation_are_not_needed(language: str) -> None:
    wrong = [
        f"{plain(text)}\n  {result}"
        for text, right in cases(language)
        if (result := redacted(plain(text), language)).lower() != plain(right)
    ]
    assert not wrong, "\n".join(wrong)
