"""What the seams benchmark found, as figures for machines."""

from collections.abc import Sequence
from itertools import groupby

import msgspec

from benchmarks.harness.cuts import Edit, Seams, cuts, edits, extra, seams
from benchmarks.harness.joining import Part
from benchmarks.harness.machine import Machine
from benchmarks.harness.scoring import Score, score, total
from benchmarks.harness.streaming import Heard
from benchmarks.harness.targets import Target, target
from benchmarks.harness.timed import TimedWord, expanded

MOST_EDITS = 2.0
"""Edits near a cut that offline does not make, for 100 cuts; less than that."""
ENOUGH_CUTS = 300
"""Cuts below which a share of a hundredth or two says nothing."""

_LANGUAGE = "en"
_AROUND = 4
"""Words shown on either side of an edit."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One stream in one kind of session, and what offline makes of it."""

    joint: str
    session: str
    seconds: float
    parts: tuple[Part, ...]
    """What is said, and where."""
    heard: Heard
    offline: tuple[TimedWord, ...]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An edit near a cut or elsewhere, for somebody who wants to see it."""

    joint: str
    session: str
    kind: str
    at: float
    near: bool
    said: str
    """The words around it in the reference."""
    heard: str


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of streams that belong together."""

    joint: str
    session: str
    streams: int
    minutes: float
    finals: int
    wer: float
    offline_wer: float
    counts: Seams
    per_100: float | None
    """Edits near a cut that offline does not make, for 100 cuts."""
    elsewhere_per_100: float | None
    """The same in as many words elsewhere: what has nothing to do with cuts."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    model: str
    device: str
    speed: float
    streams: int
    rounds: int
    length_s: float
    near_s: float
    pauses_s: dict[str, tuple[float, float]]
    sessions: dict[str, dict[str, int]]
    """Options of each kind of session, where they are not the default."""
    sources: tuple[str, ...]
    offline: str
    serve: tuple[str, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "seams"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    targets: tuple[Target, ...]
    total: Group
    groups: tuple[Group, ...]
    failures: tuple[str, ...]
    """Why sessions ended early."""
    found: tuple[Found, ...] | msgspec.UnsetType = msgspec.UNSET

    def without_texts(self) -> "Report":
        """Figures only, as they may be published where the recordings may not."""
        return msgspec.structs.replace(self, found=msgspec.UNSET)


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One sample with its counts."""

    sample: Sample
    counts: Seams
    found: tuple[Found, ...]
    ours: Score
    theirs: Score


def summarise(
    samples: Sequence[Sample],
    conditions: Conditions,
    *,
    date: str,
    command: str,
    wall_s: float,
    machine: Machine,
    versions: dict[str, str],
) -> Report:
    """Count edits beside the cuts of every stream, by how it was made and by session."""
    judged = sorted(map(_judge, samples), key=_kind)
    everything = _group("all", "all", judged)
    count = everything.counts.cuts
    return Report(
        date=date,
        command=command,
        wall_s=wall_s,
        machine=machine,
        versions=versions,
        conditions=conditions,
        targets=(
            target(
                "edits near a cut that offline does not make, per 100 cuts",
                everything.per_100,
                bound=MOST_EDITS,
                judged=count >= ENOUGH_CUTS,
            ),
        ),
        total=everything,
        groups=tuple(
            _group(joint, session, list(of_it))
            for (joint, session), of_it in groupby(judged, key=_kind)
        ),
        failures=tuple(
            sample.heard.failure for sample in samples if sample.heard.failure is not None
        ),
        found=tuple(found for each in judged for found in each.found),
    )


def _judge(sample: Sample) -> _Judged:
    segments = sample.heard.segments
    heard = [word for words in segments for word in expanded(words, _LANGUAGE)]
    said = [
        word
        for part in sample.parts
        for word in expanded([TimedWord(text, *part[1:]) for text in part.text.split()], _LANGUAGE)
    ]
    borders = cuts(segments)
    kept = extra(edits(said, heard), edits(said, expanded(sample.offline, _LANGUAGE)))
    reference = " ".join(part.text for part in sample.parts)
    offline = " ".join(word.text for word in sample.offline)
    return _Judged(
        sample=sample,
        counts=seams(borders, kept, heard),
        found=tuple(
            _found(
                sample,
                edit,
                said,
                heard,
                near=any(border.near(edit.start, edit.end) for border in borders),
            )
            for edit in kept
        ),
        ours=score(reference, sample.heard.text, _LANGUAGE),
        theirs=score(reference, offline, _LANGUAGE),
    )


def _found(
    sample: Sample,
    edit: Edit,
    said: Sequence[TimedWord],
    heard: Sequence[TimedWord],
    *,
    near: bool,
) -> Found:
    first, middle = max(edit.place - _AROUND, 0), max(edit.heard - _AROUND, 0)
    return Found(
        joint=sample.joint,
        session=sample.session,
        kind=edit.kind,
        at=round(edit.start, 2),
        near=near,
        said=" ".join(word.text for word in said[first : edit.place + _AROUND + 1]),
        heard=" ".join(word.text for word in heard[middle : edit.heard + _AROUND + 1]),
    )


def _kind(judged: _Judged) -> tuple[str, str]:
    return judged.sample.joint, judged.sample.session


def _group(joint: str, session: str, judged: Sequence[_Judged]) -> Group:
    counts = sum((each.counts for each in judged), start=Seams())
    return Group(
        joint=joint,
        session=session,
        streams=len(judged),
        minutes=round(sum(each.sample.seconds for each in judged) / 60, 2),
        finals=sum(each.sample.heard.finals for each in judged),
        wer=round(total([each.ours for each in judged]).words.percent, 2),
        offline_wer=round(total([each.theirs for each in judged]).words.percent, 2),
        counts=counts,
        per_100=_rounded(counts.per_100),
        elsewhere_per_100=_rounded(counts.elsewhere_per_100),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
