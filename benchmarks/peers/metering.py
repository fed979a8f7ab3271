"""CPU time and memory of all processes that this one has started."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from benchmarks.harness.metering import CpuMeter

_EVERY_S = 0.25


class ChildMeter:
    """What the children of this process take, whoever started them; its own part is not in it."""

    def __init__(self) -> None:
        self._self = psutil.Process(os.getpid())
        self._all = CpuMeter(self._self.pid)

    def cpu_s(self) -> float:
        """CPU seconds, user and system, of children running and ended; differences count."""
        own = self._self.cpu_times()
        return self._all.read() - float(own.user + own.system)

    def memory_mb(self) -> float:
        """Resident memory of all running children, in millions of bytes.

        What several of them share counts for each.
        """
        return sum(_resident(child) for child in self._self.children(recursive=True)) / 1e6


class Peak:
    """The most that was seen."""

    mb: float = 0.0


@contextmanager
def peak_memory(meter: ChildMeter) -> Iterator[Peak]:
    """Watch the memory of the children, four times a second."""
    peak, over = Peak(), threading.Event()

    def watch() -> None:
        while not over.wait(_EVERY_S):
            peak.mb = max(peak.mb, meter.memory_mb())

    watcher = threading.Thread(target=watch, name="memory", daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()
        peak.mb = max(peak.mb, meter.memory_mb())


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:  # it ended just now
        return 0
