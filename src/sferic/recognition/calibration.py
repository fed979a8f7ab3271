"""A first idea of what recognition costs here: a partial and a final on every worker at once."""

import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.engine import Engine
from sferic.recognition.hardware import Machine
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.load import Costs
from sferic.recognition.sample import SECOND, sample

_PARTIAL = 3 * SAMPLE_RATE
_FINAL = 6 * SAMPLE_RATE
_ROUNDS = 2
_QUICK_S = 0.3
"""A round that takes longer is the only one, unless it was the first on a GPU, which warms up."""
_SLOW_S = 1.0
"""After a partial that takes longer, what a final takes is not tried out."""
_FINAL_BY_PARTIAL = 2.0


def calibrate(
    engine: Engine, machine: Machine, *, clock: Callable[[], float] = time.perf_counter
) -> Costs:
    """Measure it. Blocks, with the default model for about half a second.

    Args:
        engine: Idle.
        machine: How many workers there are.
        clock: Seconds.
    """
    speech = sample(SECOND[0] + _FINAL / SAMPLE_RATE)[round(SECOND[0] * SAMPLE_RATE) :]
    best: Costs | None = None
    for _ in range(_ROUNDS):
        begun = clock()
        costs = _on_all(engine, machine.workers, speech, clock)
        best = costs if best is None else _lower(best, costs)
        if clock() - begun > _QUICK_S and machine.threads:
            break
    assert best is not None  # noqa: S101  # there is at least one round
    return best


def _on_all(
    engine: Engine, workers: int, speech: NDArray[np.float32], clock: Callable[[], float]
) -> Costs:
    """The mean of what each worker measures while the others do the same."""
    found: list[Costs] = []
    failures: list[Exception] = []

    def measure() -> None:
        try:
            found.append(_on_one(engine, speech, clock))
        except Exception as error:  # noqa: BLE001  # raised below
            failures.append(error)

    threads = [threading.Thread(target=measure, name="calibration") for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return Costs(
        final=sum(costs.final for costs in found) / workers,
        partial=sum(costs.partial for costs in found) / workers,
    )


def _on_one(engine: Engine, speech: NDArray[np.float32], clock: Callable[[], float]) -> Costs:
    languages = ["en"] if "en" in engine.languages else [engine.languages[0]]
    begun = clock()
    heard: Hypothesis = engine.transcribe(speech[:_PARTIAL], languages=languages, draft=True)
    partial = clock() - begun
    if partial > _SLOW_S:
        return Costs(final=_FINAL_BY_PARTIAL * partial, partial=partial)
    begun = clock()
    engine.transcribe(speech, languages=languages, guess=heard.words)
    return Costs(final=clock() - begun, partial=partial)


def _lower(one: Costs, other: Costs) -> Costs:
    return Costs(final=min(one.final, other.final), partial=min(one.partial, other.partial))
