"""The pulse paths of a real server, over real speech."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from acceptance.serving import KEY, ServerProcess
from audio import material
from engines import cut
from protocol.documented import assert_documented
from recordings import BECKETT, TWO_CITIES, Samples, beckett, clip, error_rate, plain, two_cities
from sferic.audio import SAMPLE_RATE

S = SAMPLE_RATE
CHUNK = 3200
"""Bytes of 100 ms."""
PULSE, LIVE = "/waves/v1/pulse/get_text", "/waves/v1/stt/live"
BOTH = pytest.mark.parametrize("path", [PULSE, LIVE])

Received = dict[str, Any]


class Client:
    """Speaks the protocol, and remembers all that it hears."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.heard: list[Received] = []

    async def say(self, samples: Samples) -> None:
        for chunk in cut(material.linear16(samples), CHUNK):
            await self.send(chunk)

    async def send(self, audio: bytes) -> None:
        await self._connection.send(audio)

    async def control(self, kind: str) -> None:
        await self._connection.send(json.dumps({"type": kind}))

    async def next(self) -> Received:
        message: Received = json.loads(await self._connection.recv())
        assert_documented(message)
        self.heard.append(message)
        return message

    async def turn(self) -> list[Received]:
        """Finalize, and return what is said up to the answer."""
        await self.control("finalize")
        heard = [await self.next()]
        while not heard[-1].get("from_finalize"):
            heard.append(await self.next())
        return heard

    async def end(self) -> list[Received]:
        """Close the stream, and return all that was heard in the session."""
        await self.control("close_stream")
        try:
            while True:
                await self.next()
        except ConnectionClosed:
            assert self._connection.close_code == 1000
            return self.heard


@asynccontextmanager
async def connected(
    server: ServerProcess, path: str = LIVE, **options: object
) -> AsyncIterator[Client]:
    query = urlencode({"model": "pulse", "language": "en", **options})
    address = server.url.partition("/waves")[0]
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"{address}{path}?{query}"
    async with asyncio.timeout(60), websockets.connect(url, additional_headers=headers) as socket:
        yield Client(socket)


def finals(heard: Iterable[Received]) -> list[Received]:
    return [message for message in heard if message.get("is_final")]


def joined(heard: Iterable[Received]) -> str:
    """Finals put together as published samples do, without anything between them."""
    return "".join(message["transcript"] for message in finals(heard))


def fox() -> Samples:
    return clip("en/quick_brown_fox")[0]


def hello() -> Samples:
    return clip("en/hello_world")[0]


@BOTH
async def test_each_turn_is_finalized_in_one_session(server: ServerProcess, path: str) -> None:
    async with connected(server, path) as client:
        for samples, said in (
            (fox(), "The quick brown fox jumps over the lazy dog."),
            (hello(), "Hello world."),
            (fox(), "The quick brown fox jumps over the lazy dog."),
        ):
            await client.say(samples)
            heard = await client.turn()
            assert plain(joined(heard)) == plain(said)
            assert [message.get("is_last") for message in finals(heard)] == [False] * len(
                finals(heard)
            )
        heard = await client.end()
    assert [message["from_finalize"] for message in finals(heard)].count(True) == 3
    assert finals(heard)[-1]["is_last"]
    assert not finals(heard)[-1]["from_finalize"]
    assert len({message["session_id"] for message in heard}) == 1


@BOTH
async def test_finals_can_be_joined_as_they_are(server: ServerProcess, path: str) -> None:
    async with connected(server, path) as client:
        await client.say(beckett())
        heard = await client.end()
    assert len([message for message in finals(heard) if message["transcript"]]) > 1
    assert plain(joined(heard)) == plain(BECKETT)
    assert "  " not in joined(heard)
    for message in finals(heard):
        assert message["transcript"] == message["transcription"]
        assert not message["transcript"] or message["transcript"].endswith((". ", "? ", "! "))


async def test_a_finalize_with_nothing_said_is_answered_too(server: ServerProcess) -> None:
    async with connected(server) as client:
        (message,) = await client.turn()
        assert (message["transcript"], message["is_last"]) == ("", False)
        await client.control("keepalive")
        assert await client.next() == {"type": "pong"}


async def test_words_come_unasked_on_the_one_path_and_not_on_the_other(
    server: ServerProcess,
) -> None:
    for path, expected in ((PULSE, True), (LIVE, False)):
        async with connected(server, path) as client:
            await client.say(hello())
            heard = await client.turn()
        assert ["words" in message for message in heard] == [expected] * len(heard)


