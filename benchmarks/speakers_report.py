"""How well words were attributed to speakers, for machines."""

from collections.abc import Sequence

import msgspec

from benchmarks.harness.attribution import COLLAR_S, Attribution, calibration_error
from benchmarks.harness.machine import Machine
from benchmarks.harness.results import Spread
from benchmarks.harness.targets import Target, target

BINS = 10
_WORDS = {"clean": 0.99, "room": 0.97, "telephone": 0.96, "recordings": 0.95, "AMI": 0.90}
"""Share of the words with one speaker that should be right."""


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Words with about the same confidence."""

    least: float
    words: int
    confidence: float
    right: float


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation, or several together."""

    name: str
    conversations: int
    minutes: float
    words: int
    """With one speaker, as far as they were heard."""
    right: float
    """Share of them."""
    overlapped: int
    """Words while several spoke."""
    overlapped_right: float | None
    """Share of them that went to one of those."""
    unheard: int
    count_right: int
    """Conversations in which as many speakers were found as there are."""
    count_off: tuple[int, ...]
    """By how much, in each."""
    error_rate: float
    """Diarization error rate; `Conditions` says what is scored."""
    confusion: float
    """The part of it that is confusion."""
    calibration_error: float


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    voices: tuple[str, ...]
    counts: tuple[int, ...]
    seeds: tuple[int, ...]
    seconds: float
    capped: bool
    """Whether sessions were told how many speakers there are at most."""
    collar_s: float = COLLAR_S
    overlap: str = "not scored"
    comparable: bool
    """Whether the targets are about such a run."""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What diarization takes."""

    cpu: float
    """CPU seconds for a second of audio, more than without."""
    added_s: Spread | None
    """By how much each final comes later than the same one without; None if unmeasured.

    The recogniser takes no time there: with one that does, most of this passes meanwhile.
    """


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "speakers"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    targets: tuple[Target, ...]
    cost: Cost
    reliability: tuple[Bin, ...]
    groups: tuple[Figures, ...]
    conversations: tuple[Figures, ...]


def figures(name: str, seconds: float, counted: Sequence[Attribution]) -> Figures:
    """Add up conversations."""

    def total(field: str) -> float:
        return float(sum(getattr(each, field) for each in counted))

    judged = [pair for each in counted for pair in each.judged]
    scored = max(total("scored_s"), 1e-9)
    wrong_s = total("missed_s") + total("false_s") + total("confused_s")
    together = int(total("together"))
    return Figures(
        name=name,
        conversations=len(counted),
        minutes=round(seconds / 60, 2),
        words=int(total("alone")),
        right=round(total("alone_right") / max(total("alone"), 1), 4),
        overlapped=together,
        overlapped_right=round(total("together_right") / together, 4) if together else None,
        unheard=int(total("unheard")),
        count_right=sum(each.found == each.speakers for each in counted),
        count_off=tuple(each.found - each.speakers for each in counted),
        error_rate=round(wrong_s / scored, 4),
        confusion=round(total("confused_s") / scored, 4),
        calibration_error=round(calibration_error(judged, BINS), 4),
    )


def reliability(judged: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    """Words by their confidence: how many there are, and how many are right."""
    found = []
    for number in range(BINS):
        within = [each for each in judged if min(int(each[0] * BINS), BINS - 1) == number]
        if within:
            found.append(
                Bin(
                    least=number / BINS,
                    words=len(within),
                    confidence=round(sum(sure for sure, _ in within) / len(within), 3),
                    right=round(sum(right for _, right in within) / len(within), 3),
                )
            )
    return tuple(found)


def targets(
    groups: Sequence[Figures],
    cost: Cost,
    judged: Sequence[tuple[float, bool]],
    *,
    comparable: bool,
) -> tuple[Target, ...]:
    """Hold the figures against what they were to be."""
    by_name = {each.name: each for each in groups}
    found = []
    for name, bound in _WORDS.items():
        group = by_name.get(name)
        found.append(
            target(
                f"words right, {name}",
                group.right if group else None,
                bound=bound,
                judged=comparable,
                at_least=True,
            )
        )
    sessions = sum(each.conversations for each in groups)
    counts = sum(each.count_right for each in groups) / max(sessions, 1)
    added = None if cost.added_s is None else cost.added_s.p95 * 1000
    sure = calibration_error(judged, BINS)
    return (
        *found,
        target(
            "speaker count right", round(counts, 3), bound=0.9, judged=comparable, at_least=True
        ),
        target("CPU s per audio s", cost.cpu, bound=0.025, judged=comparable),
        target("ms added to a final, p95", added, bound=80, judged=comparable),
        target("calibration error", round(sure, 4), bound=0.05, judged=comparable),
    )
