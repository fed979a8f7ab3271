"""Whether cost, answers or memory grow: hours in one session, and a thousand short ones.

`python -m benchmarks.endurance --help`; docs/benchmarks.md says what the figures mean.
"""

import asyncio
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console

from benchmarks import endurance_view
from benchmarks.endurance_audio import Programme
from benchmarks.endurance_figures import LongFigures, long_figures
from benchmarks.endurance_long import run_long
from benchmarks.endurance_report import (
    HOURS,
    SESSIONS,
    Conditions,
    Report,
    ShortFigures,
    short_figures,
    summarise,
)
from benchmarks.endurance_short import run_short, visits
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.harness.speech import Utterance, load_utterances, select, speech_folder
from benchmarks.harness.watched import WatchedServer
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL, ModelStore, on_console

LONGEST_S = 28.0
"""Longest recording: one window of Whisper, less a little."""

_PACKAGES = ("ctranslate2", "onnxruntime", "numpy", "websockets", "psutil")
_WIDTH = 130
"""Columns of a table that goes into a file."""

Device = Literal["cpu", "cuda"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    model: str = DEFAULT_MODEL
    device: Device = "cpu"
    language: str = "en"
    sources: tuple[str, ...] = ()
    minutes: float = 60 * HOURS
    window: float = 5
    speed: float = 4
    fresh: bool = False
    sessions: int = SESSIONS
    at_once: int = 4
    seed: int = 0
    serve: tuple[str, ...] = ()

    @property
    def windows(self) -> int:
        """How many it takes for so many minutes; the last one is whole, too."""
        return math.ceil(self.minutes / self.window - 1e-9)


class NothingToDoError(BenchmarkError, ValueError):
    """Both parts were left out."""

    def __init__(self) -> None:
        super().__init__(
            "there is nothing to measure: of --minutes and --sessions one must be more than 0"
        )


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Hold the long session, then the short ones, each with a server of its own.

    Args:
        plan: What to do.
        notes: Hears how far it is.
        command: What the report says was typed.

    Raises:
        BenchmarkError: There is nothing to measure, or nothing to measure it with.
        SfericError: The model cannot be had.
    """
    if not plan.windows and not plan.sessions:
        raise NothingToDoError
    started = time.monotonic()
    rows = load_utterances(speech_folder() / "asr" / "manifest.jsonl")
    model = ModelStore().ensure(plan.model, on_console(notes))
    utterances = select(
        rows,
        languages=(plan.language,),
        sources=plan.sources,
        served=model.languages,
        max_seconds=LONGEST_S,
    ).utterances
    machine = this_machine()
    return summarise(
        _long(plan, utterances, notes) if plan.windows else None,
        _short(plan, utterances, notes) if plan.sessions else None,
        Conditions(
            model=model.name,
            device=plan.device,
            language=plan.language,
            speed=plan.speed,
            window_s=60 * plan.window,
            fresh=plan.fresh,
            seed=plan.seed,
            serve=plan.serve,
        ),
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
    )


def _long(plan: Plan, utterances: Sequence[Utterance], notes: Console) -> LongFigures:
    programme = Programme(
        utterances,
        count=plan.windows,
        window_s=60 * plan.window,
        seed=plan.seed,
        fresh=plan.fresh,
    )
    with _server(plan) as server, stepping(notes, "one long session", programme.count) as step:
        run = asyncio.run(
            run_long(server, programme, language=plan.language, speed=plan.speed, step=step)
        )
    return long_figures(run, programme, language=plan.language)


def _short(plan: Plan, utterances: Sequence[Utterance], notes: Console) -> ShortFigures:
    planned = [*visits(utterances, count=plan.sessions, seed=plan.seed)]
    with _server(plan) as server, stepping(notes, "short sessions", len(planned)) as step:
        run = asyncio.run(
            run_short(server, planned, at_once=plan.at_once, language=plan.language, step=step)
        )
    return short_figures(run, at_once=plan.at_once)


def _server(plan: Plan) -> WatchedServer:
    return WatchedServer(model=plan.model, flags=["--device", plan.device, *plan.serve])


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    serve: Annotated[
        list[str] | None, typer.Argument(help="After `--`: more flags of `sferic serve`.")
    ] = None,
    *,
    minutes: Annotated[
        float, typer.Option(min=0, help="Audio of the long session; 0 leaves it out.")
    ] = 60 * HOURS,
    window: Annotated[
        float, typer.Option(min=0.1, help="Minutes of audio that a figure is about.")
    ] = 5,
    speed: Annotated[
        float,
        typer.Option(
            min=0, help="Of the long session: times real time; 0 as fast as the server takes it."
        ),
    ] = 4,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Draw the recordings of each window anew.")
    ] = False,
    sessions: Annotated[
        int, typer.Option(min=0, help="Short sessions; 0 leaves them out.")
    ] = SESSIONS,
    at_once: Annotated[int, typer.Option(min=1, help="Short sessions side by side.")] = 4,
    language: Annotated[str, typer.Option(help="Of the recordings, a code.")] = "en",
    sources: Annotated[str, typer.Option(help="Collections, with commas; all by default.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Other recordings, pauses and ends.")] = 0,
    model: Annotated[str, typer.Option(help="A name of the catalogue, or a folder.")] = (
        DEFAULT_MODEL
    ),
    device: Annotated[Device, typer.Option(help="Where the models run.")] = "cpu",
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the curves here, a PNG.")] = None,
) -> None:
    """Keep a server busy for hours; print what its cost, its answers and its memory do.

    Takes the recordings from the folder in SFERIC_SPEECH.
    """
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        model=model,
        device=device,
        language=language,
        sources=tuple(part.strip() for part in sources.split(",") if part.strip()),
        minutes=minutes,
        window=window,
        speed=speed,
        fresh=fresh,
        sessions=sessions,
        at_once=at_once,
        seed=seed,
        serve=tuple(serve or ()),
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.endurance", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report, json)
    if plot:
        endurance_view.plot(report, plot)
    endurance_view.show(
        report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    )
    if report.failures:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
