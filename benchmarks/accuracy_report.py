"""What the accuracy benchmark found: figures for machines, tables for people, a plot."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import msgspec

from benchmarks.harness.machine import Machine
from benchmarks.harness.offline import Transcript
from benchmarks.harness.results import Spread, spread
from benchmarks.harness.scoring import Interval, Score, difference_interval, score, total
from benchmarks.harness.speech import Utterance
from benchmarks.harness.streaming import Heard

HEADLINE_SECONDS = 28
"""Longest English recording that the headline counts: one window of Whisper, and a little room."""
HEADLINE = f"English up to {HEADLINE_SECONDS} s"

FEWEST = 10
"""Utterances below which no bounds are told: the draws would be of too few to mean anything."""

MOST_DIFFERENCE = 1.5
"""Points of WER that streaming may be worse than offline."""
MOST_CPU = 0.30
"""CPU seconds that an audio second may cost, in real time."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance, streamed and, unless that was left out, transcribed offline."""

    utterance: Utterance
    heard: Heard
    streaming: Score
    transcript: Transcript | None = None
    offline: Score | None = None

    @classmethod
    def of(cls, utterance: Utterance, heard: Heard, transcript: Transcript | None) -> "Sample":
        """Score both against the reference."""
        reference, language = utterance.reference, utterance.lang
        return cls(
            utterance=utterance,
            heard=heard,
            streaming=score(reference, heard.text, language),
            transcript=transcript,
            offline=score(reference, transcript.text, language) if transcript else None,
        )


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Utterances that are streamed and metered together.

    What a server spends cannot be told apart by stream, so a batch is what some figure of cost is
    about: one language, and of English the part that the headline counts by itself.
    """

    language: str
    headline: bool
    utterances: tuple[Utterance, ...]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """A batch and what came of it."""

    batch: Batch
    samples: tuple[Sample, ...]
    cpu_s: float
    """What the server spent on it."""


class Figures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one system did on some utterances."""

    wer: float
    substitutions: int
    deletions: int
    insertions: int
    cer: float
    cpu: float | None = None
    """CPU seconds an audio second, where they were metered."""
    language_right: int | None = None
    """Utterances whose language was detected right, where it was detected."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of utterances that belong together."""

    name: str
    utterances: int
    minutes: float
    words: int
    streaming: Figures
    offline: Figures | None = None
    difference: float | None = None
    """Points of WER that streaming is above offline."""
    interval: Interval | None = None
    """The 95 % bounds of the difference, where there are enough utterances."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a figure was to be, and is."""

    name: str
    most: float
    value: float | None
    met: bool | None
    """None where this run cannot tell."""


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
    format: int = 1
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
    failures: dict[str, str]
    """Sessions that ended early, by recording; what was missing counts as deleted."""
    texts: tuple[Text, ...] | msgspec.UnsetType = msgspec.UNSET

    def without_texts(self) -> "Report":
        """Figures only, as they may be published where the recordings may not."""
        return msgspec.structs.replace(self, texts=msgspec.UNSET)


def group(
    name: str, samples: Sequence[Sample], *, cpu_s: float | None, detected: bool = False
) -> Group:
    """Sum up samples.

    Args:
        name: Of the group.
        samples: At least one; all of them have been transcribed offline, or none.
        cpu_s: What the server spent on them; None where it was not metered for them alone, and
            then no cost is told.
        detected: Whether the language was left to be detected.
    """
    seconds = sum(sample.utterance.duration for sample in samples)
    ours = total([sample.streaming for sample in samples])
    streaming = _figures(
        ours,
        cpu=None if cpu_s is None else cpu_s / seconds,
        right=_right(samples, lambda sample: sample.heard.language) if detected else None,
    )
    summed = Group(
        name=name,
        utterances=len(samples),
        minutes=round(seconds / 60, 2),
        words=ours.words.length,
        streaming=streaming,
    )
    scored = [(sample.streaming, sample.offline) for sample in samples if sample.offline]
    if len(scored) < len(samples):
        return summed
    spent = sum(sample.transcript.cpu_s for sample in samples if sample.transcript)
    offline = _figures(
        total([theirs for _, theirs in scored]),
        cpu=None if cpu_s is None else spent / seconds,
        right=_right(samples, _language_offline) if detected else None,
    )
    return msgspec.structs.replace(
        summed,
        offline=offline,
        difference=round(streaming.wer - offline.wer, 2),
        interval=difference_interval(
            [one.words for one, _ in scored], [other.words for _, other in scored]
        )
        if len(samples) >= FEWEST
        else None,
    )


def summarise(
    measured: Sequence[Measured],
    conditions: Conditions,
    *,
    date: str,
    command: str,
    wall_s: float,
    machine: Machine,
    versions: dict[str, str],
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
    comparable = conditions.comparable
    real_time = comparable and conditions.speed == 1
    return (
        _target("WER above offline, points", MOST_DIFFERENCE, headline.difference, comparable),
        _target("CPU seconds an audio second", MOST_CPU, headline.streaming.cpu, real_time),
    )


def _figures(summed: Score, *, cpu: float | None, right: int | None) -> Figures:
    return Figures(
        wer=round(summed.words.percent, 2),
        substitutions=summed.words.substitutions,
        deletions=summed.words.deletions,
        insertions=summed.words.insertions,
        cer=round(summed.characters.percent, 2),
        cpu=None if cpu is None else round(cpu, 4),
        language_right=right,
    )


def _language_offline(sample: Sample) -> str | None:
    return sample.transcript.language if sample.transcript else None


def _right(samples: Iterable[Sample], detected: Callable[[Sample], str | None]) -> int:
    return sum(detected(sample) == sample.utterance.lang for sample in samples)


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


def _target(name: str, most: float, value: float | None, judged: bool) -> Target:  # noqa: FBT001
    met = value <= most if judged and value is not None else None
    return Target(name=name, most=most, value=value, met=met)
