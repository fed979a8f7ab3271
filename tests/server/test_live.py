import asyncio
import json
import logging
import threading
from typing import Any

import pytest

from fakes import CRASHING, SPOKEN, FakeRecognizer, FakeStream
from server.harness import KEY, Start, received
from sferic.config import Settings
from sferic.server.backend import Backend, Recognizer
from sferic.server.keys import KeyDatabase
from sferic.server.logs import SafeFormatter


async def test_a_key_in_the_header_opens_a_session(start: Start) -> None:
    running = await start()
    async with running.connect() as connection:
        assert connection.subprotocol is None
        await connection.send(json.dumps({"type": "finalize"}))
        assert (await received(connection))[-1]["is_last"] is True
    assert connection.close_code == 1000


async def test_the_scheme_is_bearer_in_any_case(start: Start) -> None:
    running = await start()
    async with running.connect(key=None, headers={"Authorization": f"bEARER  {KEY} "}):
        pass


async def test_a_browser_sends_the_key_as_a_subprotocol(start: Start) -> None:
    running = await start()
    async with running.connect(key=None, subprotocols=["bearer", KEY]) as connection:
        assert connection.subprotocol == "bearer"


async def test_the_older_path_is_the_same(start: Start) -> None:
    running = await start()
    async with running.connect(path="/api/v1/lightning/get_text"):
        pass


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"key": None}, "missing_key"),
        ({"key": None, "headers": {"Authorization": f"Token {KEY}"}}, "missing_key"),
        ({"key": None, "subprotocols": ["bearer"]}, "missing_key"),
        ({"key": None, "subprotocols": [KEY]}, "missing_key"),
        ({"key": "wrong"}, "invalid_key"),
        ({"key": "wr ong"}, "invalid_key"),
        ({"key": None, "subprotocols": ["bearer", "wrong"]}, "invalid_key"),
    ],
)
async def test_without_a_key_in_force_the_answer_is_401(
    start: Start, options: dict[str, Any], code: str
) -> None:
    running = await start()
    denial = await running.refused(**options)
    assert (denial.status, denial.body["code"]) == (401, code)
    assert denial.headers["WWW-Authenticate"].startswith('Bearer realm="sferic"')


async def test_a_key_in_the_query_does_not_count(start: Start) -> None:
    running = await start()
    denial = await running.refused(f"key={KEY}&token={KEY}&api_key={KEY}", key=None)
    assert denial.status == 401


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://127.0.0.1:{port}", ()),
        ("https://app.example.com", ("https://app.example.com",)),
        ("https://app.example.com", ("*",)),
        ("null", ("null",)),
    ],
)
async def test_pages_of_allowed_origins_may_connect(
    start: Start, origin: str, allowed: tuple[str, ...]
) -> None:
    running = await start(allowed_origins=allowed)
    async with running.connect(origin=origin.format(port=running.port)):
        pass


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example.com", ()),
        ("http://127.0.0.1", ()),
        ("http://127.0.0.1.example.com:{port}", ()),
        ("null", ()),
        ("ftp://127.0.0.1:{port}", ()),
        ("http://[", ()),
        ("https://app.example.com.evil.com", ("https://app.example.com",)),
        ("http://app.example.com", ("https://app.example.com",)),
    ],
)
async def test_pages_of_other_origins_may_not(
    start: Start, origin: str, allowed: tuple[str, ...]
) -> None:
    running = await start(allowed_origins=allowed)
    denial = await running.refused(origin=origin.format(port=running.port), key="wrong")
    assert (denial.status, denial.body["code"]) == (403, "origin_not_allowed")


async def test_all_bad_parameters_are_listed_at_once(start: Start) -> None:
    running = await start()
    denial = await running.refused("encoding=mp3&sample_rate=1&language=xx&unknown=1")
    assert (denial.status, denial.body["code"]) == (400, "invalid_parameters")
    assert [problem["parameter"] for problem in denial.body["errors"]] == [
        "encoding",
        "sample_rate",
        "language",
    ]
    assert {"parameter", "value", "allowed", "message"} <= denial.body["errors"][0].keys()


async def test_a_language_that_no_model_serves_is_listed_beside_what_else_is_wrong(
    start: Start,
) -> None:
    running = await start()
    denial = await running.refused("encoding=mp3&language=fr")
    assert [problem["parameter"] for problem in denial.body["errors"]] == ["encoding", "language"]


async def test_a_language_that_no_model_serves_is_400_and_says_which_are(start: Start) -> None:
    running = await start()
    denial = await running.refused("language=fr")
    assert (denial.status, denial.body["code"]) == (400, "language_not_served")
    assert denial.body["errors"][0]["allowed"] == "en"


