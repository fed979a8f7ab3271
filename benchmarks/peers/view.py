"""The peers report for people: a table and a plot."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.harness.percentiles import Percentiles
from benchmarks.peers.report import Accuracy, Figures, Measured, Report

_OWN = "sferic"


def show(report: Report, console: Console) -> None:
    """Print the report for people."""
    if peers := [peer for peer in report.peers if peer.figures]:
        console.print(_table(peers))
    console.print(*_remarks(report), sep="\n", markup=False)


def plot(report: Report, file: Path) -> None:
    """Draw the figures beside each other, as a PNG."""
    peers = [peer for peer in report.peers if peer.figures]
    figure = Figure(figsize=(12, 1.8 + 0.5 * len(peers)), layout="constrained")
    panels: Sequence[Axes] = figure.subplots(1, len(_PANELS), sharey=True, squeeze=False)[0]
    for axes, (title, value) in zip(panels, _PANELS, strict=True):
        _bars(axes, title, peers, value)
    figure.suptitle(
        f"{report.conditions.recordings} English recordings, "
        f"{report.conditions.minutes:.1f} minutes, in real time, one stream; {report.date}",
        fontsize=11,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _table(peers: Sequence[Measured]) -> Table:
    table = Table(
        title="One stream in real time", title_justify="left", header_style="bold", show_lines=False
    )
    table.add_column("peer", no_wrap=True)
    columns = [
        column
        for column in _COLUMNS
        if any(column.value(each.figures) for each in peers if each.figures)
    ]
    for column in columns:
        table.add_column(column.name, justify="right", no_wrap=True)
    for peer in peers:
        if peer.figures:
            style = "bold" if peer.name == _OWN else None
            table.add_row(
                _title(peer), *(column.value(peer.figures) for column in columns), style=style
            )
    return table


def _remarks(report: Report) -> list[str]:
    conditions = report.conditions
    sources = ", ".join(f"{count} {name}" for name, count in conditions.sources.items())
    lines = [
        f"{conditions.recordings} recordings, {conditions.minutes:.1f} minutes, drawn with seed "
        f"{conditions.seed}: {sources}.",
        f"Places of words by {conditions.aligner}, in {conditions.aligned} of them.",
        f"{report.machine.cpu}, {report.machine.cores} cores, load {report.machine.load} at the "
        f"start; {report.wall_s / 60:.1f} minutes in all.",
    ]
    for peer in report.peers:
        lines += _about(peer)
    return lines


def _about(peer: Measured) -> list[str]:
    lines = []
    if peer.facts:
        facts = peer.facts
        lines.append(f"{_title(peer)} {facts.version}, {facts.model}: {facts.settings}.")
    if peer.unavailable:
        how = "stopped" if peer.figures else "NOT MEASURED"
        lines.append(f"  {how}: {_title(peer)}: {peer.unavailable}")
    if peer.figures:
        figures = peer.figures
        lines += [f"  {audio}: {why}" for audio, why in (figures.late | figures.failed).items()]
        if figures.not_played:
            lines.append(f"  {figures.not_played} recordings were not played: no time was left.")
    return lines


def _bars(
    axes: Axes, title: str, peers: Sequence[Measured], value: Callable[[Figures], float | None]
) -> None:
    values = [value(peer.figures) if peer.figures else None for peer in peers]
    colours = ["#1f6f8b" if peer.name == _OWN else "#c9c3b8" for peer in peers]
    bars = axes.barh(range(len(peers)), [each or 0.0 for each in values], color=colours)
    axes.bar_label(
        bars, ["-" if each is None else f"{each:.2f}" for each in values], fontsize=8, padding=2
    )
    axes.set_yticks(range(len(peers)), [_title(peer) for peer in peers], fontsize=8)
    axes.set_ylim(max(len(peers), 1) - 0.5, -0.5)
    axes.margins(x=0.2)
    axes.set_title(title, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _title(peer: Measured) -> str:
    return peer.facts.name if peer.facts else peer.name


def _middle(values: Percentiles | None) -> float | None:
    return values.p50 if values else None


def _two(values: Percentiles | None) -> str:
    return f"{values.p50:.2f} / {values.p95:.2f}" if values else ""


def _wer(accuracy: Accuracy | None) -> str:
    return f"{accuracy.wer:.1f} ({accuracy.recordings})" if accuracy else ""


class _Column(NamedTuple):
    name: str
    value: Callable[[Figures], str]
    """Empty where there is nothing to say; a column of empty values is not shown."""


_COLUMNS = (
    _Column("WER %\n(recordings)", lambda each: _wer(each.accuracy)),
    _Column("WER %\nin common", lambda each: _wer(each.in_common)),
    _Column("CPU s\na second", lambda each: f"{each.cpu:.2f}"),
    _Column("last text after\nthe end, s\np50 / p95", lambda each: _two(each.lag_s)),
    _Column("done, s\np50 / p95", lambda each: _two(each.done_s)),
    _Column("word first\nseen, s\np50 / p95", lambda each: _two(each.first_seen_s)),
    _Column("words", lambda each: str(each.words_seen) if each.words_seen else ""),
    _Column("new text\nevery, s\np50 / p95", lambda each: _two(each.gap_s)),
    _Column("peak\nMB", lambda each: f"{each.peak_mb:.0f}"),
    _Column("did not\nkeep up", lambda each: str(len(each.late)) if each.late else ""),
)

_PANELS: tuple[tuple[str, Callable[[Figures], float | None]], ...] = (
    ("WER %", lambda each: each.accuracy.wer),
    ("CPU seconds an audio second", lambda each: each.cpu),
    ("last text after the end, s, p50", lambda each: _middle(each.lag_s)),
    ("word first seen, s, p50", lambda each: _middle(each.first_seen_s)),
)
