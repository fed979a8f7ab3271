"""A peer's server or driver in a process of its own."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from benchmarks.peers.errors import PeerProcessError

HOST = "127.0.0.1"

_LOADING_S = 180
_ENDING_S = 10
_SETTINGS = {
    "CUDA_VISIBLE_DEVICES": "",  # what is compared runs on the processor
    "HF_HUB_OFFLINE": "1",  # nobody fetches other weights than those they are given
    "PYTHONUNBUFFERED": "1",
}


class PeerProcess:
    """A command, its log, and its end.

    Args:
        command: What to run.
        threads: Of OpenMP, which the models' arithmetic uses; 0 leaves that open.
        pipes: Whether it is talked to through its input and output; otherwise its output goes to
            the log.
    """

    def __init__(self, command: Sequence[str], *, threads: int, pipes: bool = False) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="sferic-peer-"))
        self._log = self._folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=_environment(threads),
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else log,
                stderr=log,
                start_new_session=True,  # an interrupt at the terminal is ours to handle
            )

    @classmethod
    async def listening(cls, command: Sequence[str], *, port: int, threads: int) -> Self:
        """Start a server and wait until it takes connections.

        Raises:
            PeerProcessError: It ended, or took none after three minutes.
        """
        process = cls(command, threads=threads)
        try:
            await process._await(port)
        except BaseException:
            process.stop()
            raise
        return process

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def input(self) -> IO[bytes]:
        """What it reads; only with pipes."""
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def output(self) -> IO[bytes]:
        """What it writes; only with pipes."""
        assert self._process.stdout is not None
        return self._process.stdout

    def not_up(self) -> PeerProcessError:
        """It did not become ready."""
        return self._failure("did not come up")

    def broken(self, error: Exception) -> PeerProcessError:
        """It does not talk to us any more."""
        return self._failure(f"broke the connection ({str(error) or type(error).__name__})")

    def stop(self) -> None:
        """End it with all that it has started."""
        if self.running:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(_ENDING_S)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _await(self, port: int) -> None:
        deadline = time.monotonic() + _LOADING_S
        while not await _takes_connections(port):
            if not self.running or time.monotonic() > deadline:
                raise self.not_up()
            await asyncio.sleep(0.2)

    def _failure(self, what: str) -> PeerProcessError:
        """Say what has happened to it, with the end of its log."""
        log = self._log.read_text(encoding="utf-8", errors="replace")
        return PeerProcessError(what, self._process.poll(), log)


def free_port() -> int:
    """A port of the loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


async def _takes_connections(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


def _environment(threads: int) -> Mapping[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SFERIC_", "PYTHON")) and name != "OMP_NUM_THREADS"
    }
    return kept | _SETTINGS | ({"OMP_NUM_THREADS": str(threads)} if threads else {})
