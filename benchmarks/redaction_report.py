"""How well is redacted, for machines."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from benchmarks.harness.machine import Machine
from benchmarks.harness.targets import Target, target
from benchmarks.redaction_scoring import Tally, added
from benchmarks.redaction_sets import Chosen

Form = Literal["written", "lower"]
"""With case and punctuation, or without both."""

OWN = "sferic"
ENGLISH = "en"
OTHERS = ("de", "fr", "es", "it", "pt", "nl", "hi")
LANGUAGES = (ENGLISH, *OTHERS)

_ENGLISH: Mapping[Form, tuple[float, float]] = {"written": (0.97, 0.95), "lower": (0.95, 0.94)}
_OTHERS = (0.93, 0.93)
"""Recall and precision that are aimed at."""
_LEAKS = 0.01


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One engine on one set in one form."""

    engine: str
    language: str
    form: Form
    words: int
    us_a_word: float
    alarms: int
    """Turns without anything private in which something was masked."""
    harmless: int
    """Turns without anything private."""
    early: int
    """Private parts that a partial has shown, in part or whole, and the finals hide."""
    by_type: dict[str, Tally]
    by_section: dict[str, Tally]

    @property
    def all(self) -> Tally:
        """All types together."""
        return added(self.by_type.values())


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    benchmark: str = "redaction"
    format: int = 1
    date: str
    command: str
    chosen: Chosen
    """Which of the sets."""
    wall_s: float
    machine: Machine
    versions: dict[str, str]
    targets: tuple[Target, ...]
    figures: tuple[Figures, ...]
    unavailable: dict[str, str]
    """Tools that could not be asked, and why."""


def targets(figures: Sequence[Figures]) -> tuple[Target, ...]:
    """Hold the project's own figures against what is aimed at."""
    own = {(each.language, each.form): each.all for each in figures if each.engine == OWN}
    aims: list[Target] = []
    for form, bounds in _ENGLISH.items():
        if tally := own.get((ENGLISH, form)):
            aims += _aims(f"English, {form}", tally, bounds)
            aims.append(_leaks(f"English, {form}", tally))
    for language in OTHERS:
        if tally := own.get((language, "written")):
            aims += _aims(f"{language}, written", tally, _OTHERS)
    rest: tuple[Form, ...] = ("written", "lower")
    for form in rest:
        tallies = [own[language, form] for language in OTHERS if (language, form) in own]
        if len(tallies) == len(OTHERS):
            aims += _aims(f"the seven others, {form}", added(tallies), _OTHERS)
            aims.append(_leaks(f"the seven others, {form}", added(tallies)))
    return tuple(aims)


def _aims(name: str, tally: Tally, bounds: tuple[float, float]) -> list[Target]:
    values = (("recall", tally.recall), ("precision", tally.precision))
    return [
        target(f"{name}: {what}", _rounded(value), bound=bound, judged=True, at_least=True)
        for (what, value), bound in zip(values, bounds, strict=True)
    ]


def _leaks(name: str, tally: Tally) -> Target:
    return target(
        f"{name}: left readable even in part",
        _rounded(tally.leak_rate),
        bound=_LEAKS,
        judged=True,
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
