import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.speech.timeline import Timeline

LENGTHS = st.integers(0, 5000) | st.integers(0, 20 * SAMPLE_RATE)


def numbered(first: int, count: int) -> NDArray[np.float32]:
    # float32 counts exactly up to 2**24.
    return np.arange(first, first + count, dtype=np.float32)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(LENGTHS, st.floats(0, 1.2)), max_size=15))
def test_any_pattern_of_adding_and_forgetting_equals_a_plain_array(
    steps: list[tuple[int, float]],
) -> None:
    timeline = Timeline()
    start = end = 0
    for length, share in steps:
        timeline.append(numbered(end, length))
        end += length
        before = start + int(share * (end - start))
        timeline.forget(before)
        start = max(start, min(before, end))
        assert (timeline.start, timeline.end) == (start, end)
        np.testing.assert_array_equal(timeline[start:end], numbered(start, end - start))


@given(first=st.integers(0, 3000), last=st.integers(0, 3000))
def test_a_span_that_is_not_all_there_gives_what_there_is(first: int, last: int) -> None:
    timeline = Timeline()
    timeline.append(numbered(0, 2000))
    timeline.forget(1000)
    expected = [sample for sample in range(1000, 2000) if first <= sample < last]
    assert timeline[first:last].tolist() == expected


def test_what_was_forgotten_does_not_come_back() -> None:
    timeline = Timeline()
    timeline.append(numbered(0, 100))
    timeline.forget(60)
    timeline.forget(20)
    assert timeline.start == 60


def test_a_span_is_a_copy() -> None:
    timeline = Timeline()
    timeline.append(numbered(0, 100))
    timeline[0:100][:] = -1
    assert timeline[0:100].tolist() == list(range(100))


def test_an_hour_in_small_blocks_takes_no_more_memory_than_what_is_kept() -> None:
    timeline = Timeline()
    block = np.zeros(SAMPLE_RATE, np.float32)
    largest = 0
    for _ in range(3600):
        timeline.append(block)
        timeline.forget(timeline.end - 5 * SAMPLE_RATE)
        largest = max(largest, len(timeline._samples))
    assert largest <= 16 * SAMPLE_RATE


def test_memory_of_a_long_stretch_is_given_back() -> None:
    timeline = Timeline()
    timeline.append(np.zeros(600 * SAMPLE_RATE, np.float32))
    timeline.forget(timeline.end - SAMPLE_RATE)
    assert len(timeline._samples) <= 16 * SAMPLE_RATE
