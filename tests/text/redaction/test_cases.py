"""What is a secret and what is none, by tables of a language each."""

from pathlib import Path

import pytest

from redactions import finals

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
