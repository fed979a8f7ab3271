"""What the latency benchmark found, for machines."""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

from benchmarks.harness.live import Driving, Talk
from benchmarks.harness.machine import Machine
from benchmarks.harness.percentiles import Percentiles, percentiles
from benchmarks.harness.speech import Utterance
from benchmarks.harness.targets import Target, target
from benchmarks.harness.turns import Answer, answers, waits
from benchmarks.harness.words import WordTimes, revised, word_times

Ending: TypeAlias = Literal["finalize", "endpoint"]

SHORTEST_S, LONGEST_S = 4.0, 20.0
"""Recordings whose `finalize` the target is about."""
MOST_SEEN_S = 0.4
MOST_FINALIZE_P50_S, MOST_FINALIZE_P95_S = 0.15, 0.4

_NEVER_S = 1e9
"""Waits are only shown here; nothing is too long."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One recording, streamed once."""

    utterance: Utterance
    ending: Ending
    """What was left to end it: `finalize` after the last sample, or silence."""
    talk: Talk


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    model: str
    device: str
    streams: int
    endings: tuple[Ending, ...]
    chunk_s: float
    quiet_s: float
    """Sent after a recording whose end is left to the silence."""
    endpoint_silence_s: float
    serve: tuple[str, ...]
    """Further flags of the server."""
    left_out: dict[str, int]
    """Recordings that were not measured, by reason."""
    comparable: bool
    """Whether the targets are about such a run: all recordings, one stream."""


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What the run took."""

    driving: Driving
    server_cpu: float
    """CPU seconds an audio second."""
    client_cores: float
    """CPU seconds of this process in a second."""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Words of the finals; times in seconds after the word ended."""

    count: int
    seen: Percentiles | None
    settled: Percentiles | None
    final: Percentiles | None
    settled_early: float | None
    """Percent of the words that stood as they were to stay before their final came."""
    revised: int
    flicker: float | None
    """Words revised for each word of the finals."""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from a decision to its final."""

    finalize: Percentiles | None
    """With words in the final."""
    finalize_middling: Percentiles | None
    """Of these, recordings of 4 to 20 s."""
    finalize_empty: Percentiles | None
    """Without words: an endpoint had come before."""
    endpoint: Percentiles | None
    missing: int
    """Decisions that no final followed."""


class Partials(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of speech that a reader waits for text."""

    first: Percentiles | None
    """From the beginning of a turn."""
    gap: Percentiles | None
    """From one to the next."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "latency"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    targets: tuple[Target, ...]
    sessions: int
    minutes: float
    """Of audio that was sent."""
    words: Words
    answers: Answers
    partials: Partials
    costs: Costs
    failures: dict[str, str]
    """Sessions that ended early, by recording; what came before is counted."""


def summarise(
    recorded: Sequence[Recorded],
    conditions: Conditions,
    costs: Costs,
    *,
    date: str,
    command: str,
    wall_s: float,
    machine: Machine,
    versions: dict[str, str],
) -> Report:
    """Take the records apart and hold the figures against their targets."""
    words = _words(recorded)
    answered = _answers(recorded)
    return Report(
        date=date,
        command=command,
        wall_s=wall_s,
        machine=machine,
        versions=versions,
        conditions=conditions,
        targets=targets(words, answered, judged=conditions.comparable),
        sessions=len(recorded),
        minutes=round(sum(each.talk.seconds for each in recorded) / 60, 2),
        words=words,
        answers=answered,
        partials=_partials(recorded),
        costs=costs,
        failures={
            f"{each.utterance.audio} ({each.ending})": each.talk.failure
            for each in recorded
            if each.talk.failure is not None
        },
    )


def targets(words: Words, answered: Answers, *, judged: bool) -> tuple[Target, ...]:
    """Hold the figures against what was to be reached."""
    middling = answered.finalize_middling
    return (
        target(
            "word first seen after it ended, p50, s",
            words.seen.p50 if words.seen else None,
            bound=MOST_SEEN_S,
            judged=judged,
        ),
        target(
            "finalize to final, 4 to 20 s, p50, s",
            middling.p50 if middling else None,
            bound=MOST_FINALIZE_P50_S,
            judged=judged,
        ),
        target(
            "finalize to final, 4 to 20 s, p95, s",
            middling.p95 if middling else None,
            bound=MOST_FINALIZE_P95_S,
            judged=judged,
        ),
    )


def _words(recorded: Iterable[Recorded]) -> Words:
    times: list[WordTimes] = []
    changed = 0
    for each in recorded:
        times += word_times(each.talk)
        changed += revised(each.talk)
    early = sum(word.early for word in times)
    return Words(
        count=len(times),
        seen=percentiles([word.seen for word in times]),
        settled=percentiles([word.settled for word in times]),
        final=percentiles([word.final for word in times]),
        settled_early=round(100 * early / len(times), 1) if times else None,
        revised=changed,
        flicker=round(changed / len(times), 3) if times else None,
    )


def _answers(recorded: Iterable[Recorded]) -> Answers:
    given = [(each, answer) for each in recorded for answer in answers(each.talk)]

    def spread(kept: Iterable[tuple[Recorded, Answer]]) -> Percentiles | None:
        return percentiles([answer.seconds() for _, answer in kept if answer.at is not None])

    # Where silence was to end it, `finalize` only closes the session.
    asked = [
        (each, answer)
        for each, answer in given
        if answer.kind == "finalize" and each.ending == "finalize"
    ]
    spoken = [(each, answer) for each, answer in asked if answer.words]
    return Answers(
        finalize=spread(spoken),
        finalize_middling=spread(
            (each, answer)
            for each, answer in spoken
            if SHORTEST_S <= each.utterance.duration <= LONGEST_S
        ),
        finalize_empty=spread((each, answer) for each, answer in asked if not answer.words),
        endpoint=spread((each, answer) for each, answer in given if answer.kind == "endpoint"),
        missing=sum(answer.at is None for _, answer in given),
    )


def _partials(recorded: Iterable[Recorded]) -> Partials:
    made = [waits(each.talk, longest=_NEVER_S) for each in recorded]
    return Partials(
        first=percentiles([wait.seconds for each in made for wait in each.first]),
        gap=percentiles([wait.seconds for each in made for wait in each.gaps]),
    )
