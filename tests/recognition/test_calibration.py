import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engines import FakeEngine, fake_recognizer
from sferic.audio import SAMPLE_RATE
from sferic.recognition.calibration import calibrate
from sferic.recognition.hardware import Machine
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.load import Costs
from sferic.recognition.sample import FIRST, SECOND, sample


class Clocked(FakeEngine):
    """Takes its time by a clock of its own, one for each thread.

    Args:
        first: Seconds of the first call.
        rounds: What partials and finals cost afterwards, the last for good.
        parallel: Workers.
    """

    def __init__(self, *rounds: Costs, first: float = 0.5, parallel: int = 1) -> None:
        super().__init__(languages=("de", "en"), parallel=parallel)
        self._first = first
        self._rounds = rounds
        self._own = threading.local()
        self._main = threading.current_thread()
        self._passed = 0.0

    def clock(self) -> float:
        if threading.current_thread() is self._main:
            return self._passed
        return getattr(self._own, "now", 0.0)

    def transcribe(
        self, samples: NDArray[np.float32], *, languages: Sequence[str], **how: Any
    ) -> Hypothesis:
        before = len(self.calls)
        heard = super().transcribe(samples, languages=languages, **how)
        if not before:
            self._passed += self._first
            return heard
        done = (before - 1) // (2 * self.parallel)
        costs = self._rounds[min(done, len(self._rounds) - 1)]
        took = costs.partial if how.get("draft") else costs.final
        self._own.now = self.clock() + took
        self._passed += took / self.parallel
        return heard


def measured(engine: Clocked, *, threads: int = 1) -> Costs:
    machine = Machine(workers=engine.parallel, cores=8, threads=threads)
    costs = calibrate(engine, machine, clock=engine.clock)
    return Costs(final=round(costs.final, 6), partial=round(costs.partial, 6))


def test_it_is_a_partial_of_three_seconds_and_a_final_of_eight_in_one_language() -> None:
    engine = Clocked(Costs(0.2, 0.15))
    assert measured(engine) == Costs(0.2, 0.15)
    _, partial, final = engine.calls
    assert (partial.draft, partial.end) == (True, 3 * SAMPLE_RATE)
    assert (final.draft, final.end) == (False, 8 * SAMPLE_RATE)
    assert {call.languages for call in engine.calls} == {("en",)}


def test_the_better_of_two_rounds_counts_where_there_is_time_for_two() -> None:
    engine = Clocked(Costs(0.1, 0.08), Costs(0.09, 0.1))
    assert measured(engine) == Costs(0.09, 0.08)
    assert len(engine.calls) == 5


def test_a_gpu_may_take_long_to_warm_up() -> None:
    engine = Clocked(Costs(0.02, 0.01), first=6.0)
    assert measured(engine, threads=0) == Costs(0.02, 0.01)


def test_all_workers_are_tried_at_once() -> None:
    engine = Clocked(Costs(0.2, 0.15), parallel=3)
    assert measured(engine) == Costs(0.2, 0.15)
    assert len(engine.calls) == 7


def test_after_a_partial_that_takes_seconds_the_final_is_only_guessed() -> None:
    engine = Clocked(Costs(50.0, 5.0), first=5.0)
    assert measured(engine) == Costs(10.0, 5.0)
    assert len(engine.calls) == 1


def test_what_the_engine_raises_is_raised() -> None:
    engine = Clocked(Costs(0.2, 0.1), parallel=2)
    engine.failure = RuntimeError("it is a test")
    with pytest.raises(RuntimeError, match="it is a test"):
        measured(engine)


def test_a_recognizer_begins_with_what_was_measured() -> None:
    with fake_recognizer() as recognizer:
        before = recognizer.usage.costs
        recognizer.calibrate()
        after = recognizer.usage.costs
        assert after != before
        assert recognizer.usage.steady == after
        assert recognizer.workload.costs == after


def test_the_sample_is_speech_where_it_says_so_and_pauses_in_between() -> None:
    samples = sample()
    assert 60 * SAMPLE_RATE < len(samples) < 75 * SAMPLE_RATE
    assert np.abs(samples).max() <= 1.0
    for start, end in (FIRST, SECOND):
        spoken = samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        assert np.sqrt(np.mean(spoken**2)) > 0.05
    pause = samples[round((FIRST[1] + 0.1) * SAMPLE_RATE) : round(SECOND[0] * SAMPLE_RATE) - 800]
    assert np.sqrt(np.mean(pause**2)) < 0.005


def test_the_beginning_of_the_sample_can_be_had_alone() -> None:
    assert np.array_equal(sample(2.5), sample()[: round(2.5 * SAMPLE_RATE)])
