"""What the endurance benchmark found, for machines."""

from collections import Counter
from collections.abc import Sequence

import msgspec

from benchmarks.endurance_figures import Growth, LongFigures, fitted
from benchmarks.endurance_short import CODES, Outcome, ShortRun
from benchmarks.harness.machine import Machine
from benchmarks.harness.results import Spread, spread
from benchmarks.harness.targets import Target, target

HOURS = 2.0
"""How long a session the targets are about."""
SESSIONS = 1000
"""How many sessions they are about."""
MOST_GROWTH = 1.0
"""Megabytes an hour that a session may grow."""
WARM = 5
"""One part in so many of the short sessions is left out of the lines: memory is still filling."""


class BatchFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The server after some short sessions, none of them open any more."""

    sessions: int
    """All up to here."""
    memory_mb: float
    descriptors: int
    threads: int
    cpu: float | None
    """CPU seconds for a second of audio, in this batch; None if it had no audio."""
    answer_s: Spread | None
    """From asking for the end to the last transcript, in this batch."""


class ShortFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All short sessions."""

    sessions: int
    at_once: int
    audio_s: float
    endings: dict[str, int]
    closed: dict[str, int]
    """Sessions that the server says have ended, by close code."""
    problems: dict[str, int]
    """What was otherwise than it should have been, and how often."""
    batches: tuple[BatchFigures, ...]
    growth: tuple[Growth, ...]
    """By the thousand sessions, fitted to all batches but the first fifth."""
    memory_mb: tuple[float, float]
    """Of the server, before and after all of them."""
    descriptors: tuple[int, int]
    threads: tuple[int, int]


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    model: str
    device: str
    language: str
    speed: float
    """Of the long session; 0 is as fast as the server took it."""
    window_s: float
    fresh: bool
    """Whether each window has recordings of its own; otherwise all have the same."""
    seed: int
    serve: tuple[str, ...]
    """Further flags of the server."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "endurance"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    targets: tuple[Target, ...]
    long: LongFigures | None
    short: ShortFigures | None

    @property
    def failures(self) -> list[str]:
        """What makes these figures worth less than they seem."""
        found = []
        if self.long and self.long.failure:
            found.append(f"the long session: {self.long.failure}")
        if self.short:
            found += [f"{count} x {what}" for what, count in self.short.problems.items()]
        return found


def short_figures(run: ShortRun, *, at_once: int) -> ShortFigures:
    """Sum up the short sessions batch by batch."""
    outcomes = [outcome for batch in run.batches for outcome in batch.outcomes]
    after = run.batches[-1].usage
    batches = _batches(run)
    fit = batches[len(batches) // WARM :]
    return ShortFigures(
        sessions=len(outcomes),
        at_once=at_once,
        audio_s=round(sum(each.audio_s for each in outcomes), 1),
        endings=dict(Counter(each.ending for each in outcomes)),
        closed={str(code): count for code, count in sorted(run.closed.items())},
        problems=_problems(outcomes, run.closed),
        batches=batches,
        growth=fitted(
            [each.sessions / SESSIONS for each in fit],
            {
                ("memory", "MB"): [each.memory_mb for each in fit],
                ("cost", "CPU s a second"): [each.cpu for each in fit],
                ("answer, p50", "s"): [each.answer_s and each.answer_s.p50 for each in fit],
                ("answer, p95", "s"): [each.answer_s and each.answer_s.p95 for each in fit],
                ("descriptors", ""): [each.descriptors for each in fit],
                ("threads", ""): [each.threads for each in fit],
            },
        ),
        memory_mb=(round(run.before.memory_mb, 1), round(after.memory_mb, 1)),
        descriptors=(run.before.descriptors, after.descriptors),
        threads=(run.before.threads, after.threads),
    )


def targets(long: LongFigures | None, short: ShortFigures | None) -> tuple[Target, ...]:
    """Hold both parts against what was to be reached; a shorter run than it is about is not judged.

    Words out of their place and descriptors left open are faults in a run of any length.
    """
    aims: list[Target] = []
    if long:
        grown = next((each.line.slope for each in long.growth if each.name == "memory"), None)
        whole = long.hours >= HOURS - 0.01 and long.failure is None
        aims += [
            target("memory of a long session, MB an hour", grown, bound=MOST_GROWTH, judged=whole),
            target("words out of order", long.clock.out_of_order, bound=0, judged=True),
            target("words outside the audio", long.clock.outside, bound=0, judged=True),
        ]
    if short:
        left = short.descriptors[1] - short.descriptors[0]
        wrong = sum(short.problems.values())
        aims += [
            target("descriptors left open by short sessions", left, bound=0, judged=True),
            target("sessions that did not end as they should", wrong, bound=0, judged=True),
        ]
    return tuple(aims)


def summarise(
    long: LongFigures | None,
    short: ShortFigures | None,
    conditions: Conditions,
    *,
    date: str,
    command: str,
    wall_s: float,
    machine: Machine,
    versions: dict[str, str],
) -> Report:
    """Put both parts together; either may have been left out."""
    return Report(
        date=date,
        command=command,
        wall_s=wall_s,
        machine=machine,
        versions=versions,
        conditions=conditions,
        targets=targets(long, short),
        long=long,
        short=short,
    )


def _batches(run: ShortRun) -> tuple[BatchFigures, ...]:
    figures = []
    sessions, before = 0, run.before
    for batch in run.batches:
        sessions += len(batch.outcomes)
        audio_s = sum(each.audio_s for each in batch.outcomes)
        answers = [each.answer_s for each in batch.outcomes if each.answer_s is not None]
        figures.append(
            BatchFigures(
                sessions=sessions,
                memory_mb=round(batch.usage.memory_mb, 2),
                descriptors=batch.usage.descriptors,
                threads=batch.usage.threads,
                cpu=round((batch.usage.cpu_s - before.cpu_s) / audio_s, 4) if audio_s else None,
                answer_s=spread(answers),
            )
        )
        before = batch.usage
    return tuple(figures)


def _problems(outcomes: Sequence[Outcome], closed: Counter[int]) -> dict[str, int]:
    """What clients met, and sessions that the server counts otherwise than they do."""
    found = Counter(f"{each.ending}: {each.problem}" for each in outcomes if each.problem)
    expected = Counter(CODES[each.ending] for each in outcomes if each.ending in CODES)
    for code, count in sorted((expected - closed).items()):
        found[f"closed with {code}, says no line of the server's log"] = count
    return dict(found)
