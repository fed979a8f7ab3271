"""How well streaming recognises and what it costs, beside the same weights offline.

`python -m benchmarks.accuracy --help`; docs/benchmarks.md says what the figures mean.
"""

import asyncio
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console

from benchmarks import accuracy_view
from benchmarks.accuracy_report import (
    HEADLINE_SECONDS,
    Batch,
    Conditions,
    Measured,
    Report,
    Sample,
    summarise,
)
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.offline import SETTINGS, Job, OfflineWhisper, Transcript
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.harness.server import ServerProcess
from benchmarks.harness.speech import Utterance, load_utterances, pcm, select, speech_folder
from benchmarks.harness.streaming import CHUNK_S, Heard, stream
from sferic.audio import SAMPLE_RATE
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL, LocalModel, ModelStore, on_console
from sferic.protocol.options import Options

_PACKAGES = ("ctranslate2", "faster-whisper", "onnxruntime", "numpy", "whisper-normalizer")
_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
"""Those of the protocol."""
_WIDTH = 150
"""Columns of a table that goes into a file."""

Device = Literal["cpu", "cuda"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    model: str = DEFAULT_MODEL
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    max_seconds: float = HEADLINE_SECONDS
    limit: int = 0
    speed: float = 1
    streams: int = 1
    native_rate: bool = False
    multi: bool = False
    device: Device = "cpu"
    offline: bool = True
    offline_cache: Path | None = None
    serve: tuple[str, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether the targets are about such a run."""
        narrowed = self.limit or self.sources or 0 < self.max_seconds < HEADLINE_SECONDS
        return not (narrowed or self.multi or (self.languages and "en" not in self.languages))


def batches(utterances: Iterable[Utterance]) -> list[Batch]:
    """Part utterances by what their cost is reported for, English first."""

    def figure(row: Utterance) -> tuple[bool, str, bool]:
        english = row.lang == "en"
        return not english, row.lang, english and row.duration > HEADLINE_SECONDS

    return [
        Batch(language=language, headline=not (other or longer), utterances=tuple(rows))
        for (other, language, longer), rows in groupby(sorted(utterances, key=figure), key=figure)
    ]


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Stream, transcribe offline, score.

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
        languages=plan.languages,
        sources=plan.sources,
        served=model.languages,
        max_seconds=plan.max_seconds,
        limit=plan.limit,
    )
    notes.print(f"{len(selection.utterances)} utterances, {selection.seconds / 60:.1f} minutes")
    machine = this_machine()
    parts = batches(selection.utterances)
    utterances = [row for part in parts for row in part.utterances]
    heard, cpu_s = asyncio.run(_stream(plan, parts, notes))
    transcripts, how = _transcribe(plan, model, utterances, notes)
    samples = iter(map(Sample.of, utterances, heard, transcripts))
    measured = [
        Measured(batch=part, samples=tuple(islice(samples, len(part.utterances))), cpu_s=spent)
        for part, spent in zip(parts, cpu_s, strict=True)
    ]
    conditions = Conditions(
        model=model.name,
        device=plan.device,
        language="detected" if plan.multi else "given",
        speed=plan.speed,
        streams=plan.streams,
        sample_rate="of the recording" if plan.native_rate else str(SAMPLE_RATE),
        chunk_s=CHUNK_S,
        serve=plan.serve,
        offline=how,
        left_out={
            "synthetic": selection.synthetic,
            f"longer than {plan.max_seconds:g} s": selection.longer,
            "in a language the model does not know": selection.unserved,
        },
        comparable=plan.comparable,
    )
    return summarise(
        measured,
        conditions,
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
    )


async def _stream(
    plan: Plan, parts: Sequence[Batch], notes: Console
) -> tuple[list[Heard], list[float]]:
    """What comes back for each utterance, and the CPU seconds of each batch."""
    room = asyncio.Semaphore(plan.streams)
    heard: list[Heard] = []
    spent: list[float] = []
    with (
        ServerProcess(model=plan.model, flags=["--device", plan.device, *plan.serve]) as server,
        stepping(notes, "streaming", sum(len(part.utterances) for part in parts)) as step,
    ):

        async def one(row: Utterance) -> Heard:
            native = plan.native_rate and row.sample_rate in _RATES
            rate = row.sample_rate if native else SAMPLE_RATE
            options = Options(language="multi" if plan.multi else row.lang, sample_rate=rate)
            async with room:
                audio = await asyncio.to_thread(pcm, row.path, rate)
                answer = await stream(
                    server.url, audio, key=server.key, options=options, speed=plan.speed
                )
            step()
            return answer

        for part in parts:
            before = server.cpu_seconds()
            heard += await asyncio.gather(*map(one, part.utterances))
            spent.append(server.cpu_seconds() - before)
    return heard, spent


def _transcribe(
    plan: Plan, model: LocalModel, utterances: Sequence[Utterance], notes: Console
) -> tuple[list[Transcript | None], str]:
    """What faster-whisper makes of each utterance, and in words how."""
    if not plan.offline:
        return [None] * len(utterances), "not measured"
    whisper = OfflineWhisper(model.folder, device=plan.device, cache=plan.offline_cache)
    transcripts: list[Transcript | None] = []
    with stepping(notes, "offline", len(utterances)) as step, whisper:
        for row in utterances:
            job = Job(path=str(row.path.absolute()), language=None if plan.multi else row.lang)
            transcripts.append(whisper.transcribe(job))
            step()
    how = f"faster-whisper in the same run, {SETTINGS}"
    if whisper.recalled:
        how += f"; {whisper.recalled} transcripts and their cost are from an earlier run"
    return transcripts, how


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    serve: Annotated[
        list[str] | None, typer.Argument(help="After `--`: more flags of `sferic serve`.")
    ] = None,
    *,
    languages: Annotated[str, typer.Option(help="Codes, with commas; all by default.")] = "",
    sources: Annotated[str, typer.Option(help="Collections, with commas; all by default.")] = "",
    max_seconds: Annotated[
        float, typer.Option(min=0, help="Longest recording; 0 for any.")
    ] = HEADLINE_SECONDS,
    limit: Annotated[
        int, typer.Option(min=0, help="Utterances, spread evenly over the rest; 0 for all.")
    ] = 0,
    model: Annotated[str, typer.Option(help="A name of the catalogue, or a folder.")] = (
        DEFAULT_MODEL
    ),
    device: Annotated[Device, typer.Option(help="Where the models run.")] = "cpu",
    speed: Annotated[
        float, typer.Option(min=0, help="1 is real time, 0 as fast as the server takes it.")
    ] = 1,
    streams: Annotated[int, typer.Option(min=1, help="Streams side by side.")] = 1,
    native_rate: Annotated[
        bool, typer.Option("--native-rate", help="Send the recording's own rate, not 16 kHz.")
    ] = False,
    multi: Annotated[
        bool, typer.Option("--multi", help="Let the language be detected, and count how often.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline/--no-offline", help="Compare with faster-whisper.")
    ] = True,
    offline_cache: Annotated[
        Path | None,
        typer.Option(
            help="A file to keep offline transcripts in, for work on the streaming side. What "
            "comes from it was not measured in the same run, and the report says so."
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    texts: Annotated[
        bool, typer.Option("--texts", help="With references and transcripts in the JSON.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the error rates here, a PNG.")] = None,
) -> None:
    """Stream recordings through a real server; print error rates and cost beside offline.

    Takes the recordings from the folder in SFERIC_SPEECH.
    """
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        model=model,
        languages=_listed(languages),
        sources=_listed(sources),
        max_seconds=max_seconds,
        limit=limit,
        speed=speed,
        streams=streams,
        native_rate=native_rate,
        multi=multi,
        device=device,
        offline=offline,
        offline_cache=offline_cache,
        serve=tuple(serve or ()),
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.accuracy", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report if texts else report.without_texts(), json)
    if plot:
        accuracy_view.plot(report, plot)
    accuracy_view.show(
        report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    )
    if report.failures:
        raise typer.Exit(1)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


if __name__ == "__main__":
    app()
