"""The load report for people: a table and a plot."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.harness.percentiles import Percentiles
from benchmarks.harness.targets import verdict
from benchmarks.load_report import MEMORY_UP_TO, Report, Step

_FINALS, _PARTIALS, _CPU = "#1f6f8b", "#d1793b", "#8a8578"


def show(report: Report, console: Console) -> None:
    """Print the report for people."""
    console.print(_table(report.steps))
    console.print(*_remarks(report), sep="\n")
    console.print()
    console.print(_headline(report))
    console.print(*(f"  {verdict(aim)}" for aim in report.targets), sep="\n")


def line(step: Step) -> str:
    """One step, as soon as it is over."""
    finals, partials = (
        f"p95 {spread.p95:.2f} s" if spread else "none" for spread in (step.finals, step.partials)
    )
    return (
        f"{step.streams} streams: finals {finals}, partials {partials}, server "
        f"{step.server_cores:.2f} cores, {'held' if step.held else 'NOT held'}"
    )


def plot(report: Report, file: Path) -> None:
    """Draw times and CPU against the number of streams, as a PNG."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    left = figure.subplots()
    bounds = report.conditions.bounds
    streams = [step.streams for step in report.steps]
    _times(left, "finals", _FINALS, streams, [step.finals for step in report.steps])
    _times(left, "partials", _PARTIALS, streams, [step.partials for step in report.steps])
    left.axhline(bounds.finals_s, color=_FINALS, linewidth=0.8, linestyle=":")
    left.axhline(bounds.partials_s, color=_PARTIALS, linewidth=0.8, linestyle=":")
    left.set_xticks(streams)
    left.set_xlabel("streams")
    left.set_ylabel("seconds")
    left.set_ylim(bottom=0)
    right = left.twinx()
    right.plot(
        streams, [step.server_cores for step in report.steps], color=_CPU, label="server, cores"
    )
    right.plot(
        streams,
        [step.client_cores for step in report.steps],
        color=_CPU,
        linestyle="--",
        label="clients, cores",
    )
    right.set_ylabel("cores")
    right.set_ylim(bottom=0)
    lines = [*left.get_lines(), *right.get_lines()]
    labelled = [each for each in lines if not str(each.get_label()).startswith("_")]
    left.legend(
        labelled, [str(each.get_label()) for each in labelled], fontsize=8, loc="upper left"
    )
    left.set_title(f"{_headline(report)} {report.conditions.model}, {report.date}", fontsize=10)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _times(
    axes: Axes,
    name: str,
    colour: str,
    streams: Sequence[int],
    spreads: Sequence[Percentiles | None],
) -> None:
    known = [(number, each) for number, each in zip(streams, spreads, strict=True) if each]
    numbers = [number for number, _ in known]
    for label, style, values in (
        ("p50", "--", [each.p50 for _, each in known]),
        ("p95", "-", [each.p95 for _, each in known]),
    ):
        axes.plot(
            numbers, values, color=colour, linestyle=style, marker=".", label=f"{name}, {label}"
        )


def _headline(report: Report) -> str:
    bounds = report.conditions.bounds
    more = "" if report.limit_seen else " or more"
    return (
        f"Streams held: {report.held}{more} (p95 of finals at most {bounds.finals_s:g} s, of "
        f"partials {bounds.partials_s:g} s)."
    )


def _table(steps: Sequence[Step]) -> Table:
    table = Table(title="By number of streams", title_justify="left", header_style="bold")
    for column in _COLUMNS:
        table.add_column(column.name, justify="right", no_wrap=True)
    for step in steps:
        table.add_row(
            *(column.value(step) for column in _COLUMNS), style=None if step.held else "red"
        )
    return table


def _remarks(report: Report) -> list[str]:
    conditions = report.conditions
    worst = max(step.late_worst_s for step in report.steps)
    lines = [
        f"{conditions.recordings} recordings in {conditions.conversations} conversations, "
        f"messages of {conditions.chunk_s * 1000:g} ms; {conditions.model} on "
        f"{conditions.device}; an endpoint is due after {conditions.endpoint_silence_s:g} s.",
        f"The senders were late by {worst * 1000:.0f} ms at worst.",
        f"{report.machine.cpu}, {report.machine.cores} cores, load {report.machine.load} "
        f"at the start; {report.wall_s / 60:.1f} minutes in all.",
    ]
    if grown := report.memory:
        between = "" if grown.low is None else f" (95 %: {grown.low:.2f} to {grown.high:.2f})"
        lines.append(
            f"Memory: {grown.start:.0f} MB at first and {grown.slope:.2f} MB for each stream "
            f"more{between}, up to {MEMORY_UP_TO} streams."
        )
    for step in report.steps:
        lines += [f"FAILED with {step.streams} streams: {why}" for why in step.failures]
    return lines


class _Column(NamedTuple):
    name: str
    value: Callable[[Step], str]


def _percentile(
    spread: Callable[[Step], Percentiles | None], value: Callable[[Percentiles], float]
) -> Callable[[Step], str]:
    def shown(step: Step) -> str:
        known = spread(step)
        return "" if known is None else f"{value(known):.2f}"

    return shown


def _wer(step: Step) -> str:
    return f"{step.texts.wer:.1f}" if step.texts else ""


def _wer_alone(step: Step) -> str:
    return f"{step.texts.wer_alone:.1f}" if step.texts else ""


_COLUMNS = (
    _Column("streams", lambda step: str(step.streams)),
    _Column("finals", lambda step: str(step.finals.count if step.finals else 0)),
    _Column("p50", _percentile(lambda step: step.finals, lambda known: known.p50)),
    _Column("p95", _percentile(lambda step: step.finals, lambda known: known.p95)),
    _Column("p99", _percentile(lambda step: step.finals, lambda known: known.p99)),
    _Column("partial\ngap p50", _percentile(lambda step: step.partials, lambda known: known.p50)),
    _Column("p95", _percentile(lambda step: step.partials, lambda known: known.p95)),
    _Column("server CPU s\nan audio s", lambda step: f"{step.server_cpu:.3f}"),
    _Column("server\ncores", lambda step: f"{step.server_cores:.2f}"),
    _Column("client\ncores", lambda step: f"{step.client_cores:.3f}"),
    _Column("late ms\np99", lambda step: f"{step.late_p99_s * 1000:.0f}"),
    _Column("memory\nMB", lambda step: f"{step.memory_mb:.0f}"),
    _Column("re-\nfused", lambda step: str(step.refused)),
    _Column("WER\n%", _wer),
    _Column("alone", _wer_alone),
    _Column("held", lambda step: "yes" if step.held else "NO"),
)
