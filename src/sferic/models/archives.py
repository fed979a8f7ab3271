"""Files out of an archive at an address."""

import shutil
import tarfile

from sferic.errors import ChecksumError
from sferic.models.catalogue import ArchiveSource, ModelFile
from sferic.models.http import Downloads
from sferic.models.progress import Progress
from sferic.models.staging import SourceError, Staging

_CHUNK = 1 << 20


def fetch_archive(
    source: ArchiveSource, staging: Staging, downloads: Downloads, progress: Progress
) -> None:
    """Fetch an archive and take the missing files out of it.

    Raises:
        SourceError: The address does not deliver it, or it lacks a file.
        ChecksumError: It delivered another one, twice, or a file in it is another.
    """
    archive = ModelFile(name="archive.tar", size=source.size, sha256=source.sha256)
    path = staging.package(archive.name)
    downloads.fetch_file(source.url, archive, path, staging.model.name, progress)
    progress.say(f"{staging.model.name}: unpacking and checking")
    wanted = {source.members[file.name]: file for file in staging.missing}
    try:
        with tarfile.open(path) as members:
            for member in members:
                file = wanted.get(member.name.removeprefix("./"))
                if file is not None and member.isfile():
                    _take(members, member, file, staging)
    except (tarfile.TarError, OSError, EOFError) as error:
        if isinstance(error, ChecksumError) or getattr(error, "errno", None):
            raise
        reason = f"the archive cannot be unpacked ({error})"
        raise SourceError(reason) from error
    if staging.missing:
        names = ", ".join(file.name for file in staging.missing)
        reason = f"the archive has no {names} as the catalogue has it"
        raise SourceError(reason)


def _take(
    members: tarfile.TarFile, member: tarfile.TarInfo, file: ModelFile, staging: Staging
) -> None:
    content = members.extractfile(member)
    if content is None or member.size != file.size:
        return
    part = staging.part(file)
    with content, part.open("wb") as output:
        shutil.copyfileobj(content, output, _CHUNK)
    staging.accept(file, part)
