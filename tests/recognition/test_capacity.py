import math
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognition.queueing import Conversations
from sferic.recognition.capacity import (
    MOST,
    Demand,
    Interval,
    Workload,
    capacity,
    erlang_c,
    latency,
)
from sferic.recognition.hardware import Machine
from sferic.recognition.load import Costs


def streams(workload: Workload, *, within: float) -> int:
    return capacity(workload, within=within).streams


TWO_CORES = Workload(
    machine=Machine(workers=2, cores=2), costs=Costs(final=0.15, partial=0.08), variation=0.65
)
SECONDS = st.floats(0.001, 3.0)


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    workers, overhead = draw(st.integers(1, 16)), draw(st.floats(0.0, 0.1))
    return Workload(
        machine=Machine(workers=workers, cores=workers + draw(st.integers(0, 16))),
        costs=Costs(final=draw(SECONDS), partial=draw(SECONDS)),
        variation=draw(st.floats(0.0, 1.5)),
        demand=Demand(
            finals=draw(st.floats(0.01, 2.0)),
            speaking=draw(st.floats(0.0, 1.0)),
            overhead=overhead,
            loop=min(overhead, 0.01),
        ),
        interval=draw(
            st.sampled_from([None, Interval(least=0.3, most=1.5), Interval(least=2.0, most=2.0)])
        ),
        filled=draw(st.floats(0.3, 0.9)),
    )


MORE = st.floats(1.0, 2.0)


def changed(workload: Workload, **fields: object) -> Workload:
    """A workload with other costs, demand or machine; the fields of all three have own names."""
    for part in ("costs", "demand", "machine"):
        own = getattr(workload, part)
        mine = {name: value for name, value in fields.items() if name in own.__struct_fields__}
        workload = msgspec.structs.replace(workload, **{part: msgspec.structs.replace(own, **mine)})
    return workload


@pytest.mark.parametrize(
    ("servers", "offered", "probability"),
    [(1, 0.5, 0.5), (2, 1.0, 1 / 3), (2, 0.0, 0.0), (10, 8.0, 0.40918)],
)
def test_the_chance_that_all_servers_are_busy_is_that_of_the_tables(
    servers: int, offered: float, probability: float
) -> None:
    assert erlang_c(servers, offered) == pytest.approx(probability, abs=1e-5)


@pytest.mark.parametrize("count", [1, 8, 16, 20])
@pytest.mark.parametrize(
    ("workers", "final", "partial", "filled"),
    [(1, 0.1, 0.05, 0.85), (2, 0.22, 0.1, 0.7), (8, 0.3, 0.14, 0.85)],
)
def test_what_is_foretold_happens_in_a_simulation(
    count: int, workers: int, final: float, partial: float, filled: float
) -> None:
    workload = changed(
        msgspec.structs.replace(TWO_CORES, filled=filled),
        final=final,
        partial=partial,
        workers=workers,
        cores=workers,
        overhead=0.0,
    )
    foretold = latency(count, workload)
    conversations = Conversations(count, workload)
    conversations.run(12_000 / count)
    assert len(conversations.waits) > 1500
    wait = float(np.percentile(conversations.waits, 95))
    assert foretold - final == pytest.approx(wait, rel=0.2, abs=0.03)


@given(workloads(), MORE, st.floats(0.05, 5.0))
def test_dearer_finals_never_make_room_for_more_streams(
    workload: Workload, more: float, within: float
) -> None:
    dearer = changed(workload, final=workload.costs.final * more)
    assert streams(dearer, within=within) <= streams(workload, within=within)


@given(workloads(), MORE, st.floats(0.05, 5.0))
def test_dearer_partials_never_make_room_for_more_streams(
    workload: Workload, more: float, within: float
) -> None:
    dearer = changed(workload, partial=workload.costs.partial * more)
    assert streams(dearer, within=within) <= streams(workload, within=within)


