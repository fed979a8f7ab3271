"""Phrases with numbers, how they are to be written, and cardinals in the words of generators.

A phrase is a line `said TAB written TAB kind TAB mode`. `{a|b}` in what is written: either is
right. The mode is `true`, `auto`, or `both`. A file of cardinals has a column of words for each
generator.
"""

import csv
import itertools
import re
from pathlib import Path

import msgspec

_FOLDER = Path(__file__).parent / "sets"
_CHOICE = re.compile(r"\{([^{}]*)\}")

MODES = ("true", "auto")
KINDS = (
    *("cardinal", "ordinal", "decimal", "percent", "money", "time", "date", "year"),
    *("phone", "digits", "measure", "email", "url", "negative"),
)
"""In the order of the tables; `negative` is what stays as it was said."""
_DOUBTFUL = frozenset(
    {
        ("kn", "num2words"),  # "one one lakh"
        ("kn", "num2words2"),  # 70 to 79 in two halves, the first ending in a bare consonant
        ("te", "num2words"),  # the singular of lakh and thousand after every number
        ("te", "num2words2"),
    }
)
"""Generators that are wrong in a language."""
_USED = frozenset({"icu", "indic-num2words"})
"""Generators that the project's own tables are made from."""


class Phrase(msgspec.Struct, frozen=True, kw_only=True):
    """What is said and how it may be written."""

    said: str
    written: tuple[str, ...]
    kind: str
    modes: tuple[str, ...]


class Cardinals(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers in the words of one generator."""

    source: str
    numbers: tuple[tuple[int, str], ...]
    independent: bool
    """Whether the project's own tables owe nothing to it."""
    doubtful: bool = False
    """Whether it is wrong in this language."""


def phrases(language: str) -> list[Phrase]:
    """Read the phrases of a language."""
    text = (_FOLDER / "numerals" / f"{language}.tsv").read_text(encoding="utf-8")
    return [phrase(line) for line in text.splitlines() if line and not line.startswith("#")]


def phrase(line: str) -> Phrase:
    """Read a line.

    Raises:
        ValueError: It has other than four columns, or an unknown kind or mode.
    """
    said, written, kind, mode = line.split("\t")
    if kind not in KINDS or mode not in {*MODES, "both"}:
        raise ValueError(line)
    return Phrase(
        said=said,
        written=tuple(_alternatives(written)),
        kind=kind,
        modes=MODES if mode == "both" else (mode,),
    )


def cardinals(language: str) -> list[Cardinals]:
    """Read the numbers of a language, by generator."""
    path = _FOLDER / "cardinals" / f"{language}.tsv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Cardinals(
            source=source,
            numbers=tuple((int(row["number"]), row[source]) for row in rows),
            independent=source not in _USED,
            doubtful=(language, source) in _DOUBTFUL,
        )
        for source in rows[0]
        if source != "number"
    ]


def judging(sources: list[Cardinals]) -> Cardinals | None:
    """The generator that a language is judged by.

    It is the first that its tables owe nothing to and that is right; None without any.
    """
    return next((each for each in sources if each.independent and not each.doubtful), None)


def _alternatives(written: str) -> list[str]:
    parts = _CHOICE.split(written)
    choices = [part.split("|") if place % 2 else [part] for place, part in enumerate(parts)]
    return ["".join(chosen) for chosen in itertools.product(*choices)]
