"""Who speaks goes on speaking: what is known of moments that follow each other, taken together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def smoothed(shares: NDArray[np.float32], stays: Sequence[float]) -> NDArray[np.float32]:
    """Probabilities of each window given all: forward-backward (Baum et al., 1970).

    Args:
        shares: How likely each voice is by each window alone, positive, shape (n, voices).
        stays: How likely it is that a window is of the voice of the one before, shape (n - 1,).

    Returns:
        Shape (n, voices); each row sums to 1.
    """
    count, voices = shares.shape
    changes = [(1 - stay) / max(voices - 1, 1) for stay in stays]
    before, after = np.ones((2, count, voices))
    for place in range(1, count):
        stay, change = stays[place - 1], changes[place - 1]
        before[place] = _passed_on(before[place - 1] * shares[place - 1], stay, change)
        back, stay, change = count - 1 - place, stays[-place], changes[-place]
        after[back] = _passed_on(after[back + 1] * shares[back + 1], stay, change)
    found = before * shares * after
    result: NDArray[np.float32] = (found / found.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


def _passed_on(likely: NDArray[np.float64], stay: float, change: float) -> NDArray[np.float64]:
    likely = likely / likely.sum()
    return change + (stay - change) * likely
