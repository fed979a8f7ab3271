"""Where recordings lie until they are transcribed: private, and nobody's but this process's."""

import secrets
from collections.abc import Collection
from pathlib import Path

from filelock import FileLock, Timeout

_LOCK = ".lock"


class Folders:
    """The folders of this process in a place that several processes may share.

    Each process has a folder of its own, with a lock that the system lets go of when it dies. Who
    starts takes over what others have left, so that their jobs go on.

    Args:
        root: The place; made when it is needed, for the owner only.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._locks: dict[str, FileLock] = {}

    @property
    def names(self) -> Collection[str]:
        """The folders that belong to this process; none before `open`."""
        return self._locks.keys()

    @property
    def own(self) -> str:
        """The one that new recordings go to."""
        return next(iter(self._locks))

    def make_root(self) -> None:
        """Make the place.

        Raises:
            OSError: It cannot be made, or not be made private.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.root.stat().st_mode & 0o077:
            self.root.chmod(0o700)

    def open(self) -> None:
        """Take over what nobody else has; make a folder if there is none.

        Raises:
            OSError: The place cannot be used.
        """
        self.make_root()
        self.adopt()
        if not self._locks and not self._take(secrets.token_hex(8)):
            raise OSError

    def adopt(self) -> set[str]:
        """Take over what others have left, and return its folders."""
        found = {path.name for path in self.root.iterdir() if path.is_dir()}
        return {name for name in sorted(found - self._locks.keys()) if self._take(name)}

    def path(self, folder: str, job_id: str) -> Path:
        """Return where the recording of a job lies."""
        return self.root / folder / job_id

    def clean(self, folders: Collection[str], needed: Collection[str]) -> int:
        """Remove what no job needs, and folders that nothing is in, except the own one.

        Args:
            folders: Where to look. Nothing may be on its way there.
            needed: The jobs whose recordings stay.

        Returns:
            Bytes that stay.
        """
        held = 0
        for name in folders:
            for path in list((self.root / name).iterdir()):
                if path.name in needed:
                    held += path.stat().st_size
                else:
                    path.unlink(missing_ok=True)
            if name != self.own and not any((self.root / name).iterdir()):
                self._give_up(name)
        return held

    def close(self) -> None:
        """Let go of them; what is in them waits for the next process."""
        for lock in self._locks.values():
            lock.release()
        self._locks.clear()

    def _take(self, name: str) -> bool:
        lock = FileLock(self.root / f"{name}{_LOCK}", timeout=0, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            return False
        (self.root / name).mkdir(mode=0o700, exist_ok=True)
        self._locks[name] = lock
        return True

    def _give_up(self, name: str) -> None:
        (self.root / name).rmdir()
        (self.root / f"{name}{_LOCK}").unlink(missing_ok=True)
        self._locks.pop(name).release()
