"""A first idea of what recognition costs here: a partial and a final on every worker at once."""

import threading
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.engine import Decoding, Engine, StreamingEngine
from sferic.recognition.hardware import Machine
from sferic.recognition.hypothesis import Word
from sferic.recognition.load import Costs
from sferic.recognition.sample import SECOND, SECOND_TEXT, sample

PARTIAL_S = 3
FINAL_S = 8
"""What a final in a conversation decodes, more or less: often the piece before is taken with it."""

_INTERVAL_S = 0.3
_QUICK_S = 0.3
"""A round that takes longer is the only one."""
_SLOW_S = 1.0
"""After a first partial that takes a CPU longer, what a final takes is not tried out."""
_FINAL_BY_PARTIAL = 2.0
_UNHEARD = 3
"""Words that were said after the last partial."""


def calibrate(
    engine: Engine | StreamingEngine,
    machine: Machine,
    *,
    interval: float = _INTERVAL_S,
    clock: Callable[[], float] = time.perf_counter,
) -> Costs:
    """Measure it. Blocks, with the default model for about half a second.

    A partial comes before that, which brings the weights from the disk, or a GPU to life.

    Args:
        engine: Idle.
        machine: How many workers there are.
        interval: Seconds of speech from one partial to the next.
        clock: Seconds.
    """
    speech = sample(SECOND[0] + FINAL_S)[round(SECOND[0] * SAMPLE_RATE) :]
    if isinstance(engine, StreamingEngine):
        return _on_all(partial(_fed, engine, speech, interval, clock), machine.workers)
    begun = clock()
    engine.transcribe(speech[: PARTIAL_S * SAMPLE_RATE], languages=_languages(engine), draft=True)
    first = clock() - begun
    if first > _SLOW_S and machine.threads:
        return Costs(final=_FINAL_BY_PARTIAL * first, partial=first)
    measure = partial(_on_one, engine, speech, clock)
    begun = clock()
    costs = _on_all(measure, machine.workers)
    if clock() - begun > _QUICK_S:
        return costs
    return _lower(costs, _on_all(measure, machine.workers))


def _on_all(measured: Callable[[], Costs], workers: int) -> Costs:
    """The mean of what each worker measures while the others do the same."""
    found: list[Costs] = []
    failures: list[Exception] = []

    def measure() -> None:
        try:
            found.append(measured())
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
    languages = _languages(engine)
    begun = clock()
    engine.transcribe(speech[: PARTIAL_S * SAMPLE_RATE], languages=languages, draft=True)
    partial = clock() - begun
    begun = clock()
    engine.transcribe(speech, languages=languages, guess=_guess())
    return Costs(final=clock() - begun, partial=partial)


def _fed(
    engine: StreamingEngine,
    speech: NDArray[np.float32],
    interval: float,
    clock: Callable[[], float],
) -> Costs:
    """What a streaming engine takes for the audio of a partial, and for what follows a final."""
    decoding = engine.open(languages=_languages(engine))
    decoding.accept(speech[: engine.flush])
    _advance(engine, decoding)
    begun = clock()
    decoding.accept(speech)
    _advance(engine, decoding)
    a_second = (clock() - begun) * SAMPLE_RATE / len(speech)
    return Costs(final=a_second * engine.flush / SAMPLE_RATE, partial=a_second * interval)


def _advance(engine: StreamingEngine, decoding: Decoding) -> None:
    while engine.advance([decoding]):
        pass


def _guess() -> list[Word]:
    """What the last partial would have been: it is nearly all of a final, its last words apart."""
    words = SECOND_TEXT.split()[:-_UNHEARD]
    return [Word(text=text, start=0, end=0, confidence=1.0) for text in words]


def _languages(engine: Engine | StreamingEngine) -> list[str]:
    """English, if it can be had."""
    return ["en"] if "en" in engine.languages else [engine.languages[0]]


def _lower(one: Costs, other: Costs) -> Costs:
    return Costs(final=min(one.final, other.final), partial=min(one.partial, other.partial))
