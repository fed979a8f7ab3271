"""How long one waits for words, for the answer to `finalize` and for the end of a turn.

`python -m benchmarks.latency --help`; docs/benchmarks.md says what the figures mean.
"""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console

from benchmarks import latency_view
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.live import Pace, Talk, hold, quiet
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.harness.server import ServerProcess
from benchmarks.harness.speech import Utterance, load_utterances, pcm, select, speech_folder
from benchmarks.harness.streaming import CHUNK_S
from benchmarks.latency_report import Conditions, Costs, Ending, Recorded, Report, summarise
from sferic.audio import SAMPLE_RATE
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL, ModelStore, on_console
from sferic.protocol.options import Options

LONGEST_S = 28.0
"""Longest recording that the targets count: one window of Whisper, less a little."""
QUIET_S = 2.0
"""Sent after a recording whose end is left to the silence."""

_PACKAGES = ("ctranslate2", "onnxruntime", "numpy", "websockets")
_WIDTH = 120
"""Columns of a table that goes into a file."""

Device = Literal["cpu", "cuda"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    model: str = DEFAULT_MODEL
    sources: tuple[str, ...] = ()
    max_seconds: float = LONGEST_S
    limit: int = 0
    streams: int = 1
    endings: tuple[Ending, ...] = ("finalize", "endpoint")
    device: Device = "cpu"
    serve: tuple[str, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether the targets are about such a run."""
        narrowed = self.limit or self.sources or self.max_seconds != LONGEST_S
        return not narrowed and self.streams == 1 and "finalize" in self.endings


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Stream everything, then look at what came when.

    Args:
        plan: What to do.
        notes: Hears how far it is.
        command: What the report says was typed.

    Raises:
        BenchmarkError: There is nothing to measure, or nothing to measure it with.
        SfericError: The model cannot be had.
    """
    started = time.monotonic()
    rows = load_utterances(speech_folder() / "asr" / "manifest.jsonl")
    model = ModelStore().ensure(plan.model, on_console(notes))
    selection = select(
        rows,
        languages=("en",),
        sources=plan.sources,
        served=model.languages,
        max_seconds=plan.max_seconds,
        limit=plan.limit,
    )
    notes.print(f"{len(selection.utterances)} recordings, {selection.seconds / 60:.1f} minutes")
    machine = this_machine()
    recorded, costs = asyncio.run(_stream(plan, selection.utterances, notes))
    options = _options()
    return summarise(
        recorded,
        Conditions(
            model=model.name,
            device=plan.device,
            streams=plan.streams,
            endings=plan.endings,
            chunk_s=CHUNK_S,
            quiet_s=QUIET_S,
            endpoint_silence_s=options.endpoint_silence_ms / 1000,
            serve=plan.serve,
            left_out={
                "synthetic": selection.synthetic,
                f"longer than {plan.max_seconds:g} s": selection.longer,
            },
            comparable=plan.comparable,
        ),
        costs,
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
    )


async def _stream(
    plan: Plan, rows: Sequence[Utterance], notes: Console
) -> tuple[list[Recorded], Costs]:
    """Every recording with every ending, in real time."""
    audio: Mapping[str, bytes] = {row.audio: pcm(row.path, SAMPLE_RATE) for row in rows}
    after = {"finalize": b"", "endpoint": quiet(QUIET_S, SAMPLE_RATE)}
    jobs = list(product(rows, plan.endings))
    room = asyncio.Semaphore(plan.streams)
    pace = Pace()
    options = _options()
    with (
        ServerProcess(model=plan.model, flags=["--device", plan.device, *plan.serve]) as server,
        stepping(notes, "streaming", len(jobs)) as step,
    ):

        async def one(row: Utterance, ending: Ending) -> Recorded:
            async with room:
                sent = audio[row.audio] + after[ending]
                talk = Talk.of(sent, options)
                await hold(talk, sent, url=server.url, key=server.key, options=options, pace=pace)
            step()
            return Recorded(utterance=row, ending=ending, talk=talk)

        served, began, own = server.cpu_seconds(), time.monotonic(), time.process_time()
        recorded = await asyncio.gather(*(one(row, ending) for row, ending in jobs))
        driving = pace.driving()
        costs = Costs(
            driving=driving,
            server_cpu=round((server.cpu_seconds() - served) / max(driving.audio_s, CHUNK_S), 4),
            client_cores=round(
                (time.process_time() - own) / (time.monotonic() - began),
                4,
            ),
        )
    return recorded, costs


def _options() -> Options:
    return Options(language="en", word_timestamps=True, vad_events=True)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    serve: Annotated[
        list[str] | None, typer.Argument(help="After `--`: more flags of `sferic serve`.")
    ] = None,
    *,
    sources: Annotated[str, typer.Option(help="Collections, with commas; all by default.")] = "",
    max_seconds: Annotated[
        float, typer.Option(min=0, help="Longest recording; 0 for any.")
    ] = LONGEST_S,
    limit: Annotated[
        int, typer.Option(min=0, help="Recordings, spread evenly over the rest; 0 for all.")
    ] = 0,
    streams: Annotated[int, typer.Option(min=1, help="Streams side by side.")] = 1,
    ending: Annotated[
        Literal["both", "finalize", "endpoint"],
        typer.Option(help="How a recording ends: each is streamed once with either."),
    ] = "both",
    model: Annotated[str, typer.Option(help="A name of the catalogue, or a folder.")] = (
        DEFAULT_MODEL
    ),
    device: Annotated[Device, typer.Option(help="Where the models run.")] = "cpu",
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the figures here, a PNG.")] = None,
) -> None:
    """Stream English recordings in real time; print how long words and answers take.

    Takes the recordings from the folder in SFERIC_SPEECH.
    """
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        model=model,
        sources=tuple(part.strip() for part in sources.split(",") if part.strip()),
        max_seconds=max_seconds,
        limit=limit,
        streams=streams,
        endings=("finalize", "endpoint") if ending == "both" else (ending,),
        device=device,
        serve=tuple(serve or ()),
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.latency", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report, json)
    if plot:
        latency_view.plot(report, plot)
    latency_view.show(
        report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    )
    if report.failures:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
