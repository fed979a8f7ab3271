"""What `sferic bench` found, for people and for machines."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import msgspec
import numpy as np

from sferic.bench.listening import PARTIALS_WITHIN_S
from sferic.bench.streams import Observed
from sferic.recognition.hardware import Machine
from sferic.recognition.load import Costs

SYNTHETIC = "synthetic"
"""Speech that comes with Sferic."""

_LATE = 0.05
"""Share of finals, and of partials, that may be late."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """On what it was measured."""

    date: str
    sferic: str
    cpu: str
    cores: int
    device: str
    workers: int
    threads: int
    """Of each worker on the CPU; 0 on a GPU."""
    batch: int
    """Windows that are decoded in one batch at most."""
    model: str
    compute_type: str
    speech: str
    """`synthetic`, or how many files."""
    load: float | None
    """Processes that wanted to run in the minute before: how much else was going on."""


class Quick(msgspec.Struct, frozen=True, kw_only=True):
    """What loading and decoding take, in seconds."""

    setting: Setting
    load_s: float
    final_s: float
    """Of `calibration.FINAL_S`, on every worker at once."""
    partial_s: float
    """Of `calibration.PARTIAL_S`, on every worker at once."""
    audio_s: float
    """Recognised in one stream as fast as it goes."""
    wall_s: float
    cpu_s: float

    @property
    def real_time_factor(self) -> float:
        """Seconds for a second of audio."""
        return self.wall_s / self.audio_s


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How seconds are spread."""

    count: int
    p50: float
    p95: float


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """So many streams."""

    streams: int
    finals: Spread | None
    """From the decision to the final; None where there was none to decide on."""
    partials: Spread | None
    """From one partial to the next; None without partials."""
    cpu: float
    """CPU seconds for a second of stream."""
    busy: float
    interval_s: float
    costs: Costs
    """Seconds that finals and partials have taken a worker by then."""
    admitted: int
    """Streams that a server would take by what it knows now."""
    held: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How many streams are held."""

    setting: Setting
    latency_s: float
    seconds: float
    """Of each step."""
    load_s: float
    costs: Costs
    """Measured before the first stream."""
    expected: int
    """Streams that a server would take before it has seen one."""
    steps: tuple[Step, ...]
    held: int
    """Streams of the last step up to which all were held; 0 if none was."""
    limit_seen: bool
    """Whether a step was not held, so that there are not more."""
    admitted: int
    """Streams that a server would take, by the last step that was held."""


def step(observed: Observed, *, within: float) -> Step:
    """Judge a step by the seconds that finals may take."""
    finals, partials = spread(observed.finals), spread(observed.partials)
    held = _most_within(observed.finals, within)
    held &= _most_within(observed.partials, PARTIALS_WITHIN_S)
    return Step(
        streams=observed.streams,
        finals=finals,
        partials=partials,
        cpu=round(observed.cpu_s / observed.seconds / observed.streams, 4),
        busy=round(observed.busy, 3),
        interval_s=round(observed.interval, 3),
        costs=_rounded(observed.costs),
        admitted=observed.capacity.streams,
        held=held,
    )


def report(
    setting: Setting,
    steps: Sequence[Step],
    *,
    within: float,
    seconds: float,
    load_s: float,
    costs: Costs,
    expected: int,
) -> Report:
    """Sum up a run."""
    held = [each for each in steps if each.held]
    return Report(
        setting=setting,
        latency_s=within,
        seconds=seconds,
        load_s=round(load_s, 2),
        costs=_rounded(costs),
        expected=expected,
        steps=tuple(steps),
        held=held[-1].streams if held else 0,
        limit_seen=len(held) < len(steps),
        admitted=(held or list(steps))[-1].admitted,
    )


def spread(seconds: Sequence[float]) -> Spread | None:
    """Sum up seconds; None if there are none."""
    if not seconds:
        return None
    p50, p95 = np.percentile(seconds, [50, 95])
    return Spread(count=len(seconds), p50=round(float(p50), 3), p95=round(float(p95), 3))


def _most_within(seconds: Sequence[float], within: float) -> bool:
    """Whether at most one in twenty is longer; one is in any case no sign."""
    late = sum(each > within for each in seconds)
    return late <= max(1, _LATE * len(seconds))


def setting(machine: Machine, *, model: str, compute_type: str, speech: str) -> Setting:
    """Say what it runs on."""
    return Setting(
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        sferic=metadata.version("sferic"),
        cpu=_cpu(),
        cores=machine.cores,
        device="cpu" if machine.threads else "cuda",
        workers=machine.workers,
        threads=machine.threads,
        batch=machine.batch,
        model=model,
        compute_type=compute_type,
        speech=speech,
        load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    )


def write_json(found: Report | Quick, file: Path) -> None:
    """Write it for machines."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


def _rounded(costs: Costs) -> Costs:
    return Costs(final=round(costs.final, 4), partial=round(costs.partial, 4))


def _cpu() -> str:
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    named = (line.partition(":") for line in facts.splitlines())
    return next((value.strip() for name, _, value in named if name.strip() == "model name"), "")
