import asyncio
import base64
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.config import KEY_CHARACTERS
from sferic.errors import KeyStoreError
from sferic.server import keyring as keyring_module
from sferic.server import token_counts
from sferic.server.allowance import Allowance
from sferic.server.keyring import Keyring
from sferic.server.keys import KEY_PREFIX, KeyDatabase
from sferic.server.refusal import Refusal
from sferic.server.tokens import LONGEST_TOKEN, TOKEN_PREFIX, Tokens, _parts, is_token


class Clock:
    """Seconds since 1970, as a test says."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> KeyDatabase:
    return KeyDatabase(str(tmp_path / "keys.db"))


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_module, "MISS_PAUSE_S", 0.0)


@asynccontextmanager
async def opened(
    database: KeyDatabase, clock: Callable[[], float], **static: str
) -> AsyncIterator[Tokens]:
    keyring = Keyring(database, static)
    await keyring.start()
    try:
        yield Tokens(database, keyring, clock)
    finally:
        await keyring.stop()


async def refused(question: object) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        await question  # type: ignore[misc]
    return caught.value.status, caught.value.code


async def test_a_token_says_what_it_was_minted_for(database: KeyDatabase, clock: Clock) -> None:
    record, _ = database.create()
    allowance = Allowance.of({"language": ["de", "en"], "redact_pii": True, "diarize": None})
    async with opened(database, clock) as tokens:
        grant, token = await tokens.mint(record.id, seconds=90, sessions=3, allowance=allowance)
        assert await tokens.find(token) == grant
    assert (grant.key_id, grant.sessions, grant.allowance) == (record.id, 3, allowance)
    assert grant.expires == clock.now + 90
    assert is_token(token)
    assert not TOKEN_PREFIX.startswith(KEY_PREFIX)


async def test_a_token_fits_into_a_subprotocol_and_an_url(
    database: KeyDatabase, clock: Clock
) -> None:
    async with opened(database, clock, one="key") as tokens:
        _, token = await tokens.mint("one", allowance=Allowance.of({"language": ["de", "en"]}))
    assert all(KEY_CHARACTERS.fullmatch(part) for part in token.split("."))


async def test_a_token_ends_at_its_second(database: KeyDatabase, clock: Clock) -> None:
    async with opened(database, clock, one="key") as tokens:
        _, token = await tokens.mint("one", seconds=10)
        clock.now += 9.9
        assert await tokens.find(token)
        clock.now += 0.1
        assert await refused(tokens.find(token)) == (401, "token_expired")
        clock.now += 60
        with pytest.raises(Refusal, match="expired 60 seconds ago"):
            await tokens.find(token)


async def test_a_token_is_good_for_so_many_sessions(database: KeyDatabase, clock: Clock) -> None:
    async with opened(database, clock, one="key") as tokens:
        grant, _ = await tokens.mint("one", sessions=2)
        other, _ = await tokens.mint("one", sessions=1)
        await tokens.use(grant)
        await tokens.check(grant)
        await tokens.use(grant)
        assert await refused(tokens.check(grant)) == (401, "token_used_up")
        assert await refused(tokens.use(grant)) == (401, "token_used_up")
        await tokens.use(other)
        with pytest.raises(Refusal, match="one session, which has been opened"):
            await tokens.use(other)


async def test_of_handshakes_at_the_same_time_no_more_than_that_many_get_a_session(
    database: KeyDatabase, clock: Clock, tmp_path: Path
) -> None:
    same = KeyDatabase(str(tmp_path / "keys.db"))
    async with opened(database, clock, one="key") as one, opened(same, clock, one="key") as other:
        grant, _ = await one.mint("one", sessions=3)
        uses = [tokens.use(grant) for tokens in (one, other) * 5]
        answers = await asyncio.gather(*uses, return_exceptions=True)
    assert answers.count(None) == 3
    refusals = [answer.code for answer in answers if isinstance(answer, Refusal)]
    assert refusals == ["token_used_up"] * 7


async def test_one_for_any_number_of_sessions_is_not_counted(
    database: KeyDatabase, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(database, clock, one="key") as tokens:
        _, token = await tokens.mint("one", sessions=None)
        monkeypatch.setattr(database, "transaction", None)
        for _ in range(100):
            await tokens.use(await tokens.find(token))


async def test_what_was_signed_elsewhere_or_changed_is_none(
    database: KeyDatabase, clock: Clock, tmp_path: Path
) -> None:
    elsewhere = KeyDatabase(str(tmp_path / "other.db"))
    async with opened(database, clock, one="key") as tokens:
        async with opened(elsewhere, clock, one="key") as others:
            _, foreign = await others.mint("one")
        assert await refused(tokens.find(foreign)) == (401, "invalid_token")
        _, token = await tokens.mint("one", seconds=1)
        payload, signature = token.removeprefix(TOKEN_PREFIX).split(".")
        longer = base64.urlsafe_b64decode(payload + "==").replace(
            str(clock.now + 1).encode(), str(clock.now + 9).encode()
        )
        forged = base64.urlsafe_b64encode(longer).decode().rstrip("=")
        assert forged != payload
        for text in (
            f"{TOKEN_PREFIX}{forged}.{signature}",
            f"{TOKEN_PREFIX}{payload}.{signature[:-2]}AA",
            f"{TOKEN_PREFIX}{payload}.",
            f"{TOKEN_PREFIX}{payload}",
            TOKEN_PREFIX,
            f"{TOKEN_PREFIX}.{signature}",
            token + "x" * LONGEST_TOKEN,
            f"{payload}.{signature}",
        ):
            assert await refused(tokens.find(text)) == (401, "invalid_token"), text


@given(st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=80))
def test_whatever_stands_in_a_token_is_two_parts_or_none(text: str) -> None:
    parts = _parts(TOKEN_PREFIX + text)
    assert parts is None or len(parts) == 2


async def test_with_the_key_its_tokens_go_out_of_force(database: KeyDatabase, clock: Clock) -> None:
    record, _ = database.create()
    async with opened(database, clock) as tokens:
        _, token = await tokens.mint(record.id)
        database.revoke(record.id)
        await tokens._keyring._refresh()
        assert await refused(tokens.find(token)) == (401, "invalid_token")
        assert await refused(tokens.mint(record.id)) == (401, "invalid_token")


async def test_another_key_of_the_same_place_does_not_answer_for_a_token(
    database: KeyDatabase, clock: Clock
) -> None:
    async with opened(database, clock, one="key") as tokens:
        _, token = await tokens.mint("one")
    async with opened(database, clock, one="another") as tokens:
        assert await refused(tokens.find(token)) == (401, "invalid_token")


async def test_servers_with_the_same_keys_take_each_others_tokens_and_count_together(
    database: KeyDatabase, clock: Clock, tmp_path: Path
) -> None:
    same = KeyDatabase(str(tmp_path / "keys.db"))
    async with opened(same, clock, one="key") as other, opened(database, clock, one="key") as one:
        grant, token = await one.mint("one")
        assert await other.find(token) == grant
        await other.use(grant)
        assert await refused(one.use(grant)) == (401, "token_used_up")
        _, back = await other.mint("one")
        assert await one.find(back)


async def test_a_restart_changes_nothing(database: KeyDatabase, clock: Clock) -> None:
    async with opened(database, clock, one="key") as tokens:
        grant, token = await tokens.mint("one")
        await tokens.use(grant)
    async with opened(database, clock, one="key") as tokens:
        assert await tokens.find(token) == grant
        assert await refused(tokens.use(grant)) == (401, "token_used_up")


async def test_what_is_stored_of_a_token_does_not_make_one(
    database: KeyDatabase, clock: Clock, tmp_path: Path
) -> None:
    async with opened(database, clock, one="key") as tokens:
        _, token = await tokens.mint("one")
    stored = (tmp_path / "keys.db").read_bytes()
    for part in token.removeprefix(TOKEN_PREFIX).split("."):
        assert part.encode() not in stored
    assert hashlib.sha256(b"key").digest() not in stored


async def test_counts_of_expired_tokens_are_forgotten_and_there_is_a_limit_for_each_key(
    database: KeyDatabase, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_counts, "MOST_COUNTED", 2)
    async with opened(database, clock, one="key", two="another") as tokens:
        await tokens.mint("one", seconds=30)
        await tokens.mint("one", seconds=90)
        with pytest.raises(Refusal) as caught:
            await tokens.mint("one")
        assert (caught.value.status, caught.value.code) == (429, "too_many_tokens")
        assert caught.value.response().headers["Retry-After"] == "30"
        await tokens.mint("two", seconds=90)
        await tokens.mint("one", sessions=None)
        clock.now += 31
        await tokens.mint("one")
    rows = sqlite3.connect(tmp_path / "keys.db").execute("select count(*) from token_sessions")
    assert rows.fetchone() == (3,)


async def test_a_token_that_would_not_fit_into_a_header_is_not_minted(
    database: KeyDatabase, clock: Clock
) -> None:
    values = tuple(f"name-{number:0100}" for number in range(40))
    async with opened(database, clock, one="key") as tokens:
        allowance = Allowance({"external_session_id": values})
        assert await refused(tokens.mint("one", allowance=allowance)) == (400, "invalid_request")


async def test_without_a_database_nothing_is_minted_or_counted(
    database: KeyDatabase, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        message = "the disk is gone"
        raise KeyStoreError(message)

    async with opened(database, clock, one="key") as tokens:
        grant, token = await tokens.mint("one")
        monkeypatch.setattr(database, "prepare", fail)
        monkeypatch.setattr(database, "transaction", fail)
        assert await tokens.find(token) == grant
        assert await refused(tokens.use(grant)) == (503, "tokens_unavailable")
        assert await refused(tokens.mint("one")) == (503, "tokens_unavailable")


async def test_a_flood_of_made_up_tokens_costs_no_look_at_the_database(
    database: KeyDatabase, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(database, clock, one="key") as tokens:
        _, token = await tokens.mint("one")
        monkeypatch.setattr(database, "version", None)
        for number in range(1000):
            made_up = f"{token[:-8]}{number:08}"
            assert await refused(tokens.find(made_up)) == (401, "invalid_token")