async def test_speech_is_announced_where_it_begins_and_ends(server: ServerProcess) -> None:
    pause = np.zeros(2 * S, np.float32)
    async with connected(server, vad_events="true") as client:
        await client.say(np.concatenate([pause, fox(), pause, hello(), pause]))
        heard = await client.end()
    events = [(m["type"], m["timestamp"]) for m in heard if m["type"] != "transcription"]
    assert [kind for kind, _ in events] == ["speech_started", "speech_ended"] * 2
    times = [at for _, at in events]
    assert times == sorted(times)
    begins = [2.0, 2.0 + len(fox()) / S + 2.0]
    for found, begin, samples in zip(times[::2], begins, (fox(), hello()), strict=True):
        assert begin - 0.1 <= found <= begin + 0.7
        assert found < times[times.index(found) + 1] <= begin + len(samples) / S + 0.2
    kinds = [message["type"] for message in heard]
    assert kinds.index("speech_started") < kinds.index("transcription")


async def test_without_asking_nothing_is_announced(server: ServerProcess) -> None:
    async with connected(server) as client:
        await client.say(hello())
        heard = await client.end()
    assert {message["type"] for message in heard} == {"transcription"}


async def segments(server: ServerProcess, samples: Samples, **options: Any) -> list[str]:
    """What each final with text says."""
    async with connected(server, **options) as client:
        await client.say(samples)
        heard = await client.end()
    return [message["transcript"] for message in finals(heard) if message["transcript"]]


async def test_silence_ends_a_segment_as_soon_as_is_asked_for(server: ServerProcess) -> None:
    def pauses(*milliseconds: int) -> Samples:
        parts = [hello()]
        for length in milliseconds:
            parts += [np.zeros(length * S // 1000, np.float32), hello()]
        return np.concatenate(parts)

    spoken = pauses(500, 1500)
    for options, count in (
        ({"endpointing_timeout": 200}, 3),
        ({"endpointing_timeout": 1000, "eou_timeout_ms": 1200}, 2),
        ({"endpointing_timeout": 5000, "eou_timeout_ms": 200}, 3),
        ({"endpointing": "false", "eou_timeout_ms": 1000}, 2),
        ({"endpointing": "false", "endpointing_timeout": 100, "eou_timeout_ms": 4000}, 1),
    ):
        heard = await segments(server, spoken, **options)
        assert len(heard) == count, options
        assert plain("".join(heard)) == ["hello", "world"] * 3


async def test_long_speech_is_cut_into_finals_only_where_that_is_wanted(
    server: ServerProcess,
) -> None:
    patient = {"endpointing": "false", "eou_timeout_ms": 10_000}
    cut_up = await segments(server, two_cities(), **patient)
    assert len(cut_up) > 1
    whole = await segments(server, two_cities(), finalize_on_words="false", **patient)
    assert len(whole) == 1
    counted = await segments(server, two_cities(), max_words=7, **patient)
    assert max(len(final.split()) for final in counted) == 7
    for heard in (cut_up, whole, counted):
        assert error_rate(TWO_CITIES, "".join(heard)) < 0.05


async def test_partials_grow_into_the_final_of_their_turn(server: ServerProcess) -> None:
    async with connected(server, word_timestamps="true") as client:
        for chunk in cut(material.linear16(fox()), CHUNK):
            await client.send(chunk)
            await asyncio.sleep(0.1)
        heard = await client.turn()
    partials = [message for message in heard if not message["is_final"]]
    assert partials
    assert len(partials[-1]["words"]) >= len(partials[0]["words"])
    assert all(one["start"] <= other["start"] for one, other in pairwise(heard[-1]["words"]))


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("", ["model", "language"]),
        ("model=pulse-pro&language=en", ["model"]),
        ("model=pulse&language=en&vad_events=maybe&max_words=0", ["max_words", "vad_events"]),
    ],
)
async def test_what_is_missing_or_wrong_is_told_before_the_upgrade(
    server: ServerProcess, query: str, parameters: list[str]
) -> None:
    address = server.url.partition("/waves")[0]
    with pytest.raises(websockets.InvalidStatus) as caught:
        async with websockets.connect(
            f"{address}{LIVE}?{query}", additional_headers={"Authorization": f"Bearer {KEY}"}
        ):
            pass
    body = json.loads(caught.value.response.body)
    assert_documented(body)
    assert caught.value.response.status_code == 400
    assert [problem["parameter"] for problem in body["errors"]] == parameters
