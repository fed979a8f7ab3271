"""What a figure was measured on: the machine, and the versions of what ran."""

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import msgspec
import psutil

_ROOT = Path(__file__).parents[2]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A machine, without its name."""

    cpu: str
    cores: int
    """Logical ones that this process may use."""
    memory_gb: float
    system: str
    load: float
    """Processes that wanted to run in the last minute: how much else was going on."""


def this_machine() -> Machine:
    """Look at the machine this runs on."""
    return Machine(
        cpu=_cpu(),
        cores=_cores(),
        memory_gb=round(psutil.virtual_memory().total / 1e9, 1),
        system=f"{platform.system()} {platform.machine()}",
        load=round(psutil.getloadavg()[0], 2),
    )


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Versions of Python, of this project with its commit, and of packages."""
    found = {
        "python": platform.python_version(),
        "sferic": f"{metadata.version('sferic')} ({_commit()})",
    }
    return found | {package: metadata.version(package) for package in packages}


def _cpu() -> str:
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    for line in facts.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown"


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _commit() -> str:
    try:
        commit = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", "src", "benchmarks")
    except (OSError, subprocess.CalledProcessError):
        return "commit unknown"
    return f"commit {commit} with changes" if changed else f"commit {commit}"


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(_ROOT), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
