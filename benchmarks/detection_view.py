"""The report on detected languages, for people."""

from rich.console import Console
from rich.table import Table

from benchmarks.detection_report import LONG_S, Report
from benchmarks.harness.targets import verdict


def show(report: Report, console: Console) -> None:
    """Print the report."""
    conditions, machine = report.conditions, report.machine
    console.print(_shares(report))
    console.print(_confusion(report))
    console.print(
        f"{conditions.model} on {conditions.device}, language {conditions.language}, "
        f"{conditions.turns} sessions in turn, seed {conditions.seed}, {conditions.streams} at a "
        f"time, as fast as it was taken.\n{machine.cpu}, {machine.cores} cores, load "
        f"{machine.load} at the start; {report.wall_s / 60:.1f} minutes in all."
    )
    for name, why in report.failures.items():
        console.print(f"FAILED: {name}: {why}", markup=False)
    console.print(*(f"  {verdict(aim)}" for aim in report.targets), sep="\n")


def _shares(report: Report) -> Table:
    table = Table(title="Well-known languages", title_justify="left", header_style="bold")
    table.add_column("sessions")
    for name in (f"segments over {LONG_S:g} s", "right %", f"up to {LONG_S:g} s", "right %"):
        table.add_column(name, justify="right")
    for kind, long in report.long.items():
        short = report.short[kind]
        shares = ["" if one.percent is None else f"{one.percent:.1f}" for one in (long, short)]
        table.add_row(kind, str(long.segments), shares[0], str(short.segments), shares[1])
    return table


def _confusion(report: Report) -> Table:
    table = Table(
        title=f"Segments over {LONG_S:g} s by language", title_justify="left", header_style="bold"
    )
    for name in ("spoken", "segments", "right", "taken for"):
        table.add_column(name, justify="right" if name in ("segments", "right") else "left")
    for row in report.confusion:
        wrong = {code: count for code, count in row.detected.items() if code != row.spoken}
        table.add_row(
            row.spoken,
            str(sum(row.detected.values())),
            str(row.detected.get(row.spoken, 0)),
            ", ".join(f"{code} {count}" for code, count in wrong.items()),
        )
    return table
