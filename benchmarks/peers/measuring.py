"""One peer after the other: start, warm up, every recording in real time, stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import msgspec
from rich.console import Console

from benchmarks.harness.progress import stepping
from benchmarks.peers.ear import Ear, Heard
from benchmarks.peers.errors import PeerError, PeerGivenUpError
from benchmarks.peers.metering import ChildMeter, peak_memory
from benchmarks.peers.peer import Facts, Peer, Recording

_IDLE = 0.05
"""CPU seconds a second that count as rest."""
_LOOK_S = 0.3
_REST_S = 10.0
_FAILURES = 2
"""Recordings in a row after which a peer is given up."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long is waited for a peer."""

    patience_s: float
    """After the end of a recording."""
    peer_s: float
    """For all recordings together; those that are left are not played."""


class Outcome(msgspec.Struct, kw_only=True):
    """What came of one peer."""

    name: str
    facts: Facts | None = None
    heard: dict[str, Heard] = {}
    """By recording."""
    peak_mb: float = 0.0
    unavailable: str | None = None
    """Why it was not measured, or not to the end; may go on with lines of a log."""


async def measure_peer(
    name: str, peer: Peer, recordings: Sequence[Recording], limits: Limits, notes: Console
) -> Outcome:
    """Play all recordings to a peer; whatever goes wrong with it is in the outcome."""
    outcome = Outcome(name=name)
    meter = ChildMeter()
    trial = _Trial(peer, recordings, limits, meter)
    try:
        outcome.facts = peer.prepare()
        with peak_memory(meter) as peak, stepping(notes, name, len(recordings)) as step:
            try:
                await trial.start()
                async for recording, heard in trial.play_all():
                    outcome.heard[recording.row.audio] = heard
                    step()
            finally:
                outcome.peak_mb = round(peak.mb, 1)
    except PeerError as error:
        outcome.unavailable = str(error)
    finally:
        await peer.stop()
    return outcome


class _Trial:
    """A peer, and what is played to it."""

    def __init__(
        self, peer: Peer, recordings: Sequence[Recording], limits: Limits, meter: ChildMeter
    ) -> None:
        self._peer = peer
        self._recordings = recordings
        self._limits = limits
        self._meter = meter

    async def start(self) -> None:
        """Bring the peer up and play the shortest recording once, which is not counted."""
        await self._peer.start()
        await self._play(min(self._recordings, key=lambda each: len(each.audio)))

    async def play_all(self) -> AsyncIterator[tuple[Recording, Heard]]:
        """Play what there is time for.

        Raises:
            PeerError: It fails again and again, or does not come up again after a failure.
        """
        deadline = time.monotonic() + self._limits.peer_s
        failures, unfinished = 0, False
        for recording in self._recordings:
            if time.monotonic() > deadline:
                return
            if unfinished:  # what it still does would be counted to this one
                await self._peer.stop()
                await self.start()
            heard = await self._play(recording)
            yield recording, heard
            unfinished = heard.failure is not None
            failures = failures + 1 if unfinished and not heard.late else 0
            if failures >= _FAILURES:
                raise PeerGivenUpError(heard.failure or "")

    async def _play(self, recording: Recording) -> Heard:
        await self._rest()
        ear = Ear(recording.audio, self._meter)
        try:
            async with asyncio.timeout(ear.seconds + self._limits.patience_s):
                await self._peer.stream(recording, ear)
        except TimeoutError:
            ear.give_up(self._limits.patience_s)
        except PeerError as error:
            ear.failure = str(error)
        return ear.heard()

    async def _rest(self) -> None:
        """Wait until the peer does nothing any more, for a while at most."""
        deadline = time.monotonic() + _REST_S
        while time.monotonic() < deadline:
            before = self._meter.cpu_s()
            await asyncio.sleep(_LOOK_S)
            if self._meter.cpu_s() - before < _IDLE * _LOOK_S:
                return
