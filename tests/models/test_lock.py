from pathlib import Path

import msgspec
import pytest

from models.fakehub import CONTENTS, PREFIX, FakeHub, MakeStore, tiny_model
from sferic.errors import ChecksumError, LockFileError, ModelFileMissingError
from sferic.models.catalogue import Model
from sferic.models.lock import LOCK, Lock, lock_path, read_lock, write_lock
from sferic.models.staging import sha256

NAME = tiny_model().name


def unpinned() -> Model:
    model = tiny_model()
    files = tuple(msgspec.structs.replace(file, sha256=None) for file in model.files)
    return msgspec.structs.replace(model, files=files)


def locked(make_store: MakeStore, path: Path) -> Lock:
    store = make_store(unpinned())
    store.pull(NAME)
    lock = store.lock([NAME])
    write_lock(lock, path)
    return lock


def test_a_lock_has_the_digests_of_what_is_here(
    hub: FakeHub, make_store: MakeStore, tmp_path: Path
) -> None:
    lock = locked(make_store, tmp_path / "a.lock")
    folder = make_store().root / NAME
    assert {name: file.sha256 for name, file in lock.models[NAME].items()} == {
        name: sha256(folder / name) for name in CONTENTS
    }
    assert read_lock(tmp_path / "a.lock") == lock


def test_a_later_fetch_is_held_to_the_lock(
    hub: FakeHub, make_store: MakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked(make_store, tmp_path / "a.lock")
    monkeypatch.setenv("SFERIC_MODELS_LOCK", str(tmp_path / "a.lock"))
    name = next(iter(CONTENTS))
    content = hub.files[PREFIX + name]
    hub.files[PREFIX + name] = bytes(reversed(content))
    elsewhere = type(make_store())(tmp_path / "elsewhere", catalogue=make_store().catalogue)
    with pytest.raises(ChecksumError):
        elsewhere.pull(NAME)
    hub.files[PREFIX + name] = content
    assert elsewhere.pull(NAME).is_dir()


def test_a_lock_lies_beside_the_models_unless_the_environment_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lock_path(tmp_path) == tmp_path / LOCK
    monkeypatch.setenv("SFERIC_MODELS_LOCK", "/etc/some.lock")
    assert lock_path(tmp_path) == Path("/etc/some.lock")


def test_what_is_damaged_or_not_here_is_not_locked(hub: FakeHub, make_store: MakeStore) -> None:
    store = make_store()
    with pytest.raises(ModelFileMissingError, match=f"sferic models pull {NAME}"):
        store.lock([NAME])


def test_a_broken_lock_file_is_named(make_store: MakeStore) -> None:
    root = make_store().root
    root.mkdir(parents=True)
    (root / LOCK).write_text('{"models": {"m": {"f": {"size": 3, "sha256": "nonsense"}}}}')
    with pytest.raises(LockFileError, match=LOCK):
        make_store()
