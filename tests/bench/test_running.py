import asyncio
from pathlib import Path

import numpy as np
import pytest

from engines import FakeEngine, fake_recognizer, say, silence
from sferic.audio import SAMPLE_RATE
from sferic.bench import streams
from sferic.bench.report import Setting, Step, setting
from sferic.bench.running import LADDER, Material, capacity, longest, quick, steps_up_to
from sferic.bench.streams import Observed, Streams, together
from sferic.protocol.options import Options
from sferic.recognition.capacity import Capacity
from sferic.recognition.hardware import Machine
from sferic.recognition.load import Costs

TAPE = np.concatenate((silence(0.2), say(1, 2), silence(0.8)))
"""Two words and the silence that ends them: a turn of 2 s."""
ON_TWO = Machine(workers=2, cores=2)


def on_two() -> Setting:
    return setting(ON_TWO, model="fake", compute_type="auto", speech="synthetic")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "SETTLE_S", 0.3)
    monkeypatch.setattr(streams, "_SPREAD_S", 0.1)


def test_steps_rise_to_what_is_asked_for() -> None:
    assert steps_up_to(1) == (1,)
    assert steps_up_to(20) == (1, 2, 4, 8, 12, 16, 20)
    assert steps_up_to(1000) == (*LADDER, 1000)


def test_how_long_it_takes_at_most_is_known_beforehand() -> None:
    steps, second_look = 3, 1
    assert longest(4, 12.0) == (steps + second_look) * (streams.SETTLE_S + 12.0)


async def test_streams_repeat_their_tape_and_their_finals_are_timed() -> None:
    with fake_recognizer(FakeEngine(parallel=2)) as recognizer:
        talking = Streams(recognizer, [TAPE], Options(vad_events=True), within=0.7)
        try:
            first = await talking.observe(2, 2.5)
            second = await talking.observe(3, 2.5)
        finally:
            await talking.close()
    assert (first.streams, second.streams) == (2, 3)
    assert len(first.finals) >= 2
    assert len(second.finals) >= 3
    assert max(first.finals) < 2.0
    assert first.cpu_s > 0
    assert first.capacity.streams >= 1


async def test_finals_that_do_not_come_count_as_long_as_they_are_missing() -> None:
    engine = FakeEngine()
    with fake_recognizer(engine) as recognizer:
        talking = Streams(recognizer, [TAPE], Options(vad_events=True), within=0.2)
        engine.running.clear()
        try:
            observed = await talking.observe(1, 3.0)
        finally:
            engine.running.set()
            await talking.close()
    assert max(observed.finals) > 0.2


async def test_what_breaks_a_stream_ends_it_all() -> None:
    engine = FakeEngine()
    engine.failure = RuntimeError("it is a test")
    with fake_recognizer(engine) as recognizer:
        talking = Streams(recognizer, [TAPE], Options(vad_events=True), within=0.7)
        try:
            with pytest.raises(RuntimeError, match="it is a test"):
                await asyncio.wait_for(talking.observe(1, 60.0), 20)
        finally:
            await talking.close()


def test_two_looks_count_as_one() -> None:
    one = Observed(
        streams=2,
        seconds=4.0,
        finals=(0.1,),
        partials=(0.5, 0.6),
        cpu_s=1.0,
        busy=0.2,
        interval=0.3,
        costs=Costs(0.2, 0.1),
        capacity=Capacity(streams=9, within=0.7),
    )
    both = together(one, one)
    assert (both.seconds, both.cpu_s, both.finals) == (8.0, 2.0, (0.1, 0.1))
    assert len(both.partials) == 4


class Scripted(Streams):
    """Finds finals as late as they are said to be, without waiting for any."""

    late_from = 4
    recovers = False

    async def observe(self, streams: int, seconds: float) -> Observed:
        looked = self.__dict__.setdefault("looked", [])
        looked.append(streams)
        late = streams >= self.late_from and not (self.recovers and looked.count(streams) > 1)
        return Observed(
            streams=streams,
            seconds=seconds,
            finals=tuple([2.0 if late else 0.1] * 40),
            partials=(0.5,),
            cpu_s=seconds,
            busy=0.5,
            interval=0.3,
            costs=Costs(0.2, 0.1),
            capacity=Capacity(streams=10 + streams, within=0.7),
        )


def scripted(monkeypatch: pytest.MonkeyPatch, *, late_from: int) -> list[Step]:
    monkeypatch.setattr(Scripted, "late_from", late_from)
    monkeypatch.setattr("sferic.bench.running.Streams", Scripted)
    return []


def measured(told: list[Step], most: int) -> tuple[int, bool, int]:
    with fake_recognizer(FakeEngine(parallel=2)) as recognizer:
        material = Material(
            recognizer=recognizer, load_s=1.0, tapes=[TAPE], language="en", setting=on_two()
        )
        found = capacity(material, within=0.7, seconds=1.0, most=most, tell=told.append)
    assert list(found.steps) == told
    return found.held, found.limit_seen, found.admitted


def test_it_ends_with_the_first_number_that_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    told = scripted(monkeypatch, late_from=4)
    assert measured(told, 64) == (2, True, 12)
    assert [(step.streams, step.held) for step in told] == [(1, True), (2, True), (4, False)]


def test_without_a_limit_it_ends_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    told = scripted(monkeypatch, late_from=100)
    assert measured(told, 6) == (6, False, 16)


def test_a_machine_that_does_not_hold_one_holds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(scripted(monkeypatch, late_from=1), 8) == (0, True, 11)


def test_a_step_fails_only_with_the_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    told = scripted(monkeypatch, late_from=100)
    monkeypatch.setattr(Scripted, "late_from", 4)
    monkeypatch.setattr(Scripted, "recovers", True)
    assert measured(told, 4) == (2, True, 12)
    assert told[-1].finals is not None
    assert told[-1].finals.count == 80


def test_the_quick_look_recognises_a_recording_once() -> None:
    engine = FakeEngine()
    with fake_recognizer(engine) as recognizer:
        material = Material(
            recognizer=recognizer, load_s=0.5, tapes=[TAPE], language="en", setting=on_two()
        )
        found = quick(material)
    assert found.audio_s == round(len(TAPE) / SAMPLE_RATE, 2)
    assert found.real_time_factor == found.wall_s / found.audio_s
    assert len(engine.calls_of(draft=False)) >= 1


def test_what_it_ran_on_is_told(tmp_path: Path) -> None:
    found = on_two()
    assert (found.device, found.workers, found.cores, found.threads) == ("cpu", 2, 2, 1)
    assert found.date.endswith("UTC")
    machine = Machine(workers=16, cores=8, threads=0, batch=8)
    gpu = setting(machine, model="m", compute_type="float16", speech="x")
    assert (gpu.device, gpu.threads, gpu.batch) == ("cuda", 0, 8)