async def test_a_query_may_be_longer_than_a_header_line_usually_is(start: Start) -> None:
    running = await start()
    denial = await running.refused("sample_rate=1&ignored=" + "x" * 100_000)
    assert denial.status == 400
    async with running.connect("ignored=" + "x" * 100_000) as connection:
        await connection.send('{"type":"finalize"}')
        assert await received(connection)


async def test_a_wrong_key_is_told_before_a_wrong_parameter(start: Start) -> None:
    running = await start()
    denial = await running.refused("sample_rate=1", key="wrong")
    assert denial.status == 401


async def test_a_key_with_too_many_sessions_is_429(start: Start) -> None:
    running = await start(max_sessions_per_key=1, api_keys=(KEY, "other"))
    async with running.connect():
        denial = await running.refused()
        assert (denial.status, denial.body["code"]) == (429, "too_many_sessions")
        assert int(denial.headers["Retry-After"]) > 0
        async with running.connect(key="other"):
            pass
    (stream, *_) = running.recognizer.streams
    await stream.left.wait()
    async with running.connect():
        pass


async def test_a_full_server_is_503(start: Start) -> None:
    running = await start(max_sessions=1, api_keys=(KEY, "other"))
    async with running.connect():
        denial = await running.refused(key="other")
        assert (denial.status, denial.body["code"]) == (503, "server_full")
        assert int(denial.headers["Retry-After"]) > 0


async def test_while_the_model_is_loaded_it_is_503_after_all_else_is_right(start: Start) -> None:
    recognizer = FakeRecognizer()
    may_load = threading.Event()
    loaded = asyncio.Event()

    def load(_: Settings) -> Recognizer:
        may_load.wait(10)
        return recognizer

    backend = Backend(load=load, open=lambda options, *_: FakeStream(options, recognizer))
    running = await start(ready=False, backend=backend)
    running.services.engine.on_ready = loaded.set
    denial = await running.refused()
    assert (denial.status, denial.body["code"]) == (503, "not_ready")
    assert int(denial.headers["Retry-After"]) > 0
    assert (await running.refused(key="wrong")).status == 401
    assert (await running.refused("sample_rate=1")).status == 400
    may_load.set()
    await loaded.wait()
    async with running.connect():
        pass


async def test_a_stored_key_opens_a_session_and_when_revoked_ends_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sferic.server.keyring.REFRESH_S", 0.05)
    running = await start(api_keys=())
    database = KeyDatabase(running.services.settings.key_database)
    record, key = database.create("a test")
    async with running.connect(key=key) as connection:
        database.revoke(record.id)
        (message,) = await received(connection)
        assert message["code"] == "key_revoked"
        assert connection.close_code == 1008
    assert (await running.refused(key=key)).body["code"] == "invalid_key"


async def test_one_line_a_session_says_how_it_was_and_nothing_private(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start()
    query = "external_session_id=call-7&ignored=secret-in-the-query"
    async with running.connect(query) as connection:
        await connection.send(bytes(16_000))
        await connection.send('{"type":"secret-in-text"}')
        await connection.send('{"type":"finalize"}')
        await received(connection)
    await (await running.stream()).left.wait()
    await running.refused("sample_rate=secret-in-the-query")
    lines = [r.getMessage() for r in caplog.records if r.name == "sferic.access"]
    assert [line.partition(" wall=")[0] for line in lines if "rejected" not in line] == [
        "session=sess_0 key=static-1 path=/waves/v1/lightning/get_text code=1000 audio=0.50s"
    ]
    assert lines[0].endswith(" external=call-7")
    assert lines[1] == (
        "rejected path=/waves/v1/lightning/get_text status=400 reason=invalid_parameters "
        "client=127.0.0.1"
    )


async def test_a_crash_in_a_session_is_logged_and_told_without_what_was_said(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    # `caplog` writes messages of exceptions; what the server's own formatter writes of this one
    # is looked at here, and the record is then taken away from the check of all tests.
    running = await start()
    async with running.connect() as connection:
        await connection.send(CRASHING)
        messages = await received(connection)
    assert messages[-1]["code"] == "internal_error"
    assert connection.close_code == 1011
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    record.exc_text = None
    text = SafeFormatter("%(message)s").format(record)
    assert "session sess_0 failed" in text
    assert "RuntimeError at" in text
    assert "in feed" in text
    assert SPOKEN not in text
    caplog.clear()


async def test_an_unknown_path_is_404_in_json(start: Start) -> None:
    running = await start()
    denial = await running.refused(path="/waves/v1/thunder/get_text")
    assert (denial.status, denial.body["code"]) == (404, "not_found")


async def test_compression_is_not_negotiated(start: Start) -> None:
    running = await start()
    async with running.connect(compression="deflate") as connection:
        assert connection.protocol.extensions == []
