import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve

from benchmarks.harness.streaming import CHUNK_S, Heard, stream
from sferic.protocol import messages
from sferic.protocol.messages import ErrorMessage, Transcription
from sferic.protocol.options import Options

RATE = 8000
SECOND = bytes(2 * RATE)

Script = Callable[[ServerConnection], Awaitable[None]]


def transcript(
    text: str, *, final: bool = False, last: bool = False, language: str | None = None
) -> str:
    return messages.encode(
        Transcription(
            session_id="s",
            transcript=text,
            transcription=text,
            is_final=final,
            is_last=last,
            language=language,
        )
    )


async def take_all(connection: ServerConnection) -> list[tuple[float, int]]:
    """When each piece of audio came, and its bytes, up to `finalize`."""
    came = []
    async for message in connection:
        if isinstance(message, str):
            assert json.loads(message) == {"type": "finalize"}
            break
        came.append((time.monotonic(), len(message)))
    return came


async def through(script: Script, audio: bytes = SECOND, speed: float = 0) -> Heard:
    async with serve(script, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        options = Options(language="de", sample_rate=RATE)
        return await stream(
            f"ws://127.0.0.1:{port}", audio, key="secret", options=options, speed=speed
        )


async def test_finals_are_joined_and_partials_counted() -> None:
    async def script(connection: ServerConnection) -> None:
        for text in ("ei", "eins"):
            await connection.send(transcript(text))
            await asyncio.sleep(0.05)
        await connection.send(transcript("Eins.", final=True, language="de"))
        await connection.send(transcript("zw"))
        await take_all(connection)
        await connection.send(transcript("", final=True, last=True, language="de"))

    heard = await through(script)
    assert (heard.text, heard.finals, heard.partials) == ("Eins.", 2, 3)
    assert heard.failure is None
    assert heard.answer_s is not None
    assert 0 <= heard.answer_s < 5


async def test_gaps_are_between_partials_of_one_segment() -> None:
    async def script(connection: ServerConnection) -> None:
        for message in (transcript("a"), transcript("a b"), transcript("a b", final=True)):
            await connection.send(message)
            await asyncio.sleep(0.1)
        await connection.send(transcript("c"))
        await take_all(connection)
        await connection.send(transcript("c", final=True, last=True))

    heard = await through(script)
    assert len(heard.gaps_s) == 1
    assert 0.05 < heard.gaps_s[0] < 5


async def test_the_language_is_that_of_most_of_the_text() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(transcript("ja", final=True, language="de"))
        await connection.send(transcript("yes of course", final=True, language="en"))
        await take_all(connection)
        await connection.send(transcript("", final=True, last=True))

    assert (await through(script)).language == "en"


async def test_audio_is_sent_no_faster_than_it_is_spoken() -> None:
    came: list[tuple[float, int]] = []
    opened: list[float] = []

    async def script(connection: ServerConnection) -> None:
        opened.append(time.monotonic())
        came.extend(await take_all(connection))
        await connection.send(transcript("", final=True, last=True))

    await through(script, audio=SECOND[: len(SECOND) // 2], speed=1)
    assert [size for _, size in came] == [round(CHUNK_S * RATE) * 2] * 5
    for number, (when, _) in enumerate(came, start=1):
        assert when - opened[0] > number * CHUNK_S - 0.05


async def test_speed_nought_sends_at_once() -> None:
    async def script(connection: ServerConnection) -> None:
        await take_all(connection)
        await connection.send(transcript("", final=True, last=True))

    started = time.monotonic()
    heard = await through(script, audio=20 * SECOND)
    assert heard.failure is None
    assert time.monotonic() - started < 15


async def test_options_and_key_are_sent() -> None:
    asked: list[tuple[dict[str, list[str]], str]] = []

    async def script(connection: ServerConnection) -> None:
        assert connection.request is not None
        query = parse_qs(urlsplit(connection.request.path).query)
        asked.append((query, connection.request.headers["Authorization"]))
        await take_all(connection)
        await connection.send(transcript("", final=True, last=True))

    await through(script)
    ((query, authorization),) = asked
    assert (query["language"], query["sample_rate"]) == (["de"], [str(RATE)])
    assert authorization == "Bearer secret"


async def test_an_error_of_the_server_is_kept_with_what_came_before() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(transcript("eins", final=True))
        await connection.send(messages.encode(ErrorMessage(code="broken", message="no more")))
        await connection.close(1011)

    heard = await through(script)
    assert heard.text == "eins"
    assert heard.answer_s is None
    assert heard.failure is not None
    assert "no more" in heard.failure


async def test_a_close_without_a_last_message_is_a_failure() -> None:
    async def script(connection: ServerConnection) -> None:
        await take_all(connection)
        await connection.close(1000)

    assert (await through(script)).failure
