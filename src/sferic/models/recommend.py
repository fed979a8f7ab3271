"""Which models suit a machine and some languages, from what the catalogue knows.

Figures that nobody has measured are estimates, and are said to be. The estimate of memory is what a
server takes without a model, and the files and half as much again. The estimate of streams takes
the cost of whisper-base, which was measured, to grow with the number of parameters; it is for
models that decode like that only, so Whisper's, and only for a CPU.
"""

from collections.abc import Iterable, Sequence

import msgspec

from sferic.models.catalogue import WHISPER, Facts, Model

_SERVER = 230_000_000
"""Bytes of a server besides its model: what whisper-base's measured memory leaves, roughly."""
_GROWN = 1.5
_MEASURED_CORES = 2
_YARDSTICK = (74, 16)
"""Parameters of whisper-base, in millions, and the streams that it held on two cores."""
_UNUSABLE = 50.0
"""Word error rate, in per cent, from which a model is not said to serve a language."""
_ENOUGH = 4
"""Streams that a recommended model holds, if any does."""


class Figure(msgspec.Struct, frozen=True):
    """A number, and whether somebody has measured it."""

    value: int
    measured: bool


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One model that is in question."""

    model: str
    serves: tuple[str, ...]
    """Those of the wanted languages that it serves."""
    poor: tuple[str, ...]
    """Those it knows and was measured to be of no use in."""
    wer: dict[str, float]
    """Word error rate in per cent, measured, of those that it serves."""
    memory: Figure
    streams: Figure | None
    """Live streams; None where there is nothing to estimate them by."""
    fits: bool
    """Whether the memory is enough for it."""
    parameters: int


def choices(
    models: Iterable[Model], languages: Sequence[str], *, memory: int, cores: int, gpu: bool
) -> list[Choice]:
    """Models that turn speech into words, the most suitable first.

    Those that are thought to hold some streams here go first, then those of which nobody knows,
    then those that hold too few. Among them those that serve more of the languages go first, and
    of these the larger ones, which as a rule are better.

    Args:
        models: Of the catalogue.
        languages: Codes that are wanted.
        memory: Bytes that there are for a server.
        cores: That there are.
        gpu: Whether models run on a GPU: what they hold there nobody has measured.
    """
    found = [
        _choice(model, model.facts, languages, memory=memory, cores=cores, gpu=gpu)
        for model in models
        if model.facts is not None
    ]
    return sorted(
        (choice for choice in found if choice.serves or choice.poor),
        key=lambda choice: (
            not choice.fits,
            choice.streams is not None and choice.streams.value < _ENOUGH,
            choice.streams is None,
            -len(choice.serves),
            -choice.parameters,
        ),
    )


def cover(ordered: Sequence[Choice], languages: Sequence[str]) -> list[Choice]:
    """The first models that together serve what can be served of the languages."""
    left, chosen = set(languages), []
    for choice in ordered:
        if choice.fits and left & set(choice.serves):
            chosen.append(choice)
            left -= set(choice.serves)
    return chosen


def _choice(
    model: Model, facts: Facts, languages: Sequence[str], *, memory: int, cores: int, gpu: bool
) -> Choice:
    known = [code for code in languages if code in model.languages]
    poor = tuple(code for code in known if facts.wer.get(code, 0.0) >= _UNUSABLE)
    needed = Figure(_SERVER + round(_GROWN * model.size), measured=False)
    if facts.memory is not None:
        needed = Figure(facts.memory, measured=True)
    serves = tuple(code for code in known if code not in poor)
    return Choice(
        model=model.name,
        serves=serves,
        poor=poor,
        wer={code: facts.wer[code] for code in serves if code in facts.wer},
        memory=needed,
        streams=None if gpu else _streams(model.family, facts, cores),
        fits=needed.value <= memory,
        parameters=facts.parameters,
    )


def _streams(family: str, facts: Facts, cores: int) -> Figure | None:
    if facts.streams is not None:
        exact = cores == _MEASURED_CORES
        return Figure(facts.streams * cores // _MEASURED_CORES, measured=exact)
    if family != WHISPER:
        return None
    parameters, streams = _YARDSTICK
    held = streams * parameters * cores / (_MEASURED_CORES * facts.parameters)
    return Figure(int(held), measured=False)
