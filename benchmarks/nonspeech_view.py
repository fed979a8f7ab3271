"""The report on what is no speech, for people: a table and a plot."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.harness.targets import verdict
from benchmarks.nonspeech_report import Figures, Report, Said

_MOST_SHOWN = 5
"""Texts of one sound that are printed; the JSON has more."""


def show(report: Report, console: Console) -> None:
    """Print the report for people."""
    conditions, machine = report.conditions, report.machine
    console.print(_table([*report.sounds, report.overall]))
    for each in report.sounds:
        for said in each.said[:_MOST_SHOWN]:
            console.print(f"{each.name}, {_told(said)}", markup=False)
    console.print(
        f"{conditions.model} on {conditions.device}, language {conditions.language}, "
        f"vad_threshold {conditions.vad_threshold:g}, seed {conditions.seed}, "
        f"{conditions.streams} at a time, as fast as it was taken.\n"
        f"{machine.cpu}, {machine.cores} cores, load {machine.load} at the start; "
        f"{report.wall_s / 60:.1f} minutes in all."
    )
    if report.failures:
        console.print(f"FAILED: {len(report.failures)} sessions ended early:")
        for name, why in report.failures.items():
            console.print(f"  {name}: {why}", markup=False)
    console.print()
    console.print(*(f"  {verdict(aim)}" for aim in report.targets), sep="\n")


def plot(report: Report, file: Path) -> None:
    """Draw messages with text and speech_started events by sound, as a PNG."""
    names = [each.name for each in report.sounds]
    places = range(len(names))
    figure = Figure(figsize=(8, 1.8 + 0.18 * len(names)), layout="constrained")
    axes = figure.subplots()
    counts = (
        ("speech_started", "#c9c3b8", 0.2, [each.speech_started for each in report.sounds]),
        ("messages with text", "#a3352c", -0.2, [each.texts for each in report.sounds]),
    )
    for label, colour, offset, values in counts:
        axes.barh(
            [place + offset for place in places], values, height=0.4, color=colour, label=label
        )
    axes.set_yticks(places, names, fontsize=7)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, max(1.0, axes.get_xlim()[1]))
    axes.set_xlabel(f"in {report.conditions.minutes:g} minutes", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=2)
    figure.suptitle(f"Heard where nobody speaks, {report.conditions.model}, {report.date}")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _table(rows: Sequence[Figures]) -> Table:
    table = Table(title="Without speech", title_justify="left", header_style="bold")
    table.add_column("sound", no_wrap=True)
    table.add_column("family", no_wrap=True)
    for name in ("min", "partials\nwith text", "finals\nwith text", "speech\nstarted"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("CPU s\na second", justify="right", no_wrap=True)
    for number, each in enumerate(rows):
        last = number == len(rows) - 1
        table.add_row(
            escape(each.name),
            each.family,
            f"{each.minutes:.1f}",
            str(each.partials),
            str(each.finals),
            str(each.speech_started),
            "" if each.cpu is None else f"{each.cpu:.4f}",
            style="bold" if last else "red" if each.texts or each.failure else None,
            end_section=number >= len(rows) - 2,
        )
    return table


def _told(said: Said) -> str:
    kind = "final" if said.final else "partial"
    sure = "" if said.confidence is None else f" ({said.confidence:.2f})"
    return f"{kind} at {said.at_s:.1f} s: {said.text!r}{sure}"
