"""What the load benchmark found: one line of figures for each number of streams."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from benchmarks.harness.machine import Machine
from benchmarks.harness.percentiles import Percentiles, percentiles
from benchmarks.harness.scoring import score, total
from benchmarks.harness.slopes import Slope, slope
from benchmarks.harness.targets import Target, target
from benchmarks.harness.turns import Answer, answers, waits
from benchmarks.load_step import Observed

FEWEST_HELD = 24
"""Streams that two cores are to hold."""
MOST_MEMORY_MB = 4.0
"""For one stream more."""
MEMORY_UP_TO = 32
"""Streams up to which memory is to be regressed."""


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where streams are held, in seconds at the 95th percentile."""

    finals_s: float = 0.7
    """From a decision to its final."""
    partials_s: float = 2.0
    """From one partial to the next while somebody speaks."""


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations that were heard to their end, and what was understood of them."""

    conversations: int
    words: int
    wer: float
    wer_alone: float
    """Of the same conversations, each when there was no other stream."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a number of streams; times in seconds."""

    streams: int
    seconds: float
    finals: Percentiles | None
    """From decisions of both kinds; one without an answer counts with the time it waited."""
    finalize: Percentiles | None
    endpoint: Percentiles | None
    unanswered: int
    first_partial: Percentiles | None
    """From the beginning of speech."""
    partials: Percentiles | None
    """From one partial to the next."""
    audio_s: float
    server_cpu: float
    """CPU seconds a second of audio sent."""
    server_cores: float
    """CPU seconds a second."""
    client_cores: float
    late_p99_s: float
    late_worst_s: float
    blocked_worst_s: float
    memory_mb: float
    """Mean of the resident memory of the server."""
    memory_most_mb: float
    sessions: int
    refused: int
    failures: tuple[str, ...]
    """Sessions that ended early."""
    texts: Texts | None
    held: bool
    """Whether nobody was refused or cut short, and both bounds were kept."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    model: str
    device: str
    seconds: float
    warm_up_s: float
    cool_down_s: float
    chunk_s: float
    endpoint_silence_s: float
    conversations: int
    recordings: int
    seed: int
    bounds: Bounds
    serve: tuple[str, ...]
    """Further flags of the server."""
    comparable: bool
    """Whether the targets are about such a run."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "load"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    targets: tuple[Target, ...]
    held: int
    """Streams of the last step that was held, all before it being so; 0 if none was."""
    limit_seen: bool
    """Whether a step was not held, so that this is all that the machine holds."""
    memory: Slope | None
    """Of the resident memory, in MB, over the number of streams."""
    steps: tuple[Step, ...]


def summarise(
    steps: Sequence[Step],
    conditions: Conditions,
    *,
    date: str,
    command: str,
    wall_s: float,
    machine: Machine,
    versions: dict[str, str],
) -> Report:
    """Bring the steps together and hold them against the targets."""
    most = held(steps)
    limit_seen = any(not each.held for each in steps)
    line = memory(steps)
    judged = conditions.comparable
    return Report(
        date=date,
        command=command,
        wall_s=wall_s,
        machine=machine,
        versions=versions,
        conditions=conditions,
        targets=(
            target(
                "streams held",
                most,
                bound=FEWEST_HELD,
                judged=judged and (limit_seen or most >= FEWEST_HELD),
                at_least=True,
            ),
            target(
                "memory for one stream more, MB",
                round(line.slope, 2) if line else None,
                bound=MOST_MEMORY_MB,
                judged=judged,
            ),
        ),
        held=most,
        limit_seen=limit_seen,
        memory=line,
        steps=tuple(steps),
    )


def figures(
    observed: Observed, bounds: Bounds, *, references: Sequence[str], alone: Mapping[int, str]
) -> Step:
    """Take the records of a step apart.

    Args:
        observed: The step.
        bounds: What is held.
        references: What is said in each conversation of the script.
        alone: What was understood of each when there was no other stream, by number.
    """
    start, end = observed.start, observed.end
    talks = [each.talk for each in observed.said]
    decided = [answer for talk in talks for answer in answers(talk) if start <= answer.due < end]
    waited = [
        waits(talk, longest=bounds.partials_s, until=observed.until)
        for talk in talks
        if not talk.refused
    ]
    spent = [(answer, answer.seconds(observed.until)) for answer in decided if _open(answer)]
    finals = percentiles([seconds for _, seconds in spent])
    partials = percentiles(
        [wait.seconds for each in waited for wait in each.gaps if wait.touches(start, end)]
    )
    refused = sum(talk.refused for talk in talks)
    failures = tuple(talk.failure for talk in talks if talk.failure and not talk.refused)
    driving = observed.driving
    wall = end - start
    return Step(
        streams=observed.streams,
        seconds=round(wall, 2),
        finals=finals,
        finalize=percentiles([took for answer, took in spent if answer.kind == "finalize"]),
        endpoint=percentiles([took for answer, took in spent if answer.kind == "endpoint"]),
        unanswered=sum(answer.at is None for answer in decided),
        first_partial=percentiles(
            [wait.seconds for each in waited for wait in each.first if wait.touches(start, end)]
        ),
        partials=partials,
        audio_s=driving.audio_s,
        server_cpu=round(observed.server_cpu_s / max(driving.audio_s, 0.1), 4),
        server_cores=round(observed.server_cpu_s / wall, 3),
        client_cores=round(observed.client_cpu_s / wall, 3),
        late_p99_s=driving.late_p99_s,
        late_worst_s=driving.late_worst_s,
        blocked_worst_s=driving.blocked_worst_s,
        memory_mb=round(float(np.mean(observed.memory_mb)), 1),
        memory_most_mb=round(max(observed.memory_mb), 1),
        sessions=len(talks) - refused,
        refused=refused,
        failures=failures,
        texts=_texts(observed, references, alone),
        held=not refused and not failures and within(finals, partials, bounds),
    )


def within(finals: Percentiles | None, partials: Percentiles | None, bounds: Bounds) -> bool:
    """Whether both came in time; what never came did not."""
    return (
        finals is not None
        and finals.p95 <= bounds.finals_s
        and partials is not None
        and partials.p95 <= bounds.partials_s
    )


def held(steps: Sequence[Step]) -> int:
    """Streams of the last step up to which all were held, 0 if none was."""
    most = 0
    for step in steps:
        if not step.held:
            break
        most = step.streams
    return most


def over(steps: Sequence[Step], *, beyond: int = 0) -> bool:
    """Whether there have been steps enough: one that was not held, and so many beyond it."""
    first = next((index for index, each in enumerate(steps) if not each.held), len(steps))
    return len(steps) - first > beyond


def memory(steps: Sequence[Step]) -> Slope | None:
    """Fit a line to the mean memory of the steps; None with fewer than two."""
    counted = [each for each in steps if each.streams <= MEMORY_UP_TO]
    return slope([each.streams for each in counted], [each.memory_mb for each in counted])


def _open(answer: Answer) -> bool:
    """Whether there was something to end: `finalize` right after an endpoint has nothing to."""
    return answer.kind == "endpoint" or answer.at is None or answer.words > 0


def _texts(observed: Observed, references: Sequence[str], alone: Mapping[int, str]) -> Texts | None:
    whole = [each for each in observed.said if each.talk.complete]
    if not whole:
        return None
    now = total([score(references[each.conversation], each.talk.text, "en") for each in whole])
    before = total(
        [score(references[each.conversation], alone[each.conversation], "en") for each in whole]
    )
    return Texts(
        conversations=len(whole),
        words=now.words.length,
        wer=round(now.words.percent, 2),
        wer_alone=round(before.words.percent, 2),
    )
