import asyncio
import io
import subprocess
import sys
from collections.abc import Callable

import pytest
from rich.console import Console

from benchmarks.harness.speech import Utterance
from benchmarks.peers import measuring
from benchmarks.peers.ear import Ear
from benchmarks.peers.errors import PeerNotInstalledError, SessionFailedError
from benchmarks.peers.measuring import Limits, Outcome, measure_peer
from benchmarks.peers.metering import ChildMeter, peak_memory
from benchmarks.peers.peer import Facts, Recording

LIMITS = Limits(patience_s=30, peer_s=60)

Play = Callable[[Recording, Ear], object]


@pytest.fixture(autouse=True)
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_LOOK_S", 0.0)


def recording(name: str, seconds: float = 0.1) -> Recording:
    row = Utterance(
        audio=f"en/set/{name}.wav", lang="en", text=name, duration=seconds, sample_rate=16000
    )
    return Recording(row=row, audio=bytes(2 * round(16000 * seconds)))


class Scripted:
    """A peer that notes what is done with it."""

    def __init__(self, play: Play | None = None, *, installed: bool = True) -> None:
        self.log: list[str] = []
        self._play = play or (lambda recording, ear: ear.show(recording.row.text))
        self._installed = installed

    def prepare(self) -> Facts:
        if not self._installed:
            raise PeerNotInstalledError("scripted", outdated=False)
        return Facts(name="Scripted", version="1", model="none", settings="none")

    async def start(self) -> None:
        self.log.append("start")

    async def stream(self, recording: Recording, ear: Ear) -> None:
        self.log.append(recording.row.text)
        self._play(recording, ear)
        if recording.row.text.startswith("slow"):
            await asyncio.Event().wait()

    async def stop(self) -> None:
        self.log.append("stop")


async def measure(peer: Scripted, *names: str, limits: Limits = LIMITS) -> Outcome:
    recordings = [recording("short", 0.01), *map(recording, names)]
    return await measure_peer("scripted", peer, recordings, limits, Console(file=io.StringIO()))


async def test_the_shortest_recording_is_played_once_before_it_counts() -> None:
    peer = Scripted()
    outcome = await measure(peer, "one", "two")
    assert peer.log == ["start", "short", "short", "one", "two", "stop"]
    assert [heard.text for heard in outcome.heard.values()] == ["short", "one", "two"]
    assert outcome.unavailable is None


async def test_a_peer_that_is_not_installed_is_told_and_not_started() -> None:
    peer = Scripted(installed=False)
    outcome = await measure(peer, "one")
    assert outcome.unavailable is not None
    assert "python -m benchmarks.peers install scripted" in outcome.unavailable
    assert peer.log == ["stop"]


async def test_a_peer_that_does_not_keep_up_is_started_anew_for_the_next_recording() -> None:
    peer = Scripted()
    limits = Limits(patience_s=0.01, peer_s=60)
    outcome = await measure(peer, "slow", "next", limits=limits)
    start = ["start", "short"]
    assert peer.log == [*start, "short", "slow", "stop", *start, "next", "stop"]
    late = outcome.heard["en/set/slow.wav"]
    assert late.late
    assert late.text == "slow"
    assert not outcome.heard["en/set/next.wav"].late


async def test_a_peer_that_only_fails_is_given_up() -> None:
    def play(recording: Recording, ear: Ear) -> None:
        raise SessionFailedError("it broke")

    peer = Scripted(play)
    outcome = await measure(peer, "one", "two", "three")
    assert outcome.unavailable is not None
    assert "it broke" in outcome.unavailable
    assert "two" not in peer.log
    assert peer.log[-1] == "stop"
    assert [heard.failure for heard in outcome.heard.values()] == ["it broke"] * 2


async def test_recordings_that_there_is_no_time_for_are_not_played() -> None:
    peer = Scripted()
    outcome = await measure(peer, "one", limits=Limits(patience_s=1, peer_s=-1))
    assert outcome.heard == {}
    assert outcome.unavailable is None


def test_cost_and_memory_are_those_of_the_children() -> None:
    meter = ChildMeter()
    before = meter.cpu_s()
    script = "import time\nkept = b'x' * 50_000_000\nwhile time.process_time() < 0.3: pass\ninput()"
    with peak_memory(meter) as peak:
        child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
        while meter.cpu_s() - before < 0.25 and child.poll() is None:
            pass
        assert meter.memory_mb() > 50
        child.communicate(b"\n")
    spent = meter.cpu_s() - before
    # What has ended still counts, and the waiting of this process does not.
    assert 0.25 <= spent < 3
    assert peak.mb > 50
