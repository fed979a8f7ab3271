import subprocess
import sys
import time

from benchmarks.harness.machine import this_machine, versions
from benchmarks.harness.metering import CpuMeter

WORK = """
import subprocess, sys, time
def work(seconds):
    while time.process_time() < seconds: pass
if len(sys.argv) > 1:
    subprocess.run([sys.executable, "-c", {script!r}, *sys.argv[2:]])
work(0.2)
print("done", flush=True)
sys.stdin.read()
"""
SCRIPT = "import time\nwhile time.process_time() < 0.3: pass"


def test_the_time_of_a_process_and_of_its_children_is_counted() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WORK.format(script=SCRIPT), "child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        meter = CpuMeter(process.pid)
        process.stdout.readline()
        assert meter.read() > 0.45
        process.kill()


def test_sleeping_costs_nothing() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "print('ready', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        meter = CpuMeter(process.pid)
        before = meter.read()
        time.sleep(0.2)
        assert meter.read() - before < 0.1
        process.kill()


def test_a_machine_is_described_without_its_name() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.memory_gb > 0
    assert machine.cpu


def test_versions_name_python_the_commit_and_what_was_asked_for() -> None:
    found = versions(["numpy"])
    assert list(found) == ["python", "sferic", "numpy"]
    assert "commit" in found["sferic"]
