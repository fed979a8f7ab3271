"""Every language reads its own cardinals, and leaves alone what only looks like one.

The lists in `cardinals/` are written from each language's own rules: a number, or `-` where none is
to be read, and the words.
"""

from pathlib import Path

import pytest

from sferic.languages import CODES
from sferic.text.numbers import reader

LISTS = Path(__file__).parent / "cardinals"


@pytest.mark.parametrize("language", sorted(CODES))
def test_cardinals_are_read(language: str) -> None:
    lines = (LISTS / f"{language}.tsv").read_text("utf-8").splitlines()
    assert len(lines) >= 10

    wrong = []
    for line in lines:
        expected, said = line.split("\t")
        tokens = said.split()
        reading = reader(language).cardinal(tokens, 0)
        whole = reading is not None and reading.count == len(tokens)
        found = str(reading.value) if reading is not None and whole else "-"
        if found != expected:
            wrong.append(f"{said}: {found} for {expected}")
    assert not wrong, "\n".join(wrong)
