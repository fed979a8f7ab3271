"""Which language was found in each segment, beside the one that was spoken, for machines."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

import msgspec

from benchmarks.harness.machine import Machine
from benchmarks.harness.targets import Target, target

LONG_S = 2.0
"""Speech in the segments that the target is about."""
LEAST_RIGHT = 97.0
"""Percent of those that should be right."""
WELL_KNOWN = ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru")
"""Languages that whisper-base knows well; the target is about them."""

Kind: TypeAlias = Literal["alone", "in turn"]
"""A recording in a session of its own, or sessions that change between two languages."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """One final with text."""

    kind: Kind
    session: str
    spoken: str
    detected: str | None
    seconds: float
    """From the start of its first word to the end of its last."""

    @property
    def right(self) -> bool:
        """Whether the language is the one that was spoken."""
        return self.spoken == self.detected


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Segments that belong together."""

    segments: int
    right: int
    percent: float | None


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Segments of more than `LONG_S` in one language, by what was found in them."""

    spoken: str
    well_known: bool
    detected: dict[str, int]


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    model: str
    device: str
    language: str
    streams: int
    turns: int
    """Sessions that change the language."""
    seed: int
    serve: tuple[str, ...]
    comparable: bool
    """Whether the target is about such a run: every recording, any language allowed."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "detection"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    targets: tuple[Target, ...]
    long: dict[Kind, Figures]
    """More than `LONG_S`, in the well-known languages."""
    short: dict[Kind, Figures]
    """Up to `LONG_S`, in these."""
    confusion: tuple[Row, ...]
    failures: dict[str, str]


def summarise(
    segments: Sequence[Segment],
    conditions: Conditions,
    failures: Mapping[str, str],
    *,
    date: str,
    command: str,
    wall_s: float,
    machine: Machine,
    versions: dict[str, str],
) -> Report:
    """Count what is right and hold it against the target."""
    known = [each for each in segments if each.spoken in WELL_KNOWN]
    kinds: tuple[Kind, ...] = ("alone", "in turn")
    long = {kind: _figures(known, kind, long=True) for kind in kinds}
    judged = conditions.comparable and not failures
    return Report(
        date=date,
        command=command,
        wall_s=wall_s,
        machine=machine,
        versions=versions,
        conditions=conditions,
        targets=tuple(
            target(
                f"segments over {LONG_S:g} s right, sessions {kind}, %",
                long[kind].percent,
                bound=LEAST_RIGHT,
                judged=judged,
                at_least=True,
            )
            for kind in kinds
        ),
        long=long,
        short={kind: _figures(known, kind, long=False) for kind in kinds},
        confusion=_confusion(segments),
        failures=dict(failures),
    )


def _figures(segments: Iterable[Segment], kind: Kind, *, long: bool) -> Figures:
    found = [
        each.right for each in segments if each.kind == kind and (each.seconds > LONG_S) is long
    ]
    percent = round(100 * sum(found) / len(found), 1) if found else None
    return Figures(segments=len(found), right=sum(found), percent=percent)


def _confusion(segments: Iterable[Segment]) -> tuple[Row, ...]:
    counts: dict[str, Counter[str]] = {}
    for each in segments:
        if each.seconds > LONG_S:
            counts.setdefault(each.spoken, Counter())[each.detected or "none"] += 1
    return tuple(
        Row(spoken=code, well_known=code in WELL_KNOWN, detected=dict(found.most_common()))
        for code, found in sorted(counts.items())
    )
