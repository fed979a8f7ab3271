import json
from typing import Any

import httpx
import pytest

from server.harness import KEY, PATH, Running, Start, received
from sferic.server.keys import KeyDatabase
from sferic.server.minting import LONGEST_BODY


async def posted(
    running: Running, body: Any = None, *, key: str | None = KEY, **headers: str
) -> httpx.Response:
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
    async with httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{running.port}/v1/tokens"
        return await client.post(url, content=content, headers=headers)


async def minted(running: Running, **wanted: Any) -> str:
    answer = await posted(running, wanted)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


async def test_a_key_mints_a_token_for_a_minute_and_a_session(start: Start) -> None:
    answer = (await posted(await start())).json()
    assert {**answer, "token": "", "expires_at": ""} == {
        "token": "",
        "expires_at": "",
        "seconds": 60,
        "sessions": 1,
        "options": None,
    }
    assert answer["token"].startswith("sferic-token.")
    assert answer["expires_at"].endswith("Z")


async def test_an_answer_with_a_token_is_kept_by_nobody(start: Start) -> None:
    assert (await posted(await start())).headers["Cache-Control"] == "no-store"


async def test_a_browser_shows_a_token_as_a_subprotocol_or_in_the_query(start: Start) -> None:
    running = await start()
    token = await minted(running, sessions=3)
    async with running.connect(key=None, subprotocols=["bearer", token]) as connection:
        assert connection.subprotocol == "bearer"
    async with running.connect(f"token={token}", key=None) as connection:
        await connection.send(json.dumps({"type": "finalize"}))
        assert (await received(connection))[-1]["is_last"]
    async with running.connect(key=token):
        pass


async def test_a_key_in_the_query_is_refused_and_told_why(start: Start) -> None:
    running = await start()
    for options in ({"key": None}, {"key": KEY}):
        denial = await running.refused(f"token={KEY}", **options)
        assert (denial.status, denial.body["code"]) == (401, "key_in_query")
        assert "URLs end up in logs" in denial.body["message"]


async def test_a_token_opens_as_many_sessions_as_it_is_for(start: Start) -> None:
    running = await start()
    token = await minted(running)
    async with running.connect(f"token={token}", key=None):
        pass
    denial = await running.refused(f"token={token}", key=None)
    assert (denial.status, denial.body["code"]) == (401, "token_used_up")
    token = await minted(running, sessions="unlimited")
    for _ in range(4):
        async with running.connect(f"token={token}", key=None):
            pass


async def test_a_refused_handshake_takes_no_session(start: Start) -> None:
    running = await start()
    token = await minted(running)
    assert (await running.refused(f"token={token}&sample_rate=1", key=None)).status == 400
    running.services.sessions.draining = True
    assert (await running.refused(f"token={token}", key=None)).status == 503
    running.services.sessions.draining = False
    async with running.connect(f"token={token}", key=None):
        pass


