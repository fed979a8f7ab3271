"""Recordings streamed and transcribed offline, and the figures of those that belong together."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import msgspec

from benchmarks.harness.offline import Transcript
from benchmarks.harness.scoring import Interval, Score, difference_interval, score, total
from benchmarks.harness.settling import Settling
from benchmarks.harness.speech import Utterance
from benchmarks.harness.stability import Flicker, flicker
from benchmarks.harness.streaming import Heard

HEADLINE_SECONDS = 28
"""Longest English recording that the headline counts: one window of Whisper, and a little room."""
HEADLINE = f"English up to {HEADLINE_SECONDS} s"

FEWEST = 10
"""Utterances below which no bounds are told: the draws would be of too few to mean anything."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One utterance, streamed and, unless that was left out, transcribed offline."""

    utterance: Utterance
    heard: Heard
    streaming: Score
    transcript: Transcript | None = None
    offline: Score | None = None
    flicker: Flicker
    settling: Settling | None = None
    """What became of settled words, where that was looked into."""

    @classmethod
    def of(
        cls,
        utterance: Utterance,
        heard: Heard,
        transcript: Transcript | None,
        settling: Settling | None = None,
    ) -> "Sample":
        """Score both against the reference."""
        reference, language = utterance.reference, utterance.lang
        return cls(
            utterance=utterance,
            heard=heard,
            streaming=score(reference, heard.text, language),
            transcript=transcript,
            offline=score(reference, transcript.text, language) if transcript else None,
            flicker=flicker(heard.transcripts),
            settling=settling,
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
    flicker: float | None = None
    """Words revised for each word emitted; None where none was."""
    settling: Settling | None = None
    """What became of settled words, where that was looked into."""
    settled_lost: float | None = None
    """Percent of the settled words that are not in the final."""


def batches(utterances: Iterable[Utterance]) -> list[Batch]:
    """Part utterances by what their cost is reported for, English first."""

    def figure(row: Utterance) -> tuple[bool, str, bool]:
        english = row.lang == "en"
        return not english, row.lang, english and row.duration > HEADLINE_SECONDS

    return [
        Batch(language=language, headline=not (other or longer), utterances=tuple(rows))
        for (other, language, longer), rows in groupby(sorted(utterances, key=figure), key=figure)
    ]


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
    steadiness = sum((sample.flicker for sample in samples), start=Flicker()).ratio
    settled = _settled(samples)
    summed = Group(
        name=name,
        utterances=len(samples),
        minutes=round(seconds / 60, 2),
        words=ours.words.length,
        streaming=streaming,
        flicker=None if steadiness is None else round(steadiness, 4),
        settling=settled,
        settled_lost=None if settled is None or settled.lost is None else round(settled.lost, 2),
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


def _settled(samples: Iterable[Sample]) -> Settling | None:
    known = [sample.settling for sample in samples if sample.settling is not None]
    return sum(known, start=Settling()) if known else None
