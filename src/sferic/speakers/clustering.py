"""Average linkage (Sokal & Michener, 1958) over the embeddings of a few seconds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def clusters(
    embeddings: NDArray[np.float32],
    weights: NDArray[np.float32],
    *,
    threshold: float,
) -> list[list[int]]:
    """Join what is alike, the most alike first, until nothing is alike enough.

    Two clusters are as alike as their members are on average, by weight.

    Args:
        embeddings: Unit vectors, shape (n, d).
        weights: Of each, shape (n,).
        threshold: Likeness from which two clusters are joined.

    Returns:
        Members of each cluster, the cluster with the greatest weight first.
    """
    found = [[index] for index in range(len(embeddings))]
    pairs = np.outer(weights, weights) * (embeddings @ embeddings.T)
    heft = weights.astype(np.float64)
    while len(found) > 1:
        likeness = pairs / np.outer(heft, heft)
        np.fill_diagonal(likeness, -np.inf)
        one, other = sorted(divmod(int(likeness.argmax()), len(found)))
        if likeness[one, other] < threshold:
            break
        found[one] += found.pop(other)
        pairs[one] += pairs[other]
        pairs[:, one] += pairs[:, other]
        heft[one] += heft[other]
        pairs = np.delete(np.delete(pairs, other, axis=0), other, axis=1)
        heft = np.delete(heft, other)
    return sorted(found, key=lambda members: -_weight(members, weights))


def _weight(members: Sequence[int], weights: NDArray[np.float32]) -> float:
    return float(weights[list(members)].sum())
