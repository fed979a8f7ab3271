"""The endurance report for people: tables, and the curves over the session."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.endurance_figures import Growth, LongFigures, WindowFigures
from benchmarks.endurance_report import BatchFigures, Report, ShortFigures
from benchmarks.harness.results import Spread
from benchmarks.harness.targets import verdict

_COLOURS = ("#1f6f8b", "#c47f2c", "#8a8378")


def show(report: Report, console: Console) -> None:
    """Print the report for people."""
    conditions, machine = report.conditions, report.machine
    if report.long:
        _show_long(report.long, console)
    if report.short:
        _show_short(report.short, console)
    recordings = (
        "other recordings in each window" if conditions.fresh else "the same in each window"
    )
    console.print(
        f"{conditions.model} on {conditions.device}, language {conditions.language}, {recordings}, "
        f"seed {conditions.seed}.\n{machine.cpu}, {machine.cores} cores, load {machine.load} "
        f"at the start; {report.wall_s / 60:.1f} minutes in all."
    )
    for failure in report.failures:
        console.print(f"FAILED: {failure}", markup=False)
    console.print()
    console.print(*(f"  {verdict(aim)}" for aim in report.targets), sep="\n")


def plot(report: Report, file: Path) -> None:
    """Draw the curves, as a PNG: the long session above, the short ones below."""
    rows = [draw for draw in (_draw_long(report.long), _draw_short(report.short)) if draw]
    figure = Figure(figsize=(13, 3.4 * max(len(rows), 1)), layout="constrained")
    panels = figure.subplots(len(rows), 4, squeeze=False) if rows else ()
    for axes, draw in zip(panels, rows, strict=True):
        draw(axes)
    figure.suptitle(f"Endurance of {report.conditions.model}, {report.date}", fontsize=11)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _show_long(long: LongFigures, console: Console) -> None:
    clock = long.clock
    console.print(_windows(long.windows))
    console.print(_lines("an hour of audio, without the first window", long.growth))
    timed = long.unanswered is not None
    unanswered = f"; {long.unanswered} endpoints unanswered" if timed else ""
    last = ""
    if clock.last_word_early_s is not None:
        last = f", the last one ends {clock.last_word_early_s:.2f} s before the last recording"
    console.print(
        f"{long.hours:.2f} hours in one session at {long.speed:g} times real time{unanswered}.\n"
        f"{clock.words} words: {clock.out_of_order} out of order, {clock.outside} outside the "
        f"audio, {clock.stray} far from all that was said{last}.\n" + _held(long) + "\n"
    )


def _show_short(short: ShortFigures, console: Console) -> None:
    console.print(_batches(short.batches))
    console.print(_lines("a thousand sessions, without the first fifth", short.growth))
    endings = ", ".join(f"{count} {ending}" for ending, count in short.endings.items())
    codes = ", ".join(f"{count} with {code}" for code, count in short.closed.items())
    console.print(
        f"{short.sessions} short sessions, {short.at_once} at a time: {endings}. "
        f"The server closed {codes}.\n" + _held(short) + "\n"
    )


def _held(part: LongFigures | ShortFigures) -> str:
    memory = " → ".join(f"{value:.0f}" for value in part.memory_mb)
    descriptors = " → ".join(map(str, part.descriptors))
    threads = " → ".join(map(str, part.threads))
    return f"Server before → after: {memory} MB, {descriptors} open files, {threads} threads."


def _windows(windows: Iterable[WindowFigures]) -> Table:
    table = _table(
        "One long session, window by window",
        "hours",
        "s a\nsecond",
        "CPU s a\nsecond",
        "MB",
        "answer\np50 s",
        "answer\np95 s",
        "behind\np95 s",
        "partials",
        "words",
        "WER %",
        "word times\nms",
    )
    for each in windows:
        table.add_row(
            f"{each.hours:.3f}",
            f"{each.wall:.3f}",
            f"{each.cpu:.3f}",
            f"{each.memory_mb:.1f}",
            *_spread(each.answer_s),
            _spread(each.behind_s)[1],
            str(each.partials),
            str(each.words),
            f"{each.wer:.1f}",
            "" if each.shift_ms is None else f"{each.shift_ms:+.0f}",
        )
    return table


def _batches(batches: Iterable[BatchFigures]) -> Table:
    table = _table(
        "Short sessions, batch by batch",
        "sessions",
        "CPU s a\nsecond",
        "MB",
        "answer\np50 s",
        "answer\np95 s",
        "open\nfiles",
        "threads",
    )
    for each in batches:
        table.add_row(
            str(each.sessions),
            "" if each.cpu is None else f"{each.cpu:.3f}",
            f"{each.memory_mb:.1f}",
            *_spread(each.answer_s),
            str(each.descriptors),
            str(each.threads),
        )
    return table


def _lines(title: str, growth: Iterable[Growth]) -> Table:
    table = _table(f"Growth by {title}", "figure", "unit", "slope", "95 % between", "mean", "line")
    for each in growth:
        line = each.line
        bounds = "" if line.low is None else f"{line.low:+.3f} … {line.high:+.3f}"
        table.add_row(
            each.name,
            each.unit,
            f"{line.slope:+.3f}",
            bounds,
            f"{line.mean:.3f}",
            f"{line.start:.3f} → {line.end:.3f}",
            style="red" if line.flat is False or _drifts(each) else None,
        )
    return table


def _drifts(each: Growth) -> bool:
    """Whether word times move backwards; for all other figures less is better."""
    return each.name == "word times" and each.line.high is not None and each.line.high < 0


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in columns:
        text = name in ("figure", "unit")
        table.add_column(name, justify="left" if text else "right", no_wrap=True)
    return table


def _spread(values: Spread | None) -> tuple[str, str]:
    return ("", "") if values is None else (f"{values.p50:.2f}", f"{values.p95:.2f}")


# Curves


def _draw_long(long: LongFigures | None) -> Callable[[Sequence[Axes]], None] | None:
    if long is None or not long.windows:
        return None
    hours = [each.hours for each in long.windows]

    def draw(axes: Sequence[Axes]) -> None:
        windows = long.windows
        _curves(axes[0], "hours of audio", hours, {"memory, MB": [w.memory_mb for w in windows]})
        _curves(
            axes[1],
            "hours of audio",
            hours,
            {
                "CPU s an audio second": [each.cpu for each in windows],
                "s an audio second": [each.wall for each in windows],
            },
        )
        _curves(
            axes[2],
            "hours of audio",
            hours,
            {
                "endpoint to final, p50, s": [w.answer_s and w.answer_s.p50 for w in windows],
                "endpoint to final, p95, s": [w.answer_s and w.answer_s.p95 for w in windows],
                "behind, p95, s": [w.behind_s and w.behind_s.p95 for w in windows],
            },
        )
        _curves(
            axes[3],
            "hours of audio",
            hours,
            {"word times, ms off the median": [w.shift_ms for w in windows]},
            from_zero=False,
        )

    return draw


def _draw_short(short: ShortFigures | None) -> Callable[[Sequence[Axes]], None] | None:
    if short is None or not short.batches:
        return None
    sessions = [each.sessions for each in short.batches]

    def draw(axes: Sequence[Axes]) -> None:
        batches = short.batches
        panels: tuple[dict[str, list[float | Spread | None]], ...] = (
            {"memory, MB": [each.memory_mb for each in batches]},
            {"CPU s an audio second": [each.cpu for each in batches]},
            {
                "end to last transcript, p50, s": [b.answer_s and b.answer_s.p50 for b in batches],
                "end to last transcript, p95, s": [b.answer_s and b.answer_s.p95 for b in batches],
            },
            {
                "open files": [each.descriptors for each in batches],
                "threads": [each.threads for each in batches],
            },
        )
        for each, curves in zip(axes, panels, strict=True):
            _curves(each, "sessions", sessions, curves)

    return draw


def _curves(
    axes: Axes,
    places_name: str,
    places: Sequence[float],
    curves: dict[str, list[float | Spread | None]],
    *,
    from_zero: bool = True,
) -> None:
    for (name, values), colour in zip(curves.items(), _COLOURS, strict=False):
        known = [
            (place, value)
            for place, value in zip(places, values, strict=True)
            if isinstance(value, int | float)
        ]
        if known:
            axes.plot(*zip(*known, strict=True), ".-", color=colour, label=name)
    if from_zero:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(places_name, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, frameon=False)
