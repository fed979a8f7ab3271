"""CPU time of a process, as the operating system counts it."""

import psutil


class CpuMeter:
    """CPU seconds, user and system, of a process and of all that it started.

    Args:
        pid: The process.
    """

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)

    def read(self) -> float:
        """Seconds since the process began; differences between two readings are what counts.

        Raises:
            psutil.NoSuchProcess: It has ended.
        """
        seconds = _spent(self._process)
        for child in self._process.children(recursive=True):
            try:
                seconds += _spent(child)
            except psutil.NoSuchProcess:  # it ended just now, and its parent has its time
                continue
        return seconds


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    ended = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return float(times.user + times.system + ended)
