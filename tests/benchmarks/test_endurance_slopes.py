import numpy as np
import pytest

from benchmarks.harness.slopes import FEWEST, slope, student_t


def test_a_line_is_found_exactly() -> None:
    line = slope([0, 1, 2, 3, 4, 5], [3, 5, 7, 9, 11, 13])
    assert line is not None
    assert line.slope == pytest.approx(2)
    assert (line.start, line.end, line.mean) == pytest.approx((3, 13, 8))
    assert (line.low, line.high) == pytest.approx((2, 2))


def test_one_place_has_no_line() -> None:
    assert slope([1.0], [2.0]) is None
    assert slope([1.0, 1.0], [2.0, 3.0]) is None


def test_a_few_points_have_a_line_without_bounds() -> None:
    few = slope(range(FEWEST - 1), [1, 3, 2, 4])
    assert few is not None
    assert (few.low, few.high, few.flat) == (None, None, None)


@pytest.mark.parametrize("steep", [0.0, 2.0])
def test_the_interval_holds_the_true_slope_as_often_as_it_says(steep: float) -> None:
    noise = np.random.default_rng(0)
    places = np.arange(24.0)
    lines = [slope(places, steep * places + noise.normal(0, 5, 24)) for _ in range(500)]
    held = [line.low <= steep <= line.high for line in lines if line and line.low and line.high]
    assert 0.92 < np.mean(held) < 0.99


def test_a_series_that_drifts_by_chance_has_a_wider_interval() -> None:
    places = np.arange(40.0)
    steps = np.random.default_rng(0).normal(0, 1, 40)
    independent, drifting = slope(places, steps), slope(places, np.cumsum(steps))
    assert independent is not None
    assert drifting is not None
    assert independent.low is not None
    assert drifting.low is not None
    spread = np.std(np.cumsum(steps) - drifting.slope * places) / np.std(steps)
    assert drifting.slope - drifting.low > 1.5 * spread * (independent.slope - independent.low)


def test_growth_is_told_from_none() -> None:
    noise = np.random.default_rng(1).normal(0, 1, 20)
    growing, level = slope(range(20), np.arange(20) + noise), slope(range(20), noise)
    assert growing is not None
    assert level is not None
    assert (growing.flat, level.flat) == (False, True)


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(3, 3.182), (4, 2.776), (10, 2.228), (100, 1.984)]
)
def test_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert student_t(freedom) == pytest.approx(quantile, rel=0.002)
