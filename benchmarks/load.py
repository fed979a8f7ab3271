"""How many streams a machine holds in real time, and what each costs.

`python -m benchmarks.load --help`; docs/benchmarks.md says what the figures mean.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console

from benchmarks import load_view
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.metered import MeteredServer
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.harness.speech import load_utterances, pcm, select, speech_folder
from benchmarks.harness.streaming import CHUNK_S, stream
from benchmarks.load_report import Bounds, Conditions, Report, Step, figures, over, summarise
from benchmarks.load_script import Conversation, conversations
from benchmarks.load_step import COOL_DOWN_S, WARM_UP_S, Streams
from sferic.audio import SAMPLE_RATE
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL, ModelStore, on_console
from sferic.protocol.options import Options

STEPS = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40)
SECONDS = 60.0
CONVERSATIONS = 12

_FEWEST_SECONDS = 30.0
"""With fewer in a step the targets are not judged: too few finals for a 95th percentile."""
_PACKAGES = ("ctranslate2", "onnxruntime", "numpy", "websockets")
_WIDTH = 150
"""Columns of a table that goes into a file."""

Device = Literal["cpu", "cuda"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    model: str = DEFAULT_MODEL
    streams: tuple[int, ...] = STEPS
    seconds: float = SECONDS
    conversations: int = CONVERSATIONS
    seed: int = 0
    beyond: int = 0
    bounds: Bounds = Bounds()
    device: Device = "cpu"
    serve: tuple[str, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether the targets are about such a run."""
        return self.seconds >= _FEWEST_SECONDS and self.bounds == Bounds()


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Add streams until they are not held any more.

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
    selection = select(rows, languages=("en",), served=model.languages)
    script = conversations(selection.utterances, most=plan.conversations, seed=plan.seed)
    machine = this_machine()
    options = Options(language="en", word_timestamps=True, vad_events=True)
    steps = asyncio.run(_steps(plan, script, options, notes))
    return summarise(
        steps,
        Conditions(
            model=model.name,
            device=plan.device,
            seconds=plan.seconds,
            warm_up_s=WARM_UP_S,
            cool_down_s=COOL_DOWN_S,
            chunk_s=CHUNK_S,
            endpoint_silence_s=options.endpoint_silence_ms / 1000,
            conversations=len(script),
            recordings=sum(len(each.rows) for each in script),
            seed=plan.seed,
            bounds=plan.bounds,
            serve=plan.serve,
            comparable=plan.comparable,
        ),
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
    )


async def _steps(
    plan: Plan, script: Sequence[Conversation], options: Options, notes: Console
) -> list[Step]:
    """Each conversation alone, then the steps up to the last that is wanted."""
    audio = _audio(script)
    references = [each.reference for each in script]
    flags = ["--device", plan.device, *plan.serve]
    steps: list[Step] = []
    with MeteredServer(model=plan.model, flags=flags) as server:
        alone = await _alone(server, audio, options, notes)
        streams = Streams(server, audio, options, plan.seed)
        for count in plan.streams:
            observed = await streams.observe(count, seconds=plan.seconds)
            step = figures(observed, plan.bounds, references=references, alone=alone)
            steps.append(step)
            notes.print(load_view.line(step))
            if over(steps, beyond=plan.beyond):
                break
    return steps


async def _alone(
    server: MeteredServer, audio: Sequence[bytes], options: Options, notes: Console
) -> dict[int, str]:
    """What is understood of each conversation when there is no other, by number.

    In real time, because what partials found may help finals. Afterwards the server is warm.

    Raises:
        BenchmarkError: A session failed, and so will all others.
    """
    texts = {}
    with stepping(notes, "alone", len(audio)) as step:
        for index, samples in enumerate(audio):
            heard = await stream(server.url, samples, key=server.key, options=options, speed=1)
            if heard.failure is not None:
                message = f"a conversation by itself failed: {heard.failure}"
                raise BenchmarkError(message)
            texts[index] = heard.text
            step()
    return texts


def _audio(script: Sequence[Conversation]) -> list[bytes]:
    samples = {row.audio: pcm(row.path, SAMPLE_RATE) for each in script for row in each.rows}
    return [each.audio(samples, SAMPLE_RATE) for each in script]


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    serve: Annotated[
        list[str] | None, typer.Argument(help="After `--`: more flags of `sferic serve`.")
    ] = None,
    *,
    streams: Annotated[
        str, typer.Option(help="Numbers of streams, with commas; one step each, rising.")
    ] = ",".join(map(str, STEPS)),
    seconds: Annotated[
        float, typer.Option(min=1, help="Measured in each step, after a warm-up.")
    ] = SECONDS,
    finals_within: Annotated[
        float, typer.Option(min=0, help="Seconds that finals may take at the 95th percentile.")
    ] = Bounds().finals_s,
    partials_within: Annotated[
        float, typer.Option(min=0, help="The same between two partials.")
    ] = Bounds().partials_s,
    beyond: Annotated[
        int, typer.Option(min=0, help="Further steps after the first that is not held.")
    ] = 0,
    conversations: Annotated[
        int, typer.Option(min=1, help="Different ones that the streams have.")
    ] = CONVERSATIONS,
    seed: Annotated[int, typer.Option(help="Of what is said, when and by whom.")] = 0,
    model: Annotated[str, typer.Option(help="A name of the catalogue, or a folder.")] = (
        DEFAULT_MODEL
    ),
    device: Annotated[Device, typer.Option(help="Where the models run.")] = "cpu",
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the steps here, a PNG.")] = None,
) -> None:
    """Have more and more streams talk to a real server; print how long finals and partials take.

    Ends with the first step that is not held, unless told otherwise. Takes the recordings from
    the folder in SFERIC_SPEECH.
    """
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        model=model,
        streams=_numbers(streams),
        seconds=seconds,
        conversations=conversations,
        seed=seed,
        beyond=beyond,
        bounds=Bounds(finals_s=finals_within, partials_s=partials_within),
        device=device,
        serve=tuple(serve or ()),
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.load", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report, json)
    if plot:
        load_view.plot(report, plot)
    load_view.show(report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH))


def _numbers(text: str) -> tuple[int, ...]:
    try:
        numbers = sorted({int(part) for part in text.split(",") if part.strip()})
    except ValueError:
        numbers = []
    if not numbers or numbers[0] < 1:
        message = "whole numbers from 1, with commas"
        raise typer.BadParameter(message, param_hint="--streams")
    return tuple(numbers)


if __name__ == "__main__":
    app()
