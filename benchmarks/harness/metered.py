"""A server whose memory is watched, too."""

import psutil

from benchmarks.harness.server import ServerProcess


class MeteredServer(ServerProcess):
    """A `ServerProcess` that tells what memory it holds."""

    def memory_mb(self) -> float:
        """Resident memory of it and of all that it started, in millions of bytes."""
        try:
            process = psutil.Process(self._process.pid)
            family = [process, *process.children(recursive=True)]
            return sum(_resident(each) for each in family) / 1e6
        except psutil.NoSuchProcess:
            raise self.failure() from None


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:  # a child that ended just now
        return 0
