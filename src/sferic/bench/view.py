"""What `sferic bench` found, on a terminal and as a picture."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sferic.bench.report import SYNTHETIC, Quick, Report, Setting, Spread, Step
from sferic.recognition.calibration import FINAL_S, PARTIAL_S

_BAR = 40
"""Columns of the longest bar."""
_LOADED = 0.25
"""Processes for each core that wanted to run before, from which that is worth a word."""


def show_quick(found: Quick, console: Console) -> None:
    """Print the quick look."""
    console.print(_heading(found.setting))
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in (
        ("loading", f"{found.load_s:.2f} s"),
        (f"a final of {FINAL_S} s, on every worker at once", _ms(found.final_s)),
        (f"a partial of {PARTIAL_S} s, on every worker at once", _ms(found.partial_s)),
        (
            f"{found.audio_s:.0f} s of speech in one stream, as fast as it goes",
            f"{found.wall_s:.1f} s",
        ),
        ("seconds a second of it (real-time factor)", f"{found.real_time_factor:.3f}"),
        ("CPU seconds a second of it", f"{found.cpu_s / found.audio_s:.3f}"),
    ):
        table.add_row(name, value)
    console.print(table)
    console.print("How many streams this machine holds: sferic bench --capacity")


def line(step: Step) -> str:
    """One step, as soon as it is over."""
    finals = f"p95 {step.finals.p95:.2f} s" if step.finals else "none"
    streams = "1 stream" if step.streams == 1 else f"{step.streams} streams"
    return f"{streams}: finals {finals}{'' if step.held else ', NOT held'}"


def show(found: Report, console: Console) -> None:
    """Print the search for the limit."""
    console.print(_heading(found.setting))
    console.print(_table(found))
    console.print()
    console.print(*_bars(found), sep="\n", soft_wrap=True)
    console.print()
    console.print(*_summary(found), sep="\n", soft_wrap=True)


def plot(found: Report, file: Path) -> None:
    """Draw the steps as a PNG.

    Raises:
        ImportError: There is no matplotlib.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415  # an extra

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    spreads: tuple[tuple[str, str, Callable[[Step], Spread | None]], ...] = (
        ("finals", "#1f6f8b", lambda step: step.finals),
        ("partials", "#d1793b", lambda step: step.partials),
    )
    for name, colour, of in spreads:
        known = [(step.streams, each) for step in found.steps if (each := of(step))]
        numbers = [number for number, _ in known]
        axes.plot(
            numbers, [each.p95 for _, each in known], color=colour, marker=".", label=f"{name}, p95"
        )
        axes.plot(
            numbers,
            [each.p50 for _, each in known],
            color=colour,
            linestyle="--",
            marker=".",
            label=f"{name}, p50",
        )
    axes.axhline(found.latency_s, color="#1f6f8b", linewidth=0.8, linestyle=":")
    if found.held:
        axes.axvline(found.held, color="#8a8578", linewidth=0.8)
    axes.set_xticks([step.streams for step in found.steps])
    axes.set_xlabel("streams")
    axes.set_ylabel("seconds")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8, loc="upper left")
    setting = found.setting
    axes.set_title(
        f"{_headline(found)}\n{setting.model} on {setting.cores} cores, {setting.date}", fontsize=9
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _heading(setting: Setting) -> str:
    workers = f"{setting.workers} {'worker' if setting.workers == 1 else 'workers'}"
    threads = f" of {setting.threads} threads" if setting.threads > 1 else ""
    batches = f" in batches of {setting.batch}" if setting.batch > 1 else ""
    return (
        f"{setting.model} ({setting.compute_type}) on {setting.device}, "
        f"{workers}{threads}{batches}; "
        f"{setting.cpu or 'unknown CPU'}, {setting.cores} cores"
    )


def _table(found: Report) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for step in found.steps:
        table.add_row(*(of(step) for of in _COLUMNS.values()), style=None if step.held else "red")
    return table


def _bars(found: Report) -> list[str]:
    """The 95th percentile of finals, with a mark where it should end."""
    most = max([found.latency_s, *(step.finals.p95 for step in found.steps if step.finals)])
    mark = round(_BAR * found.latency_s / most)
    lines = [f"finals, p95; | is {found.latency_s:g} s"]
    for step in found.steps:
        p95 = step.finals.p95 if step.finals else 0.0
        bar = ("#" * round(_BAR * p95 / most)).ljust(_BAR + 1)
        marked = bar[:mark] + "|" + bar[mark + 1 :]
        lines.append(f"{step.streams:>4} {marked.rstrip()} {p95:.2f}")
    return lines


def _summary(found: Report) -> list[str]:
    lines = [
        _headline(found),
        f"A server on this machine would take {found.admitted} by itself, by what it knew then; "
        f"{found.expected} before its first stream.",
    ]
    if found.setting.speech == SYNTHETIC:
        lines.append(
            "The speech was the ten sentences of a synthetic voice that come with Sferic: how "
            "long people speak and pause, and how clearly, differs. Take your own with --audio."
        )
    if found.setting.load is not None and found.setting.load > _LOADED * found.setting.cores:
        lines.append(
            f"Before it began, {found.setting.load:g} processes wanted to run on these "
            f"{found.setting.cores} cores: with the machine to itself it may hold more."
        )
    lines.append(
        "The streams are in this process: a server needs a little more for sockets and JSON."
    )
    return lines


def _headline(found: Report) -> str:
    more = "" if found.limit_seen else " or more"
    return (
        f"Streams held: {found.held}{more} "
        f"(95 % of finals within {found.latency_s * 1000:g} ms of the decision to end)."
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _p50(spread: Spread | None) -> str:
    return "" if spread is None else f"{spread.p50:.2f}"


def _p95(spread: Spread | None) -> str:
    return "" if spread is None else f"{spread.p95:.2f}"


_COLUMNS: dict[str, Callable[[Step], str]] = {
    "STREAMS": lambda step: str(step.streams),
    "FINALS": lambda step: str(step.finals.count if step.finals else 0),
    "P50 S": lambda step: _p50(step.finals),
    "P95 S": lambda step: _p95(step.finals),
    "PARTIALS P95 S": lambda step: _p95(step.partials),
    "CPU S A STREAM S": lambda step: f"{step.cpu:.3f}",
    "BUSY": lambda step: f"{step.busy:.0%}",
    "WOULD TAKE": lambda step: str(step.admitted),
    "HELD": lambda step: "yes" if step.held else "NO",
}
