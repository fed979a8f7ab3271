"""One run: the same recordings to all peers, one after the other."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TypeVar

import msgspec
from rich.console import Console

from benchmarks.harness.alignment import SphinxAligner
from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.results import now
from benchmarks.harness.speech import load_utterances, select, speech_folder
from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.choosing import spread_over_sources
from benchmarks.peers.errors import PeerUnknownError
from benchmarks.peers.first_seen import align
from benchmarks.peers.measuring import Limits, measure_peer
from benchmarks.peers.peer import Recording, Setup
from benchmarks.peers.report import Conditions, Report, measured, texts
from sferic.models import DEFAULT_MODEL, ModelStore, on_console

_LANGUAGE = "en"
"""The only one that Moonshine's bundled model knows."""
_PACKAGES = ("ctranslate2", "faster-whisper", "onnxruntime", "numpy", "whisper-normalizer")

_Value = TypeVar("_Value")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run does; the fields are the flags."""

    peers: tuple[str, ...] = ()
    model: str = DEFAULT_MODEL
    sources: tuple[str, ...] = ()
    minutes: float = 3
    max_seconds: float = 20
    limit: int = 0
    seed: int = 0
    threads: int = 0
    patience: float = 120
    peer_minutes: float = 20
    serve: tuple[str, ...] = ()


def measure(plan: Plan, notes: Console, *, command: str) -> Report:
    """Measure one peer after the other.

    Args:
        plan: What to do.
        notes: Hears how far it is.
        command: What the report says was typed.

    Raises:
        BenchmarkError: There is nothing to measure.
        SfericError: The model cannot be had.
    """
    started = time.monotonic()
    chosen = named(plan.peers, PEERS)
    rows = load_utterances(speech_folder() / "asr" / "manifest.jsonl")
    english = select(
        rows, languages=(_LANGUAGE,), sources=plan.sources, max_seconds=plan.max_seconds
    )
    recordings = [
        Recording.of(row)
        for row in spread_over_sources(
            english.utterances, seconds=60 * plan.minutes, limit=plan.limit, seed=plan.seed
        )
    ]
    minutes = sum(each.row.duration for each in recordings) / 60
    notes.print(f"{len(recordings)} recordings, {minutes:.1f} minutes")
    model = ModelStore().ensure(plan.model, on_console(notes))
    setup = Setup(
        model=plan.model, weights=model.folder.resolve(), threads=plan.threads, serve=plan.serve
    )
    limits = Limits(patience_s=plan.patience, peer_s=60 * plan.peer_minutes)
    machine = this_machine()
    outcomes = []
    for name, make in chosen.items():
        outcomes.append(asyncio.run(measure_peer(name, make(setup), recordings, limits, notes)))
        if reason := outcomes[-1].unavailable:
            notes.print(f"{name}: {reason}", style="red", markup=False, soft_wrap=True)
    aligner = SphinxAligner()
    spoken = align(recordings, aligner)
    return Report(
        date=now(),
        command=command,
        wall_s=round(time.monotonic() - started, 1),
        machine=machine,
        versions=versions(_PACKAGES),
        conditions=Conditions(
            model=model.name,
            recordings=len(recordings),
            aligned=len(spoken),
            aligner=aligner.name,
            minutes=round(minutes, 2),
            seed=plan.seed,
            max_seconds=plan.max_seconds,
            threads=plan.threads,
            patience_s=plan.patience,
            peer_minutes=plan.peer_minutes,
            sources=dict(sorted(Counter(each.row.collection for each in recordings).items())),
        ),
        peers=measured(outcomes, recordings, spoken),
        texts=texts(outcomes, recordings),
    )


def named(names: Collection[str], known: Mapping[str, _Value]) -> Mapping[str, _Value]:
    """Those with these names, in the order of the catalogue; all if there are no names.

    Raises:
        PeerUnknownError: One does not exist.
    """
    if unknown := sorted(set(names) - set(known)):
        raise PeerUnknownError(unknown, known)
    return {name: value for name, value in known.items() if not names or name in names}
