"""A client of ours against a real server with the default model."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import numpy as np
import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from acceptance.serving import KEY, ServerProcess
from audio import material
from engines import cut
from recordings import TWO_CITIES, Samples, clip, error_rate, plain, two_cities
from sferic.audio import SAMPLE_RATE

S = SAMPLE_RATE
CHUNK = 3200
"""Bytes of 100 ms."""
FINALIZE = json.dumps({"type": "finalize"})
THIRTY_MINUTES = "SFERIC_TEST_THIRTY_MINUTES"
"""Environment variable that asks for the long test, which takes minutes."""

Received = dict[str, Any]


@asynccontextmanager
async def connected(
    server: ServerProcess, query: str = "", **options: Any
) -> AsyncIterator[ClientConnection]:
    options.setdefault("additional_headers", {"Authorization": f"Bearer {KEY}"})
    async with websockets.connect(f"{server.url}?{query}", **options) as connection:
        yield connection


async def conversation(connection: ClientConnection, messages: Iterable[bytes]) -> list[Received]:
    """Send everything, finalize, and return what is said until the server closes."""
    sending = asyncio.create_task(send(connection, messages))
    received = await everything(connection)
    await sending
    return received


async def send(connection: ClientConnection, messages: Iterable[bytes]) -> None:
    for message in messages:
        await connection.send(message)
    await connection.send(FINALIZE)


async def everything(connection: ClientConnection) -> list[Received]:
    received = []
    try:
        while True:
            received.append(json.loads(await connection.recv()))
    except ConnectionClosed:
        return received


async def refusal(server: ServerProcess, query: str = "", **options: Any) -> tuple[int, Received]:
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with connected(server, query, **options):
            pass
    response = caught.value.response
    return response.status_code, json.loads(response.body)


def text(received: Iterable[Received]) -> str:
    return " ".join(m["transcript"] for m in received if m.get("is_final") and m["transcript"])


def fox() -> tuple[bytes, str]:
    samples, said = clip("en/quick_brown_fox")
    return material.linear16(samples), said


async def test_speech_goes_in_and_words_come_out(server: ServerProcess) -> None:
    audio, said = fox()
    query = "language=en&full_transcript=true&sentence_timestamps=true&vad_events=true"
    async with connected(server, query) as connection:
        received = await conversation(connection, cut(audio, CHUNK))
    assert (connection.close_code, connection.close_reason) == (1000, "")
    assert plain(text(received)) == plain(said)
    last = received[-1]
    assert last["is_final"]
    assert last["is_last"]
    assert [message for message in received[:-1] if message.get("is_last")] == []
    assert plain(last["full_transcript"]) == plain(said)
    assert (last["language"], last["languages"]) == ("en", ["en"])
    assert [utterance["start"] for utterance in last["utterances"]] == [last["words"][0]["start"]]
    assert len({message["session_id"] for message in received}) == 1
    kinds = [message["type"] for message in received]
    assert kinds[0] == "speech_started"
    assert kinds.index("speech_ended") < len(kinds) - 1


async def test_partials_come_while_somebody_speaks(server: ServerProcess) -> None:
    audio, said = fox()
    async with connected(server) as connection:
        for chunk in cut(audio, CHUNK):
            await connection.send(chunk)
            await asyncio.sleep(0.1)
        partial = json.loads(await connection.recv())
        assert not partial["is_final"]
        assert partial["transcript"]
        received = await conversation(connection, [])
    assert plain(text(received)) == plain(said)


async def test_controls_are_answered_in_the_middle_of_audio(server: ServerProcess) -> None:
    audio, said = fox()
    async with connected(server) as connection:
        await connection.send(audio[: S // 2])
        await connection.send(json.dumps({"type": "keepalive"}))
        await connection.send("what?")
        received = await conversation(connection, [audio[S // 2 :]])
    answers = [m for m in received if m["type"] != "transcription"]
    assert [answer["type"] for answer in answers] == ["pong", "warning"]
    assert answers[1]["code"] == "unknown_message"
    assert plain(text(received)) == plain(said)


async def test_a_session_without_audio_ends_in_order(server: ServerProcess) -> None:
    async with connected(server) as connection:
        [message] = await conversation(connection, [])
    assert (message["transcript"], message["is_last"], connection.close_code) == ("", True, 1000)


async def test_audio_that_does_not_decode_ends_the_session_after_what_came_before(
    server: ServerProcess,
) -> None:
    samples, said = clip("en/quick_brown_fox", 48_000)
    packets = material.opus_packets(samples)
    async with connected(server, "encoding=opus") as connection:
        for packet in [*packets, b"\xff\xff no packet at all"]:
            await connection.send(packet)
        received = await everything(connection)
    assert plain(text(received)) == plain(said)
    assert (received[-1]["type"], received[-1]["code"]) == ("error", "undecodable_audio")
    assert connection.close_code == 1007


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_without_the_key_the_door_stays_shut(
    server: ServerProcess, headers: dict[str, str]
) -> None:
    status, body = await refusal(server, additional_headers=headers)
    assert status == 401
    assert body["type"] == "error"


async def test_all_bad_parameters_are_told_at_once(server: ServerProcess) -> None:
    status, body = await refusal(
        server, "encoding=mp3&sample_rate=12345&language=xx&word_timestamps=maybe&diarize=perhaps"
    )
    assert status == 400
    assert [error["parameter"] for error in body["errors"]] == [
        "encoding",
        "sample_rate",
        "language",
        "word_timestamps",
        "diarize",
    ]
    assert all(error["value"] and error["allowed"] for error in body["errors"])


async def test_it_says_that_it_lives_and_is_ready(server: ServerProcess) -> None:
    host = server.url.removeprefix("ws://").split("/")[0]
    async with httpx.AsyncClient(base_url=f"http://{host}") as client:
        answers = [(await client.get(path)).status_code for path in ("/health", "/ready", "/")]
    assert answers == [200, 200, 200]


async def test_clients_side_by_side_get_each_their_own_words(server: ServerProcess) -> None:
    names = ("en/quick_brown_fox", "it/pangrama", "pt/pangrama")

    async def one(name: str) -> str:
        samples, _ = clip(name)
        async with connected(server, f"language={name[:2]}") as connection:
            return text(await conversation(connection, cut(material.linear16(samples), CHUNK)))

    heard = await asyncio.gather(*map(one, names))
    for name, words in zip(names, heard, strict=True):
        assert error_rate(clip(name)[1], words) < 0.3


async def test_a_client_that_vanishes_leaves_the_server_to_the_others(
    server: ServerProcess,
) -> None:
    audio, said = fox()
    for _ in range(3):
        async with connected(server) as connection:
            await connection.send(audio[: len(audio) // 2])
            connection.transport.abort()
    async with connected(server) as connection:
        assert plain(text(await conversation(connection, [audio]))) == plain(said)


def reading(times: int) -> Samples:
    pause = np.zeros(S, np.float32)
    return np.concatenate([part for _ in range(times) for part in (two_cities(), pause)])


async def sent_at_once(server: ServerProcess, times: int, **options: Any) -> None:
    """Send a long reading as fast as it goes; it comes back whole, and nobody is cut off."""
    async with connected(server, **options) as connection:
        received = await conversation(connection, cut(material.linear16(reading(times)), 2**15))
    assert connection.close_code == 1000
    assert received[-1]["is_last"]
    assert error_rate(TWO_CITIES * times, text(received)) < 0.05
    ends = [word["end"] for m in received if m["is_final"] for word in m["words"]]
    assert ends == sorted(ends)


async def test_minutes_of_audio_sent_at_once_outlast_impatient_pings(
    server: ServerProcess,
) -> None:
    await sent_at_once(server, 4, ping_interval=1, ping_timeout=4)


@pytest.mark.skipif(THIRTY_MINUTES not in os.environ, reason=f"{THIRTY_MINUTES} is not set")
@pytest.mark.timeout(1800)
async def test_half_an_hour_sent_at_once_outlasts_default_pings(server: ServerProcess) -> None:
    await sent_at_once(server, 40)
