import hashlib
import io
import tarfile

import msgspec
import pytest

from models.fakehub import CONTENTS, FakeHub, MakeStore, tiny_model
from sferic.errors import ModelFetchError
from sferic.models.catalogue import ArchiveSource, Model

FOLDER = "tiny-2026"


def packed(contents: dict[str, bytes]) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w:bz2") as archive:
        for name, content in {"README.md": b"hello", **contents}.items():
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return output.getvalue()


def archived(hub: FakeHub, archive: bytes) -> Model:

    hub.files["/tiny.tar.bz2"] = archive
    source = ArchiveSource(
        url=f"{hub.url}/tiny.tar.bz2",
        size=len(archive),
        sha256=hashlib.sha256(archive).hexdigest(),
        members={name: f"{FOLDER}/{name}" for name in CONTENTS},
    )
    return msgspec.structs.replace(tiny_model(), sources=(source,))


def test_files_are_taken_out_of_an_archive(hub: FakeHub, make_store: MakeStore) -> None:
    model = archived(hub, packed(CONTENTS))
    folder = make_store(model).pull(model.name)
    assert {path.name for path in folder.iterdir()} == {*CONTENTS, "sferic-model.json"}
    assert all((folder / name).read_bytes() == content for name, content in CONTENTS.items())


def test_an_archive_that_lacks_a_file_is_told(hub: FakeHub, make_store: MakeStore) -> None:
    missing, *rest = CONTENTS
    model = archived(hub, packed({name: CONTENTS[name] for name in rest}))
    with pytest.raises(ModelFetchError, match=f"the archive has no {missing}"):
        make_store(model).pull(model.name)


def test_what_is_no_archive_is_told(hub: FakeHub, make_store: MakeStore) -> None:
    model = archived(hub, b"no archive at all")
    with pytest.raises(ModelFetchError, match="cannot be unpacked"):
        make_store(model).pull(model.name)


def test_another_archive_than_the_one_that_is_pinned_is_refused(
    hub: FakeHub, make_store: MakeStore
) -> None:
    archive = packed(CONTENTS)
    model = archived(hub, archive)
    hub.files["/tiny.tar.bz2"] = bytes(reversed(archive))
    with pytest.raises(Exception, match="SHA-256"):
        make_store(model).pull(model.name)
    assert not (make_store(model).root / model.name).exists()
