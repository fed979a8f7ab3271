import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from fakes import UNDECODABLE, FakeRecognizer, FakeStream
from server.harness import Start, received
from sferic.protocol import messages as wire
from sferic.server.backend import Backend

FINALIZE = '{"type":"finalize"}'


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    """What came, without the partials."""
    names = []
    for message in messages:
        if message["type"] != "transcription":
            names.append(message.get("code", message["type"]))
        elif message["is_final"]:
            names.append("last" if message["is_last"] else "final")
    return names


async def spoken(connection: ClientConnection, stream: FakeStream, size: int = 3200) -> None:
    """Send audio and wait until it has been taken."""
    stream.heard.clear()
    await connection.send(bytes(size))
    await stream.heard.wait()


@pytest.mark.parametrize(
    "ending", [FINALIZE, '{"type":"close_stream"}', '{"type":"end"}', '{"flag":"END"}']
)
async def test_the_client_ends_it_and_gets_its_last_transcript(start: Start, ending: str) -> None:
    running = await start()
    async with running.connect() as connection:
        await connection.send(b"audio")
        await connection.send(ending)
        messages = await received(connection)
    assert kinds(messages) == ["last"]
    assert connection.close_code == 1000
    stream = await running.stream()
    assert stream.log == [b"audio", "finish"]
    assert stream.left.is_set()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/waves/v1/pulse/get_text", ""),
        ("/waves/v1/stt/live", "model=pulse&language=en"),
    ],
)
async def test_on_the_pulse_paths_finalize_ends_a_turn_and_close_stream_the_session(
    start: Start, path: str, query: str
) -> None:
    running = await start()
    async with running.connect(query, path=path) as connection:
        for item in (b"one", FINALIZE, b"two", '{"type":"close_stream"}'):
            await connection.send(item)
        messages = await received(connection)
    assert kinds(messages) == ["final", "last"]
    assert (await running.stream()).log == [b"one", "finalize", b"two", "finish"]


async def test_text_takes_effect_at_its_place_in_the_audio(start: Start) -> None:
    running = await start()
    running.recognizer.flowing.clear()
    async with running.connect() as connection:
        for item in (b"one", '{"type":"keepalive"}', b"two", "secret-in-text", b"three", FINALIZE):
            await connection.send(item)
        running.recognizer.flowing.set()
        messages = await received(connection)
    stream = await running.stream()
    assert [type(item) if not isinstance(item, bytes | str) else item for item in stream.log] == [
        b"one",
        wire.Pong,
        b"two",
        wire.Warning,
        b"three",
        "finish",
    ]
    assert kinds(messages) == ["pong", "unknown_message", "last"]


async def test_audio_after_the_end_is_ignored_and_so_are_empty_frames(start: Start) -> None:
    running = await start()
    running.recognizer.finishing.clear()
    async with running.connect() as connection:
        await connection.send(b"")
        await connection.send(b"one")
        await connection.send(FINALIZE)
        await connection.send(b"two")
        await connection.send(FINALIZE)
        await (await connection.ping())
        running.recognizer.finishing.set()
        messages = await received(connection)
    assert kinds(messages) == ["last"]
    assert (await running.stream()).log == [b"one", "finish"]


async def test_undecodable_audio_ends_it_with_1007_after_all_that_came_before(
    start: Start,
) -> None:
    running = await start()
    async with running.connect() as connection:
        await connection.send(b"audio")
        await connection.send(UNDECODABLE)
        await connection.send(b"more audio")
        messages = await received(connection)
    assert kinds(messages) == ["final", "undecodable_audio"]
    assert "linear16" in messages[-1]["message"]
    assert connection.close_code == 1007


