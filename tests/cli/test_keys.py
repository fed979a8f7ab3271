import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sferic.cli import app
from sferic.errors import InvalidSettingsError, UnknownKeyError
from sferic.server.keys import KeyDatabase, digest_of


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyDatabase:
    monkeypatch.setenv("SFERIC_KEY_DATABASE", str(tmp_path / "keys.db"))
    monkeypatch.delenv("SFERIC_CONFIG", raising=False)
    return KeyDatabase(str(tmp_path / "keys.db"))


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["keys", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_create_prints_nothing_but_the_key(database: KeyDatabase) -> None:
    key = run("create", "--name", "laptop").strip()
    (record,) = database.list()
    assert record.name == "laptop"
    assert database.digests() == {record.id: digest_of(key)}


def test_list_shows_ids_and_names_but_no_keys() -> None:
    key = run("create", "--name", "laptop").strip()
    listed = run("list")
    assert re.search(r"key_[0-9a-f]{8}\s+laptop\s+20\d\d-", listed)
    assert key not in listed


def test_list_without_keys_prints_nothing() -> None:
    assert run("list") == ""


def test_revoke_puts_a_key_out_of_force(database: KeyDatabase) -> None:
    run("create")
    (record,) = database.list()
    run("revoke", record.id)
    assert database.digests() == {}
    assert f"{database.list()[0].revoked:%Y-%m-%d}" in run("list")


def test_revoking_a_key_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UnknownKeyError):
        run("revoke", "key_none")


def test_the_database_may_be_given_by_flag_or_file(tmp_path: Path) -> None:
    run("create", "--key-database", str(tmp_path / "flag.db"))
    assert (tmp_path / "flag.db").exists()


def test_a_bad_configuration_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "sferic.toml").write_text("nonsense = 1")
    with pytest.raises(InvalidSettingsError):
        run("create", "--config", str(tmp_path / "sferic.toml"))
