"""What was heard where nobody spoke, for machines."""

from collections.abc import Sequence

import msgspec

from benchmarks.harness.machine import Machine
from benchmarks.harness.targets import Target, target


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Text that should not have come."""

    at_s: float
    """Where its first word is in the audio, or how much had been sent if it has no words."""
    final: bool
    text: str
    confidence: float | None
    """The mean of its words; None without any."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What one sound, or several together, brought about."""

    name: str
    family: str
    minutes: float
    partials: int
    """Those with text."""
    finals: int
    """Those with text."""
    speech_started: int
    cpu: float | None = None
    """CPU seconds of the server for a second of audio; None where sounds ran side by side."""
    said: tuple[Said, ...] = ()
    failure: str | None = None
    """Why the session ended early."""

    @property
    def texts(self) -> int:
        """Messages with text."""
        return self.partials + self.finals


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """How it was measured."""

    model: str
    device: str
    language: str
    minutes: float
    """Of each sound."""
    vad_threshold: float
    """Of the session."""
    seed: int
    streams: int
    serve: tuple[str, ...]
    """Further flags of the server."""
    comparable: bool
    """Whether the target is about such a run: every sound, for ten minutes, and
    the threshold that sessions have by themselves."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "nonspeech"
    format: int = 1
    date: str
    command: str
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    conditions: Conditions
    targets: tuple[Target, ...]
    overall: Figures
    sounds: tuple[Figures, ...]

    @property
    def failures(self) -> dict[str, str]:
        """Sessions that ended early, by sound."""
        return {each.name: each.failure for each in self.sounds if each.failure is not None}


def summarise(
    sounds: Sequence[Figures],
    conditions: Conditions,
    *,
    date: str,
    command: str,
    wall_s: float,
    machine: Machine,
    versions: dict[str, str],
) -> Report:
    """Add up what was heard and hold it against the target: nothing."""
    overall = Figures(
        name="all",
        family="",
        minutes=round(sum(each.minutes for each in sounds), 2),
        partials=sum(each.partials for each in sounds),
        finals=sum(each.finals for each in sounds),
        speech_started=sum(each.speech_started for each in sounds),
    )
    judged = conditions.comparable and not any(each.failure for each in sounds)
    return Report(
        date=date,
        command=command,
        wall_s=wall_s,
        machine=machine,
        versions=versions,
        conditions=conditions,
        targets=(
            target("messages with text", overall.texts, bound=0, judged=judged),
            target("speech_started events", overall.speech_started, bound=0, judged=judged),
        ),
        overall=overall,
        sounds=tuple(sounds),
    )
