"""The client against our server with a fake recognizer, and against servers that misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Close
from websockets.http11 import Request, Response

from fakes import UNDECODABLE, FakeRecognizer, fake_backend
from server.harness import KEY, PromptServer, Running
from sferic.client import PATH, RemoteSession, connect
from sferic.config import Settings
from sferic.errors import (
    CutShortError,
    InvalidUrlError,
    MalformedKeyError,
    RefusedError,
    RemoteError,
    SessionClosedError,
    UnreachableError,
)
from sferic.protocol.messages import Message, Transcription
from sferic.protocol.options import Options
from sferic.server.app import create_app
from sferic.server.run import listen

FINAL = (
    '{"type":"transcription","status":"success","session_id":"s","transcript":"one",'
    '"transcription":"one","is_final":true,"is_last":false}'
)
LAST = FINAL.replace('"is_last":false', '"is_last":true')

Handler = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def ours(tmp_path: Path, **settings: Any) -> AsyncIterator[Running]:
    given = {"api_keys": (KEY,), "key_database": str(tmp_path / "keys.db"), **settings}
    recognizer = FakeRecognizer()
    app = create_app(Settings(**given), recognizer, backend=fake_backend(recognizer))
    sockets = listen("127.0.0.1", 0)
    server = PromptServer(app)
    running = Running(server, app.state.services, sockets[0].getsockname()[1], "")
    running.recognizer = recognizer
    serving = asyncio.create_task(server.serve(sockets))
    await server.up.wait()
    yield running
    server.stop(force=True)
    await serving


@asynccontextmanager
async def theirs(handler: Handler, **options: Any) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, compression=None, **options) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def until_close(connection: ServerConnection) -> list[bytes | str]:
    got: list[bytes | str] = []
    async for message in connection:
        got.append(message)
        if isinstance(message, str) and "close_stream" in message:
            break
    return got


async def read(stream: RemoteSession) -> list[Message]:
    return [message async for message in stream]


async def test_a_stream_is_fed_and_read_like_a_session(tmp_path: Path) -> None:
    async with ours(tmp_path) as server:
        url = f"ws://127.0.0.1:{server.port}"
        async with connect(url, key=KEY, options=Options(max_words=7, diarize=False)) as stream:
            await stream.feed(b"\0" * 3200)
            await stream.finish()
            messages = await read(stream)
        fed = await server.stream()
    assert fed.log[0] == 3200
    assert fed.options.max_words == 7
    assert [message.is_last for message in messages if isinstance(message, Transcription)] == [
        False,
        True,
    ]
    assert stream.session_id == fed.session_id


async def test_finalize_ends_a_lightning_session(tmp_path: Path) -> None:
    async with ours(tmp_path) as server, connect(server.url, key=KEY) as stream:
        await stream.finalize()
        assert len(await read(stream)) == 1
        with pytest.raises(SessionClosedError):
            await stream.feed(b"\0\0")


async def test_elsewhere_finalize_goes_on() -> None:
    async def handle(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(
                LAST if isinstance(message, str) and "close" in message else FINAL
            )

    async with theirs(handle) as url, connect(f"{url}/waves/v1/pulse/get_text") as stream:
        await stream.finalize()
        await stream.feed(b"\0\0")
        await stream.finish()
        assert len(await read(stream)) == 3


async def test_audio_that_cannot_be_sent_any_more_does_not_take_back_the_end() -> None:
    class Ending:
        def __init__(self) -> None:
            self.gone = asyncio.Event()

        async def send(self, data: bytes | str) -> None:
            if isinstance(data, bytes):
                await self.gone.wait()
                raise ConnectionClosedOK(Close(1000, ""), None)

    stream = connect("ws://127.0.0.1")
    connection: Any = Ending()
    stream._websocket = connection
    feeding = asyncio.create_task(stream.feed(b"\0\0"))
    await asyncio.sleep(0)
    await stream.finish()
    connection.gone.set()
    with pytest.raises(SessionClosedError):
        await feeding
    assert stream._asked_to_end


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("", f"{PATH}?language=de"),
        ("/", f"{PATH}?language=de"),
        ("/elsewhere", "/elsewhere?language=de"),
        ("/?language=fr&model=pulse", f"{PATH}?model=pulse&language=de"),
    ],
)
async def test_options_are_added_to_the_address(given: str, asked: str) -> None:
    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.path)
        await until_close(connection)
        await connection.send(LAST)

    seen: list[str] = []
    async with theirs(handle) as url:
        address = url.replace("ws://", "http://") + given
        async with connect(address, options=Options(language="de-AT")) as stream:
            await stream.finish()
            await read(stream)
    assert seen == [asked]


async def test_the_key_is_a_bearer_token() -> None:
    async def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers.get("Authorization", ""))
        await until_close(connection)
        await connection.send(LAST)

    seen: list[str] = []
    async with theirs(handle) as url:
        for key in (" abc\n", None, ""):
            async with connect(url, key=key) as stream:
                await stream.finish()
                await read(stream)
    assert seen == ["Bearer abc", "", ""]


async def test_a_proxy_is_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle(connection: ServerConnection) -> None:
        await until_close(connection)
        await connection.send(LAST)

    for name in ("http_proxy", "https_proxy", "ws_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    async with theirs(handle) as url, connect(url) as stream:
        await stream.finish()
        assert len(await read(stream)) == 1


# Refusals


async def test_a_wrong_key_is_refused_with_what_the_server_says(tmp_path: Path) -> None:
    async with ours(tmp_path) as server:
        with pytest.raises(RefusedError) as caught:
            async with connect(server.url, key="wrong"):
                pass
    assert (caught.value.status, caught.value.code) == (401, "invalid_key")
    assert "the key is unknown or was revoked" in str(caught.value)


async def test_all_bad_parameters_are_told(tmp_path: Path) -> None:
    async with ours(tmp_path) as server:
        with pytest.raises(RefusedError) as caught:
            async with connect(f"{server.url}?max_words=0&vad_threshold=9", key=KEY):
                pass
    assert caught.value.status == 400
    assert [one.parameter for one in caught.value.problems] == ["max_words", "vad_threshold"]


async def test_a_full_server_says_when_to_try_again(tmp_path: Path) -> None:
    async with ours(tmp_path, max_sessions=1) as server, connect(server.url, key=KEY):
        with pytest.raises(RefusedError) as caught:
            async with connect(server.url, key=KEY):
                pass
    assert (caught.value.status, caught.value.code) == (503, "server_full")
    assert caught.value.retry_after is not None
    assert f"Try again in {caught.value.retry_after:g} s" in str(caught.value)


async def test_a_refusal_without_json_still_has_its_status() -> None:
    async def handle(_: ServerConnection) -> None: ...

    def refuse(connection: ServerConnection, _: Request) -> Response:
        return connection.respond(HTTPStatus.FORBIDDEN, "<html>\x1b[2J")

    async with theirs(handle, process_request=refuse) as url:
        with pytest.raises(RefusedError) as caught:
            async with connect(url):
                pass
    assert (caught.value.status, caught.value.code) == (403, "forbidden")


async def test_what_a_server_says_cannot_steer_a_terminal() -> None:
    async def handle(_: ServerConnection) -> None: ...

    def refuse(connection: ServerConnection, _: Request) -> Response:
        body = {"type": "error", "status": "error", "code": "\x1b", "message": "a\x1b[2Jb\u009b"}
        return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, json.dumps(body))

    async with theirs(handle, process_request=refuse) as url:
        with pytest.raises(RefusedError) as caught:
            async with connect(url):
                pass
    assert str(caught.value).isprintable()
    assert "a [2Jb" in caught.value.message


async def test_another_path_is_told_from_a_server(tmp_path: Path) -> None:
    async with ours(tmp_path) as server:
        with pytest.raises(UnreachableError, match="404 Not Found"):
            async with connect(f"ws://127.0.0.1:{server.port}/nowhere", key=KEY):
                pass


# No server


async def test_nothing_listens() -> None:
    listener = listen("127.0.0.1", 0)[0]
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(UnreachableError, match="nothing listens there"):
        async with connect(f"ws://127.0.0.1:{port}"):
            pass


@pytest.mark.parametrize(
    ("scheme", "reason"),
    [("ws", "no WebSocket server, or wants TLS"), ("wss", "does not speak TLS")],
)
async def test_something_else_listens(scheme: str, reason: str) -> None:
    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UnreachableError, match=reason):
            async with connect(f"{scheme}://127.0.0.1:{port}"):
                pass


async def test_a_silent_server_is_not_waited_for() -> None:
    done = asyncio.Event()

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(UnreachableError, match="no answer in"):
            async with connect(f"ws://127.0.0.1:{port}", open_timeout=0.05):
                pass
        done.set()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8080",
        "ftp://x",
        "ws://",
        "ws:///path",
        "ws://[::1",
        "ws://host:99999",
        "ws:x",
    ],
)
def test_an_address_that_is_none_is_told_at_once(url: str) -> None:
    with pytest.raises(InvalidUrlError, match="ws://HOST:PORT"):
        connect(url)


def test_a_key_in_the_address_is_not_taken_and_not_repeated() -> None:
    with pytest.raises(InvalidUrlError) as caught:
        connect("ws://user:secret@host/?key=secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["a b", "a\nX-Header: b", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_told_and_not_repeated(key: str) -> None:
    with pytest.raises(MalformedKeyError) as caught:
        connect("ws://host", key=key)
    assert key not in str(caught.value)


# Sessions that end early


async def test_what_came_before_an_error_is_read_first(tmp_path: Path) -> None:
    async with ours(tmp_path) as server, connect(server.url, key=KEY) as stream:
        await stream.feed(UNDECODABLE)
        messages = aiter(stream)
        assert isinstance(await anext(messages), Transcription)
        with pytest.raises(CutShortError) as caught:
            await anext(messages)
        with pytest.raises(SessionClosedError):
            await stream.feed(b"\0\0")
        await stream.finish()
    assert (caught.value.close_code, caught.value.code) == (1007, "undecodable_audio")
    assert "not decodable as linear16" in str(caught.value)


async def test_a_connection_that_is_lost_is_no_end() -> None:
    async def handle(connection: ServerConnection) -> None:
        await connection.send(LAST)
        connection.transport.abort()

    async with theirs(handle) as url, connect(url) as stream:
        with pytest.raises(CutShortError) as caught:
            await read(stream)
    assert (caught.value.close_code, caught.value.code) == (1006, "connection_lost")


@pytest.mark.parametrize("code", [1000, 1001, 1012])
async def test_a_server_that_closes_unasked_ends_early(code: int) -> None:
    async def handle(connection: ServerConnection) -> None:
        await connection.send(LAST)
        await connection.close(code, "good\x07bye")

    async with theirs(handle) as url, connect(url) as stream:
        with pytest.raises(CutShortError, match="good bye") as caught:
            await read(stream)
    assert caught.value.close_code == code


async def test_the_last_transcript_is_the_end_even_if_the_server_does_not_close() -> None:
    async def handle(connection: ServerConnection) -> None:
        await until_close(connection)
        await connection.send(LAST)
        await connection.wait_closed()

    async with theirs(handle) as url, connect(url) as stream:
        await stream.finish()
        assert len(await read(stream)) == 1


async def test_a_normal_close_after_finish_is_an_end_too() -> None:
    async def handle(connection: ServerConnection) -> None:
        await until_close(connection)
        await connection.close()

    async with theirs(handle) as url, connect(url) as stream:
        await stream.finish()
        assert await read(stream) == []


async def test_messages_of_a_later_protocol_are_passed_over_but_can_be_had() -> None:
    texts = ['{"type":"mood","mood":"good"}', "no JSON", FINAL, LAST]

    async def handle(connection: ServerConnection) -> None:
        await until_close(connection)
        await connection.send(b"bytes")
        for text in texts:
            await connection.send(text)

    async with theirs(handle) as url:
        async with connect(url) as stream:
            await stream.finish()
            assert len(await read(stream)) == 2
        async with connect(url) as stream:
            await stream.finish()
            received = [one async for one in stream.received()]
    assert [one.text for one in received] == texts
    assert [one.message is None for one in received] == [True, True, False, False]


async def test_it_can_say_that_it_is_there_while_it_has_nothing_to_send() -> None:
    async def handle(connection: ServerConnection) -> None:
        seen.extend(await until_close(connection))
        await connection.send(LAST)

    seen: list[bytes | str] = []
    async with theirs(handle) as url, connect(url) as stream:
        await stream.feed(b"")
        await stream.keep_alive()
        await stream.finish()
        await read(stream)
    assert seen == ['{"type":"keepalive"}', '{"type":"close_stream"}']


def test_every_error_of_a_server_is_a_remote_error() -> None:
    for kind in (RefusedError, UnreachableError, CutShortError, InvalidUrlError, MalformedKeyError):
        assert issubclass(kind, RemoteError)
        assert issubclass(kind, ConnectionError)
