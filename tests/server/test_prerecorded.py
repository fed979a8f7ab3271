import asyncio
import base64
import hmac
import io
import stat
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from audio.material import linear16, speech
from fakes import SPOKEN
from server.harness import KEY, Running, Start, received, until

PATH = "/waves/v1/stt/?model=pulse&language=en"
HEADERS = {"Authorization": f"Bearer {KEY}"}


def wav(seconds: float = 1.0, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes(linear16(speech(seconds=seconds).repeat(channels)))
    return file.getvalue()


async def post(running: Running, path: str = PATH, **options: Any) -> httpx.Response:
    options.setdefault("headers", HEADERS)
    async with httpx.AsyncClient(timeout=20) as client:
        return await client.post(f"http://127.0.0.1:{running.port}{path}", **options)


class Receiver:
    """Takes deliveries and serves files; `answers` says how, then always 200."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[bytes] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): text for name, text in (one.split(": ", 1) for one in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((first, headers, body))
        answer = self.answers.pop(0) if self.answers else b"HTTP/1.1 200 OK\r\n\r\n"
        writer.write(answer)
        await writer.drain()
        writer.close()


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()
    await server.wait_closed()


@pytest_asyncio.fixture
async def open_server(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Awaitable[Running]]:
    """A server whose clients may name addresses of this machine, and that does not wait long."""
    monkeypatch.setattr("sferic.server.delivering._GROWTH", 0.001)

    async def started(**changes: Any) -> Running:
        return await start(**{"allowed_hosts": ("127.0.0.1",), **changes})

    return started


@pytest.mark.parametrize(
    "path",
    [
        "/waves/v1/stt/?model=pulse&language=en",
        "/waves/v1/stt?model=pulse",
        "/waves/v1/pulse/get_text",
        "/waves/v1/lightning/get_text",
    ],
)
async def test_a_recording_is_answered_with_its_transcript(start: Start, path: str) -> None:
    answer = await post(await start(), path, content=wav())
    said = answer.json()
    assert (answer.status_code, said["status"]) == (200, "success")
    assert said["transcription"] == f"{SPOKEN} 32000"
    assert said["audio_length"] == said["metadata"]["duration"] == 1.0


async def test_what_comes_is_fed_while_more_comes(start: Start) -> None:
    running, data, more = await start(), wav(12), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield data[:320_000]
        await more.wait()
        yield data[320_000:]

    posting = asyncio.create_task(post(running, content=body()))
    stream = await running.stream()
    await asyncio.wait_for(stream.heard.wait(), 5)
    assert not posting.done()
    more.set()
    assert (await posting).json()["audio_length"] == 12.0


async def test_bytes_that_are_no_container_are_what_the_query_says(start: Start) -> None:
    running = await start()
    raw = linear16(speech(seconds=1))
    said = await post(running, f"{PATH}&encoding=linear16&sample_rate=8000", content=raw)
    assert said.json()["audio_length"] > 0
    assert (await running.stream()).options.sample_rate == 8000
    refused = await post(running, PATH, content=raw)
    assert (refused.status_code, refused.json()["code"]) == (422, "unreadable_recording")


async def test_a_wav_file_is_one_whatever_the_query_says(start: Start) -> None:
    running = await start()
    await post(running, f"{PATH}&encoding=mulaw&sample_rate=8000", content=wav())
    options = (await running.stream()).options
    assert (options.encoding, options.sample_rate) == ("linear16", 16_000)


async def test_channels_are_transcribed_each_by_itself(start: Start) -> None:
    running = await start()
    said = (await post(running, f"{PATH}&channels=split", content=wav(channels=2))).json()
    assert said["metadata"]["channels"] == 2
    assert len(running.recognizer.streams) == 2


@pytest.mark.parametrize(
    ("path", "options", "status", "code"),
    [
        (PATH, {"headers": {}}, 401, "missing_key"),
        ("/waves/v1/stt/", {}, 400, "invalid_parameters"),
        (f"{PATH}&channels=left", {}, 400, "invalid_parameters"),
        ("/waves/v1/stt/?model=pulse&language=de", {}, 400, "language_not_served"),
        (PATH, {"content": b""}, 422, "unreadable_recording"),
        (PATH, {"content": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/"}, 422, "unreadable_recording"),
        (PATH, {"content": wav(3)}, 413, "recording_too_long"),
        (PATH, {"content": bytes(1_100_000)}, 413, "recording_too_big"),
        (PATH, {"files": {"file": wav()}}, 415, "unsupported_media_type"),
        (PATH, {"json": {"uri": "http://a"}}, 400, "invalid_body"),
        (PATH, {"json": {"url": "http://127.0.0.1/"}}, 400, "url_not_allowed"),
        (PATH, {"json": {"url": "http://[::ffff:169.254.169.254]/"}}, 400, "url_not_allowed"),
        (PATH, {"json": {"url": "file:///etc/passwd"}}, 400, "url_not_allowed"),
        (f"{PATH}&webhook_url=http://10.0.0.1/", {}, 400, "url_not_allowed"),
    ],
)
async def test_what_is_wrong_is_said(
    start: Start, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    running = await start(max_recording_s=2.0, max_recording_mb=1)
    options = {"content": wav(), **options} if not {"files", "json"} & options.keys() else options
    answer = await post(running, path, **options)
    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, code), said
    assert (said["type"], said["status"]) == ("error", "error")


async def test_nothing_stays_on_disk_and_what_lies_there_is_private(
    start: Start, tmp_path: Path
) -> None:
    running = await start()
    await post(running, content=wav())
    await post(running, content=b"no recording")
    spool = tmp_path / "spool"
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700
    assert [path for path in spool.rglob("*") if path.is_file()] == []
    assert running.services.recordings.room.held == 0


async def test_a_client_that_goes_ends_the_work(start: Start) -> None:
    running = await start()
    running.recognizer.finishing.clear()
    posting = asyncio.create_task(post(running, content=wav()))
    stream = await running.stream()
    await until(lambda: "finish" in stream.log)
    posting.cancel()
    await asyncio.wait_for(stream.left.wait(), 5)


async def test_when_the_server_stops_a_client_that_waits_is_told_so(start: Start) -> None:
    running = await start(drain_timeout_s=0.2)
    running.recognizer.finishing.clear()
    posting = asyncio.create_task(post(running, content=wav()))
    stream = await running.stream()
    await until(lambda: "finish" in stream.log)
    running.server.stop()
    answer = await posting
    assert (answer.status_code, answer.json()["code"]) == (503, "server_restarting")


async def test_more_than_may_wait_are_refused(start: Start) -> None:
    running = await start(recordings_at_once=1, recordings_waiting=0)
    running.recognizer.finishing.clear()
    posting = asyncio.create_task(post(running, content=wav()))
    await running.stream()
    answer = await post(running, content=wav())
    assert (answer.status_code, answer.json()["code"]) == (503, "server_full")
    running.recognizer.finishing.set()
    assert (await posting).status_code == 200


async def test_a_recording_is_fetched_and_so_is_what_it_redirects_to(
    open_server: Callable[..., Awaitable[Running]], receiver: Receiver
) -> None:
    data = wav()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data)
    receiver.answers = [b"HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n", head + data]
    said = await post(await open_server(), json={"url": f"{receiver.url}/here"})
    assert said.json()["audio_length"] == 1.0
    assert [first for first, _, _ in receiver.requests] == [
        "GET /here HTTP/1.1",
        "GET /there HTTP/1.1",
    ]


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://10.0.0.1/\r\n\r\n", 400, "url_not_allowed"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1]/\r\n\r\n", 400, "url_not_allowed"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", 422, "url_failed"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nabc", 422, "url_failed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + bytes(1_100_000), 413, None),
        (b"nonsense\r\n\r\n", 422, "url_failed"),
    ],
)
async def test_what_cannot_be_fetched_is_said(
    open_server: Callable[..., Awaitable[Running]],
    receiver: Receiver,
    answer: bytes,
    status: int,
    code: str | None,
) -> None:
    receiver.answers = [answer]
    running = await open_server(max_recording_mb=1)
    said = await post(running, json={"url": f"{receiver.url}/a?token=secret-in-the-query"})
    assert said.status_code == status, said.text
    assert code is None or said.json()["code"] == code
    assert "secret-in-the-query" not in said.text


async def test_a_result_is_delivered_signed_and_again_until_it_is_taken(
    open_server: Callable[..., Awaitable[Running]], receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answers = [b"HTTP/1.1 500 No\r\n\r\n", b"HTTP/1.1 302 F\r\nLocation: /b\r\n\r\n"]
    running = await open_server()
    path = f"{PATH}&webhook_url={receiver.url}/a&webhook_extra=case:42"
    promise = (await post(running, path, content=wav())).json()
    assert promise["status"] == "processing"
    request = f"/waves/v1/stt/requests/{promise['request_id']}"

    async def state() -> dict[str, Any]:
        return (await running.get(request, headers=HEADERS)).json()  # type: ignore[no-any-return]

    for _ in range(200):
        if (told := await state())["delivery"]["state"] != "pending":
            break
        await asyncio.sleep(0.05)
    assert (told["delivery"]["state"], told["delivery"]["attempts"]) == ("delivered", 3)
    assert {headers["webhook-id"] for _, headers, _ in receiver.requests} == {promise["request_id"]}
    _, headers, body = receiver.requests[-1]
    assert told["result"] == httpx.Response(200, content=body).json()
    assert told["result"]["transcription"] == f"{SPOKEN} 32000"
    assert told["result"]["webhook_extra"] == "case:42"
    secret = (await running.get("/waves/v1/stt/webhook-secret", headers=HEADERS)).json()["secret"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, "sha256")
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert [one for one in (tmp_path / "spool").rglob("req_*") if one.is_file()] == []
    assert stat.S_IMODE((tmp_path / "jobs.db").stat().st_mode) == 0o600


async def test_a_request_is_shown_to_the_key_that_made_it_only(
    open_server: Callable[..., Awaitable[Running]], receiver: Receiver
) -> None:
    running = await open_server(api_keys=(KEY, "another-key"))
    path = f"{PATH}&webhook_url={receiver.url}/a"
    promise = (await post(running, path, content=wav())).json()
    url = f"/waves/v1/stt/requests/{promise['request_id']}"
    assert (await running.get(url, headers=HEADERS)).status_code == 200
    for key, status in (("another-key", 404), ("no-key", 401)):
        answer = await running.get(url, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status
    await until(lambda: bool(receiver.requests))


async def test_a_failure_is_delivered_too_and_a_get_tells_that_it_is_there(
    open_server: Callable[..., Awaitable[Running]], receiver: Receiver
) -> None:
    running = await open_server()
    hook = f"&webhook_url={receiver.url}/a?b=c&webhook_method=GET"
    await post(running, PATH + hook, content=b"no recording at all")
    await until(lambda: bool(receiver.requests))
    first, _, body = receiver.requests[0]
    assert first.startswith("GET /a?b=c&request_id=req_")
    assert "&status=error" in first
    assert body == b""


async def test_the_results_of_a_live_session_are_delivered_when_it_ends(
    open_server: Callable[..., Awaitable[Running]], receiver: Receiver
) -> None:
    running = await open_server()
    async with running.connect(f"webhook_url={receiver.url}/a") as connection:
        await connection.send(bytes(3200))
        await connection.send('{"type":"finalize"}')
        (*_, last) = await received(connection)
    await until(lambda: bool(receiver.requests))
    said = httpx.Response(200, content=receiver.requests[0][2]).json()
    assert said["session_id"] == last["session_id"]
    assert said["transcription"] == last["transcript"]


async def test_a_live_session_may_not_name_a_private_address(start: Start) -> None:
    denial = await (await start()).refused("webhook_url=http://192.168.0.1/a")
    assert (denial.status, denial.body["code"]) == (400, "url_not_allowed")
