"""Who is said to have spoken: in recordings, and in conversations made of readers' voices.

`python -m benchmarks.speakers --help`; docs/benchmarks.md says what the figures mean.
"""

import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer
from rich.console import Console

from benchmarks import speakers_view
from benchmarks.harness.attribution import Attribution, attribution
from benchmarks.harness.conversations import (
    CONDITIONS,
    Conversation,
    Reader,
    composed,
    readers,
    recorded,
)
from benchmarks.harness.errors import BenchmarkError, NothingSelectedError
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import Spread, command_line, now, spread, write_json
from benchmarks.harness.speaking import listen
from benchmarks.harness.speech import load_utterances, speech_folder
from benchmarks.speakers_report import Conditions, Cost, Report, figures, reliability, targets
from sferic.errors import SfericError
from sferic.models import ModelStore, on_console
from sferic.speakers.diarization import TELEPHONE_THRESHOLD, THRESHOLD, Diarization
from sferic.speech.vad import VoiceActivityModel

COUNTS = (1, 2, 3, 4, 5, 6)
"""Voices of made conversations."""
_SECONDS = 180.0
_SEEDS = 2
_PACKAGES = ("onnxruntime", "numpy")
_WIDTH = 120
"""Columns of a table that goes into a file."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    counts: tuple[int, ...] = COUNTS
    seeds: tuple[int, ...] = tuple(range(_SEEDS))
    seconds: float = _SECONDS
    voices: tuple[str, ...] = ()
    threshold: float = THRESHOLD
    telephone_threshold: float = TELEPHONE_THRESHOLD
    capped: bool = False
    live: int = 2

    @property
    def comparable(self) -> bool:
        """Whether the targets are about such a run."""
        whole = set(self.counts) >= set(COUNTS[1:]) and not self.voices and not self.capped
        defaults = (self.threshold, self.telephone_threshold) == (THRESHOLD, TELEPHONE_THRESHOLD)
        return whole and defaults and self.seconds >= _SECONDS


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Have sessions say who speaks.

    Args:
        plan: What to do.
        notes: Hears how far it is.
        command: What the report says was typed.

    Raises:
        BenchmarkError: There is nothing to measure.
        SfericError: A model cannot be had.
    """
    started = time.monotonic()
    machine, store = this_machine(), ModelStore()
    conversations, voices = _conversations(plan)
    diarization = Diarization.load(
        threshold=plan.threshold,
        telephone_threshold=plan.telephone_threshold,
        store=store,
        progress=on_console(notes),
    )
    folder = store.ensure("silero-vad", on_console(notes)).folder
    voice_activity = VoiceActivityModel(next(folder.glob("*.onnx")))
    found: list[tuple[Conversation, Attribution]] = []
    cpu = 0.0
    with stepping(notes, "listening", len(conversations)) as step:
        for each in conversations:
            most = len(each.speakers) if plan.capped else None
            outcome = listen(each, diarization, voice_activity, max_speakers=most)
            cpu += outcome.cpu_s - listen(each, None, voice_activity).cpu_s
            found.append((each, attribution(each, outcome.labelled)))
            step()
    seconds = sum(each.seconds for each in conversations)
    cost = Cost(
        cpu=round(cpu / seconds, 4),
        added_s=_added(conversations, plan.live, diarization, voice_activity, notes),
    )
    judged = [pair for _, each in found for pair in each.judged]
    groups = []
    for name in dict.fromkeys(each.group for each in conversations):
        within = [pair for pair in found if pair[0].group == name]
        length = sum(each.seconds for each, _ in within)
        groups.append(figures(name, length, [counted for _, counted in within]))
    return Report(
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
        conditions=Conditions(
            voices=voices,
            counts=plan.counts,
            seeds=plan.seeds,
            seconds=plan.seconds,
            capped=plan.capped,
            comparable=plan.comparable,
        ),
        targets=targets(groups, cost, judged, comparable=plan.comparable),
        cost=cost,
        reliability=reliability(judged),
        groups=tuple(groups),
        conversations=tuple(figures(each.name, each.seconds, [counted]) for each, counted in found),
    )


