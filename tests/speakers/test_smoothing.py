"""What is known of windows that follow each other, taken together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.speakers.smoothing import smoothed


def test_a_doubtful_window_goes_with_its_neighbours() -> None:
    shares = np.array([[0.9, 0.1], [0.45, 0.55], [0.9, 0.1]], np.float32)
    assert smoothed(shares, [0.9, 0.9])[1, 0] > 0.9


def test_what_is_certain_stays_so() -> None:
    shares = np.array([[0.9, 0.1], [1e-6, 1.0], [0.9, 0.1]], np.float32)
    assert smoothed(shares, [0.9, 0.9])[1, 1] > 0.99


def test_where_windows_say_nothing_of_each_other_each_is_taken_alone() -> None:
    shares = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
    assert smoothed(shares, [0.5]) == pytest.approx(shares, abs=1e-6)


@given(
    st.lists(st.lists(st.floats(1e-6, 1), min_size=3, max_size=3), min_size=1, max_size=8),
    st.floats(0.05, 0.99),
)
def test_it_is_what_all_sequences_of_voices_add_up_to(
    shares: list[list[float]], stay: float
) -> None:
    likely = np.array(shares, np.float32)
    total = np.zeros(likely.shape)
    for path in np.ndindex(*[3] * len(likely)):
        weight = 1.0
        for place, voice in enumerate(path):
            weight *= likely[place, voice]
            if place:
                weight *= stay if path[place - 1] == voice else (1 - stay) / 2
        for place, voice in enumerate(path):
            total[place, voice] += weight
    total /= total.sum(axis=1, keepdims=True)
    assert smoothed(likely, [stay] * (len(likely) - 1)) == pytest.approx(total, abs=1e-4)
