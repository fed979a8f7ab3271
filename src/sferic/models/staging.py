"""A model on its way: partial files, checked files, and the rename that makes it appear.

Layout below the root of the store:

    .staging/NAME/parts/    what transfers have written so far
    .staging/NAME/wheels/   packages and archives; they go when the model is complete
    .staging/NAME/run-*/    where pip works; stale ones go when a fetch starts
    .staging/NAME/files/    complete files with the right digest; in the end this folder is renamed
    NAME/                   the finished model
"""

import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sferic.errors import ChecksumError
from sferic.models.catalogue import Model, ModelFile

RECEIPT = "sferic-model.json"
"""Beside the files of a finished model: where they came from and which digests they had."""


class SourceError(Exception):
    """A source does not deliver; the text says why, in plain words."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a fetched model."""

    model: str
    source: str
    fetched: str
    """Date and time in UTC, ISO 8601."""
    digests: dict[str, str]
    """SHA-256 by file name."""


def read_receipt(folder: Path) -> Receipt | None:
    """The receipt in a model folder, None if it has none or it is not readable."""
    try:
        return msgspec.json.decode((folder / RECEIPT).read_bytes(), type=Receipt)
    except (OSError, msgspec.MsgspecError):
        return None


class Staging:
    """The staging folder of one model. Only the holder of the model's lock may make one.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, root: Path, model: Model) -> None:
        self.model = model
        self._digests: dict[str, str] = {}
        self._folder = root / ".staging" / model.name
        self._files = self._folder / "files"
        for folder in (self._files, self._folder / "parts", self._folder / "wheels"):
            folder.mkdir(parents=True, exist_ok=True)
        for stale in self._folder.glob("run-*"):
            shutil.rmtree(stale, ignore_errors=True)
        self._take_up()

    @property
    def missing(self) -> tuple[ModelFile, ...]:
        """Files that have not been accepted yet."""
        return tuple(file for file in self.model.files if file.name not in self._digests)

    @property
    def bytes_missing(self) -> int:
        """How much of the model is still to be written."""
        return sum(max(file.size - length(self.part(file)), 0) for file in self.missing)

    def part(self, file: ModelFile) -> Path:
        """Where to write the file before it is accepted; what an earlier try left may be there."""
        return self._folder / "parts" / file.name

    def wheel(self, requirement: str) -> Path:
        """Where a downloaded package is kept until the model is complete."""
        return self.package(f"{requirement}.whl")

    def package(self, name: str) -> Path:
        """Where something that holds files of the model is kept until that is complete."""
        return self._folder / "wheels" / name

    def adopt_wheel(self, requirement: str, other: "Staging") -> None:
        """Take over a package that came for another model."""
        place = self.wheel(requirement)
        place.unlink(missing_ok=True)
        _duplicate(other.wheel(requirement), place)

    def run_folder(self) -> Path:
        """A new folder for something that needs one while it runs."""
        return Path(tempfile.mkdtemp(prefix="run-", dir=self._folder))

    def accept(self, file: ModelFile, path: Path, *, announced: str | None = None) -> None:
        """Check a complete file and keep it. A file with another digest is removed.

        Args:
            file: Which file of the model it is.
            path: Where its bytes are now.
            announced: The SHA-256 its source gave for it. Counts where the catalogue pins none.

        Raises:
            ChecksumError: The digest is another than the one that is pinned or announced.
        """
        actual = sha256(path)
        expected = file.sha256 or announced or actual
        if actual != expected:
            path.unlink()
            raise ChecksumError(path, expected=expected, actual=actual)
        path.replace(self._files / file.name)
        self._digests[file.name] = actual

    def adopt(self, folder: Path) -> None:
        """Take over what is still right in a damaged model folder, so that it is not fetched again.

        Only files with a pinned digest: of the others nobody knows whether they are right.
        """
        for file in self.missing:
            original, part = folder / file.name, self.part(file)
            if file.sha256 is None or not has_size(original, file.size):
                continue
            if sha256(original) == file.sha256:
                part.unlink(missing_ok=True)
                _duplicate(original, part)
                part.replace(self._files / file.name)
                self._digests[file.name] = file.sha256

    def publish(self, folder: Path, *, source: str) -> None:
        """Let the finished model appear in one step, in place of what may be there."""
        receipt = Receipt(
            model=self.model.name,
            source=source,
            fetched=datetime.now(UTC).isoformat(timespec="seconds"),
            digests=self._digests,
        )
        (self._files / RECEIPT).write_bytes(msgspec.json.format(msgspec.json.encode(receipt)))
        for file in self._files.iterdir():
            _flush_to_disk(file)
        if folder.exists():
            folder.rename(self.run_folder() / "replaced")
        self._files.rename(folder)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _take_up(self) -> None:
        """Keep what an earlier fetch had accepted, and nothing else."""
        files = {file.name: file for file in self.model.files}
        for path in self._files.iterdir():
            file = files.get(path.name)
            if file is None or not has_size(path, file.size):
                path.unlink()
                continue
            with suppress(ChecksumError):
                self.accept(file, path)


def _duplicate(original: Path, place: Path) -> None:
    """Let a file be in a second place too, where there is none yet."""
    try:
        place.hardlink_to(original)
    except OSError:
        shutil.copyfile(original, place)


def has_size(path: Path, size: int) -> bool:
    """Whether there is a file of that many bytes."""
    try:
        return path.is_file() and path.stat().st_size == size
    except OSError:
        return False


def length(path: Path) -> int:
    """Bytes of a file, 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def sha256(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _flush_to_disk(path: Path) -> None:
    # A file taken over from a damaged folder may be read-only; it was flushed when it was written.
    with suppress(PermissionError), path.open("rb+") as stream:
        os.fsync(stream.fileno())
