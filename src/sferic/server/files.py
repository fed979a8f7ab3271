"""Files that only their owner may read."""

import os
from pathlib import Path


def make_private(file: Path) -> None:
    """Make a file and its folder for the owner only, where they are missing; close an open one.

    Raises:
        OSError: It cannot be made, or its mode not be changed.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
