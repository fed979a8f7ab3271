"""What is a secret and what is none, by tables of a language each."""

from pathlib import Path

import msgspec
import pytest

from redactions import finals, shown_early

TABLES = sorted(Path(__file__).with_name("cases").glob("*.txt"))


class Case(msgspec.Struct, frozen=True):
    """What is said in one session, and what should come out."""

    said: str
    expected: str
    missed: str
    """Why something else comes out, if it does so far."""


def read(table: Path) -> list[Case]:
    """Read a table; ` ## ` parts a case that is missed from why it is."""
    cases = []
    for line in table.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            said, _, rest = line.partition(" => ")
            expected, _, missed = rest.partition(" ## ")
            cases.append(Case(said, expected.strip(), missed))
    return cases


MISSED = [
    pytest.param(table.stem, case, marks=pytest.mark.xfail(strict=True, reason=case.missed))
    for table in TABLES
    for case in read(table)
    if case.missed
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_secrets_are_masked_and_nothing_else(table: Path) -> None:
    wrong = []
    for case in read(table):
        found = finals(case.said.split("|"), table.stem)
        if found != case.expected and not case.missed:
            wrong.append(f"{case.said}\n  gave {found}\n  not  {case.expected}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("language", "case"), MISSED)
def test_what_should_come_out_and_does_not_yet(language: str, case: Case) -> None:
    assert finals(case.said.split("|"), language) == case.expected


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_no_partial_shows_what_a_final_masks(table: Path) -> None:
    wrong = []
    for case in read(table):
        early = shown_early(case.said.split("|"), table.stem)
        wrong += [f"{case.said}: {word}" for word in early]
    assert not wrong, "\n".join(wrong)
