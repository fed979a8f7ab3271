"""The report on keywords, for people: a table."""

from rich.console import Console
from rich.table import Table

from benchmarks.harness.targets import verdict
from benchmarks.keywords_report import Report


def show(report: Report, console: Console) -> None:
    """Print the report for people."""
    conditions, machine = report.conditions, report.machine
    table = Table(title="Keywords", title_justify="left", header_style="bold")
    for name in ("boost", "distractors", "rare\nfound", "misses\ngone", "false\nan hour", "CPU"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in report.figures:
        table.add_row(
            f"{row.boost:g}" if row.boost else "none",
            str(row.distractors),
            f"{row.found} of {row.said}",
            "" if row.misses_gone is None or not row.boost else f"{row.misses_gone:.0%}",
            f"{row.inserted_per_hour:.1f}" if row.boost else "",
            f"{row.cpu_of_plain:.2f}",
        )
    console.print(table)
    console.print(
        f"{conditions.model}, {conditions.language}, {conditions.recordings} recordings of "
        f"{conditions.seconds / 60:.1f} minutes, {conditions.rare} rare words, seed "
        f"{conditions.seed}; CPU as a multiple of that without keywords.\n"
        f"{machine.cpu}, {machine.cores} cores, load {machine.load} at the start; "
        f"{report.wall_s / 60:.1f} minutes in all.\n"
    )
    console.print(*(f"  {verdict(aim)}" for aim in report.targets), sep="\n")
