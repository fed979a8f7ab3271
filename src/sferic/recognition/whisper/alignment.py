"""When each token was said, from what cross-attention looked at.

As in Whisper (Radford et al., 2022; `whisper/timing.py`): attention of a few heads is normalised
over the tokens, smoothed with a median, averaged, and the cheapest path through it that never goes
back (dynamic time warping) says where each token begins.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_WIDTH = 7
_EXCHANGES = (
    *((0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6)),
    *((2, 3), (3, 6), (4, 5), (1, 4), (1, 3), (3, 4)),
)
"""Comparisons that bring the median of seven to the middle."""


def token_starts(attention: NDArray[np.float32], skipped: int) -> NDArray[np.int64]:
    """Where tokens begin and the last one ends, in steps of the encoder.

    Args:
        attention: Shape (heads, rows, steps), float32; what each token of the prompt and the text
            looked at when it was asked for the next.
        skipped: Rows before the one that predicts the first token of the text.

    Returns:
        Shape (rows - skipped,), int64, not decreasing: one start for each token of the text, then
        the end.
    """
    spread = attention.std(axis=1, keepdims=True) + np.float32(1e-6)
    weights = (attention - attention.mean(axis=1, keepdims=True)) / spread
    cost = -_smoothed(weights[:, skipped:]).mean(axis=0)
    return _first_steps(cost)


def _smoothed(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    edge = _WIDTH // 2
    if weights.shape[-1] <= edge:
        return weights
    padded = np.pad(weights, [(0, 0), (0, 0), (edge, edge)], mode="reflect")
    windows = sliding_window_view(padded, weights.shape[-1], axis=-1)
    values = [windows[:, :, shift] for shift in range(_WIDTH)]
    for low, high in _EXCHANGES:
        smaller, larger = (
            np.minimum(values[low], values[high]),
            np.maximum(values[low], values[high]),
        )
        values[low], values[high] = smaller, larger
    return values[edge]


def _first_steps(cost: NDArray[np.float32]) -> NDArray[np.int64]:
    """First column of each row on the cheapest monotonic path, shape (rows, columns) to (rows,).

    The accumulated cost of a row is a running minimum over where the path may have entered it,
    which keeps the loop over columns out of Python.
    """
    rows, columns = cost.shape
    entered = np.zeros((rows, columns), np.int64)
    steps_back = np.zeros((rows, columns), np.bool_)
    places = np.arange(columns)
    accumulated = np.cumsum(cost[0], dtype=np.float64)
    for row in range(1, rows):
        before = np.concatenate(([np.inf], accumulated[:-1]))
        steps_back[row] = before <= accumulated
        sums = np.cumsum(cost[row], dtype=np.float64)
        offers = np.minimum(before, accumulated) - (sums - cost[row])
        lowest = np.minimum.accumulate(offers)
        entered[row] = np.maximum.accumulate(np.where(offers == lowest, places, 0))
        accumulated = lowest + sums
    return _traced(entered, steps_back)


def _traced(entered: NDArray[np.int64], steps_back: NDArray[np.bool_]) -> NDArray[np.int64]:
    rows, columns = entered.shape
    starts = np.zeros(rows, np.int64)
    column = columns - 1
    for row in range(rows - 1, 0, -1):
        column = starts[row] = entered[row, column]
        column -= steps_back[row, column]
    return starts
