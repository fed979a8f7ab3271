import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sferic.server.pace import MESSAGE_COST, FlowLimits, ReadAhead, ReadPace

LIMITS = FlowLimits(high_water=1000, floor=100, cap=5000, ping_interval=20)


@pytest.fixture
def shared() -> ReadAhead:
    return ReadAhead(1_000_000)


@pytest.fixture
def pace(shared: ReadAhead) -> ReadPace:
    return ReadPace(LIMITS, shared)


def arrive(pace: ReadPace, size: int, now: float = 0.0) -> None:
    """One read that is one whole message."""
    pace.queue(size)
    pace.read(size, now, partial=0)


def test_as_long_as_the_session_keeps_up_reading_goes_on_at_once(pace: ReadPace) -> None:
    for now in range(100):
        arrive(pace, 500, now)
        pace.hand_over(500)
        pace.done(now)
        assert pace.wait(now) == 0
    assert pace.held == 0


def test_a_session_that_is_behind_is_read_at_the_floor(pace: ReadPace) -> None:
    arrive(pace, 1000, now=5)
    assert pace.behind
    assert pace.wait(5) == 10
    assert pace.wait(12) == 3
    assert pace.wait(15) == 0
    arrive(pace, 50, now=15)
    assert pace.wait(15) == 0.5


def test_throttling_ends_at_half_of_where_it_began(pace: ReadPace) -> None:
    for _ in range(10):
        arrive(pace, 100)
    assert pace.behind
    for taken in range(1, 11):
        pace.hand_over(100)
        pace.done(0)
        waiting = (10 - taken) * (100 + MESSAGE_COST)
        assert pace.behind is (waiting >= 500)


def test_a_message_counts_until_the_session_asks_for_the_next(pace: ReadPace) -> None:
    arrive(pace, 2000)
    pace.hand_over(2000)
    assert pace.held == 2000 + MESSAGE_COST
    assert pace.behind
    pace.done(1)
    assert pace.held == 0
    assert pace.wait(1) == 0


def test_at_the_cap_reading_stops_until_the_session_takes_something(pace: ReadPace) -> None:
    for _ in range(5):
        arrive(pace, 1000)
    assert pace.wait(1000) == math.inf
    pace.hand_over(1000)
    pace.done(1000)
    assert pace.wait(1000) == 0


def test_the_floor_does_not_hold_for_a_client_that_does_not_read(pace: ReadPace) -> None:
    arrive(pace, 1000)
    pace.stalled = True
    assert pace.wait(1000) == math.inf
    pace.stalled = False
    assert pace.wait(1000) == 0


def test_a_client_that_does_not_read_may_still_send_to_a_session_that_keeps_up(
    pace: ReadPace,
) -> None:
    pace.stalled = True
    arrive(pace, 100)
    assert pace.wait(0) == 0


def test_the_part_of_a_message_is_read_at_once_whatever_its_length(pace: ReadPace) -> None:
    for part in range(1, 200):
        pace.read(100, 0, partial=part * 100)
        assert pace.wait(0) == 0
    assert pace.held == 19_900


def test_a_part_counts_against_the_cap_once_the_session_is_behind(pace: ReadPace) -> None:
    arrive(pace, 1000)
    pace.read(3900, 0, partial=3900)
    assert pace.wait(39) == 0
    pace.read(100, 39, partial=4000)
    assert pace.wait(1000) == math.inf


def test_when_all_connections_together_hold_too_much_the_floor_ends_for_each() -> None:
    shared = ReadAhead(3000)
    one, other = ReadPace(LIMITS, shared), ReadPace(LIMITS, shared)
    for pace in (one, other):
        arrive(pace, 1500)
    assert one.wait(1000) == other.wait(1000) == ReadPace.LOOK_AGAIN
    one.drop()
    assert other.wait(1000) == 0
    assert shared.held == other.held


def test_a_missing_pong_is_excused_while_throttled_and_for_an_interval_after(
    pace: ReadPace,
) -> None:
    arrive(pace, 1000, now=0)
    assert pace.excuses(silent_since=50, now=100)
    pace.hand_over(1000)
    pace.done(100)
    assert pace.excuses(silent_since=105, now=120)
    assert not pace.excuses(silent_since=105, now=121)


def test_a_missing_pong_is_excused_by_anything_that_came_since(pace: ReadPace) -> None:
    pace.read(1, 10, partial=0)
    assert pace.excuses(silent_since=9, now=40)
    assert not pace.excuses(silent_since=10, now=40)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["read", "part", "take", "stall", "pause"]), st.integers(1, 900)),
        max_size=300,
    )
)
def test_memory_is_bounded_whatever_happens(steps: list[tuple[str, int]]) -> None:
    largest, read = 900, 900
    shared = ReadAhead(10**9)
    pace = ReadPace(LIMITS, shared)
    queue: list[int] = []
    partial, now = 0, 0.0
    for step, size in steps:
        match step:
            case "read" | "part" if pace.wait(now) == 0:
                if step == "part" and partial + size <= largest:
                    partial += size
                else:
                    queue.append(partial + size)
                    pace.queue(partial + size)
                    partial = 0
                pace.read(size, now, partial=partial)
            case "take":
                pace.done(now)
                if queue:
                    pace.hand_over(queue.pop(0))
            case "stall":
                pace.stalled = not pace.stalled
            case "pause":
                now += size / 100
        bound = max(LIMITS.cap, LIMITS.high_water + largest) + read + MESSAGE_COST
        assert pace.held <= bound + MESSAGE_COST
        assert shared.held == pace.held >= 0
