"""What is a secret and what is none, by tables of a language each."""

from pathlib import Path

import pytest

from redactions import finals, shown_early

TABLES = sorted(Path(__file__).with_name("cases").glob("*.txt"))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_secrets_are_masked_and_nothing_else(table: Path) -> None:
    wrong = []
    for line in table.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            said, _, expected = line.partition(" => ")
            found = finals(said.split("|"), table.stem)
            if found != expected.strip():
                wrong.append(f"{said}\n  gave {found}\n  not  {expected}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_no_partial_shows_what_a_final_masks(table: Path) -> None:
    wrong = []
    for line in table.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            said = line.partition(" => ")[0]
            wrong += [f"{said}: {early}" for early in shown_early(said.split("|"), table.stem)]
    assert not wrong, "\n".join(wrong)