async def test_a_stream_that_cannot_be_opened_is_1011(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> FakeStream:
        raise RuntimeError

    recognizer = FakeRecognizer()
    running = await start(backend=Backend(load=lambda _: recognizer, open=fail))
    async with running.connect() as connection:
        messages = await received(connection)
    assert kinds(messages) == ["internal_error"]
    assert connection.close_code == 1011
    assert "session - failed" in caplog.text


async def test_a_long_text_message_is_unknown_and_the_session_goes_on(start: Start) -> None:
    running = await start()
    async with running.connect() as connection:
        await connection.send("x" * 1_000_000)
        await connection.send(FINALIZE)
        messages = await received(connection)
    assert kinds(messages) == ["unknown_message", "last"]
    assert len(messages[0]["message"]) < 1000


@pytest.mark.parametrize("busy", [False, True])
async def test_when_the_client_vanishes_work_stops_at_once(start: Start, *, busy: bool) -> None:
    running = await start()
    async with running.connect() as connection:
        stream = await running.stream()
        await spoken(connection, stream)
        if busy:
            running.recognizer.flowing.clear()
            await connection.send(bytes(3200))
        connection.transport.abort()
        await asyncio.wait_for(stream.left.wait(), 2)
    assert "finish" not in stream.log


@pytest.mark.parametrize("busy", [False, True])
async def test_when_the_client_closes_work_stops_at_once(
    start: Start, caplog: pytest.LogCaptureFixture, *, busy: bool
) -> None:
    running = await start()
    async with running.connect() as connection:
        stream = await running.stream()
        if busy:
            running.recognizer.flowing.clear()
        await connection.send(bytes(320_000))
        await connection.close(4000)
        await asyncio.wait_for(stream.left.wait(), 2)
    assert "finish" not in stream.log
    await asyncio.sleep(0)
    assert "code=4000" in caplog.text


async def test_a_client_that_closes_its_half_of_the_connection_is_gone(start: Start) -> None:
    running = await start()
    async with running.connect() as connection:
        stream = await running.stream()
        connection.transport.write_eof()
        await asyncio.wait_for(stream.left.wait(), 2)


async def test_a_client_that_goes_while_its_last_transcript_is_made_is_gone(start: Start) -> None:
    running = await start()
    running.recognizer.finishing.clear()
    async with running.connect() as connection:
        stream = await running.stream()
        await connection.send(FINALIZE)
        await (await connection.ping())
        await connection.close()
        await asyncio.wait_for(stream.left.wait(), 2)


async def test_a_silent_client_is_told_and_closed_with_what_it_said_transcribed(
    start: Start,
) -> None:
    running = await start(idle_timeout_s=0.1)
    async with running.connect() as connection:
        await connection.send(b"audio")
        messages = await received(connection)
    assert kinds(messages) == ["last", "idle_timeout"]
    assert "keepalive" in messages[-1]["message"]
    assert connection.close_code == 1008


async def test_keepalive_resets_the_idle_clock(start: Start) -> None:
    running = await start(idle_timeout_s=0.3)
    async with running.connect() as connection:
        for _ in range(6):
            await asyncio.sleep(0.1)
            await connection.send('{"type":"keepalive"}')
            assert json.loads(await connection.recv()) == {"type": "pong"}
        await connection.send(FINALIZE)
        await received(connection)
    assert connection.close_code == 1000


async def test_the_idle_clock_stands_still_while_audio_is_waiting(start: Start) -> None:
    running = await start(idle_timeout_s=0.1)
    running.recognizer.flowing.clear()
    async with running.connect() as connection:
        await connection.send(b"audio")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.recv(), 0.4)
        stream = await running.stream()
        stream.working = True
        running.recognizer.flowing.set()
        assert json.loads(await connection.recv())["is_final"] is False
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connection.recv(), 0.4)
        stream.working = False
        assert kinds(await received(connection)) == ["last", "idle_timeout"]


@pytest.mark.parametrize("how", ["time", "audio"])
async def test_at_its_limit_a_session_is_finished_and_closed_though_the_client_goes_on(
    start: Start, how: str
) -> None:
    running = await start(session_limit_s=0.3 if how == "time" else 10)
    messages: list[dict[str, Any]] = []
    async with running.connect() as connection:
        receiving = asyncio.create_task(received(connection))
        while not receiving.done():
            # A refused send is the end; the messages say why.
            await asyncio.gather(
                connection.send(bytes(3200 if how == "time" else 32_000)), return_exceptions=True
            )
            await asyncio.sleep(0.005)
        messages = await receiving
    assert kinds(messages) == ["last", "session_limit"]
    assert connection.close_code == 1008
    if how == "audio":
        assert (await running.stream()).audio_seconds == 10


async def test_one_message_cannot_hold_more_audio_than_the_limit(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sferic.server.conversation.LOOK_EVERY_S", 0.05)
    running = await start(session_limit_s=10)
    async with running.connect() as connection:
        stream = await running.stream()
        await spoken(connection, stream)
        stream.audio_seconds = 10.0  # it is decoded after it was sent
        assert kinds(await received(connection)) == ["last", "session_limit"]
    assert connection.close_code == 1008


async def test_a_last_transcript_that_takes_too_long_is_done_without(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sferic.server.conversation.FINISH_WITHIN_S", 0.1)
    running = await start(idle_timeout_s=0.1)
    running.recognizer.finishing.clear()
    async with running.connect() as connection:
        messages = await received(connection)
    assert kinds(messages) == ["idle_timeout"]
    assert connection.close_code == 1008


async def test_a_limit_does_not_spoil_an_end_that_the_client_asked_for(start: Start) -> None:
    running = await start(session_limit_s=0.3)
    running.recognizer.finishing.clear()
    async with running.connect() as connection:
        await connection.send(FINALIZE)
        await asyncio.sleep(0.5)
        running.recognizer.finishing.set()
        messages = await received(connection)
    assert kinds(messages) == ["last"]
    assert connection.close_code == 1000


async def test_what_happened_is_counted(start: Start) -> None:
    running = await start(metrics_token="token")
    async with running.connect() as connection:
        await connection.send(bytes(32_000))
        await connection.send(FINALIZE)
        await received(connection)
    await (await running.stream()).left.wait()
    await running.refused("sample_rate=1")
    page = await running.get("/metrics", headers={"Authorization": "Bearer token"})
    lines = page.text.splitlines()
    for line in (
        "sferic_sessions_open 0.0",
        "sferic_sessions_opened_total 1.0",
        'sferic_sessions_closed_total{code="1000"} 1.0',
        'sferic_handshakes_rejected_total{reason="invalid_parameters"} 1.0',
        "sferic_audio_seconds_total 1.0",
        'sferic_messages_total{kind="partial"} 1.0',
        'sferic_messages_total{kind="final"} 1.0',
        "sferic_first_transcript_seconds_count 1.0",
        "sferic_last_transcript_seconds_count 1.0",
        "sferic_session_seconds_count 1.0",
        "sferic_throttled_reads_total 0.0",
        "sferic_read_ahead_bytes 0.0",
        "sferic_ready 1.0",
    ):
        assert line in lines
