import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sferic.errors import KeyStoreError
from sferic.server import keyring as module
from sferic.server.keyring import Keyring
from sferic.server.keys import KeyDatabase


@pytest.fixture
def database(tmp_path: Path) -> KeyDatabase:
    return KeyDatabase(str(tmp_path / "keys.db"))


@pytest.fixture
def looks(database: KeyDatabase, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the database was asked."""
    asked: list[str] = []

    def counted(name: str, ask: Callable[[], object]) -> Callable[[], object]:
        def count() -> object:
            asked.append(name)
            return ask()

        return count

    for name in ("version", "digests"):
        monkeypatch.setattr(database, name, counted(name, getattr(database, name)))
    return asked


@asynccontextmanager
async def opened(database: KeyDatabase, **static: str) -> AsyncIterator[Keyring]:
    keyring = Keyring(database, static)
    await keyring.start()
    try:
        yield keyring
    finally:
        await keyring.stop()


async def test_a_key_in_force_is_known_by_its_id(database: KeyDatabase) -> None:
    record, key = database.create()
    async with opened(database, one="static-key") as keyring:
        assert await keyring.find(key) == record.id
        assert await keyring.find("static-key") == "one"


@pytest.mark.parametrize("text", ["unknown", "", "with space", "x" * 257, "ключ", "static-ke"])
async def test_anything_else_is_nobodys(
    database: KeyDatabase, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(module, "MISS_PAUSE_S", 0.0)
    async with opened(database, one="static-key") as keyring:
        assert await keyring.find(text) is None


async def test_known_keys_cost_no_look_at_the_database(
    database: KeyDatabase, looks: list[str]
) -> None:
    _, key = database.create()
    async with opened(database) as keyring:
        before = len(looks)
        for _ in range(1000):
            assert await keyring.find(key)
        assert len(looks) == before


async def test_a_flood_of_unknown_keys_costs_one_look(
    database: KeyDatabase, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MISS_PAUSE_S", 0.1)
    database.create()
    async with opened(database) as keyring:
        assert looks == ["version", "digests"]
        found = await asyncio.gather(*(keyring.find(f"guess-{n}") for n in range(2000)))
        assert set(found) == {None}
        assert looks == ["version", "digests", "version"]


async def test_a_new_key_works_at_once(
    database: KeyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MISS_PAUSE_S", 0.01)
    async with opened(database) as keyring:
        record, key = database.create()
        assert await keyring.find(key) == record.id


async def test_a_revoked_key_stops_working_within_the_interval_and_somebody_is_told(
    database: KeyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REFRESH_S", 0.02)
    record, key = database.create()
    _, other = database.create()
    async with opened(database) as keyring:
        gone: asyncio.Future[frozenset[str]] = asyncio.get_running_loop().create_future()
        keyring.on_revoked = gone.set_result
        database.revoke(record.id)
        assert await asyncio.wait_for(gone, 2) == {record.id}
        assert await keyring.find(key) is None
        assert await keyring.find(other)


async def test_when_the_database_fails_known_keys_stay_in_force_and_it_is_logged_once(
    database: KeyDatabase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MISS_PAUSE_S", 0.0)
    _, key = database.create()

    def fail() -> int:
        message = "the disk is gone"
        raise KeyStoreError(message)

    async with opened(database) as keyring:
        monkeypatch.setattr(database, "version", fail)
        for _ in range(3):
            assert await keyring.find("unknown") is None
        assert await keyring.find(key)
    assert caplog.text.count("the disk is gone; the keys known so far stay in force") == 1


async def test_a_database_that_does_not_answer_delays_only_unknown_keys(
    database: KeyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MISS_PAUSE_S", 0.0)
    _, key = database.create()
    async with opened(database) as keyring:
        monkeypatch.setattr(module, "REFRESH_S", 0.05)
        answer = asyncio.Event()

        async def hang() -> None:
            await answer.wait()

        monkeypatch.setattr(keyring, "_look_soon", hang)
        assert await keyring.find(key)
        assert await asyncio.wait_for(keyring.find("unknown"), 1) is None