@given(workloads(), MORE, st.floats(0.05, 5.0))
def test_streams_that_ask_for_more_are_never_more(
    workload: Workload, more: float, within: float
) -> None:
    demand = workload.demand
    for name in ("finals", "speaking", "overhead", "loop"):
        asking = changed(workload, **{name: min(getattr(demand, name) * more, 2.0)})
        assert streams(asking, within=within) <= streams(workload, within=within), name


@given(workloads(), st.integers(1, 8), st.floats(0.05, 5.0))
def test_a_worker_with_a_core_never_costs_a_stream(
    workload: Workload, more: int, within: float
) -> None:
    machine = workload.machine
    larger = changed(workload, workers=machine.workers + more, cores=machine.cores + more)
    assert streams(larger, within=within) >= streams(workload, within=within)


@given(workloads(), MORE, st.floats(0.05, 5.0))
def test_who_can_wait_longer_is_never_refused_sooner(
    workload: Workload, more: float, within: float
) -> None:
    assert streams(workload, within=within * more) >= streams(workload, within=within)


@given(workloads(), st.floats(0.001, 5.0))
def test_the_number_is_the_largest_that_is_held_and_at_least_one(
    workload: Workload, within: float
) -> None:
    found = capacity(workload, within=within)
    held = found.streams
    assert 1 <= held <= MOST
    assert found.within >= within
    assert latency(held, workload) <= found.within
    assert found.within == within or held <= workload.machine.workers
    assert held == MOST or latency(held + 1, workload) > within


@settings(max_examples=30)
@given(workloads())
def test_the_latency_grows_with_the_number_of_streams(workload: Workload) -> None:
    rising = [latency(count, workload) for count in range(1, 80)]
    assert all(one <= other * (1 + 1e-9) for one, other in pairwise(rising))


def test_partials_as_rare_as_may_be_still_have_to_fit() -> None:
    held = streams(TWO_CORES, within=100.0)
    demand = TWO_CORES.demand
    work = demand.finals * 0.15 + demand.speaking * 0.08 / 1.35
    assert (
        held * work
        <= 0.9 * (2 - held * demand.overhead)
        < (held + 1) * (work + 0.9 * demand.overhead)
    )


def test_without_partials_there_is_room_for_more() -> None:
    silent = msgspec.structs.replace(TWO_CORES, interval=None)
    assert streams(silent, within=0.7) > streams(TWO_CORES, within=0.7)


def test_what_everything_else_takes_slows_the_workers_down() -> None:
    busy = changed(TWO_CORES, overhead=0.09)
    assert latency(12, busy) > latency(12, TWO_CORES)
    spare = changed(busy, cores=4)
    assert latency(12, spare) == latency(12, changed(TWO_CORES, overhead=0.0))


def test_the_event_loop_bounds_a_process_on_any_number_of_cores() -> None:
    huge = changed(TWO_CORES, workers=64, cores=1024, loop=0.01)
    held = streams(huge, within=0.7)
    assert held < 80
    assert streams(changed(huge, loop=0.005), within=0.7) > held


def test_on_a_gpu_workers_take_no_cores_and_the_rest_has_them_all() -> None:
    gpu = changed(TWO_CORES, threads=0, workers=4, cores=2, final=0.02, partial=0.01, loop=0.001)
    assert latency(20, gpu) == latency(20, changed(gpu, overhead=0.0))
    assert math.isinf(latency(61, gpu))
    assert not math.isinf(latency(59, gpu))


def test_a_machine_that_is_late_with_one_stream_holds_one_a_worker_and_says_how_late() -> None:
    slow = changed(TWO_CORES, final=0.9, partial=0.4, workers=4, cores=4)
    found = capacity(slow, within=0.7)
    assert found.streams == 4
    assert found.within == latency(4, slow) > 0.9


def test_a_machine_that_has_no_time_for_one_stream_holds_one() -> None:
    assert streams(changed(TWO_CORES, final=20.0, partial=10.0), within=0.7) == 1
