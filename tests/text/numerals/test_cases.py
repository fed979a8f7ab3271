"""Every language writes what its lists say.

A line of `cases/*.tsv` is what is said, what mode `auto` writes, and what `true` writes if that is
not the same; with full written forms. The lists are made from the rules of each language, and have
what must stay words too.
"""

from pathlib import Path

import pytest

from sferic.recognition.hypothesis import Word, join
from sferic.text.numerals import Numerals

CASES = Path(__file__).parent / "cases"


def words(text: str) -> list[Word]:
    return [
        Word(text=part, start=place, end=place + 1, confidence=0.5)
        for place, part in enumerate(text.split(" "))
    ]


@pytest.mark.parametrize("language", sorted(path.stem for path in CASES.glob("*.tsv")))
def test_numbers_are_written_as_the_language_writes_them(language: str) -> None:
    lines = (CASES / f"{language}.tsv").read_text("utf-8").splitlines()
    assert len(lines) >= 30

    wrong = []
    for line in lines:
        said, auto, *true = line.split("\t")
        for mode, expected in (("auto", auto), ("true", true[0] if true else auto)):
            numerals = Numerals("auto" if mode == "auto" else "true", full=True)
            written = join(numerals.write(words(said), language))
            if written != expected:
                wrong.append(f"{mode}: {said}\n    wrote {written}\n    for   {expected}")
    assert not wrong, "\n".join(wrong)