def _conversations(plan: Plan) -> tuple[list[Conversation], tuple[str, ...]]:
    """All that is measured, and the voices of those that are made."""
    folder = speech_folder()
    rows = load_utterances(folder / "asr" / "manifest.jsonl")
    voices = [each for each in readers(rows) if not plan.voices or each.name in plan.voices]
    if plan.counts and max(plan.counts) > len(voices):
        raise NothingSelectedError(matching=len(voices), synthetic=0, longer=0, unserved=0)
    real = [] if plan.voices or not (folder / "diar").is_dir() else recorded(folder / "diar")
    made = [
        composed(_drawn(voices, count, seed), condition=condition, seed=seed, seconds=plan.seconds)
        for condition, count, seed in product(CONDITIONS, plan.counts, plan.seeds)
    ]
    return [*real, *made], tuple(each.name for each in voices)


def _drawn(voices: Sequence[Reader], count: int, seed: int) -> list[Reader]:
    order = np.random.default_rng([seed, count]).permutation(len(voices))
    return [voices[index] for index in order[:count]]


def _added(
    conversations: Sequence[Conversation],
    live: int,
    diarization: Diarization,
    voice_activity: VoiceActivityModel,
    notes: Console,
) -> Spread | None:
    """How much later each final comes than the same without, audio being sent as it is spoken."""
    added: list[float] = []
    longest = sorted(conversations, key=lambda each: -each.seconds)[:live]
    with stepping(notes, "in real time", 2 * len(longest)) as step:
        for each in longest:
            delays = []
            for used in (diarization, None):
                delays.append(listen(each, used, voice_activity, live=True).delays_s)
                step()
            with_them, without = delays
            added += [with_them[last] - without[last] for last in with_them if last in without]
    return spread(added)


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    *,
    counts: Annotated[
        str, typer.Option(help="Voices of made conversations, with commas; 0 makes none.")
    ] = ",".join(map(str, COUNTS)),
    seeds: Annotated[int, typer.Option(min=1, help="Made conversations of each kind.")] = _SEEDS,
    first_seed: Annotated[int, typer.Option(min=0, help="The first of the seeds.")] = 0,
    seconds: Annotated[float, typer.Option(min=10, help="Of each, at most.")] = _SECONDS,
    voices: Annotated[
        str, typer.Option(help="Only these readers, with commas, and no recordings.")
    ] = "",
    threshold: Annotated[
        float, typer.Option(help="Likeness below which a voice is another.")
    ] = THRESHOLD,
    telephone_threshold: Annotated[
        float, typer.Option(help="The same over the telephone.")
    ] = TELEPHONE_THRESHOLD,
    capped: Annotated[
        bool, typer.Option("--capped", help="Tell sessions how many speakers there are.")
    ] = False,
    live: Annotated[
        int, typer.Option(min=0, help="Conversations also sent in real time, for the delay.")
    ] = 2,
    each: Annotated[bool, typer.Option("--each", help="Print every conversation.")] = False,
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw them here, a PNG.")] = None,
) -> None:
    """Run conversations with known speakers through sessions that know the words beforehand.

    Takes recordings and voices from the folder in SFERIC_SPEECH.
    """
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        counts=tuple(count for part in counts.split(",") if (count := int(part))),
        seeds=tuple(range(first_seed, first_seed + seeds)),
        seconds=seconds,
        voices=tuple(part.strip() for part in voices.split(",") if part.strip()),
        threshold=threshold,
        telephone_threshold=telephone_threshold,
        capped=capped,
        live=live,
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.speakers", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report, json)
    if plot:
        speakers_view.plot(report, plot)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    speakers_view.show(report, console, each=each)


if __name__ == "__main__":
    app()
