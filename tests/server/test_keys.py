import hashlib
import os
import re
import sqlite3
import stat
from pathlib import Path

import pytest

from sferic.config import KEY_CHARACTERS
from sferic.errors import KeyStoreError, UnknownKeyError
from sferic.server import keys
from sferic.server.keys import KeyDatabase, development_key


@pytest.fixture
def database(tmp_path: Path) -> KeyDatabase:
    return KeyDatabase(str(tmp_path / "folder" / "keys.db"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_made_once_and_only_its_hash_is_kept(
    database: KeyDatabase, tmp_path: Path
) -> None:
    record, key = database.create("laptop")
    assert database.list() == (record,)
    assert (record.name, record.revoked) == ("laptop", None)
    assert database.digests() == {record.id: hashlib.sha256(key.encode()).digest()}
    stored = (tmp_path / "folder" / "keys.db").read_bytes()
    assert key.encode() not in stored
    assert key.removeprefix("sferic_").encode() not in stored


def test_a_key_has_256_random_bits_that_fit_into_a_subprotocol(database: KeyDatabase) -> None:
    made = {database.create()[1] for _ in range(20)}
    assert len(made) == 20
    for key in made:
        assert KEY_CHARACTERS.fullmatch(key)
        assert re.fullmatch(r"sferic_[A-Za-z0-9_-]{43}", key)


def test_only_the_owner_may_read_the_file_and_its_folder(
    database: KeyDatabase, tmp_path: Path
) -> None:
    database.create()
    assert mode(tmp_path / "folder") == 0o700
    assert mode(tmp_path / "folder" / "keys.db") == 0o600
    (tmp_path / "folder" / "keys.db").chmod(0o644)
    database.create()
    assert mode(tmp_path / "folder" / "keys.db") == 0o600


def test_without_a_file_there_are_no_keys_and_none_is_made(
    database: KeyDatabase, tmp_path: Path
) -> None:
    assert database.list() == ()
    assert database.digests() == {}
    assert database.version() == 0
    with pytest.raises(UnknownKeyError):
        database.revoke("key_1")
    assert not (tmp_path / "folder").exists()


def test_every_change_is_counted(database: KeyDatabase) -> None:
    record, _ = database.create()
    first = database.version()
    database.create()
    second = database.version()
    database.revoke(record.id)
    assert 0 < first < second < database.version()


def test_a_revoked_key_is_out_of_force_for_good(database: KeyDatabase) -> None:
    record, _ = database.create()
    other, _ = database.create()
    database.revoke(record.id)
    assert database.digests().keys() == {other.id}
    (revoked,) = [known for known in database.list() if known.id == record.id]
    assert revoked.revoked is not None
    database.revoke(record.id)
    assert revoked in database.list()


def test_a_key_that_is_not_there_is_named(database: KeyDatabase) -> None:
    database.create()
    with pytest.raises(UnknownKeyError, match="'key_none'; `sferic keys list`"):
        database.revoke("key_none")


def test_there_is_a_limit(database: KeyDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_KEYS", 2)
    record, _ = database.create()
    database.create()
    with pytest.raises(KeyStoreError, match="2 keys already"):
        database.create()
    database.revoke(record.id)
    database.create()


def test_an_url_works_like_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    record, _ = KeyDatabase(f"sqlite:///{path}").create()
    assert mode(path) == 0o600
    assert KeyDatabase(str(path)).list() == (record,)


def test_a_file_replaced_by_its_backup_is_noticed(database: KeyDatabase, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "keys.db"
    record, _ = database.create()
    backup = path.read_bytes()
    database.create()
    path.unlink()
    path.write_bytes(backup)
    assert database.digests().keys() == {record.id}


@pytest.mark.parametrize("where", ["nosuch://user:secret-password@host/db", "://"])
def test_a_setting_that_makes_no_sense_is_named_without_its_password(where: str) -> None:
    with pytest.raises(KeyStoreError, match="cannot be used") as caught:
        KeyDatabase(where)
    assert "secret-password" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(KeyStoreError, match=r"keys\.db does not work: file is not a database"):
        KeyDatabase(str(path)).digests()


def test_a_database_of_something_else_has_no_keys(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "keys.db").execute("create table other (id)").connection.close()
    assert KeyDatabase(str(tmp_path / "keys.db")).digests() == {}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyStoreError, match="cannot be written"):
        KeyDatabase(str(tmp_path / "file" / "keys.db")).create()


def test_the_development_key_is_the_same_at_every_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "data_folder", lambda: tmp_path / "data")
    key, kept = development_key()
    assert kept
    assert development_key() == (key, True)
    assert mode(tmp_path / "data" / "development-key") == 0o600


@pytest.mark.parametrize("damage", [b"", b"\xff\xff", b"not a key"])
def test_a_damaged_development_key_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    monkeypatch.setattr(keys, "data_folder", lambda: tmp_path)
    (tmp_path / "development-key").write_bytes(damage)
    key, kept = development_key()
    assert kept
    assert KEY_CHARACTERS.fullmatch(key)
    assert development_key() == (key, True)


def test_where_nothing_can_be_kept_there_is_a_development_key_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(keys, "data_folder", lambda: tmp_path / "file")
    key, kept = development_key()
    assert KEY_CHARACTERS.fullmatch(key)
    assert not kept
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208
