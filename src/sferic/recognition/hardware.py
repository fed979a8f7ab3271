"""What a machine offers, and how many workers that is good for."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

Device: TypeAlias = Literal["auto", "cpu", "cuda"]

MOST_WORKERS = 8
"""Workers of a process that nobody gave a number.

About 6 % of the time that whisper-base takes on a core is Python's, which one thread at a time may
have, and the event loop needs it too: more workers would wait for one another. Larger models spend
less of their time there, and more cores than this are used by more processes.
"""
MOST_IN_BATCH = 8
"""Windows that a GPU decodes as one, where nobody gave a number.

One step of the decoder reads all weights, for one text as for eight. Streams have windows of eight
lengths, so that more of one length seldom wait. No GPU was there to measure it on.
"""
_LANES = 2
"""Batches at the same time: while one is put together, or its times are looked for, on the CPU, the
other keeps the device busy."""
_LONE_LANES = 4
"""The same where each window is decoded by itself."""
_CORES_FOR_ONE_MORE = 16
"""Of so many cores one is left to the event loop and to voice activity."""


_SHORT_OF_MEMORY = ("out of memory", "bad_alloc", "failed to allocate memory")
"""What CTranslate2, CUDA and ONNX Runtime say then."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What decodes, and what there is for everything else."""

    workers: int
    """Windows decoded at the same time."""
    cores: int
    threads: int = 1
    """Cores that a worker takes while it decodes; 0 on a GPU."""
    batch: int = 1
    """Windows that are decoded as one at most."""


def this_machine(*, device: Device, workers: int = 0, threads: int = 1, batch: int = 0) -> Machine:
    """What the settings mean on this machine.

    Args:
        device: Where models run.
        workers: 0 for as many as are sensible.
        threads: Of each worker.
        batch: Windows that a GPU decodes as one at most; 0 for as many as are sensible.
    """
    number = cores()
    if has_gpu(device):
        batch = batch or MOST_IN_BATCH
        workers = workers or workers_on_gpu(number, batch=batch)
        return Machine(workers=workers, cores=number, threads=0, batch=min(batch, workers))
    workers = workers or workers_on_cpu(number, threads=threads)
    return Machine(workers=workers, cores=number, threads=threads)


def workers_on_gpu(cores: int, *, batch: int) -> int:
    """How many windows are best decoded at the same time: those of two batches.

    Nearly all of the time these threads wait. Each lane needs some of a core.
    """
    return batch * min(_LONE_LANES if batch == 1 else _LANES, cores)


def workers_on_cpu(cores: int, *, threads: int = 1) -> int:
    """How many windows are best decoded at the same time.

    A worker for each core, on many cores less one in 16, and at most eight.
    """
    free = cores - cores // _CORES_FOR_ONE_MORE
    return max(1, min(free // threads, MOST_WORKERS))


def memory_was_short(error: BaseException) -> bool:
    """Whether an error of a model's runtime means that there was not memory enough."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(words in said for words in _SHORT_OF_MEMORY)


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


def free_memory() -> int:
    """Bytes that a new process may take, as the system and the container's limit say."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError):
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if "MemAvailable:" in line]
    with suppress(OSError, ValueError):
        found.append(int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return min(found)
