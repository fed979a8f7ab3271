"""Where tokens begin, beside the plain ways to a median and to dynamic time warping."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from sferic.recognition.whisper.alignment import _first_steps, _smoothed, token_starts

Costs = NDArray[np.float32]

numbers = st.floats(-8, 8, width=32)
costs = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=numbers)
attentions = arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(3, 9), st.integers(1, 20)),
    elements=st.floats(0, 1, width=32),
)


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(4, 20)),
        elements=numbers,
    )
)
def test_smoothing_is_the_median_of_seven(weights: Costs) -> None:
    padded = np.pad(weights, [(0, 0), (0, 0), (3, 3)], mode="reflect")
    windows = np.stack([padded[..., at : at + 7] for at in range(weights.shape[-1])], axis=-2)
    np.testing.assert_array_equal(_smoothed(weights), np.median(windows, axis=-1))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_windows_too_short_for_a_median_stay_as_they_are(steps: int) -> None:
    weights = np.arange(2 * steps, dtype=np.float32).reshape(1, 2, steps)
    np.testing.assert_array_equal(_smoothed(weights), weights)


def cheapest(cost: Costs) -> float:
    """Dynamic time warping, cell by cell: right, down, or both."""
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    for row, column in itertools.product(range(rows), range(columns)):
        before = min(total[row, column], total[row, column + 1], total[row + 1, column])
        total[row + 1, column + 1] = cost[row, column] + before
    return float(total[-1, -1])


def cheapest_with(cost: Costs, starts: NDArray[np.int64]) -> float:
    """Of the paths with these first columns: a row ends where the next begins, or one before."""
    total = 0.0
    last = cost.shape[1] - 1
    for row, (start, after) in enumerate(itertools.pairwise([*starts.tolist(), last + 1])):
        whole = float(cost[row, start:after].sum(dtype=np.float64))
        down = np.inf if row == len(starts) - 1 else whole + float(cost[row, after])
        total += min(down, whole if after > start else np.inf)
    return total


@given(costs)
def test_the_path_is_the_cheapest(cost: Costs) -> None:
    starts = _first_steps(cost)
    assert cheapest_with(cost, starts) == pytest.approx(cheapest(cost), abs=1e-4)


@given(st.data())
def test_the_path_is_the_cheapest_where_several_are(data: st.DataObject) -> None:
    shape = data.draw(array_shapes(min_dims=2, max_dims=2, max_side=6))
    cost = data.draw(arrays(np.int64, shape, elements=st.integers(0, 2))).astype(np.float32)
    assert cheapest_with(cost, _first_steps(cost)) == pytest.approx(cheapest(cost))


@given(costs)
def test_the_path_begins_at_the_beginning_and_never_goes_back(cost: Costs) -> None:
    starts = _first_steps(cost)
    assert starts.shape == (len(cost),)
    assert starts[0] == 0
    assert (np.diff(starts) >= 0).all()
    assert starts[-1] < cost.shape[1]


@given(attentions, st.integers(0, 2))
def test_starts_do_not_decrease_and_stay_inside(attention: Costs, skipped: int) -> None:
    _, rows, steps = attention.shape
    starts = token_starts(attention, skipped)
    assert starts.shape == (rows - skipped,)
    assert (np.diff(starts) >= 0).all()
    assert starts[0] == 0
    assert starts[-1] < steps


def test_tokens_begin_where_heads_begin_to_look_at_them() -> None:
    steps, edges = 120, [0, 10, 35, 50, 80, 95]
    attention = np.random.default_rng(5).uniform(0, 0.02, (4, 3 + 6, steps)).astype(np.float32)
    for row, (start, end) in enumerate(itertools.pairwise([*edges, steps])):
        attention[:, 3 + row, start:end] += 1 / (end - start)
    starts = token_starts(attention, 3)
    assert np.abs(starts - edges).max() <= 2


def test_where_nothing_stands_out_there_are_starts_too() -> None:
    starts = token_starts(np.full((2, 6, 40), 1 / 40, np.float32), 3)
    assert starts.shape == (3,)
    assert np.isfinite(starts).all()
