"""Costs and cadence, with a clock that a test sets."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.recognition.load import _BUSY, Costs, Load

LEAST, MOST = 0.3, 1.5
USUAL = Costs(final=0.3, partial=0.1)
TICK_S = 0.01
LONG_S = 40.0
"""Time after which nothing of what was before counts."""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Machine:
    """A machine that does what its streams ask for, as fast as they do."""

    def __init__(self, *, workers: int = 2, costs: Costs = USUAL) -> None:
        self.clock = Clock()
        self.load = Load(workers, costs, clock=self.clock)
        self.costs = costs

    @property
    def cadence(self) -> float:
        return self.load.cadence(least=LEAST, most=MOST)

    def runs(
        self, seconds: float = LONG_S, *, streams: int, finals_a_second: float = 0.0
    ) -> list[float]:
        """Streams that speak all the time, in step with the cadence; return it as it went."""
        partial_due = [self.clock.now + i * LEAST / max(streams, 1) for i in range(streams)]
        last = [due - LEAST for due in partial_due]
        final_due = self.clock.now + (1 / finals_a_second if finals_a_second else 2 * seconds)
        cadences = []
        for _ in range(round(seconds / TICK_S)):
            self.clock.now += TICK_S
            now = self.clock.now
            while final_due <= now:
                self.load.final(self.costs.final)
                final_due += 1 / finals_a_second
            for i, due in enumerate(partial_due):
                if due <= now:
                    self.load.partial(self.costs.partial, since=now - last[i])
                    last[i], partial_due[i] = now, now + self.cadence
            cadences.append(self.cadence)
        return cadences


def settled_cadence(streams: int, **options: float) -> float:
    """What it is in the end, on average."""
    finals_a_second = options.pop("finals_a_second", 0.0)
    machine = Machine(costs=Costs(**{"final": 0.3, "partial": 0.1, **options}))
    cadences = machine.runs(streams=streams, finals_a_second=finals_a_second)
    last = cadences[len(cadences) // 2 :]
    return sum(last) / len(last)


def assert_smooth_and_rising(cadences: list[float]) -> None:
    assert all(after >= before - 0.005 for before, after in pairwise(cadences))
    assert all(after - before < 0.2 for before, after in pairwise(cadences))


# Cadence


def test_an_idle_machine_makes_partials_as_often_as_it_is_asked_to() -> None:
    machine = Machine()
    assert machine.cadence == LEAST
    assert machine.load.cadence(least=0.5, most=MOST) == 0.5


@pytest.mark.parametrize("streams", [1, 2, 3])
def test_few_streams_have_them_as_often_as_on_an_idle_machine(streams: int) -> None:
    assert set(Machine().runs(streams=streams)) == {LEAST}


def test_the_more_streams_speak_the_longer_it_gets_smoothly_and_up_to_a_bound() -> None:
    cadences = [settled_cadence(streams) for streams in range(1, 33)]
    assert_smooth_and_rising(cadences)
    assert cadences[0] == pytest.approx(LEAST)
    assert cadences[-1] == pytest.approx(MOST)
    between = [cadence for cadence in cadences if LEAST + 0.01 < cadence < MOST - 0.01]
    assert len(between) > 10


def test_the_more_finals_cost_the_longer_it_gets_smoothly_and_up_to_a_bound() -> None:
    cadences = [settled_cadence(5, finals_a_second=1, final=0.05 * i) for i in range(41)]
    assert_smooth_and_rising(cadences)
    assert cadences[0] == pytest.approx(settled_cadence(5))
    assert cadences[-1] == pytest.approx(MOST)


def test_the_more_finals_there_are_the_longer_it_gets() -> None:
    assert_smooth_and_rising([settled_cadence(5, finals_a_second=i / 6) for i in range(41)])


def test_the_more_partials_cost_the_longer_it_gets() -> None:
    cadences = [settled_cadence(4, partial=0.02 * i) for i in range(1, 40)]
    assert_smooth_and_rising(cadences)
    assert cadences[0] == pytest.approx(LEAST)
    assert cadences[-1] == pytest.approx(MOST)


@pytest.mark.parametrize(("streams", "finals_a_second"), [(8, 0.0), (10, 0.5), (7, 2.0)])
def test_the_workers_keep_up_with_it_and_have_time_to_spare(
    streams: int, finals_a_second: float
) -> None:
    cadence = settled_cadence(streams, finals_a_second=finals_a_second)
    assert LEAST < cadence < MOST
    busy = streams * USUAL.partial / cadence + finals_a_second * USUAL.final
    assert busy == pytest.approx(_BUSY * 2, rel=0.1)
    assert busy < 2


def test_twice_the_workers_serve_twice_the_streams() -> None:
    few, many = Machine(workers=2), Machine(workers=4)
    few.runs(streams=8)
    many.runs(streams=16)
    assert many.cadence == pytest.approx(few.cadence, rel=0.05)


def test_it_falls_back_when_the_load_goes() -> None:
    machine = Machine()
    machine.runs(streams=20, finals_a_second=2)
    loaded = machine.cadence
    assert loaded > 1.4
    fading = []
    for _ in range(400):
        machine.clock.now += 0.1
        fading.append(machine.cadence)
    assert fading == sorted(fading, reverse=True)
    assert all(before - after < 0.1 for before, after in pairwise([loaded, *fading]))
    assert fading[-1] == LEAST


def test_it_falls_back_to_what_the_streams_that_are_left_need() -> None:
    machine = Machine()
    machine.runs(streams=20, finals_a_second=2)
    machine.runs(streams=8)
    assert machine.cadence == pytest.approx(settled_cadence(8), rel=0.05)


def test_streams_that_all_begin_at_once_stretch_it_within_seconds_and_without_a_jump() -> None:
    cadences = Machine().runs(12.0, streams=20, finals_a_second=1)
    assert cadences[-1] > 1.2
    assert all(abs(after - before) < 0.15 for before, after in pairwise(cadences))


EVENT = st.tuples(st.booleans(), st.floats(0, 5), st.floats(0, 30), st.floats(0, 60))


@given(events=st.lists(EVENT, max_size=60), workers=st.integers(1, 16))
def test_whatever_happens_it_stays_within_its_bounds(
    events: list[tuple[bool, float, float, float]], workers: int
) -> None:
    machine = Machine(workers=workers)
    for is_final, seconds, since, pause in events:
        machine.clock.now += pause
        if is_final:
            machine.load.final(seconds)
        else:
            machine.load.partial(seconds, since=since)
        assert LEAST <= machine.cadence <= MOST
        assert machine.load.busy >= 0


# What it is made of


@pytest.mark.parametrize("streams", [1, 4, 12, 25])
def test_it_knows_how_many_streams_speak(streams: int) -> None:
    machine = Machine()
    machine.runs(streams=streams)
    assert machine.load.speaking == pytest.approx(streams, rel=0.15)


def test_it_knows_how_many_finals_there_are_and_how_busy_the_workers_are() -> None:
    machine = Machine()
    machine.runs(streams=2, finals_a_second=2)
    assert machine.load.finals_a_second == pytest.approx(2, rel=0.1)
    busy = (2 * USUAL.partial / LEAST + 2 * USUAL.final) / 2
    assert machine.load.busy == pytest.approx(busy, rel=0.1)
    machine.clock.now += LONG_S
    assert machine.load.busy == pytest.approx(0, abs=1e-3)


def test_one_slow_decoding_changes_little_and_many_are_believed() -> None:
    note: list[tuple[Callable[[Load], None], Callable[[Costs], float]]] = [
        (lambda load: load.final(3.0), lambda costs: costs.final),
        (lambda load: load.partial(3.0, since=0.3), lambda costs: costs.partial),
    ]
    for slow, cost in note:
        load = Load(2, Costs(final=0.3, partial=0.3), clock=Clock())
        assert cost(load.costs) == 0.3
        slow(load)
        assert 0.3 < cost(load.costs) < 0.6
        for _ in range(60):
            slow(load)
        assert cost(load.costs) == pytest.approx(3.0, rel=0.01)


def test_finals_do_not_change_what_a_partial_costs_nor_partials_what_a_final_does() -> None:
    load = Load(2, USUAL, clock=Clock())
    load.final(5.0)
    assert load.costs.partial == USUAL.partial
    load = Load(2, USUAL, clock=Clock())
    load.partial(5.0, since=0.3)
    assert load.costs.final == USUAL.final
