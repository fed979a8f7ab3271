"""The seams report for people: a table and a plot."""

from collections.abc import Iterable
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.harness.targets import verdict
from benchmarks.seams_report import MOST_EDITS, Group, Report


def show(report: Report, console: Console) -> None:
    """Print the report for people."""
    table = Table(title="Edits beside cuts", title_justify="left", header_style="bold")
    for name in ("between recordings", "session"):
        table.add_column(name, no_wrap=True)
    for name in _FIGURES:
        table.add_column(name, justify="right", no_wrap=True)
    for group in (*report.groups, report.total):
        last = group is report.total
        table.add_row(
            group.joint,
            group.session,
            *_figures(group),
            style="bold" if last else None,
            end_section=group is report.groups[-1],
        )
    console.print(table)
    console.print(*_remarks(report), sep="\n")


def plot(report: Report, file: Path) -> None:
    """Draw edits for 100 cuts, beside what there is elsewhere, as a PNG."""
    groups = [*report.groups, report.total]
    figure = Figure(figsize=(9, 1.8 + 0.5 * len(groups)), layout="constrained")
    axes = figure.subplots()
    places = range(len(groups))
    for shift, name, colour, values in (
        (-0.2, "beside cuts", "#1f6f8b", [group.per_100 or 0 for group in groups]),
        (0.2, "in as many words elsewhere", "#c9c3b8", [_elsewhere(group) for group in groups]),
    ):
        at = [place + shift for place in places]
        axes.barh(at, values, height=0.4, color=colour, label=name)
    axes.axvline(MOST_EDITS, color="#b3412f", linewidth=1, label="target")
    names = [f"{group.joint}, {group.session} ({group.counts.cuts})" for group in groups]
    axes.set_yticks(places, names, fontsize=8)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlabel("edits that offline does not make, for 100 cuts", fontsize=8)
    axes.set_title(f"Errors at seams, {report.conditions.model}, {report.date}", fontsize=10)
    axes.legend(fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _elsewhere(group: Group) -> float:
    return group.elsewhere_per_100 or 0.0


_FIGURES = (
    "min",
    "WER %",
    "WER %\noffline",
    "cuts",
    "missing",
    "added",
    "substi-\ntuted",
    "per 100\ncuts",
    "elsewhere",
)


def _figures(group: Group) -> list[str]:
    counts = group.counts
    return [
        f"{group.minutes:.1f}",
        f"{group.wer:.1f}",
        f"{group.offline_wer:.1f}",
        str(counts.cuts),
        *map(str, (counts.missing, counts.added, counts.substituted)),
        _shown(group.per_100),
        _shown(group.elsewhere_per_100),
    ]


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _remarks(report: Report) -> Iterable[str]:
    conditions = report.conditions
    yield (
        f"Edits within {conditions.near_s:g} s of a cut that offline does not make; elsewhere: in "
        "as many words that are not beside a cut."
    )
    yield (
        f"{conditions.model} on {conditions.device}, speed {conditions.speed:g}, "
        f"{conditions.streams} at a time. Offline: {conditions.offline}."
    )
    yield (
        f"{report.machine.cpu}, {report.machine.cores} cores, load {report.machine.load} at the "
        f"start; {report.wall_s / 60:.1f} minutes in all."
    )
    if report.failures:
        yield f"FAILED: {len(report.failures)} sessions ended early, counted as they are:"
        yield from (f"  {why}" for why in report.failures)
    yield from (verdict(aim) for aim in report.targets)
