"""The two things that `sferic bench` does: a quick look, and the search for the limit."""

import asyncio
import time
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.bench import streams
from sferic.bench.report import Quick, Report, Setting, Step, report, step
from sferic.bench.streams import Streams, together
from sferic.protocol.options import Options
from sferic.recognition.capacity import Demand
from sferic.recognition.recognizer import Recognizer
from sferic.session import Session

LADDER = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256)
"""Numbers of streams that are tried."""

_LONGEST_QUICK_S = 60
_PIECE = SAMPLE_RATE // 2


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured, and with what."""

    recognizer: Recognizer
    load_s: float
    """Seconds that loading it took."""
    tapes: Sequence[NDArray[np.float32]]
    """Speech, mono at 16 kHz."""
    language: str
    setting: Setting


def steps_up_to(most: int) -> tuple[int, ...]:
    """Return the numbers of streams that are tried, the last being `most`."""
    return (*(count for count in LADDER if count < most), most)


def longest(most: int, seconds: float) -> float:
    """Seconds that a search takes at most, loading apart."""
    return (len(steps_up_to(most)) + 1) * (streams.SETTLE_S + seconds)


def capacity(
    material: Material,
    *,
    within: float,
    seconds: float,
    most: int,
    tell: Callable[[Step], None] = lambda _: None,
) -> Report:
    """Add streams until finals are late. Blocks, for as long as `longest` says.

    Args:
        material: What to measure.
        within: Seconds that finals may take at the 95th percentile.
        seconds: For which each number of streams is looked at.
        most: Streams at which it ends in any case.
        tell: Called after each step.

    Raises:
        SfericError: A stream failed.
    """
    recognizer = material.recognizer
    costs = recognizer.usage.steady
    expected = recognizer.holds(Demand(), within=within).streams
    steps = asyncio.run(_steps(material, within, seconds, steps_up_to(most), tell))
    return report(
        material.setting,
        steps,
        within=within,
        seconds=seconds,
        load_s=material.load_s,
        costs=costs,
        expected=expected,
    )


def quick(material: Material) -> Quick:
    """Recognise a recording as fast as it goes. Blocks.

    Raises:
        SfericError: It failed.
    """
    costs = material.recognizer.usage.steady
    tape = material.tapes[0][: _LONGEST_QUICK_S * SAMPLE_RATE]
    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(_recognise(material, tape))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Quick(
        setting=material.setting,
        load_s=round(material.load_s, 2),
        final_s=round(costs.final, 4),
        partial_s=round(costs.partial, 4),
        audio_s=round(len(tape) / SAMPLE_RATE, 2),
        wall_s=round(wall, 3),
        cpu_s=round(cpu, 3),
    )


async def _steps(
    material: Material,
    within: float,
    seconds: float,
    counts: Sequence[int],
    tell: Callable[[Step], None],
) -> list[Step]:
    options = Options(language=material.language, vad_events=True)
    talking = Streams(material.recognizer, material.tapes, options, within=within)
    found: list[Step] = []
    try:
        for count in counts:
            observed = await talking.observe(count, seconds)
            if not step(observed, within=within).held:
                # Once is no proof: something else may have run for a moment.
                observed = together(observed, await talking.observe(count, seconds))
            found.append(step(observed, within=within))
            tell(found[-1])
            if not found[-1].held:
                break
    finally:
        await talking.close()
    return found


async def _recognise(material: Material, tape: NDArray[np.float32]) -> None:
    options = Options(language=material.language)
    samples = np.rint(np.clip(tape, -1, 1) * 32_767).astype("<i2")
    async with Session(options, recognizer=material.recognizer) as session:

        async def speak() -> None:
            for at in range(0, len(samples), _PIECE):
                await session.feed(samples[at : at + _PIECE].tobytes())
            await session.finish()

        speaking = asyncio.create_task(speak())
        async for _ in session:
            pass
        await speaking
