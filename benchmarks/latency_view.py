"""The latency report for people: a table and a plot."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.harness.percentiles import Percentiles, shares
from benchmarks.harness.targets import verdict
from benchmarks.latency_report import Report

_COLOURS = ("#1f6f8b", "#d1793b", "#7a9a3a", "#8b5a9a")


def show(report: Report, console: Console) -> None:
    """Print the report for people."""
    console.print(_table(report))
    console.print(*_remarks(report), sep="\n")
    console.print()
    console.print(*(f"  {verdict(aim)}" for aim in report.targets), sep="\n")


def plot(report: Report, file: Path) -> None:
    """Draw how the times are spread, as a PNG."""
    words, answered = report.words, report.answers
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    _curves(
        left,
        f"seconds after the word ended ({words.count} words)",
        {"first seen": words.seen, "settled": words.settled, "final": words.final},
    )
    _curves(
        right,
        "seconds from the decision to its final",
        {
            "finalize, 4 to 20 s": answered.finalize_middling,
            "finalize, all": answered.finalize,
            "endpoint": answered.endpoint,
        },
    )
    figure.suptitle(
        f"{report.conditions.model}, {report.conditions.streams} at a time, {report.date}",
        fontsize=11,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _table(report: Report) -> Table:
    words, answered, partials = report.words, report.answers, report.partials
    groups: tuple[tuple[str, dict[str, Percentiles | None]], ...] = (
        (
            "after the word ended",
            {"first seen": words.seen, "settled": words.settled, "final": words.final},
        ),
        (
            "decision to final",
            {
                "finalize": answered.finalize,
                "finalize, 4 to 20 s": answered.finalize_middling,
                "finalize, nothing open": answered.finalize_empty,
                "endpoint": answered.endpoint,
            },
        ),
        (
            "speech without new text",
            {"before the first partial": partials.first, "between partials": partials.gap},
        ),
    )
    table = Table(title="Seconds", title_justify="left", header_style="bold")
    table.add_column("from, to", no_wrap=True)
    for name in ("", "count", "p50", "p95", "p99"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for title, rows in groups:
        for number, (name, spread) in enumerate(rows.items()):
            table.add_row(
                title if number == 0 else "",
                name,
                *_cells(spread),
                end_section=number == len(rows) - 1,
            )
    return table


def _cells(spread: Percentiles | None) -> tuple[str, ...]:
    if spread is None:
        return ("0", "", "", "")
    return str(spread.count), f"{spread.p50:.2f}", f"{spread.p95:.2f}", f"{spread.p99:.2f}"


def _remarks(report: Report) -> list[str]:
    conditions, costs, words = report.conditions, report.costs, report.words
    driving = costs.driving
    lines = [
        f"{report.sessions} sessions, {report.minutes:.1f} minutes, {conditions.streams} at a "
        f"time, in messages of {conditions.chunk_s * 1000:g} ms; {conditions.model} on "
        f"{conditions.device}; an endpoint is due after {conditions.endpoint_silence_s:g} s.",
    ]
    if words.count:
        lines.append(
            f"{words.settled_early:g} % of {words.count} words were settled before their final; "
            f"{words.revised} words revised, {words.flicker:g} for each word."
        )
    lines += [
        f"Server {costs.server_cpu:.3f} CPU seconds an audio second. The sender: "
        f"{costs.client_cores:.3f} cores, late by {driving.late_p99_s * 1000:.0f} ms (p99) and "
        f"{driving.late_worst_s * 1000:.0f} ms (worst), kept waiting by the server for "
        f"{driving.blocked_worst_s * 1000:.0f} ms at most.",
        f"{report.machine.cpu}, {report.machine.cores} cores, load {report.machine.load} "
        f"at the start; {report.wall_s / 60:.1f} minutes in all.",
    ]
    if left_out := {why: count for why, count in conditions.left_out.items() if count}:
        reasons = ", ".join(f"{count} {why}" for why, count in left_out.items())
        lines.append(f"Left out: {reasons}.")
    if report.answers.missing:
        lines.append(f"{report.answers.missing} decisions were never answered.")
    if report.failures:
        lines.append(f"FAILED: {len(report.failures)} sessions ended early:")
        lines += [f"  {audio}: {why}" for audio, why in report.failures.items()]
    return lines


def _curves(axes: Axes, title: str, spreads: dict[str, Percentiles | None]) -> None:
    for colour, (name, spread) in zip(_COLOURS, spreads.items(), strict=False):
        if spread is not None:
            label = f"{name}: p50 {spread.p50:.2f}, p95 {spread.p95:.2f} ({spread.count})"
            axes.plot(spread.curve, shares(), color=colour, label=label)
    axes.set_title(title, fontsize=9)
    axes.set_xlabel("s", fontsize=8)
    axes.set_ylabel("share within", fontsize=8)
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.lines:
        axes.legend(fontsize=8)
