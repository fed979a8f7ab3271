"""A server in a process of its own, started as a user starts it."""

import os
import queue
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

KEY = "key-of-the-acceptance-tests"
COMMAND = os.environ.get("SFERIC_COMMAND") or Path(sys.executable).parent / "sferic"
"""In another environment than the tests, where these run clients of others."""

_READY = re.compile(r"wss?://\S+/waves/v1/lightning/get_text")
_START_S = 60
_STOP_S = 30


class ServerProcess:
    """`sferic serve` on a free port, with one key.

    Attributes:
        url: Of the live endpoint.
        output: Lines it has written so far, both streams.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self._environment = {
            **os.environ,
            "SFERIC_API_KEYS": KEY,
            "SFERIC_KEY_DATABASE": str(folder / "keys.db"),
            "SFERIC_JOB_DATABASE": str(folder / "jobs.db"),
            "SFERIC_SPOOL_FOLDER": str(folder / "spool"),
            "SFERIC_PORT": "0",
            "SFERIC_FINAL_LATENCY_MS": "0",
            **environment,
        }
        self.url = ""
        self.output: list[str] = []
        self.code: int | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [COMMAND, "serve"],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        while not self.url:
            line = self._lines.get(timeout=_START_S)
            assert line is not None, "".join(self.output)
            if found := _READY.search(line):
                self.url = found[0]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self.code = self._process.wait(_STOP_S)
        finally:
            self._process.kill()
            self._reader.join()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self.output.append(line)
                self._lines.put(line)
        self._lines.put(None)
