"""Whether any text comes where nobody speaks: silence, noise, hum, clicks, telephone, music.

`python -m benchmarks.nonspeech --help`; docs/benchmarks.md says what the figures mean.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
import typer
from rich.console import Console

from benchmarks import nonspeech_view
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.live import Received
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.marked import MarkedStream
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.harness.server import ServerProcess
from benchmarks.harness.sounds import SOUNDS, chosen
from benchmarks.nonspeech_report import Conditions, Figures, Report, Said, summarise
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL, ModelStore, on_console
from sferic.protocol.messages import SpeechStarted, Transcription
from sferic.protocol.options import Options

_PACKAGES = ("ctranslate2", "onnxruntime", "numpy")
_MINUTES = 10.0
"""What the target is about."""
_THRESHOLD = Options().vad_threshold
_FULL_SCALE = 32_767
_MOST_KEPT = 100
"""Texts of one sound that the report keeps."""
_WIDTH = 120
"""Columns of a table that goes into a file."""

Device = Literal["cpu", "cuda"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    model: str = DEFAULT_MODEL
    device: Device = "cpu"
    families: tuple[str, ...] = ()
    sounds: str = ""
    language: str = "en"
    minutes: float = _MINUTES
    vad_threshold: float = _THRESHOLD
    seed: int = 0
    streams: int = 1
    serve: tuple[str, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether the target is about such a run."""
        whole = not (self.families or self.sounds) and self.minutes >= _MINUTES
        return whole and self.vad_threshold == _THRESHOLD


class Tally:
    """Counts what a session says that it should not say."""

    def __init__(self) -> None:
        self.partials = self.finals = self.speech_started = 0
        self.said: list[Said] = []

    def take(self, received: Received, sent_s: float) -> None:
        """Look at one message, that came when so much audio had been sent."""
        message = received.message
        if isinstance(message, SpeechStarted):
            self.speech_started += 1
        if not isinstance(message, Transcription) or not message.transcript:
            return
        self.finals += message.is_final
        self.partials += not message.is_final
        if len(self.said) < _MOST_KEPT:
            self.said.append(_said_in(message, sent_s))


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Stream every sound and count what comes back.

    Args:
        plan: What to do.
        notes: Hears how far it is.
        command: What the report says was typed.

    Raises:
        BenchmarkError: There is no such sound, or the server does not run.
        SfericError: The model cannot be had.
    """
    started = time.monotonic()
    names = chosen(plan.families, plan.sounds)
    model = ModelStore().ensure(plan.model, on_console(notes))
    machine = this_machine()
    return summarise(
        asyncio.run(_stream(plan, names, notes)),
        Conditions(
            model=model.name,
            device=plan.device,
            language=plan.language,
            minutes=plan.minutes,
            vad_threshold=plan.vad_threshold,
            seed=plan.seed,
            streams=plan.streams,
            serve=plan.serve,
            comparable=plan.comparable,
        ),
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
    )


async def _stream(plan: Plan, names: Sequence[str], notes: Console) -> list[Figures]:
    room = asyncio.Semaphore(plan.streams)
    with (
        ServerProcess(model=plan.model, flags=["--device", plan.device, *plan.serve]) as server,
        stepping(notes, "streaming", len(names)) as step,
    ):

        async def one(name: str) -> Figures:
            async with room:
                figures = await _listen(plan, name, server)
            step()
            return figures

        return await asyncio.gather(*map(one, names))


async def _listen(plan: Plan, name: str, server: ServerProcess) -> Figures:
    tally = Tally()
    stream = MarkedStream(
        url=server.url,
        key=server.key,
        options=Options(language=plan.language, vad_events=True, vad_threshold=plan.vad_threshold),
        speed=0,
        take=lambda received: tally.take(received, stream.sent_s),
    )
    audio = await asyncio.to_thread(_pcm, name, 60 * plan.minutes, plan.seed)
    before = server.cpu_seconds()
    failure = await stream.run(iter([audio]))
    spent = server.cpu_seconds() - before if plan.streams == 1 and failure is None else None
    return Figures(
        name=name,
        family=SOUNDS[name].family,
        minutes=round(stream.sent_s / 60, 2),
        partials=tally.partials,
        finals=tally.finals,
        speech_started=tally.speech_started,
        cpu=None if spent is None else round(spent / stream.sent_s, 5),
        said=tuple(tally.said),
        failure=failure,
    )


def _pcm(name: str, seconds: float, seed: int) -> bytes:
    samples = SOUNDS[name].samples(seconds, seed)
    return np.rint(samples * _FULL_SCALE).astype("<i2").tobytes()


def _said_in(message: Transcription, sent_s: float) -> Said:
    words = message.words or ()
    return Said(
        at_s=words[0].start if words else round(sent_s, 2),
        final=message.is_final,
        text=message.transcript,
        confidence=round(sum(word.confidence for word in words) / len(words), 3) if words else None,
    )


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    serve: Annotated[
        list[str] | None, typer.Argument(help="After `--`: more flags of `sferic serve`.")
    ] = None,
    *,
    families: Annotated[
        str,
        typer.Option(help="silence, noise, hum, clicks, telephone, music, with commas; or all."),
    ] = "",
    sounds: Annotated[str, typer.Option(help="Only sounds with this in their name.")] = "",
    minutes: Annotated[float, typer.Option(min=0.01, help="Of each sound.")] = _MINUTES,
    language: Annotated[str, typer.Option(help="A code, or multi to have it detected.")] = "en",
    vad_threshold: Annotated[
        float,
        typer.Option(min=0, max=1, help="Of the session; a low one leaves more to the recogniser."),
    ] = _THRESHOLD,
    seed: Annotated[int, typer.Option(min=0, help="Other noise, other clicks.")] = 0,
    streams: Annotated[int, typer.Option(min=1, help="Sounds side by side.")] = 1,
    model: Annotated[str, typer.Option(help="A name of the catalogue, or a folder.")] = (
        DEFAULT_MODEL
    ),
    device: Annotated[Device, typer.Option(help="Where the models run.")] = "cpu",
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the counts here, a PNG.")] = None,
) -> None:
    """Stream sounds without speech through a real server; count the texts that come back.

    The sounds are made here; no recordings are needed.
    """
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        model=model,
        device=device,
        families=tuple(part.strip() for part in families.split(",") if part.strip()),
        sounds=sounds,
        language=language,
        minutes=minutes,
        vad_threshold=vad_threshold,
        seed=seed,
        streams=streams,
        serve=tuple(serve or ()),
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.nonspeech", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report, json)
    if plot:
        nonspeech_view.plot(report, plot)
    nonspeech_view.show(
        report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    )
    if report.failures:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
