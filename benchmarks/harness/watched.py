"""A server whose use of the machine is watched, and what it says of the ends of its sessions."""

import asyncio
import re
import time
from collections import Counter

import msgspec
import psutil

from benchmarks.harness.metered import MeteredServer

_PATIENCE_S = 30.0
_ENDED = re.compile(r"session=\S+ .*?\bcode=(\d+)")


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What a server holds at one moment, and what it has spent since it began."""

    at: float
    """On the monotonic clock."""
    memory_mb: float
    """Resident, in millions of bytes."""
    cpu_s: float
    """User and system, the loading of the model included."""
    descriptors: int
    """Open files and sockets."""
    threads: int


class WatchedServer(MeteredServer):
    """A `MeteredServer` that tells its open files, its threads and how its sessions ended."""

    def usage(self) -> Usage:
        """Look at it now."""
        process = psutil.Process(self._process.pid)
        try:
            return Usage(
                at=time.monotonic(),
                memory_mb=self.memory_mb(),
                cpu_s=self.cpu_seconds(),
                descriptors=process.num_fds(),
                threads=process.num_threads(),
            )
        except psutil.NoSuchProcess:
            raise self.failure() from None

    def ended(self) -> Counter[int]:
        """Sessions that its log says have ended, by close code."""
        log = self._log.read_text(encoding="utf-8", errors="replace")
        return Counter(int(code) for code in _ENDED.findall(log))

    async def until_ended(self, count: int) -> bool:
        """Wait until so many sessions have ended; False if they do not within half a minute."""
        deadline = time.monotonic() + _PATIENCE_S
        while self.ended().total() < count:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True
