"""A lock file: the digests that models have, for other machines and later versions to hold to.

It is looked for as `sferic-models.lock` in the folder of the models, or where SFERIC_MODELS_LOCK
says. What it says of a file goes before the catalogue, which may change with a new version.
"""

import os
from pathlib import Path

import msgspec

from sferic.errors import LockFileError
from sferic.models.catalogue import Catalogue, Digest, Model

LOCK = "sferic-models.lock"


class LockedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file has to be."""

    size: int
    sha256: Digest


class Lock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What files have to be, by model and by name."""

    models: dict[str, dict[str, LockedFile]]


def lock_path(root: Path) -> Path:
    """Where the lock file is, if there is one."""
    chosen = os.environ.get("SFERIC_MODELS_LOCK")
    return Path(chosen).expanduser() if chosen else root / LOCK


def read_lock(path: Path) -> Lock | None:
    """Read a lock file; None where there is none.

    Raises:
        LockFileError: It cannot be read, or is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Lock)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise LockFileError(path, str(error)) from error


def write_lock(lock: Lock, path: Path) -> None:
    """Write a lock file.

    Raises:
        LockFileError: It cannot be written.
    """
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(lock, order="sorted")) + b"\n")
    except OSError as error:
        raise LockFileError(path, error.strerror or str(error)) from error


def locked(catalogue: Catalogue, lock: Lock) -> Catalogue:
    """The catalogue with what the lock says of its files."""
    return Catalogue(_held(model, lock.models.get(model.name, {})) for model in catalogue)


def _held(model: Model, files: dict[str, LockedFile]) -> Model:
    held = tuple(
        file
        if (said := files.get(file.name)) is None
        else msgspec.structs.replace(file, size=said.size, sha256=said.sha256)
        for file in model.files
    )
    return msgspec.structs.replace(model, files=held)
