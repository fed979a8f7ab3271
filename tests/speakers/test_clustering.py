"""Average linkage over a few embeddings."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sferic.speakers.clustering import clusters
from speakers.voices import embedding


def found(voices: list[int], *, threshold: float = 0.4, seed: int = 0) -> list[list[int]]:
    chance = np.random.default_rng([seed, 99])
    return clusters(
        np.array([embedding(voice, chance) for voice in voices]),
        np.ones(len(voices), np.float32),
        threshold=threshold,
    )


@given(st.lists(st.integers(0, 3), min_size=1, max_size=15), st.integers(0, 50))
@settings(max_examples=40)
def test_each_voice_is_a_cluster_and_the_biggest_comes_first(voices: list[int], seed: int) -> None:
    groups = found(voices, seed=seed)
    assert sorted(index for group in groups for index in group) == list(range(len(voices)))
    assert {frozenset(voices[index] for index in group) for group in groups} == {
        frozenset([voice]) for voice in voices
    }
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)


def test_nothing_is_joined_that_is_not_alike_enough() -> None:
    assert len(found([1, 1, 1], threshold=0.99)) == 3
