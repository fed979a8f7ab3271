"""A few recordings of every source: slow peers can be given no more."""

import random
from collections.abc import Sequence
from itertools import chain, zip_longest

from benchmarks.harness.speech import Utterance


def spread_over_sources(
    rows: Sequence[Utterance], *, seconds: float, limit: int, seed: int
) -> list[Utterance]:
    """Draw recordings, one of each source in turn, until there is no room for another.

    Args:
        rows: To draw from.
        seconds: Most audio in all.
        limit: Most recordings, 0 for any number.
        seed: Of the draw.
    """
    draw = random.Random(seed)
    sources: dict[str, list[Utterance]] = {}
    for row in sorted(rows, key=lambda row: row.audio):
        sources.setdefault(row.collection, []).append(row)
    for of_one in sources.values():
        draw.shuffle(of_one)
    chosen: list[Utterance] = []
    left = seconds
    for row in chain.from_iterable(zip_longest(*sources.values())):
        if row is not None and row.duration <= left and (not limit or len(chosen) < limit):
            chosen.append(row)
            left -= row.duration
    return chosen
