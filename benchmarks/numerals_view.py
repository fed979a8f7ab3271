"""The report on numerals for people: tables."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.harness.targets import verdict
from benchmarks.numerals_report import CardinalFigures, Cost, Count, Figures, Report
from benchmarks.numerals_sets import KINDS


def show(report: Report, by: Sequence[str], console: Console) -> None:
    """Print the report.

    Args:
        report: What was measured.
        by: `kind` adds a table of all kinds.
        console: Where to.
    """
    if report.figures:
        console.print(_phrases(report.figures))
    if report.figures and "kind" in by:
        console.print(_kinds(report.figures))
    if report.cardinals:
        console.print(_cardinals(report.cardinals))
    if report.unverified:
        console.print(f"Cardinals unverified: {', '.join(report.unverified)}.")
    if report.costs:
        console.print(_costs(report.costs))
    for name, why in report.unavailable.items():
        console.print(f"{name} could not be asked: {why}", markup=False)
    machine = report.machine
    console.print(
        f"{machine.cpu}, {machine.cores} cores, load {machine.load} at the start; "
        f"{report.wall_s:.1f} s in all.\n"
    )
    console.print(*(f"  {verdict(aim)}" for aim in report.targets), sep="\n")


def _phrases(figures: Sequence[Figures]) -> Table:
    table = _table(
        "Phrases", ("engine", "language", "mode"), ("phrases", "right", "", "us\na word")
    )
    for each in figures:
        count = each.all
        table.add_row(
            each.engine,
            each.language,
            each.mode,
            str(count.of),
            str(count.right),
            _percent(count),
            f"{each.us_a_word:.0f}",
        )
    return table


def _kinds(figures: Sequence[Figures]) -> Table:
    rows = {f"{each.engine} {each.language} {each.mode}": each for each in figures}
    table = _table("Right, by kind", ("",), tuple(kind[:8] for kind in KINDS))
    for name, each in rows.items():
        counts = (each.by_kind.get(kind) for kind in KINDS)
        table.add_row(name, *(f"{count.right}/{count.of}" if count else "" for count in counts))
    return table


def _cardinals(cardinals: Sequence[CardinalFigures]) -> Table:
    table = _table("Cardinals", ("language", "generator", ""), ("numbers", "right", "share"))
    for each in cardinals:
        numbers = (str(each.count.of), str(each.count.right), _percent(each.count))
        table.add_row(each.language, each.source, _standing(each), *numbers)
    return table


def _standing(each: CardinalFigures) -> str:
    if each.judged:
        return "judged by"
    if each.doubtful:
        return "wrong in places"
    return "independent" if each.independent else "tables made from it"


def _costs(costs: Sequence[Cost]) -> Table:
    table = _table(
        "All text stages, finals of 20 words", ("language",), ("finals", "mean ms", "p95 ms")
    )
    for each in costs:
        table.add_row(each.language, str(each.finals), f"{each.mean_ms:.3f}", f"{each.p95_ms:.3f}")
    return table


def _table(title: str, names: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in names:
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _percent(count: Count) -> str:
    return "" if count.share is None else f"{100 * count.share:.1f} %"
