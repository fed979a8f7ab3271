import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.harness import marked
from benchmarks.harness.live import Received
from benchmarks.harness.marked import LEAD_S, MarkedStream
from sferic.protocol import messages
from sferic.protocol.messages import Pong, SpeechStarted, Transcription
from sferic.protocol.options import Options

RATE = 8000
SECOND = bytes(2 * RATE)

Script = Callable[[ServerConnection], Awaitable[None]]
LAST = messages.encode(
    Transcription(session_id="s", transcript="", transcription="", is_final=True, is_last=True)
)
STARTED = messages.encode(SpeechStarted(session_id="s", timestamp=0.5))
PONG = messages.encode(Pong())


async def attend(connection: ServerConnection) -> None:
    """Take everything, answer every mark at once, and end when asked to."""
    async for message in connection:
        if message == '{"type":"keepalive"}':
            await connection.send(PONG)
        elif isinstance(message, str):
            assert json.loads(message) == {"type": "finalize"}
            await connection.send(LAST)


async def through(
    script: Script, blocks: Iterator[bytes], *, speed: float = 0
) -> tuple[MarkedStream, list[Received], str | None]:
    heard: list[Received] = []
    async with serve(script, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        stream = MarkedStream(
            url=f"ws://127.0.0.1:{port}",
            key="secret",
            options=Options(sample_rate=RATE),
            speed=speed,
            take=heard.append,
        )
        failure = await stream.run(blocks)
    return stream, heard, failure


async def test_every_second_of_audio_has_a_mark_wherever_the_blocks_are_cut() -> None:
    whole = SECOND * 3
    stream, heard, failure = await through(attend, iter([whole[:9_000], whole[9_000:]]))
    assert failure is None
    assert [mark.place_s for mark in stream.marks] == pytest.approx([1, 2, 3], abs=0.1)
    assert all(mark.sent <= mark.taken for mark in stream.marks)
    assert (stream.sent_s, stream.asked is not None) == (3.0, True)
    assert [type(each.message) for each in heard] == [Transcription]


async def test_what_the_server_says_is_handed_on_with_its_time() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(STARTED)
        await attend(connection)

    began = time.monotonic()
    _, heard, _ = await through(script, iter([SECOND]))
    assert [type(each.message) for each in heard] == [SpeechStarted, Transcription]
    assert began < heard[0].at <= heard[1].at < time.monotonic()


async def test_no_more_is_sent_than_the_lead_while_marks_are_unanswered() -> None:
    received = 0
    enough, go_on = asyncio.Event(), asyncio.Event()

    async def script(connection: ServerConnection) -> None:
        nonlocal received
        waiting = 0
        async for message in connection:
            if isinstance(message, bytes):
                received += len(message)
                if received >= LEAD_S * len(SECOND):
                    enough.set()
            elif "keepalive" in message:
                waiting += 1
            else:
                await connection.send(LAST)
            if enough.is_set() and waiting:
                await go_on.wait()
                for _ in range(waiting):
                    await connection.send(PONG)
                waiting = 0

    sending = asyncio.create_task(through(script, iter([SECOND] * round(2 * LEAD_S))))
    await enough.wait()
    assert received == LEAD_S * len(SECOND)
    go_on.set()
    stream, _, failure = await sending
    assert failure is None
    assert stream.sent_s == 2 * LEAD_S


async def test_audio_is_sent_at_the_speed_that_was_asked_for() -> None:
    stream, _, _ = await through(attend, iter([SECOND]), speed=4)
    assert stream.marks[0].sent - stream.began >= 0.25


async def test_a_server_that_ends_early_is_a_failure() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(1013, "overload")

    stream, _, failure = await through(script, iter([SECOND] * 100), speed=50)
    assert failure is not None
    assert "1013" in failure
    assert stream.sent_s < 100


async def test_a_server_that_says_nothing_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marked, "_PATIENCE_S", 0.05)

    async def script(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    _, _, failure = await through(script, iter([SECOND]))
    assert failure == "the server said nothing for 0.05 s"


async def test_no_server_is_a_failure() -> None:
    stream = MarkedStream(
        url="ws://127.0.0.1:1", key="k", options=Options(), speed=0, take=lambda _: None
    )
    assert "nothing listens there" in (await stream.run(iter([SECOND])) or "")
