"""What a figure was to be, and is."""

import msgspec


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A bound for one figure."""

    name: str
    bound: float
    at_least: bool = False
    """Whether the bound is one from below; it is one from above otherwise."""
    value: float | None
    met: bool | None
    """None where this run cannot tell."""


def target(
    name: str, value: float | None, *, bound: float, judged: bool, at_least: bool = False
) -> Target:
    """Hold a figure against its bound.

    Args:
        name: Of the figure, with its unit.
        value: None where it was not measured.
        bound: The last value that is good enough.
        judged: Whether the run is one that the target is about.
        at_least: Whether more is better.
    """
    met = None
    if judged and value is not None:
        met = value >= bound if at_least else value <= bound
    return Target(name=name, bound=bound, at_least=at_least, value=value, met=met)


def verdict(aim: Target) -> str:
    """One line for people."""
    found = "not measured" if aim.value is None else f"{aim.value:g}"
    side = "least" if aim.at_least else "most"
    said = {True: "met", False: "MISSED", None: "cannot be judged by this run"}[aim.met]
    return f"{aim.name}: {found}, target at {side} {aim.bound:g}: {said}"
