"""A peer's own Python environment, outside of this one."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from benchmarks.peers.errors import InstallFailedError, PeerNotInstalledError

VARIABLE = "SFERIC_PEERS"
"""The environment variable that names the folder of all environments."""

_HERE = Path(__file__).parent
_LOCKS = _HERE / "locks"
_STAMP = "installed"


def environments_folder() -> Path:
    """Where peers are installed: what SFERIC_PEERS names, or `.peers` in the checkout."""
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else _HERE.parents[1] / ".peers"


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A virtual environment with pinned packages."""

    name: str
    """Of the peer; its pins are in the lock file of that name."""
    alone: tuple[str, ...] = ()
    """Pinned packages that are installed without what they say they need."""

    @property
    def folder(self) -> Path:
        """Where it is."""
        return environments_folder() / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.command("python")

    def command(self, name: str) -> Path:
        """A command that a package of it has installed."""
        return self.folder / "bin" / name

    def require(self) -> None:
        """Say so if it is not installed as it should be.

        Raises:
            PeerNotInstalledError: It is not.
        """
        stamp = self.folder / _STAMP
        found = stamp.read_text(encoding="utf-8") if stamp.is_file() else None
        if found != self._pins():
            raise PeerNotInstalledError(self.name, outdated=found is not None)

    def install(self) -> None:
        """Make it anew, with whatever index pip is configured for.

        Raises:
            InstallFailedError: That did not work; the message ends with what pip said.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        _run([sys.executable, "-m", "venv", str(self.folder)])
        pip = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
        _run([*pip, "--requirement", str(self._lock)])
        if self.alone:
            _run([*pip, "--no-deps", *self.alone])
        (self.folder / _STAMP).write_text(self._pins(), encoding="utf-8")

    def version(self, package: str) -> str:
        """The pinned version of a package.

        Raises:
            KeyError: It is not pinned.
        """
        lines = [*self._lock.read_text(encoding="utf-8").splitlines(), *self.alone]
        pins = dict(line.split("==") for line in lines if "==" in line)
        return pins[package]

    @property
    def _lock(self) -> Path:
        return _LOCKS / f"{self.name}.txt"

    def _pins(self) -> str:
        pins = self._lock.read_bytes() + "\n".join(self.alone).encode()
        return hashlib.sha256(pins).hexdigest() + "\n"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallFailedError(command, done.stderr or done.stdout)
