"""A server in the test's own event loop, and clients for it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from fakes import SPOKEN, FakeRecognizer, FakeStream
from protocol.documented import assert_documented
from sferic.server.app import Services
from sferic.server.run import Server

KEY = "secret-key-of-the-tests"
PATH = "/waves/v1/lightning/get_text"
SECRETS = (KEY, SPOKEN, "secret-in-the-query", "secret-in-text")


class PromptServer(Server):
    """Says when it is up, and does not sleep before it looks whether to stop."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.up = asyncio.Event()
        self._stop = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        await self._stop.wait()

    def stop(self, *, force: bool = False) -> None:
        self.handle_exit(15, None)
        if force:
            self.handle_exit(15, None)
        self._stop.set()


class Running:
    """A server that runs in this event loop."""

    def __init__(self, server: PromptServer, services: Services, port: int, scheme: str) -> None:
        self.server = server
        self.services = services
        self.port = port
        self.scheme = scheme
        self.recognizer = FakeRecognizer()
        self.task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"ws{self.scheme}://127.0.0.1:{self.port}{PATH}"

    def connect(
        self, query: str = "", *, path: str = PATH, key: str | None = KEY, **options: Any
    ) -> Any:
        options.setdefault("ping_interval", None)
        options.setdefault("compression", None)
        headers = options.pop("headers", {})
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return websockets.connect(
            f"ws{self.scheme}://127.0.0.1:{self.port}{path}?{query}",
            additional_headers=headers,
            **options,
        )

    async def refused(self, query: str = "", **options: Any) -> "Denial":
        with pytest.raises(websockets.InvalidStatus) as caught:
            async with self.connect(query, **options):
                pass
        response = caught.value.response
        return Denial(response.status_code, response.headers, json.loads(response.body))

    async def get(self, path: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"http://127.0.0.1:{self.port}{path}", **options)

    async def stream(self) -> FakeStream:
        return await self.recognizer.stream()


class Denial:
    def __init__(self, status: int, headers: Any, body: dict[str, Any]) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        assert_documented(body)
        assert body["status"] == "error"
        assert body["message"]
        assert headers["Content-Type"] == "application/json"


class RawClient:
    """A client that does only what it is told: answers no pings and reads nothing by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, running: Running) -> "RawClient":
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(
            f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Version: 13\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
        )
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        return cls(reader, writer)

    def send(self, opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> None:
        self.writer.write(Frame(opcode, data, fin).serialize(mask=True))

    async def frames(self) -> list[tuple[int, bytes]]:
        """Everything up to a close frame, which is answered, or the end of the connection."""
        frames: list[tuple[int, bytes]] = []
        with suppress(asyncio.IncompleteReadError):
            while not frames or frames[-1][0] != Opcode.CLOSE:
                head = await self.reader.readexactly(2)
                length = head[1]
                if length == 126:
                    length = int.from_bytes(await self.reader.readexactly(2), "big")
                frames.append((head[0] & 0x0F, await self.reader.readexactly(length)))
            self.send(Opcode.CLOSE, frames[-1][1])
            await self.reader.read()
        return frames

    def close(self) -> None:
        self.writer.transport.abort()


Start = Callable[..., Awaitable[Running]]


async def received(connection: ClientConnection) -> list[dict[str, Any]]:
    """Everything that a connection says until it is closed; the document has it all."""
    messages = []
    try:
        while True:
            messages.append(json.loads(await connection.recv()))
            assert_documented(messages[-1])
    except ConnectionClosed:
        return messages


async def until(condition: Callable[[], bool], within: float = 5) -> None:
    """Wait for something that nobody signals."""
    for _ in range(round(within / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError
