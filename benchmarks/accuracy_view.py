"""The accuracy report for people: tables and a plot."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy_groups import Figures, Group
from benchmarks.accuracy_report import Conditions, Report, partials
from benchmarks.accuracy_times import WordTimes
from benchmarks.harness.results import Spread
from benchmarks.harness.scoring import Interval
from benchmarks.harness.targets import Target, verdict
from benchmarks.harness.timed import TimeErrors


def show(report: Report, console: Console) -> None:
    """Print the report for people."""
    for title, groups in (("language", report.by_language), ("source", report.by_source)):
        console.print(_table(title, (*groups, report.overall)))
    if report.word_times:
        console.print(_times(report.word_times))
    console.print(*_remarks(report), sep="\n")
    if report.headline:
        console.print()
        console.print(*_headline(report.headline, report.targets), sep="\n")


def plot(report: Report, file: Path) -> None:
    """Draw the word error rates, streaming beside offline, as a PNG."""
    panels = (("by language", report.by_language), ("by source", report.by_source))
    rows = max(len(groups) for _, groups in panels)
    figure = Figure(figsize=(12, 2.2 + 0.3 * rows), layout="constrained")
    for axes, (title, groups) in zip(figure.subplots(1, 2), panels, strict=True):
        _bars(axes, title, groups)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    figure.suptitle(
        f"Word error rate of {report.conditions.model}, streamed {_pace(report.conditions)}, "
        f"{report.date}",
        fontsize=11,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _table(title: str, groups: Sequence[Group]) -> Table:
    columns = [column for column in _COLUMNS if any(column.value(each) for each in groups[:-1])]
    table = Table(title=f"By {title}", title_justify="left", header_style="bold")
    table.add_column(title, no_wrap=True)
    for column in columns:
        table.add_column(column.name, justify="right", no_wrap=True)
    for number, each in enumerate(groups):
        table.add_row(
            each.name,
            *(column.value(each) for column in columns),
            style="bold" if number == len(groups) - 1 else None,
            end_section=number >= len(groups) - 2,
        )
    return table


def _times(times: WordTimes) -> Table:
    table = Table(
        title=f"Word times beside a forced alignment ({times.aligner}), ms",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("of", no_wrap=True)
    table.add_column("words", justify="right")
    for border in ("start", "end"):
        for figure in ("p50", "p90", "bias"):
            table.add_column(f"{border}\n{figure}", justify="right", no_wrap=True)
    for name, errors in (("streaming", times.streaming), ("offline", times.offline)):
        if errors is not None:
            table.add_row(name, str(errors.words), *_milliseconds(errors))
    return table


def _milliseconds(errors: TimeErrors) -> list[str]:
    return [
        figure
        for side in (errors.start, errors.end)
        for figure in (f"{side.p50:.0f}", f"{side.p90:.0f}", f"{side.bias:+.0f}")
    ]


def _aligned(times: WordTimes) -> str:
    line = (
        f"Aligned: {times.recordings} recordings; {times.words} of their words are relied on, "
        f"{times.unsure} are not."
    )
    if times.left_out:
        reasons = ", ".join(f"{count} {why}" for why, count in times.left_out.items())
        line += f" Not aligned: {reasons}."
    return line


def _remarks(report: Report) -> list[str]:
    conditions, answers = report.conditions, report.answers
    lines = [
        f"Streamed {_pace(conditions)}, {conditions.streams} at a time, in chunks of "
        f"{conditions.chunk_s * 1000:g} ms; {conditions.model} on {conditions.device}; "
        f"language {conditions.language}; {partials(conditions.partial_interval_ms)}.",
        f"Offline: {conditions.offline}.",
        f"{report.machine.cpu}, {report.machine.cores} cores, load {report.machine.load} "
        f"at the start; {report.wall_s / 60:.1f} minutes in all.",
        f"{answers.finals} finals, {answers.partials} partials"
        + _described(", a partial after", answers.partial_gap_s),
    ]
    if answers.finalize_to_last_s:
        lines.append("finalize to is_last" + _described(":", answers.finalize_to_last_s))
    if report.word_times:
        lines.append(_aligned(report.word_times))
    if left_out := {why: count for why, count in conditions.left_out.items() if count}:
        reasons = ", ".join(f"{count} {why}" for why, count in left_out.items())
        lines.append(f"Left out: {reasons}.")
    if report.failures:
        lines.append(f"FAILED: {len(report.failures)} sessions ended early, scored as they are:")
        lines += [f"  {audio}: {why}" for audio, why in report.failures.items()]
    return lines


def _headline(headline: Group, aims: Iterable[Target]) -> list[str]:
    count = f"{headline.utterances} utterances, {headline.minutes:.1f} minutes"
    rates = f"WER {headline.streaming.wer:.2f} % streaming"
    if headline.offline:
        rates += f", {headline.offline.wer:.2f} % offline"
    if headline.interval:
        rates += f" (95 % of draws: {_bounds(headline.interval)} points)"
    return [
        f"{headline.name}: {count}. {rates}.",
        *(f"  {verdict(aim)}" for aim in aims),
    ]


def _bars(axes: Axes, title: str, groups: Sequence[Group]) -> None:
    places = range(len(groups))
    axes.barh(
        [place - 0.2 for place in places],
        [each.streaming.wer for each in groups],
        height=0.4,
        color="#1f6f8b",
        label="streaming",
    )
    if all(each.offline for each in groups):
        axes.barh(
            [place + 0.2 for place in places],
            [each.offline.wer if each.offline else 0 for each in groups],
            height=0.4,
            color="#c9c3b8",
            label="faster-whisper offline",
        )
    axes.set_yticks(places, [f"{each.name} ({each.words})" for each in groups], fontsize=8)
    axes.set_xlabel("WER %", fontsize=8)
    axes.set_title(f"{title} (words)", fontsize=9)
    axes.set_ylim(max(len(groups), 3) - 0.5, -0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _pace(conditions: Conditions) -> str:
    match conditions.speed:
        case 0:
            return "as fast as it was taken"
        case 1:
            return "in real time"
        case speed:
            return f"at {speed:g} times real time"


def _points(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:+.{digits}f}"


def _bounds(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:+.1f} … {interval.high:+.1f}"


def _cpu(figures: Figures) -> str:
    return "" if figures.cpu is None else f"{figures.cpu:.3f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _count(number: int | None) -> str:
    return "" if number is None else str(number)


def _described(prefix: str, values: Spread | None) -> str:
    if values is None:
        return ""
    return f"{prefix} {values.p50:.2f} s (p50), {values.p95:.2f} s (p95)"


class _Column(NamedTuple):
    name: str
    value: Callable[[Group], str]
    """Empty where there is nothing to say; a column of empty values is not shown."""


def _offline(value: Callable[[Figures], str]) -> Callable[[Group], str]:
    return lambda each: value(each.offline) if each.offline else ""


_COLUMNS = (
    _Column("utt.", lambda each: str(each.utterances)),
    _Column("min", lambda each: f"{each.minutes:.1f}"),
    _Column("words", lambda each: str(each.words)),
    _Column("WER %", lambda each: f"{each.streaming.wer:.1f}"),
    _Column("WER %\noffline", _offline(lambda figures: f"{figures.wer:.1f}")),
    _Column("points\nabove", lambda each: _points(each.difference)),
    _Column("95 % between", lambda each: _bounds(each.interval)),
    _Column("CER %", lambda each: f"{each.streaming.cer:.1f}"),
    _Column("CER %\noffline", _offline(lambda figures: f"{figures.cer:.1f}")),
    _Column("revised\na word", lambda each: _share(each.flicker)),
    _Column("settled\nlost %", lambda each: _share(each.settled_lost)),
    _Column("CPU s\na second", lambda each: _cpu(each.streaming)),
    _Column("CPU s\noffline", _offline(_cpu)),
    _Column("language\nright", lambda each: _count(each.streaming.language_right)),
    _Column("language\noffline", _offline(lambda figures: _count(figures.language_right))),
)
