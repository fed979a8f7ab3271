"""One run of the accuracy benchmark: stream, transcribe offline, align, score."""

import asyncio
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec
from rich.console import Console

from benchmarks.accuracy_groups import HEADLINE_SECONDS, Batch, Measured, Sample, batches
from benchmarks.accuracy_report import Conditions, Report, summarise
from benchmarks.accuracy_times import WordTimes, word_times
from benchmarks.harness.alignment import SphinxAligner
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.observing import observe
from benchmarks.harness.offline import SETTINGS, Job, OfflineWhisper, Transcript
from benchmarks.harness.progress import stepping
from benchmarks.harness.results import now
from benchmarks.harness.server import ServerProcess
from benchmarks.harness.settling import Settling, settling
from benchmarks.harness.speech import Utterance, load_utterances, pcm, select, speech_folder
from benchmarks.harness.streaming import CHUNK_S, Heard, stream
from sferic.audio import SAMPLE_RATE
from sferic.models import DEFAULT_MODEL, LocalModel, ModelStore, on_console
from sferic.protocol.options import Options
from sferic.recognition.recognizer import Recognizer

_PACKAGES = (
    "ctranslate2",
    "faster-whisper",
    "onnxruntime",
    "numpy",
    "pocketsphinx",
    "whisper-normalizer",
)
_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
"""Those of the protocol."""
_DRAFT_EVERY_S = 0.5
"""Voice from one draft to the next where settled words are counted."""

Device = Literal["cpu", "cuda"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    model: str = DEFAULT_MODEL
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    max_seconds: float = HEADLINE_SECONDS
    limit: int = 0
    speed: float = 1
    partial_interval_ms: int = 500
    streams: int = 1
    native_rate: bool = False
    multi: bool = False
    device: Device = "cpu"
    offline: bool = True
    offline_words: bool = False
    offline_cache: Path | None = None
    times: bool = True
    settled: bool = False
    serve: tuple[str, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether the targets are about such a run."""
        narrowed = self.limit or self.sources or 0 < self.max_seconds < HEADLINE_SECONDS
        return not (narrowed or self.multi or (self.languages and "en" not in self.languages))


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
    settled = asyncio.run(_settle(plan, utterances, notes))
    samples = list(map(Sample.of, utterances, heard, transcripts, settled))
    times = _align(samples, notes) if plan.times else None
    rest = iter(samples)
    measured = [
        Measured(batch=part, samples=tuple(islice(rest, len(part.utterances))), cpu_s=spent)
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
        partial_interval_ms=plan.partial_interval_ms,
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
        word_times=times,
    )


async def _stream(
    plan: Plan, parts: Sequence[Batch], notes: Console
) -> tuple[list[Heard], list[float]]:
    """What comes back for each utterance, and the CPU seconds of each batch."""
    room = asyncio.Semaphore(plan.streams)
    heard: list[Heard] = []
    spent: list[float] = []
    interval = ["--partial-interval-ms", str(plan.partial_interval_ms)]
    flags = ["--device", plan.device, *interval, *plan.serve]
    with (
        ServerProcess(model=plan.model, flags=flags) as server,
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
            job = Job(
                path=str(row.path.absolute()),
                language=None if plan.multi else row.lang,
                words=plan.offline_words,
            )
            transcripts.append(whisper.transcribe(job))
            step()
    how = f"faster-whisper in the same run, {SETTINGS}"
    if plan.offline_words:
        how += ", words with times"
    if whisper.recalled:
        how += f"; {whisper.recalled} transcripts and their cost are from an earlier run"
    return transcripts, how


async def _settle(
    plan: Plan, utterances: Sequence[Utterance], notes: Console
) -> list[Settling | None]:
    """What becomes of settled words in each utterance, recognised in this process."""
    if not plan.settled:
        return [None] * len(utterances)
    found: list[Settling | None] = []
    with (
        Recognizer.load(plan.model, device=plan.device, workers=1) as recognizer,
        stepping(notes, "settling", len(utterances)) as step,
    ):
        for row in utterances:
            pieces = await observe(
                recognizer,
                pcm(row.path, SAMPLE_RATE),
                "multi" if plan.multi else row.lang,
                every_s=_DRAFT_EVERY_S,
            )
            found.append(settling(pieces))
            step()
    return found


def _align(samples: Sequence[Sample], notes: Console) -> WordTimes | None:
    with stepping(notes, "aligning", len(samples)) as step:
        return word_times(samples, SphinxAligner(), step)
