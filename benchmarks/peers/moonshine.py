"""Moonshine: the tiny English model that comes with its package, as a stream."""

import asyncio
import struct
from pathlib import Path

import msgspec

from benchmarks.peers import drivers
from benchmarks.peers.ear import Ear
from benchmarks.peers.environment import Environment
from benchmarks.peers.peer import Facts, Recording, Setup
from benchmarks.peers.process import PeerProcess

_DRIVER = Path(drivers.__file__ or "").with_name("moonshine_stream.py")
_INTERVAL_S = 0.5


class _Line(msgspec.Struct):
    """What the driver says."""

    ready: bool = False
    done: bool = False
    text: str = ""


class Moonshine:
    """The library behind a small driver, which is ours."""

    environment = Environment(name="moonshine")

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._process: PeerProcess | None = None

    def prepare(self) -> Facts:
        """See `Peer`."""
        self.environment.require()
        return Facts(
            name="Moonshine",
            version=self.environment.version("moonshine-voice"),
            model="tiny-en, from its package",
            settings=f"a stream with an update every {_INTERVAL_S:g} s of audio, its own threads",
        )

    async def start(self) -> None:
        """See `Peer`."""
        command = [str(self.environment.python), str(_DRIVER), str(_INTERVAL_S)]
        self._process = PeerProcess(command, threads=self._setup.threads, pipes=True)
        if not (await self._line(self._process)).ready:
            raise self._process.not_up()

    async def stream(self, recording: Recording, ear: Ear) -> None:  # noqa: ARG002
        """See `Peer`."""
        assert self._process is not None
        speaking = asyncio.create_task(_speak(self._process, ear))
        try:
            while not (line := await self._line(self._process)).done:
                ear.show(line.text)
            ear.done()
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)

    async def stop(self) -> None:
        """See `Peer`."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    async def _line(self, process: PeerProcess) -> _Line:
        line = await asyncio.to_thread(process.output.readline)
        if not line:
            raise process.broken(EOFError())
        return msgspec.json.decode(line, type=_Line)


async def _speak(process: PeerProcess, ear: Ear) -> None:
    async for part in ear.microphone():
        await asyncio.to_thread(_send, process, part)
    await asyncio.to_thread(_send, process, b"")


def _send(process: PeerProcess, part: bytes) -> None:
    process.input.write(struct.pack("<I", len(part)) + part)
    process.input.flush()
