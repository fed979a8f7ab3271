import ctranslate2
import pytest

from sferic.recognition import hardware
from sferic.recognition.hardware import Machine, this_machine, workers_on_cpu, workers_on_gpu


@pytest.mark.parametrize(
    ("cores", "workers"),
    [*((cores, cores) for cores in range(1, 9)), (9, 8), (12, 8), (16, 8), (32, 8), (64, 8)],
)
def test_on_a_cpu_there_is_a_worker_for_each_core_up_to_eight(cores: int, workers: int) -> None:
    assert workers_on_cpu(cores) == workers


@pytest.mark.parametrize(
    ("cores", "threads", "workers"),
    [
        (1, 2, 1),
        (2, 2, 1),
        (2, 8, 1),
        (4, 2, 2),
        (8, 2, 4),
        (8, 4, 2),
        (16, 2, 7),
        (16, 4, 3),
        (32, 4, 7),
        (64, 8, 7),
        (64, 10, 6),
    ],
)
def test_workers_of_many_threads_share_the_cores_and_leave_one_in_sixteen(
    cores: int, threads: int, workers: int
) -> None:
    assert workers_on_cpu(cores, threads=threads) == workers


@pytest.mark.parametrize(
    ("cores", "batch", "workers"),
    [
        (1, 8, 8),
        (2, 8, 16),
        (4, 8, 16),
        (8, 8, 16),
        (64, 8, 16),
        (8, 2, 4),
        (8, 64, 128),
        (1, 1, 1),
        (2, 1, 2),
        (8, 1, 4),
        (64, 1, 4),
    ],
)
def test_on_a_gpu_there_are_two_batches_and_without_them_four_windows(
    cores: int, batch: int, workers: int
) -> None:
    assert workers_on_gpu(cores, batch=batch) == workers


@pytest.mark.parametrize(("found", "gpu"), [(0, False), (2, True)])
def test_a_gpu_is_taken_where_there_is_one_unless_the_cpu_is_asked_for(
    found: int, gpu: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: found)
    monkeypatch.setattr(hardware, "cores", lambda: 16)
    assert this_machine(device="auto") == Machine(
        workers=16 if gpu else 8, cores=16, threads=0 if gpu else 1, batch=8 if gpu else 1
    )
    assert this_machine(device="cpu") == Machine(workers=8, cores=16)
    assert this_machine(device="cuda").threads == 0


def test_what_is_set_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    assert this_machine(device="cpu", workers=5, threads=3) == Machine(
        workers=5, cores=2, threads=3
    )
    assert this_machine(device="cuda", workers=5, batch=2) == Machine(
        workers=5, cores=2, threads=0, batch=2
    )


def test_no_batch_is_larger_than_there_are_workers_to_fill_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 16)
    assert this_machine(device="cuda", workers=3).batch == 3
    assert this_machine(device="cuda", workers=300).batch == 8


def test_on_a_cpu_each_window_is_decoded_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    assert this_machine(device="auto", batch=4).batch == 1


def test_there_is_at_least_one_core() -> None:
    assert hardware.cores() >= 1
