"""What the peers benchmark found: figures for machines."""

from collections.abc import Mapping, Sequence

import msgspec

from benchmarks.harness.alignment import AlignedWord
from benchmarks.harness.machine import Machine
from benchmarks.harness.percentiles import Percentiles, percentiles
from benchmarks.harness.scoring import Edits, score, total
from benchmarks.peers.ear import Heard
from benchmarks.peers.first_seen import first_seen
from benchmarks.peers.measuring import Outcome
from benchmarks.peers.peer import Facts, Recording


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Errors in words on some recordings."""

    recordings: int
    words: int
    wer: float
    substitutions: int
    deletions: int
    insertions: int


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How one peer did on the recordings that were played to it."""

    minutes: float
    accuracy: Accuracy
    in_common: Accuracy | None
    """On those that every measured peer has heard to the end."""
    cpu: float
    """CPU seconds an audio second."""
    lag_s: Percentiles | None
    """From the end of a recording to the last change of its text."""
    done_s: Percentiles | None
    """From the end of a recording to the message that nothing follows."""
    first_seen_s: Percentiles | None
    """From when a word had been sent to when it was shown for the first time."""
    words_seen: int
    gap_s: Percentiles | None
    """From one change of the text to the next, while there is audio."""
    peak_mb: float
    late: dict[str, str]
    """Recordings that it did not keep up with, scored as far as they came."""
    failed: dict[str, str]
    """Recordings that ended early for another reason, scored as far as they came."""
    not_played: int
    """Recordings that there was no time for."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One peer."""

    name: str
    """On the command line."""
    facts: Facts | None
    figures: Figures | None
    unavailable: str | None
    """Why there are no figures, or none of all recordings; without the lines of its log."""


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    model: str
    recordings: int
    minutes: float
    aligner: str
    """What says where the words of the references are."""
    aligned: int
    """Recordings that it could align; words of others have no latency."""
    seed: int
    max_seconds: float
    threads: int
    patience_s: float
    peer_minutes: float
    sources: dict[str, int]
    """Recordings of each collection."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """One recording with what was said, and what each peer made of it."""

    audio: str
    reference: str
    heard: dict[str, str]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "peers"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    peers: tuple[Measured, ...]
    texts: tuple[Text, ...] | msgspec.UnsetType = msgspec.UNSET

    def without_texts(self) -> "Report":
        """Figures only, as they may be published where the recordings may not."""
        return msgspec.structs.replace(self, texts=msgspec.UNSET)


def measured(
    outcomes: Sequence[Outcome],
    recordings: Sequence[Recording],
    spoken: Mapping[str, Sequence[AlignedWord]],
) -> tuple[Measured, ...]:
    """Turn what came of each peer into figures.

    Args:
        outcomes: One a peer.
        recordings: What was to be played.
        spoken: The words of each recording, by its name, and when they end.
    """
    complete = [
        {audio for audio, heard in outcome.heard.items() if heard.failure is None}
        for outcome in outcomes
        if outcome.heard
    ]
    common = set.intersection(*complete) if len(complete) > 1 else set()
    return tuple(
        Measured(
            name=outcome.name,
            facts=outcome.facts,
            figures=_figures(outcome, recordings, spoken, common) if outcome.heard else None,
            unavailable=outcome.unavailable and outcome.unavailable.partition("\n")[0],
        )
        for outcome in outcomes
    )


def texts(outcomes: Sequence[Outcome], recordings: Sequence[Recording]) -> tuple[Text, ...]:
    """What was said and heard."""
    return tuple(
        Text(
            audio=recording.row.audio,
            reference=recording.row.reference,
            heard={
                outcome.name: outcome.heard[recording.row.audio].text
                for outcome in outcomes
                if recording.row.audio in outcome.heard
            },
        )
        for recording in recordings
    )


def _figures(
    outcome: Outcome,
    recordings: Sequence[Recording],
    spoken: Mapping[str, Sequence[AlignedWord]],
    common: set[str],
) -> Figures:
    played = [
        (each, outcome.heard[each.row.audio])
        for each in recordings
        if each.row.audio in outcome.heard
    ]
    heard = [of_one for _, of_one in played]
    seconds = sum(each.audio_s for each in heard)
    streaming = outcome.facts is not None and outcome.facts.streaming
    delays = [
        delay
        for recording, of_one in played
        if streaming
        for delay in first_seen(of_one, spoken.get(recording.row.audio, ()))
    ]
    failures = {
        recording.row.audio: (of_one.failure.partition("\n")[0], of_one.late)
        for recording, of_one in played
        if of_one.failure is not None
    }
    return Figures(
        minutes=round(seconds / 60, 2),
        accuracy=_accuracy(played),
        in_common=_accuracy(shared)
        if (shared := [pair for pair in played if pair[0].row.audio in common])
        else None,
        cpu=round(sum(each.cpu_s for each in heard) / seconds, 4),
        lag_s=percentiles([each.lag_s for each in heard if each.lag_s is not None]),
        done_s=percentiles(
            [each.done_s - each.audio_s for each in heard if each.done_s is not None]
        ),
        first_seen_s=percentiles(delays),
        words_seen=len(delays),
        gap_s=percentiles([gap for each in heard for gap in each.gaps_s]) if streaming else None,
        peak_mb=outcome.peak_mb,
        late={audio: why for audio, (why, late) in failures.items() if late},
        failed={audio: why for audio, (why, late) in failures.items() if not late},
        not_played=len(recordings) - len(played),
    )


def _accuracy(played: Sequence[tuple[Recording, Heard]]) -> Accuracy:
    words: Edits = total(
        [score(each.row.reference, heard.text, each.row.lang) for each, heard in played]
    ).words
    return Accuracy(
        recordings=len(played),
        words=words.length,
        wer=round(words.percent, 2),
        substitutions=words.substitutions,
        deletions=words.deletions,
        insertions=words.insertions,
    )
