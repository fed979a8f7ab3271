"""A real server in a process of its own, on a free port of the loopback."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil

from benchmarks.harness.errors import ServerFailedError
from benchmarks.harness.metering import CpuMeter

_LOADING_S = 180
_ENDING_S = 40
_TAIL = 2_000
"""Characters of the log that are shown when the server fails."""


class ServerProcess:
    """`sferic serve`, started and stopped with a `with` statement; inside it the model is loaded.

    Settings in the environment do not reach it, except where models are kept: what it does is
    what the command line of the benchmark says.

    Args:
        model: A name of the catalogue, or a folder.
        flags: More flags of `sferic serve`.

    Raises:
        ServerFailedError: On entering, if it ends or is not ready after three minutes.
    """

    host = "127.0.0.1"

    def __init__(self, *, model: str, flags: Sequence[str] = ()) -> None:
        self.port = _free_port()
        self.key = secrets.token_hex(16)
        # What is measured is how streams are served, not whether they are let in.
        admission = ["--max-sessions", "0", "--final-latency-ms", "0"]
        place = ["--host", self.host, "--port", str(self.port)]
        self._arguments = [*place, *admission, "--model", model, *flags]

    @property
    def url(self) -> str:
        """Where live sessions are served."""
        return f"ws://{self.host}:{self.port}/waves/v1/lightning/get_text"

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def cpu_seconds(self) -> float:
        """CPU time it has taken since it began, the loading of the model included."""
        try:
            return self._meter.read()
        except psutil.NoSuchProcess:
            raise self.failure() from None

    def failure(self) -> ServerFailedError:
        """Say how it is, with the end of its log."""
        log = self._log.read_text(encoding="utf-8", errors="replace")
        return ServerFailedError(self._process.poll(), log[-_TAIL:].strip())

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="sferic-benchmark-"))
        self._log = self._folder / "server.log"
        command = shutil.which("sferic", path=str(Path(sys.executable).parent)) or "sferic"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [command, "serve", *self._arguments],
                env=_environment(self.key, self._folder / "keys.db"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # an interrupt at the terminal is ours to handle
            )
        try:
            self._meter = CpuMeter(self._process.pid)
            self._await_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _LOADING_S
        with httpx.Client(trust_env=False, timeout=5) as client:
            while time.monotonic() < deadline:
                if not self.running:
                    raise self.failure()
                try:
                    if client.get(f"http://{self.host}:{self.port}/ready").is_success:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.1)
        raise self.failure()

    def _stop(self) -> None:
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_ENDING_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _environment(key: str, key_database: Path) -> Mapping[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SFERIC_") or name == "SFERIC_MODELS"
    }
    return kept | {"SFERIC_API_KEYS": key, "SFERIC_KEY_DATABASE": str(key_database)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ServerProcess.host, 0))
        port: int = probe.getsockname()[1]
    return port
