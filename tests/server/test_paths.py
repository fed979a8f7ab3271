"""What the live paths have in common, and in which they differ."""

import json

import pytest

from server.harness import Start, received
from sferic.protocol.dialects import LIVE, PULSE, Dialect

LIVE_QUERY = "model=pulse&language=en"
PATHS = [
    pytest.param("/waves/v1/pulse/get_text", "", PULSE, id="pulse"),
    pytest.param("/waves/v1/stt/live", LIVE_QUERY, LIVE, id="live"),
]


@pytest.mark.parametrize(("path", "query", "dialect"), PATHS)
async def test_a_stream_knows_how_its_path_words_messages(
    start: Start, path: str, query: str, dialect: Dialect
) -> None:
    running = await start()
    async with running.connect(query, path=path) as connection:
        await connection.send('{"type":"close_stream"}')
        assert (await received(connection))[-1]["is_last"]
    stream = await running.stream()
    assert stream.dialect is dialect
    assert not stream.options.itn_normalize


@pytest.mark.parametrize(("path", "query", "dialect"), PATHS)
async def test_many_turns_are_finalized_in_one_session(
    start: Start, path: str, query: str, dialect: Dialect
) -> None:
    running = await start()
    async with running.connect(query, path=path) as connection:
        for turn in range(5):
            await connection.send(b"audio")
            assert not json.loads(await connection.recv())["is_final"]
            await connection.send('{"type":"finalize"}')
            final = json.loads(await connection.recv())
            assert (final["is_final"], final["is_last"]) == (True, False), turn
            await connection.send('{"type":"keepalive"}')
            assert json.loads(await connection.recv()) == {"type": "pong"}
        await connection.send('{"type":"end"}')
        assert [message["is_last"] for message in await received(connection)] == [True]
    assert connection.close_code == 1000


@pytest.mark.parametrize(("path", "query", "dialect"), PATHS)
async def test_flag_end_is_the_old_name_of_finalize_there_too(
    start: Start, path: str, query: str, dialect: Dialect
) -> None:
    running = await start()
    async with running.connect(query, path=path) as connection:
        await connection.send('{"flag":"END"}')
        assert not json.loads(await connection.recv())["is_last"]


async def test_on_the_live_path_model_and_language_are_required(start: Start) -> None:
    running = await start()
    denial = await running.refused("sample_rate=1", path="/waves/v1/stt/live")
    assert (denial.status, denial.body["code"]) == (400, "invalid_parameters")
    assert [problem["parameter"] for problem in denial.body["errors"]] == [
        "model",
        "sample_rate",
        "language",
    ]


async def test_a_model_that_nobody_has_is_400(start: Start) -> None:
    running = await start()
    denial = await running.refused("model=pulse-pro&language=en", path="/waves/v1/stt/live")
    (problem,) = denial.body["errors"]
    assert denial.status == 400
    assert (problem["parameter"], problem["value"]) == ("model", "pulse-pro")
    assert problem["allowed"] == "one of pulse"


async def test_a_language_that_is_not_served_is_told_beside_what_else_is_wrong_there(
    start: Start,
) -> None:
    running = await start()
    denial = await running.refused("language=fr", path="/waves/v1/stt/live")
    assert [problem["parameter"] for problem in denial.body["errors"]] == ["model", "language"]


async def test_all_paths_share_the_places_of_a_server(start: Start) -> None:
    running = await start(max_sessions=1)
    async with running.connect(LIVE_QUERY, path="/waves/v1/stt/live"):
        assert (await running.refused()).status == 503


@pytest.mark.parametrize("path", ["/waves/v1/pulse/get_text", "/waves/v1/stt/live"])
async def test_a_plain_request_is_told_to_upgrade(start: Start, path: str) -> None:
    running = await start()
    answer = await running.get(path)
    assert (answer.status_code, answer.json()["code"]) == (426, "upgrade_required")