async def test_an_expired_token_is_told_so_before_the_upgrade(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await start()
    token = await minted(running, seconds=1)
    clock = running.services.tokens._clock
    monkeypatch.setattr(running.services.tokens, "_clock", lambda: clock() + 1.5)
    denial = await running.refused(f"token={token}", key=None)
    assert (denial.status, denial.body["code"]) == (401, "token_expired")
    assert denial.headers["WWW-Authenticate"].endswith('error="invalid_token"')


async def test_options_are_limited_to_those_of_the_token(start: Start) -> None:
    running = await start()
    token = await minted(
        running, sessions=9, options={"redact_pii": True, "endpointing_timeout": [300, 500]}
    )
    async with running.connect(f"token={token}&endpointing_timeout=500", key=None):
        options = (await running.stream()).options
        assert (options.redact_pii, options.endpointing_timeout) == (True, 500)
    denial = await running.refused(f"token={token}&diarize=true&redact_pii=false", key=None)
    assert (denial.status, denial.body["code"]) == (403, "option_not_allowed")
    assert [one["parameter"] for one in denial.body["errors"]] == ["redact_pii", "diarize"]


async def test_sessions_of_tokens_count_as_those_of_their_key(start: Start) -> None:
    running = await start(max_sessions_per_key=1)
    token = await minted(running)
    async with running.connect():
        denial = await running.refused(f"token={token}", key=None)
        assert (denial.status, denial.body["code"]) == (429, "too_many_sessions")


async def test_a_revoked_key_ends_the_sessions_of_its_tokens(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sferic.server.keyring.REFRESH_S", 0.02)
    running = await start()
    database = KeyDatabase(running.services.settings.key_database)
    record, key = database.create()
    token = (await posted(running, key=key)).json()["token"]
    async with running.connect(f"token={token}", key=None) as connection:
        database.revoke(record.id)
        assert (await received(connection))[-1]["code"] == "key_revoked"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"seconds": 0}, "seconds"),
        ({"seconds": 3601}, "seconds"),
        ({"seconds": "60"}, "seconds"),
        ({"sessions": 0}, "sessions"),
        ({"sessions": "many"}, "sessions"),
        ({"option": {}}, "option"),
        ([], "object"),
        (b"{", "truncated"),
        (b"\xff", "body"),
    ],
)
async def test_a_body_that_is_wrong_is_400_and_told(start: Start, body: Any, told: str) -> None:
    answer = await posted(await start(), body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert told in answer.json()["message"]


async def test_options_that_there_are_not_are_400_and_listed(start: Start) -> None:
    answer = await posted(await start(), {"options": {"langauge": "en", "diarize": "perhaps"}})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameters")
    assert [one["parameter"] for one in answer.json()["errors"]] == ["langauge", "diarize"]


async def test_a_body_that_is_too_long_is_413(start: Start) -> None:
    answer = await posted(await start(), b" " * (LONGEST_BODY + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "request_too_big")


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [(None, 401, "missing_key"), ("wrong", 401, "invalid_key")],
)
async def test_only_a_key_mints_tokens(
    start: Start, key: str | None, status: int, code: str
) -> None:
    answer = await posted(await start(), key=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_token_mints_no_tokens(start: Start) -> None:
    running = await start()
    answer = await posted(running, key=await minted(running))
    assert (answer.status_code, answer.json()["code"]) == (403, "key_needed")


async def test_pages_of_other_origins_get_none(start: Start) -> None:
    answer = await posted(await start(), Origin="https://app.example.com")
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")


async def test_a_development_server_mints_for_this_machine_without_a_key(start: Start) -> None:
    running = await start(development_key="sferic_of-the-tests")
    for host in (f"127.0.0.1:{running.port}", f"localhost:{running.port}", "[::1]"):
        answer = await posted(running, key=None, Host=host)
        assert answer.status_code == 200
    async with running.connect(f"token={answer.json()['token']}", key=None):
        pass


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example.com"},
        {"X-Forwarded-For": "192.0.2.7"},
        {"Origin": "https://app.example.com"},
    ],
)
async def test_but_not_for_a_name_that_was_made_to_lead_here_nor_for_others(
    start: Start, headers: dict[str, str]
) -> None:
    running = await start(development_key="sferic_of-the-tests")
    assert (await posted(running, key=None, **headers)).status_code in (401, 403)


async def test_another_server_does_not_do_without_a_key(start: Start) -> None:
    assert (await posted(await start(), key=None)).status_code == 401


async def test_no_token_gets_into_a_log(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    running = await start()
    token = await minted(running)
    async with running.connect(f"token={token}", key=None):
        pass
    await running.refused(f"token={token}", key=None)
    await running.refused(f"token={token}x", key=None)
    await running.get(f"{PATH}?token={token}")
    await running.get(f"/nowhere?token={token}")
    # What a client of the tests logs is on its own side of the socket.
    lines = [
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith(("websockets.client", "httpx", "httpcore"))
    ]
    told = [line for line in lines if "key=static-1" in line]
    assert len(told) == 2
    for part in token.split(".")[1:]:
        assert part not in "\n".join(lines)
