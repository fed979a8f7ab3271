"""How well numbers are written, and at what cost, for machines."""

from collections.abc import Sequence

import msgspec

from benchmarks.harness.machine import Machine
from benchmarks.harness.targets import Target, target
from benchmarks.redaction_report import LANGUAGES, OWN

_PHRASES = 0.95
_CARDINALS = 0.95
_FINAL_MS = 1.0


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many of how many are right."""

    right: int
    of: int

    @property
    def share(self) -> float | None:
        """Of those that are right; None of none."""
        return self.right / self.of if self.of else None


def together(counts: Sequence[Count]) -> Count:
    """Add up counts."""
    return Count(right=sum(each.right for each in counts), of=sum(each.of for each in counts))


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One engine with the phrases of a language."""

    engine: str
    language: str
    mode: str
    """`true` or `auto`; `any` of an engine that has no modes."""
    by_kind: dict[str, Count]
    us_a_word: float

    @property
    def all(self) -> Count:
        """All kinds together."""
        return together(list(self.by_kind.values()))


class CardinalFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one generator."""

    language: str
    source: str
    independent: bool
    doubtful: bool
    judged: bool
    """Whether the target is about it."""
    count: Count


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Of all text stages, for finals of twenty words."""

    language: str
    finals: int
    mean_ms: float
    p95_ms: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "numerals"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    targets: tuple[Target, ...]
    figures: tuple[Figures, ...]
    cardinals: tuple[CardinalFigures, ...]
    unverified: tuple[str, ...]
    """Languages for which no good generator is known that the tables owe nothing to."""
    costs: tuple[Cost, ...]
    unavailable: dict[str, str]
    """Tools that could not be asked, and why."""


def targets(
    figures: Sequence[Figures], cardinals: Sequence[CardinalFigures], costs: Sequence[Cost]
) -> tuple[Target, ...]:
    """Hold the project's own figures against what is aimed at."""
    own = [each for each in figures if each.engine == OWN]
    aims: list[Target] = []
    for language in LANGUAGES:
        counts = [each.all for each in own if each.language == language]
        if counts:
            aims.append(_share(f"phrases, {language}", together(counts), _PHRASES))
    if {each.language for each in own} == set(LANGUAGES):
        every = together([each.all for each in own])
        aims.append(_share("phrases, the eight languages", every, _PHRASES))
    judged = [each for each in cardinals if each.judged]
    aims += [
        _share(f"cardinals, {each.language} ({each.source})", each.count, _CARDINALS)
        for each in judged
    ]
    if costs:
        worst = max(costs, key=lambda each: each.mean_ms)
        aims.append(
            target(
                f"ms a final of 20 words, all text stages, {worst.language} (the slowest)",
                worst.mean_ms,
                bound=_FINAL_MS,
                judged=True,
            )
        )
    return tuple(aims)


def _share(name: str, count: Count, bound: float) -> Target:
    value = None if count.share is None else round(count.share, 4)
    return target(name, value, bound=bound, judged=True, at_least=True)
