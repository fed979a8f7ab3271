"""`sferic bench`: what recognition costs on this machine, and how many streams it holds."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console

from sferic.cli.flags import setting_flags, with_parameters
from sferic.config import Settings, load_settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sferic.bench.running import Material

SECONDS = 12.0
UP_TO = 64

_HELP = (
    "Measure what recognition costs on this machine; with --capacity, how many streams it "
    "holds.\n\n"
    "Nothing is sent anywhere, and no server is needed. With --capacity streams are added in "
    "steps, in real time, until 95 % of finals do not come in time any more. The run says first "
    "how long it takes at most; let nothing else run meanwhile. Speech is ten sentences of a "
    "synthetic voice that come with Sferic, or your own recordings."
)
_QUIET = 0.0003
"""Root mean square of the noise of a quiet room, -70 dBFS."""
_WIDE = 120
"""Columns of a table that goes into a pipe."""


@with_parameters(setting_flags("recognition", panel="Recognition"))
def bench(
    *,
    capacity: Annotated[
        bool, typer.Option("--capacity", help="Find out how many streams are held.")
    ] = False,
    audio: Annotated[
        list[Path] | None,
        typer.Option(
            "--audio",
            metavar="FILE",
            help="Speech to measure with, of any kind FFmpeg reads; may be given several times.",
            show_default=False,
        ),
    ] = None,
    language: Annotated[str, typer.Option(metavar="CODE", help="What is spoken in it.")] = "en",
    latency_ms: Annotated[
        int | None,
        typer.Option(
            "--latency-ms",
            min=1,
            metavar="NUMBER",
            help="Milliseconds that 95 % of finals may take; by default what the setting "
            "final_latency_ms says.",
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=1,
            metavar="NUMBER",
            help=f"For which each number of streams is looked at. Default: {SECONDS:g}.",
            show_default=False,
        ),
    ] = None,
    up_to: Annotated[
        int | None,
        typer.Option(
            "--up-to",
            min=1,
            metavar="NUMBER",
            help=f"Streams at which it ends in any case. Default: {UP_TO}.",
            show_default=False,
        ),
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Write the figures here.", show_default=False),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", metavar="FILE", help="Draw the steps here, a PNG.", show_default=False
        ),
    ] = None,
    **flags: str | None,
) -> None:
    """Measure what recognition costs on this machine."""
    _check(
        {
            "--latency-ms": latency_ms,
            "--seconds": seconds,
            "--up-to": up_to,
            "--plot": plot,
        },
        capacity=capacity,
        plot=plot,
    )
    settings = load_settings(flags=flags)
    notes = Console(stderr=True, highlight=False)
    from sferic.bench import report, running, view  # noqa: PLC0415  # they take a while

    tapes, speech = _speech(audio or [])
    with _loaded(settings, tapes, speech, language, notes) as material:
        if not capacity:
            quick = running.quick(material)
            view.show_quick(quick, _out())
            if json is not None:
                report.write_json(quick, json)
            return
        each, most = seconds or SECONDS, up_to or UP_TO
        within = (latency_ms or settings.final_latency_ms or Settings().final_latency_ms) / 1000
        notes.print(
            f"Up to {most} streams in {len(running.steps_up_to(most))} steps: at most "
            f"{_minutes(running.longest(most, each))}, less if the limit is found before."
        )
        found = running.capacity(
            material,
            within=within,
            seconds=each,
            most=most,
            tell=lambda step: notes.print(view.line(step)),
        )
    view.show(found, _out())
    if json is not None:
        report.write_json(found, json)
    if plot is not None:
        view.plot(found, plot)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_HELP)(bench)


def _check(given: Mapping[str, object], *, capacity: bool, plot: Path | None) -> None:
    """Refuse what would have no effect, or could not be done after minutes of work."""
    for flag, value in given.items():
        if value is not None and not capacity:
            message = "it is for --capacity"
            raise typer.BadParameter(message, param_hint=flag)
    if plot is not None and find_spec("matplotlib") is None:
        message = "it needs matplotlib: pip install 'sferic[benchmark]'"
        raise typer.BadParameter(message, param_hint="--plot")


@contextmanager
def _loaded(
    settings: Settings,
    tapes: list["NDArray[np.float32]"],
    speech: str,
    language: str,
    notes: Console,
) -> Iterator["Material"]:
    """Load what the settings say; whether it knows the language is told before minutes of work."""
    from sferic.bench.report import setting  # noqa: PLC0415
    from sferic.bench.running import Material  # noqa: PLC0415
    from sferic.models import on_console  # noqa: PLC0415
    from sferic.recognition.recognizer import Recognizer  # noqa: PLC0415

    begun = time.perf_counter()
    undiarized = msgspec.structs.replace(settings, diarization="off")
    with Recognizer.from_settings(undiarized, on_console(notes)) as recognizer:
        load_s = time.perf_counter() - begun
        recognizer.candidates(language)
        recognizer.calibrate()
        yield Material(
            recognizer=recognizer,
            load_s=load_s,
            tapes=tapes,
            language=language,
            setting=setting(
                recognizer.machine,
                model=recognizer.model_name,
                compute_type=settings.compute_type,
                speech=speech,
            ),
        )


def _speech(files: list[Path]) -> tuple[list["NDArray[np.float32]"], str]:
    """Read the recordings, or those that come with Sferic; and say which."""
    if not files:
        from sferic.bench.report import SYNTHETIC  # noqa: PLC0415
        from sferic.recognition.sample import sample  # noqa: PLC0415

        return [sample()], SYNTHETIC
    return [_recording(file) for file in files], f"{len(files)} recordings"


def _recording(file: Path) -> "NDArray[np.float32]":
    """Decode one, with a quiet second behind it: it is repeated, and its end should be heard."""
    import numpy as np  # noqa: PLC0415

    from sferic.audio import SAMPLE_RATE  # noqa: PLC0415
    from sferic.cli.sources import open_file  # noqa: PLC0415

    source = open_file(str(file))
    try:
        data = b"".join(block.data for block in source.blocks(1.0))
    finally:
        source.close()
    samples = np.frombuffer(data, "<i2").astype(np.float32) / 32_768
    quiet = np.random.default_rng(0).normal(0.0, _QUIET, SAMPLE_RATE)
    return np.concatenate((samples, quiet.astype(np.float32)))


def _out() -> Console:
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDE
    return console


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
