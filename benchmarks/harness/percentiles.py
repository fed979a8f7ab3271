"""How times are spread, up to their tail."""

from collections.abc import Sequence

import msgspec
import numpy as np

_CURVE = tuple(range(0, 101, 5))


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """Values by rank, interpolated linearly; in the unit of the values."""

    count: int
    p50: float
    p95: float
    p99: float
    curve: tuple[float, ...]
    """The percentiles 0, 5, 10 to 100, for a plot."""


def percentiles(values: Sequence[float]) -> Percentiles | None:
    """Sum up values; None if there are none."""
    if not values:
        return None
    p50, p95, p99, *curve = (
        round(float(value), 3) for value in np.percentile(values, [50, 95, 99, *_CURVE])
    )
    return Percentiles(count=len(values), p50=p50, p95=p95, p99=p99, curve=tuple(curve))


def shares() -> tuple[float, ...]:
    """The shares of all values, 0 to 1, that the points of a curve stand for."""
    return tuple(percent / 100 for percent in _CURVE)
