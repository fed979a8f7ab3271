"""The report on speakers, for people: tables and a plot."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.harness.targets import verdict
from benchmarks.speakers_report import Bin, Figures, Report


def show(report: Report, console: Console, *, each: bool) -> None:
    """Print the report for people.

    Args:
        report: What was measured.
        console: Where to.
        each: Whether to print every conversation.
    """
    machine, cost = report.machine, report.cost
    console.print(_table([*(report.conversations if each else ()), *report.groups]))
    console.print(_reliability(report.reliability))
    added = "not measured"
    if cost.added_s is not None:
        added = f"{cost.added_s.p50 * 1000:.0f} ms at p50, {cost.added_s.p95 * 1000:.0f} at p95"
        added += f", {cost.added_s.count} finals"
    console.print(
        f"CPU {cost.cpu:.4f} s for a second of audio more than without; "
        f"added to a final: {added}.\n"
        f"DER with a collar of {report.conditions.collar_s:g} s on both sides, overlap "
        f"{report.conditions.overlap}.\n"
        f"{machine.cpu}, {machine.cores} cores, load {machine.load} at the start; "
        f"{report.wall_s / 60:.1f} minutes in all."
    )
    console.print()
    console.print(*(f"  {verdict(aim)}" for aim in report.targets), sep="\n")


def plot(report: Report, file: Path) -> None:
    """Draw words right by group and how reliable confidence is, as a PNG."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    names = [each.name for each in report.groups]
    left.barh(names, [100 * each.right for each in report.groups], color="#5b7f95")
    left.set_xlim(min(80, *(100 * each.right - 2 for each in report.groups)), 100)
    left.set_xlabel("words right, %", fontsize=8)
    left.invert_yaxis()
    right.plot([0, 1], [0, 1], color="#c9c3b8", linewidth=1)
    right.plot(
        [each.confidence for each in report.reliability],
        [each.right for each in report.reliability],
        marker="o",
        color="#a3352c",
    )
    right.set_xlabel("speaker_confidence", fontsize=8)
    right.set_ylabel("words right", fontsize=8)
    for axes in (left, right):
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"Speakers, {report.date}")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _table(rows: Sequence[Figures]) -> Table:
    table = Table(title="Speakers", title_justify="left", header_style="bold")
    table.add_column("conversations", overflow="fold")
    headings = ("", "min", "words", "right\n%", "in overlap\n%", "count\nright", "DER\n%", "ECE")
    for name in headings:
        table.add_column(name, justify="right", no_wrap=True)
    for each in rows:
        overlapped = each.overlapped_right
        table.add_row(
            each.name,
            str(each.conversations),
            f"{each.minutes:.1f}",
            str(each.words),
            f"{100 * each.right:.1f}",
            "" if overlapped is None else f"{100 * overlapped:.1f}",
            f"{each.count_right} of {each.conversations}",
            f"{100 * each.error_rate:.1f}",
            f"{each.calibration_error:.3f}",
        )
    return table


def _reliability(bins: Sequence[Bin]) -> Table:
    table = Table(title="speaker_confidence", title_justify="left", header_style="bold")
    for name in ("from", "words", "mean", "right"):
        table.add_column(name, justify="right")
    for each in bins:
        table.add_row(
            f"{each.least:.1f}", str(each.words), f"{each.confidence:.2f}", f"{each.right:.2f}"
        )
    return table
