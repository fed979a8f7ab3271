"""What a machine offers, and how many workers that is good for."""

import os
from typing import Literal, TypeAlias

import msgspec

Device: TypeAlias = Literal["auto", "cpu", "cuda"]

MOST_WORKERS = 8
"""Workers of a process that nobody gave a number.

About 6 % of the time that whisper-base takes on a core is Python's, which one thread at a time may
have, and the event loop needs it too: more workers would wait for one another. Larger models spend
less of their time there, and more cores than this are used by more processes.
"""
_ON_GPU = 4
"""Each has a CUDA stream of its own, the weights are shared: while one waits for the next token,
others keep the device busy."""
_CORES_FOR_ONE_MORE = 16
"""Of so many cores one is left to the event loop and to voice activity."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What decodes, and what there is for everything else."""

    workers: int
    """Windows decoded at the same time."""
    cores: int
    threads: int = 1
    """Cores that a worker takes while it decodes; 0 on a GPU."""


def this_machine(*, device: Device, workers: int = 0, threads: int = 1) -> Machine:
    """What the settings mean on this machine.

    Args:
        device: Where models run.
        workers: 0 for as many as are sensible.
        threads: Of each worker.
    """
    number, gpu = cores(), has_gpu(device)
    workers = workers or sensible_workers(number, threads=threads, gpu=gpu)
    return Machine(workers=workers, cores=number, threads=0 if gpu else threads)


def sensible_workers(cores: int, *, threads: int = 1, gpu: bool = False) -> int:
    """How many windows are best decoded at the same time.

    On a CPU a worker for each core, on many cores less one in 16, and at most eight.
    """
    if gpu:
        return min(_ON_GPU, cores)
    free = cores - cores // _CORES_FOR_ONE_MORE
    return max(1, min(free // threads, MOST_WORKERS))


def has_gpu(device: Device) -> bool:
    """Whether models run on a GPU."""
    if device == "auto":
        import ctranslate2  # noqa: PLC0415  # takes a while

        return bool(ctranslate2.get_cuda_device_count() > 0)
    return device == "cuda"


def cores() -> int:
    """Cores that this process may use: in a container often fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
