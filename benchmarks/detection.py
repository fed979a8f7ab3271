"""How often the language of a segment is found, in sessions of one language and of two in turn.

`python -m benchmarks.detection --help`; docs/benchmarks.md says what the figures mean.
"""

import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import msgspec
import typer
from rich.console import Console

from benchmarks import detection_view
from benchmarks.detection_report import WELL_KNOWN, Conditions, Kind, Report, Segment, summarise
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import command_line, now, write_json
from benchmarks.harness.server import ServerProcess
from benchmarks.harness.speech import Utterance, load_utterances, pcm, select, speech_folder
from benchmarks.harness.streaming import Heard, stream
from sferic.audio import SAMPLE_RATE
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL, ModelStore, on_console
from sferic.protocol.options import Options

_PACKAGES = ("ctranslate2", "onnxruntime", "numpy")
_LONGEST_S = 28.0
"""Recordings that are longer are left out, as in `accuracy`."""
_PAUSE_S = 1.2
"""Between two recordings of a session: a segment ends there."""
_RUN = 2
"""Recordings of one language in a row."""
_RUNS = 4
"""Such rows in a session."""
_FEWEST = 2 * _RUN
"""Recordings of a language that is spoken in turn with others."""
_SAMPLE_BYTES = 2
_WIDTH = 120

Device = Literal["cpu", "cuda"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    model: str = DEFAULT_MODEL
    device: Device = "cpu"
    languages: tuple[str, ...] = ()
    limit: int = 0
    turns: int = 20
    language: str = "multi"
    seed: int = 0
    streams: int = 1
    serve: tuple[str, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether the target is about such a run."""
        return not self.languages and not self.limit and self.language == "multi" and self.turns > 0


class Tape(NamedTuple):
    """What one session hears."""

    kind: Kind
    name: str
    rows: tuple[Utterance, ...]


def tapes(rows: Sequence[Utterance], *, turns: int, seed: int) -> list[Tape]:
    """Every recording alone; then sessions of two well-known languages in turn."""
    chance = random.Random(seed)  # it must be the same each time
    by_language: dict[str, list[Utterance]] = {}
    for row in rows:
        by_language.setdefault(row.lang, []).append(row)
    known = sorted(
        code for code, of_it in by_language.items() if code in WELL_KNOWN and len(of_it) >= _FEWEST
    )
    alone = [Tape("alone", row.audio, (row,)) for row in rows]
    if len(known) < _RUN:
        return alone
    together = []
    for number in range(turns):
        pair = chance.sample(known, 2)
        spoken = [
            chance.choice(by_language[pair[run % 2]]) for run in range(_RUNS) for _ in range(_RUN)
        ]
        together.append(Tape("in turn", f"turns {number}: {'-'.join(pair)}", tuple(spoken)))
    return alone + together


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Stream every tape and compare languages.

    Args:
        plan: What to do.
        notes: Hears how far it is.
        command: What the report says was typed.

    Raises:
        BenchmarkError: There is nothing to measure, or the server does not run.
        SfericError: The model cannot be had.
    """
    started = time.monotonic()
    model = ModelStore().ensure(plan.model, on_console(notes))
    selection = select(
        load_utterances(speech_folder() / "asr" / "manifest.jsonl"),
        languages=plan.languages,
        served=model.languages,
        max_seconds=_LONGEST_S,
        limit=plan.limit,
    )
    machine = this_machine()
    planned = tapes(selection.utterances, turns=plan.turns, seed=plan.seed)
    segments, failures = asyncio.run(_stream(plan, planned, notes))
    return summarise(
        segments,
        Conditions(
            model=model.name,
            device=plan.device,
            language=plan.language,
            streams=plan.streams,
            turns=sum(tape.kind == "in turn" for tape in planned),
            seed=plan.seed,
            serve=plan.serve,
            comparable=plan.comparable,
        ),
        failures,
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
    )


async def _stream(
    plan: Plan, planned: Sequence[Tape], notes: Console
) -> tuple[list[Segment], dict[str, str]]:
    room = asyncio.Semaphore(plan.streams)
    segments: list[Segment] = []
    failures: dict[str, str] = {}
    # As fast as it is taken, partials say little; without them it is over sooner.
    flags = ["--device", plan.device, "--partial-interval-ms", "0", *plan.serve]
    with (
        ServerProcess(model=plan.model, flags=flags) as server,
        stepping(notes, "streaming", len(planned)) as step,
    ):

        async def one(tape: Tape) -> None:
            async with room:
                audio, ends = await asyncio.to_thread(_recorded, tape.rows)
                options = Options(language=plan.language)
                heard = await stream(server.url, audio, key=server.key, options=options, speed=0)
            if heard.failure is not None:
                failures[tape.name] = heard.failure
            segments.extend(segments_of(tape, heard, ends))
            step()

        await asyncio.gather(*map(one, planned))
    return segments, failures


def segments_of(tape: Tape, heard: Heard, ends: Sequence[float]) -> Iterator[Segment]:
    """The finals of a session, each with what was spoken there.

    Args:
        tape: What the session heard.
        heard: What came back.
        ends: Seconds at which each recording, with the pause after it, ends.
    """
    for final in heard.transcripts:
        if not final.is_final or not final.words:
            continue
        start, end = final.words[0].start, final.words[-1].end
        at = next((n for n, over in enumerate(ends) if (start + end) / 2 < over), len(ends) - 1)
        yield Segment(
            kind=tape.kind,
            session=tape.name,
            spoken=tape.rows[at].lang,
            detected=final.language or None,
            seconds=round(end - start, 2),
        )


def _recorded(rows: Sequence[Utterance]) -> tuple[bytes, list[float]]:
    """The recordings with pauses, and where each ends."""
    audio, ends = bytearray(), []
    for row in rows:
        audio += pcm(row.path, SAMPLE_RATE)
        audio += bytes(round(_PAUSE_S * SAMPLE_RATE) * _SAMPLE_BYTES)
        ends.append(len(audio) / _SAMPLE_BYTES / SAMPLE_RATE)
    return bytes(audio), ends


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    serve: Annotated[
        list[str] | None, typer.Argument(help="After `--`: more flags of `sferic serve`.")
    ] = None,
    *,
    languages: Annotated[str, typer.Option(help="Codes, with commas; all by default.")] = "",
    limit: Annotated[
        int, typer.Option(min=0, help="Recordings, spread evenly over the rest; 0 for all.")
    ] = 0,
    turns: Annotated[
        int, typer.Option(min=0, help="Sessions that change between two languages.")
    ] = 20,
    language: Annotated[str, typer.Option(help="The aggregate of the sessions.")] = "multi",
    seed: Annotated[int, typer.Option(min=0, help="Other recordings in turn.")] = 0,
    streams: Annotated[int, typer.Option(min=1, help="Sessions side by side.")] = 1,
    model: Annotated[str, typer.Option(help="A name of the catalogue, or a folder.")] = (
        DEFAULT_MODEL
    ),
    device: Annotated[Device, typer.Option(help="Where the models run.")] = "cpu",
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
) -> None:
    """Stream recordings through a real server that has to find out their language.

    Takes the recordings from the folder in SFERIC_SPEECH.
    """
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        model=model,
        device=device,
        languages=tuple(part.strip() for part in languages.split(",") if part.strip()),
        limit=limit,
        turns=turns,
        language=language,
        seed=seed,
        streams=streams,
        serve=tuple(serve or ()),
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.detection", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report, json)
    detection_view.show(
        report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    )
    if report.failures:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
