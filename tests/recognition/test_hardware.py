import ctranslate2
import pytest

from sferic.recognition import hardware
from sferic.recognition.hardware import Machine, sensible_workers, this_machine


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 2), (4, 4), (8, 8), (16, 8), (64, 8)])
def test_on_a_cpu_there_is_a_worker_for_each_core_up_to_eight(cores: int, workers: int) -> None:
    assert sensible_workers(cores) == workers


@pytest.mark.parametrize(
    ("cores", "threads", "workers"),
    [(1, 2, 1), (4, 2, 2), (16, 2, 7), (64, 8, 7), (64, 10, 6), (2, 8, 1)],
)
def test_workers_of_many_threads_share_the_cores_and_leave_one_in_sixteen(
    cores: int, threads: int, workers: int
) -> None:
    assert sensible_workers(cores, threads=threads) == workers


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 2), (8, 4), (64, 4)])
def test_on_a_gpu_a_few_keep_it_busy(cores: int, workers: int) -> None:
    assert sensible_workers(cores, gpu=True) == workers


@pytest.mark.parametrize(("found", "gpu"), [(0, False), (2, True)])
def test_a_gpu_is_taken_where_there_is_one_unless_the_cpu_is_asked_for(
    found: int, gpu: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: found)
    monkeypatch.setattr(hardware, "cores", lambda: 16)
    assert this_machine(device="auto") == Machine(
        workers=4 if gpu else 8, cores=16, threads=0 if gpu else 1
    )
    assert this_machine(device="cpu") == Machine(workers=8, cores=16)
    assert this_machine(device="cuda").threads == 0


def test_what_is_set_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    assert this_machine(device="cpu", workers=5, threads=3) == Machine(
        workers=5, cores=2, threads=3
    )


def test_there_is_at_least_one_core() -> None:
    assert hardware.cores() >= 1
