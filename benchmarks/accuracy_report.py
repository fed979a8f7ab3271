"""What the accuracy benchmark found, as figures for machines."""

from collections.abc import Sequence
from itertools import groupby

import msgspec

from benchmarks.accuracy_groups import HEADLINE, Group, Measured, Sample, group
from benchmarks.accuracy_times import WordTimes
from benchmarks.harness.machine import Machine
from benchmarks.harness.results import Spread, spread
from benchmarks.harness.targets import Target, target

MOST_DIFFERENCE = 0.5
"""Points of WER that streaming may be worse than offline."""
MOST_CPU = {500: 0.20, 1500: 0.10, 0: 0.05}
"""CPU seconds that an audio second may cost in real time, by the milliseconds between partials."""
MOST_LOST = 1.0
"""Percent of the settled words that may be missing from the final."""
MOST_REPAIRED = 3.0
"""Percent of finals that a longer window may have to mend."""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Messages, and how fast they came."""

    finals: int
    partials: int
    partial_gap_s: Spread | None
    """From each partial to the next of its segment."""
    finalize_to_last_s: Spread | None


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    model: str
    device: str
    language: str
    speed: float
    streams: int
    sample_rate: str
    chunk_s: float
    partial_interval_ms: int
    """Speech from one partial to the next on a machine that has the time; 0 for finals only."""
    serve: tuple[str, ...]
    """Further flags of the server."""
    offline: str
    left_out: dict[str, int]
    """Utterances that match the filters and were not measured, by reason."""
    comparable: bool
    """Whether the targets are about such a run: all English recordings, their language given."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance with what was said and heard."""

    audio: str
    reference: str
    streaming: str
    errors: int
    offline: str | None
    offline_errors: int | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "accuracy"
    format: int = 2
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    targets: tuple[Target, ...]
    headline: Group | None
    overall: Group
    by_language: tuple[Group, ...]
    by_source: tuple[Group, ...]
    answers: Answers
    word_times: WordTimes | None
    """None where it was not measured."""
    failures: dict[str, str]
    """Sessions that ended early, by recording; what was missing counts as deleted."""
    texts: tuple[Text, ...] | msgspec.UnsetType = msgspec.UNSET

    def without_texts(self) -> "Report":
        """Figures only, as they may be published where the recordings may not."""
        return msgspec.structs.replace(self, texts=msgspec.UNSET)


def summarise(
    measured: Sequence[Measured],
    conditions: Conditions,
    *,
    date: str,
    command: str,
    wall_s: float,
    machine: Machine,
    versions: dict[str, str],
    word_times: WordTimes | None = None,
) -> Report:
    """Bring what was measured into groups, and hold the headline against its targets."""
    samples = [sample for each in measured for sample in each.samples]
    heard = [sample.heard for sample in samples]
    detected = conditions.language == "detected"

    def together(name: str, parts: Sequence[Measured]) -> Group:
        of_it = [sample for part in parts for sample in part.samples]
        return group(name, of_it, cpu_s=sum(part.cpu_s for part in parts), detected=detected)

    headline = [together(HEADLINE, [each]) for each in measured if each.batch.headline]
    return Report(
        date=date,
        command=command,
        wall_s=wall_s,
        machine=machine,
        versions=versions,
        conditions=conditions,
        targets=targets(headline[0], conditions) if headline else (),
        headline=headline[0] if headline else None,
        overall=together("all", measured),
        by_language=tuple(
            together(language, list(parts))
            for language, parts in groupby(measured, lambda each: each.batch.language)
        ),
        by_source=tuple(
            group(name, list(of_it), cpu_s=None, detected=detected)
            for (_, name), of_it in groupby(sorted(samples, key=_source), key=_source)
        ),
        answers=Answers(
            finals=sum(each.finals for each in heard),
            partials=sum(each.partials for each in heard),
            partial_gap_s=spread([gap for each in heard for gap in each.gaps_s]),
            finalize_to_last_s=spread(
                [each.answer_s for each in heard if each.answer_s is not None]
            ),
        ),
        word_times=word_times,
        failures={
            sample.utterance.audio: sample.heard.failure
            for sample in samples
            if sample.heard.failure is not None
        },
        texts=tuple(map(_text, samples)),
    )


def targets(headline: Group, conditions: Conditions) -> tuple[Target, ...]:
    """Hold the headline against what was to be reached.

    The cost is judged only in real time: audio that is sent at once leaves partials out.
    """
    comparable, interval = conditions.comparable, conditions.partial_interval_ms
    aims = [
        target(
            "WER above offline, points",
            headline.difference,
            bound=MOST_DIFFERENCE,
            judged=comparable,
        )
    ]
    if interval in MOST_CPU:
        aims.append(
            target(
                f"CPU seconds an audio second, {partials(interval)}",
                headline.streaming.cpu,
                bound=MOST_CPU[interval],
                judged=comparable and conditions.speed == 1,
            )
        )
    if headline.settling is not None:
        repaired = headline.settling.repaired
        aims += [
            target(
                "settled words that are not in the final, %",
                headline.settled_lost,
                bound=MOST_LOST,
                judged=comparable,
            ),
            target(
                "finals decoded again because a short window failed, %",
                None if repaired is None else round(repaired, 2),
                bound=MOST_REPAIRED,
                judged=comparable,
            ),
        ]
    return tuple(aims)


def partials(interval_ms: int) -> str:
    """How often partials come, in words."""
    return f"partials every {interval_ms} ms" if interval_ms else "finals only"


def _source(sample: Sample) -> tuple[bool, str]:
    language = sample.utterance.lang
    return language != "en", f"{language} {sample.utterance.collection}"


def _text(sample: Sample) -> Text:
    return Text(
        audio=sample.utterance.audio,
        reference=sample.utterance.reference,
        streaming=sample.heard.text,
        errors=sample.streaming.words.errors,
        offline=sample.transcript.text if sample.transcript else None,
        offline_errors=sample.offline.words.errors if sample.offline else None,
    )
