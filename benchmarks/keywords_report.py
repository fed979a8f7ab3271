"""What keywords bring and cost, for machines."""

from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from benchmarks.harness.machine import Machine
from benchmarks.harness.targets import Target, target

_HOUR = 3600
_JUDGED_BOOST = 2.0


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """One recording: what is said and what was heard, as words in small letters."""

    said: tuple[str, ...]
    heard: tuple[str, ...]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All recordings with one list of keywords."""

    boost: float
    """0 without keywords."""
    distractors: int
    """Keywords that nobody says."""
    said: int
    """Rare words in the references."""
    found: int
    """Those that were heard."""
    misses_gone: float | None
    """Share of the misses without keywords that are none any more."""
    inserted: tuple[str, ...]
    """Keywords heard where nobody says them, and that are not heard without keywords either."""
    inserted_per_hour: float
    cpu_s: float
    """CPU seconds of the process for all recordings."""
    cpu_of_plain: float
    """The same as a multiple of what it was without keywords."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    model: str
    language: str
    recordings: int
    seconds: float
    rare: int
    """Different rare words in the references, all of them keywords."""
    seed: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "keywords"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    targets: tuple[Target, ...]
    figures: tuple[Figures, ...]


def figures(
    heard: Sequence[Heard],
    plain: Sequence[Heard],
    *,
    keywords: Collection[str],
    rare: Collection[str],
    boost: float,
    seconds: float,
    cpu: tuple[float, float],
) -> Figures:
    """Count what one run found and made up.

    Args:
        heard: Its recordings.
        plain: The same ones without keywords.
        keywords: All that it was given, in small letters.
        rare: Those that are said somewhere.
        boost: Of each keyword.
        seconds: Audio in all recordings.
        cpu: CPU seconds with keywords, and without.
    """
    said = sum(sum(word in rare for word in each.said) for each in heard)
    found, before = (sum(_found(each, rare) for each in run) for run in (heard, plain))
    inserted = [
        word
        for each, was in zip(heard, plain, strict=True)
        for word in (Counter(each.heard) - (Counter(each.said) | Counter(was.heard))).elements()
        if word in keywords
    ]
    return Figures(
        boost=boost,
        distractors=len(keywords) - len(rare) if keywords else 0,
        said=said,
        found=found,
        misses_gone=round((found - before) / (said - before), 3) if said > before else None,
        inserted=tuple(inserted),
        inserted_per_hour=round(len(inserted) * _HOUR / seconds, 2),
        cpu_s=round(cpu[0], 2),
        cpu_of_plain=round(cpu[0] / cpu[1], 3),
    )


def targets(rows: Sequence[Figures]) -> tuple[Target, ...]:
    """Hold the runs at boost 2 against what is asked of them."""
    judged = [row for row in rows if row.boost == _JUDGED_BOOST]
    gone = [row.misses_gone for row in judged if row.misses_gone is not None]
    inserted = [row.inserted_per_hour for row in judged]
    return (
        target(
            "misses gone at boost 2",
            min(gone, default=None),
            bound=0.5,
            judged=bool(gone),
            at_least=True,
        ),
        target(
            "false insertions an hour at boost 2",
            max(inserted, default=None),
            bound=1,
            judged=bool(inserted),
        ),
    )


def _found(each: Heard, rare: Collection[str]) -> int:
    both = Counter(each.said) & Counter(each.heard)
    return sum(count for word, count in both.items() if word in rare)
