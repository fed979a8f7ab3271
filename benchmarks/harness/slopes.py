"""Straight lines through measurements: how much a figure grows, and how sure that is."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = Sequence[float] | NDArray[np.float64]

FEWEST = 5
"""Points below which a line has no bounds: the t distribution would be too wide to say anything."""


class Slope(msgspec.Struct, frozen=True, kw_only=True):
    """A least-squares line; what it is per is said where it is used."""

    slope: float
    low: float | None
    """95 % confidence interval of the slope; None of fewer than five points."""
    high: float | None
    points: int
    mean: float
    """Of the measurements."""
    start: float
    """Of the line, at the first point."""
    end: float
    """Of the line, at the last point."""

    @property
    def flat(self) -> bool | None:
        """Whether no growth is within the interval; None where there is no interval."""
        return None if self.low is None else self.low <= 0


def slope(places: Values, values: Values) -> Slope | None:
    """Fit a line; None of fewer than two places.

    The interval is that of ordinary least squares (Student's t), widened where each residual is
    like the one before it: a series that drifts has fewer independent points than it has points.

    Args:
        places: Where each value was measured, such as hours into a session.
        values: What was measured.
    """
    x, y = np.asarray(places, float), np.asarray(values, float)
    if len(x) < 2 or np.ptp(x) == 0:
        return None
    centred = x - x.mean()
    steep = float(centred @ y / (centred @ centred))
    line = y.mean() + steep * centred
    low = high = None
    if len(x) >= FEWEST:
        error = _standard_error(centred, y - line)
        reach = student_t(len(x) - 2) * error
        low, high = steep - reach, steep + reach
    return Slope(
        slope=round(steep, 6),
        low=None if low is None else round(low, 6),
        high=None if high is None else round(high, 6),
        points=len(x),
        mean=round(float(y.mean()), 6),
        start=round(float(line[np.argmin(x)]), 6),
        end=round(float(line[np.argmax(x)]), 6),
    )


def student_t(freedom: int, confidence: float = 0.95) -> float:
    """The two-sided quantile of Student's t, by Hill's expansion; good to 1 % from 3 on.

    Args:
        freedom: Degrees of freedom.
        confidence: Share of the distribution within plus and minus the quantile.
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return float(z + sum(term / freedom**power for power, term in enumerate(terms, start=1)))


def _standard_error(centred: NDArray[np.float64], residuals: NDArray[np.float64]) -> float:
    """Of a slope, for residuals that may follow each other."""
    squares = float(residuals @ residuals)
    if squares == 0:
        return 0.0
    error = np.sqrt(squares / (len(residuals) - 2) / (centred @ centred))
    alike = float(residuals[1:] @ residuals[:-1]) / squares
    alike = min(max(alike, 0.0), 0.9)
    return float(error * np.sqrt((1 + alike) / (1 - alike)))
