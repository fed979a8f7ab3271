import asyncio
import json
import socket
from typing import Any

import pytest
from websockets.frames import Opcode

from server.harness import RawClient, Running, Start, received, until
from sferic.server.flow import PacedProtocol
from sferic.server.pace import FlowLimits

FINALIZE = '{"type":"finalize"}'
KIB = 1024
MIB = 1024 * KIB
SMALL = FlowLimits(
    high_water=16 * KIB,
    floor=2 * MIB,
    cap=64 * MIB,
    receive_buffer=32 * KIB,
    send_buffer=16 * KIB,
)


def small_socket(running: Running) -> socket.socket:
    """A connected socket that holds little of what is sent."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * KIB)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * KIB)
    raw.connect(("127.0.0.1", running.port))
    raw.setblocking(False)
    return raw


def connection_of(running: Running) -> PacedProtocol:
    (connection,) = running.server.server_state.connections
    assert isinstance(connection, PacedProtocol)
    return connection


async def test_pings_are_answered_while_the_session_takes_nothing(start: Start) -> None:
    running = await start(limits=SMALL)
    running.recognizer.flowing.clear()
    async with running.connect(sock=small_socket(running)) as connection:
        for _ in range(3):
            await connection.send(bytes(256 * KIB))
        sending = asyncio.create_task(connection.send(bytes(256 * KIB)))
        for _ in range(3):
            async with asyncio.timeout(1):
                await (await connection.ping())
        await sending
        running.recognizer.flowing.set()
        await connection.send(FINALIZE)
        await received(connection)
    assert connection.close_code == 1000
    assert (await running.stream()).audio == MIB


async def test_a_client_with_a_short_patience_for_pongs_may_send_everything_at_once(
    start: Start,
) -> None:
    # As with half an hour of audio and the usual 20 s, 50 times faster and smaller.
    running = await start(limits=SMALL)
    running.recognizer.bytes_a_second = 5 * MIB
    options: dict[str, Any] = {
        "ping_interval": 0.4,
        "ping_timeout": 0.4,
        "sock": small_socket(running),
    }
    async with running.connect(**options) as connection:
        receiving = asyncio.create_task(received(connection))
        for _ in range(512):
            await connection.send(bytes(12 * KIB))
        await connection.send(FINALIZE)
        messages = await receiving
    assert connection.close_code == 1000
    assert messages[-1]["is_last"] is True
    assert (await running.stream()).audio == 6 * MIB
    assert running.services.metrics.throttled._value.get() > 0


async def test_while_reading_stands_still_our_own_pings_do_not_time_out(start: Start) -> None:
    limits = FlowLimits(
        high_water=KIB,
        floor=1,
        cap=KIB,
        receive_buffer=16 * KIB,
        ping_interval=0.1,
        ping_timeout=0.1,
    )
    running = await start(limits=limits)
    running.recognizer.flowing.clear()
    async with running.connect(sock=small_socket(running)) as connection:
        await connection.send(bytes(2 * KIB))
        sending = asyncio.create_task(connection.send(bytes(MIB)))
        await asyncio.sleep(0.5)
        running.recognizer.flowing.set()
        await sending
        await connection.send(FINALIZE)
        await received(connection)
    assert connection.close_code == 1000


async def test_a_client_that_answers_no_pings_and_sends_nothing_is_closed_with_1011(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start(limits=FlowLimits(ping_interval=0.05, ping_timeout=0.05))
    client = await RawClient.open(running)
    frames = await client.frames()
    client.close()
    assert [opcode for opcode, _ in frames] == [Opcode.PING, Opcode.CLOSE]
    assert frames[-1][1][:2] == (1011).to_bytes(2, "big")
    await until(lambda: "code=1011" in caplog.text)


async def test_a_client_that_answers_no_pings_but_sends_is_not_closed(start: Start) -> None:
    running = await start(limits=FlowLimits(ping_interval=0.05, ping_timeout=0.05))
    client = await RawClient.open(running)
    for _ in range(30):
        client.send(Opcode.BINARY, b"audio")
        await asyncio.sleep(0.01)
    client.send(Opcode.TEXT, FINALIZE.encode())
    frames = await client.frames()
    client.close()
    assert frames[-1] == (Opcode.CLOSE, (1000).to_bytes(2, "big"))


async def test_what_is_held_ends_at_the_cap(start: Start) -> None:
    limits = FlowLimits(high_water=16 * KIB, floor=64 * MIB, cap=512 * KIB, receive_buffer=32 * KIB)
    running = await start(limits=limits)
    running.recognizer.flowing.clear()
    async with running.connect(sock=small_socket(running)) as connection:

        async def send() -> None:
            for _ in range(4096):
                await connection.send(bytes(KIB))
            await connection.send(FINALIZE)

        sending = asyncio.create_task(send())
        await until(lambda: running.services.read_ahead.held >= limits.cap)
        await asyncio.sleep(0.1)
        assert running.services.read_ahead.held <= limits.cap + 256 * KIB
        assert connection_of(running).read_paused
        assert not sending.done()
        running.recognizer.flowing.set()
        await received(connection)
        await sending
    assert (await running.stream()).audio == 4 * MIB


async def test_all_connections_together_share_a_limit(start: Start) -> None:
    running = await start(limits=SMALL, read_ahead_mb=1)
    running.recognizer.flowing.clear()
    clients = [await RawClient.open(running) for _ in range(4)]
    for client in clients:
        client.send(Opcode.BINARY, bytes(20 * KIB))
        for _ in range(2000):
            client.send(Opcode.BINARY, bytes(KIB))
    await until(lambda: running.services.read_ahead.full)
    await asyncio.sleep(0.1)
    assert running.services.read_ahead.held < 1_000_000 + 4 * 256 * KIB
    for client in clients:
        client.close()


async def test_a_client_that_reads_nothing_grows_no_memory_and_is_cut_off(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    limits = FlowLimits(
        high_water=16 * KIB,
        floor=64 * MIB,
        receive_buffer=32 * KIB,
        send_buffer=16 * KIB,
        stall_timeout=0.3,
        ping_interval=0.05,
        ping_timeout=0.05,
    )
    running = await start(limits=limits)
    running.recognizer.chatter = 10_000
    running.recognizer.flowing.clear()
    client = await RawClient.open(running)
    client.reader._transport.pause_reading()  # type: ignore[attr-defined]
    stream = await running.stream()
    await until(lambda: not connection_of(running).writable.is_set())
    said = stream.said
    for _ in range(2000):
        client.send(Opcode.BINARY, bytes(KIB))
        client.send(Opcode.PING, bytes(100))
    await asyncio.sleep(0.1)
    connection = connection_of(running)
    assert stream.said == said
    assert connection.transport.get_write_buffer_size() < 64 * KIB
    assert running.services.read_ahead.held < limits.high_water + 2 * 256 * KIB
    await asyncio.wait_for(stream.left.wait(), 2)
    await until(lambda: "code=1006" in caplog.text)
    client.close()


async def test_pings_alone_do_not_fill_memory_with_pongs(start: Start) -> None:
    running = await start(limits=SMALL)
    client = await RawClient.open(running)
    client.reader._transport.pause_reading()  # type: ignore[attr-defined]
    for _ in range(200):
        client.writer.write(b"".join(_ping(bytes([n % 256]) * 125) for n in range(500)))
        await client.writer.drain()
    connection = connection_of(running)
    assert connection.transport.get_write_buffer_size() < 512 * KIB
    client.reader._transport.resume_reading()  # type: ignore[attr-defined]
    client.send(Opcode.PING, b"the last one")
    client.send(Opcode.TEXT, FINALIZE.encode())
    frames = await client.frames()
    assert (Opcode.PONG, b"the last one") in frames
    client.close()


def _ping(data: bytes) -> bytes:
    return bytes([0x89, 0x80 | len(data), 0, 0, 0, 0]) + data


async def test_a_slow_reader_gets_everything(start: Start) -> None:
    running = await start(limits=SMALL)
    async with running.connect(sock=small_socket(running), max_queue=1) as connection:
        for number in range(300):
            await connection.send(json.dumps({"type": "unknown", "n": number}))
        await connection.send(FINALIZE)
        messages = []
        async for message in connection:
            messages.append(json.loads(message))
            if len(messages) % 50 == 0:
                await asyncio.sleep(0.02)
    assert [m["type"] for m in messages] == ["warning"] * 300 + ["transcription"]


async def test_a_message_that_is_too_big_is_1009_after_the_last_transcript(start: Start) -> None:
    running = await start(limits=FlowLimits(largest_message=1000))
    async with running.connect() as connection:
        await connection.send(bytes(1000))
        await connection.send(bytes(1001))
        messages = await received(connection)
    assert [m["type"] for m in messages] == ["transcription", "transcription", "error"]
    assert messages[1]["is_last"] is True
    assert messages[2]["code"] == "message_too_big"
    assert "1000 bytes" in messages[2]["message"]
    assert connection.close_code == 1009
    assert (await running.stream()).log == [1000, "finish"]


async def test_so_is_one_that_is_too_big_in_fragments(start: Start) -> None:
    running = await start(limits=FlowLimits(largest_message=1000))
    async with running.connect() as connection:
        await connection.send([bytes(600), bytes(600)])
        messages = await received(connection)
    assert messages[-1]["code"] == "message_too_big"
    assert connection.close_code == 1009


async def test_a_message_may_come_in_fragments_with_pings_between(start: Start) -> None:
    running = await start()
    client = await RawClient.open(running)
    client.send(Opcode.BINARY, b"one ", fin=False)
    client.send(Opcode.PING, b"ping")
    client.send(Opcode.CONT, b"two ", fin=False)
    client.send(Opcode.CONT, b"three")
    client.send(Opcode.TEXT, FINALIZE[:5].encode(), fin=False)
    client.send(Opcode.CONT, FINALIZE[5:].encode())
    frames = await client.frames()
    client.close()
    assert (Opcode.PONG, b"ping") in frames
    assert (await running.stream()).log == [b"one two three", "finish"]


@pytest.mark.parametrize(
    ("sent", "code", "name"),
    [
        (b"\x83\x80\0\0\0\0", 1002, "protocol_error"),  # an opcode that does not exist
        (b"\x82\x05audio", 1002, "protocol_error"),  # not masked
        (b"\x80\x80\0\0\0\0", 1002, "protocol_error"),  # the rest of nothing
        (b"\x81\x82\0\0\0\0\xff\xfe", 1007, "invalid_text"),
    ],
)
async def test_what_breaks_the_protocol_is_told_after_the_last_transcript(
    start: Start, sent: bytes, code: int, name: str
) -> None:
    running = await start()
    client = await RawClient.open(running)
    client.send(Opcode.BINARY, b"audio")
    client.writer.write(sent)
    client.send(Opcode.BINARY, b"not read any more")
    frames = await client.frames()
    client.close()
    *_, last, error, close = frames
    assert json.loads(last[1])["is_last"] is True
    assert json.loads(error[1])["code"] == name
    assert close[0] == Opcode.CLOSE
    assert close[1][:2] == code.to_bytes(2, "big")
    assert (await running.stream()).log == [b"audio", "finish"]


async def test_a_close_in_the_middle_of_a_message_is_a_close(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start()
    client = await RawClient.open(running)
    client.send(Opcode.BINARY, b"audio", fin=False)
    client.send(Opcode.CLOSE, (4001).to_bytes(2, "big"))
    frames = await client.frames()
    client.close()
    assert [opcode for opcode, _ in frames] == [Opcode.CLOSE]
    await until(lambda: "code=4001" in caplog.text)


@pytest.mark.parametrize("text", ["x" * 300_000, "😀" * 100_000, "é" + "x" * 300_000])
async def test_of_a_long_text_only_the_beginning_is_kept(start: Start, text: str) -> None:
    running = await start(limits=SMALL)
    running.recognizer.flowing.clear()
    async with running.connect() as connection:
        await connection.send(b"audio")
        await connection.send(text)
        await (await connection.ping())
        assert running.services.read_ahead.held < 4 * 300_000
        running.recognizer.flowing.set()
        assert json.loads(await connection.recv())["type"] == "transcription"
        assert json.loads(await connection.recv())["code"] == "unknown_message"


async def test_many_tiny_fragments_cost_no_more_than_their_bytes(start: Start) -> None:
    running = await start(limits=SMALL)
    client = await RawClient.open(running)
    client.send(Opcode.BINARY, b"", fin=False)
    piece = b"\x00\x81\0\0\0\0x"
    client.writer.write(piece * 100_000)
    await client.writer.drain()
    await until(lambda: running.services.read_ahead.held >= 100_000)
    assert running.services.read_ahead.held < 110_000
    client.close()


@pytest.mark.parametrize(
    "request_text",
    [
        "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "POST {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Transfer-Encoding: chunked\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n",
    ],
)
async def test_a_handshake_that_is_none_is_answered(start: Start, request_text: str) -> None:
    running = await start()
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
    writer.write(request_text.format(path="/waves/v1/lightning/get_text").encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 405"))
