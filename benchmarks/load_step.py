"""One step of the load benchmark: so many streams at once, watched for a while."""

import asyncio
import time
from collections.abc import Sequence

import msgspec

from benchmarks.harness.live import Driving, Pace, Talk, hold
from benchmarks.harness.metered import MeteredServer
from benchmarks.load_script import beginnings, order
from sferic.protocol.options import Options

WARM_UP_S = 8.0
"""From the beginning of a step until it is measured."""
COOL_DOWN_S = 3.0
"""For which the streams go on afterwards, so that what was decided can be answered."""

_BEGIN_WITHIN_S = 5.0
_LOOK_EVERY_S = 1.0
_LONGEST_RETRY_S = 2.0
"""A stream that is refused comes again after this at the latest: it belongs to the step."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation of a stream."""

    conversation: int
    """Its number in the script."""
    talk: Talk


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a step. Times are on the monotonic clock."""

    streams: int
    start: float
    end: float
    """Between them it was measured."""
    until: float
    """When the streams were cut off."""
    said: tuple[Said, ...]
    server_cpu_s: float
    """While it was measured, as the next ones."""
    client_cpu_s: float
    memory_mb: tuple[float, ...]
    driving: Driving


class Streams:
    """Streams that have conversations with a server.

    Args:
        server: Where.
        audio: Of each conversation.
        options: Of every session.
        seed: Of what they say in which order.
    """

    def __init__(
        self, server: MeteredServer, audio: Sequence[bytes], options: Options, seed: int
    ) -> None:
        self._server = server
        self._audio = audio
        self._options = options
        self._seed = seed

    async def observe(self, streams: int, *, seconds: float) -> Observed:
        """Have so many streams talk, and watch them for so long after a warm-up."""
        pace = Pace()
        said: list[Said] = []
        tasks = [
            asyncio.create_task(self._talk(number, after, pace, said))
            for number, after in enumerate(
                beginnings(streams, within=_BEGIN_WITHIN_S, seed=self._seed)
            )
        ]
        try:
            await asyncio.sleep(WARM_UP_S)
            pace.clear()
            start, served, own = time.monotonic(), self._server.cpu_seconds(), time.process_time()
            memory = [self._server.memory_mb()]
            while (left := start + seconds - time.monotonic()) > 0:
                await asyncio.sleep(min(left, _LOOK_EVERY_S))
                memory.append(self._server.memory_mb())
            end, driving = time.monotonic(), pace.driving()
            served, own = self._server.cpu_seconds() - served, time.process_time() - own
            await asyncio.sleep(COOL_DOWN_S)
        finally:
            until = time.monotonic()
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        return Observed(
            streams=streams,
            start=start,
            end=end,
            until=until,
            said=tuple(said),
            server_cpu_s=served,
            client_cpu_s=own,
            memory_mb=tuple(memory),
            driving=driving,
        )

    async def _talk(self, stream: int, after: float, pace: Pace, said: list[Said]) -> None:
        await asyncio.sleep(after)
        for index, rest in order(len(self._audio), stream=stream, seed=self._seed):
            audio = self._audio[index]
            talk = Talk.of(audio, self._options)
            said.append(Said(conversation=index, talk=talk))
            retry = await hold(
                talk,
                audio,
                url=self._server.url,
                key=self._server.key,
                options=self._options,
                pace=pace,
            )
            if talk.refused:
                await asyncio.sleep(min(retry or _LONGEST_RETRY_S, _LONGEST_RETRY_S))
            elif talk.failure is not None:
                await asyncio.sleep(rest)
            else:
                await asyncio.sleep(talk.began + talk.seconds + rest - time.monotonic())
