"""The report on redaction for people: tables."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.harness.targets import verdict
from benchmarks.redaction_report import OWN, Figures, Report
from benchmarks.redaction_scoring import NO_TYPE, Tally
from benchmarks.redaction_sets import TYPES


def show(report: Report, by: Sequence[str], console: Console) -> None:
    """Print the report.

    Args:
        report: What was measured.
        by: `type` and `section` add a table for each engine and set.
        console: Where to.
    """
    console.print(_overview(report.figures, f"Redaction, {report.chosen} set"))
    for each in report.figures:
        title = f"{each.engine}, {each.language}, {each.form}"
        if "type" in by:
            console.print(_details(title, "type", _ordered(each.by_type)))
        if "section" in by:
            console.print(_details(title, "section", each.by_section))
    for name, why in report.unavailable.items():
        console.print(f"{name} could not be asked: {why}", markup=False)
    machine = report.machine
    console.print(
        f"{machine.cpu}, {machine.cores} cores, load {machine.load} at the start; "
        f"{report.wall_s:.1f} s in all.\n"
    )
    console.print(*(f"  {verdict(aim)}" for aim in report.targets), sep="\n")


def _overview(rows: Iterable[Figures], title: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in ("engine", "language", "form"):
        table.add_column(name, no_wrap=True)
    for name in (
        "private\nparts",
        "recall",
        "precision",
        "leaked",
        "",
        "shown\nearly",
        "false\nalarms",
        "us\na word",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for each in rows:
        tally = each.all
        table.add_row(
            each.engine,
            each.language,
            each.form,
            str(tally.gold),
            _share(tally.recall),
            _share(tally.precision),
            str(tally.leaked),
            _percent(tally.leak_rate),
            str(each.early) if each.engine == OWN else "",
            f"{each.alarms} of {each.harmless}",
            f"{each.us_a_word:.0f}",
        )
    return table


def _details(title: str, what: str, tallies: Mapping[str, Tally]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column(what, no_wrap=True)
    for name in ("private\nparts", "found", "recall", "leaked", "masks", "right", "precision"):
        table.add_column(name, justify="right", no_wrap=True)
    for name, tally in tallies.items():
        table.add_row(
            name,
            str(tally.gold),
            str(tally.found),
            _share(tally.recall),
            str(tally.leaked),
            str(tally.masks),
            str(tally.right),
            _share(tally.precision),
        )
    return table


def _ordered(tallies: Mapping[str, Tally]) -> dict[str, Tally]:
    order = (*TYPES, NO_TYPE)
    return {name: tallies[name] for name in sorted(tallies, key=order.index)}


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"
