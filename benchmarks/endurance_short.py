"""Short sessions in great number: some end well, some vanish, some should never have been."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeAlias
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import connect as open_websocket
from websockets.exceptions import WebSocketException

from benchmarks.harness.speech import Utterance, pcm
from benchmarks.harness.streaming import CHUNK_S
from benchmarks.harness.watched import Usage, WatchedServer
from sferic.audio import SAMPLE_RATE
from sferic.client import connect
from sferic.errors import CutShortError, RefusedError, RemoteError
from sferic.protocol.messages import Transcription
from sferic.protocol.options import Options

Ending: TypeAlias = Literal["finalize", "close_stream", "vanishes", "undecodable", "refused"]

LENGTHS_S = (2.0, 5.0)
"""Shortest and longest audio of a session."""
SHARES: dict[Ending, int] = {
    "finalize": 10,
    "close_stream": 4,
    "vanishes": 4,
    "undecodable": 1,
    "refused": 1,
}
"""How every twenty sessions end, in a random order."""
CODES: dict[Ending, int] = {
    "finalize": 1000,
    "close_stream": 1000,
    "vanishes": 1006,
    "undecodable": 1007,
}
"""The close code of each, as the server counts it; one that is refused is no session."""

_BATCHES = 20
_WIDTH = 2
"""Bytes of a sample."""
_LINGERS_S = 0.5
"""The longest that a client that is going to vanish waits after its audio."""
_PATIENCE_S = 120.0
_DAMAGED = b"\x03\x3f" + bytes(60)
"""An Opus packet that says it holds 63 frames."""
_BAD_KEY = "no-such-key"


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What one client is going to do."""

    ending: Ending
    utterance: Utterance
    start_s: float
    """Where in the recording it begins, as often as not in the middle of a word."""
    seconds: float
    lingers_s: float
    """How long it stays after its audio before it vanishes."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it."""

    ending: Ending
    audio_s: float
    answer_s: float | None = None
    """From asking for the end to the last transcript, for those that ask."""
    problem: str | None = None
    """What was otherwise than it should have been."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Some sessions, and the server after all of them had ended."""

    outcomes: tuple[Outcome, ...]
    usage: Usage


class ShortRun(msgspec.Struct, kw_only=True):
    """What all of the short sessions brought about."""

    before: Usage
    batches: list[Batch]
    closed: Counter[int]
    """Sessions that the server says have ended, by close code."""


def visits(utterances: Sequence[Utterance], *, count: int, seed: int) -> Iterator[Visit]:
    """Plan so many sessions, the same for the same seed.

    Args:
        utterances: To take pieces of; those shorter than two seconds only if there are no others.
        count: How many sessions.
        seed: Of everything about them.
    """
    chance = random.Random(seed)
    long_enough = [row for row in utterances if row.duration >= LENGTHS_S[0]] or [*utterances]
    deck: list[Ending] = []
    for _ in range(count):
        deck = deck or chance.sample([*SHARES], sum(SHARES.values()), counts=SHARES.values())
        row = chance.choice(long_enough)
        seconds = min(chance.uniform(*LENGTHS_S), row.duration)
        yield Visit(
            ending=deck.pop(),
            utterance=row,
            start_s=chance.uniform(0, row.duration - seconds),
            seconds=seconds,
            lingers_s=chance.uniform(0, _LINGERS_S),
        )


async def run_short(
    server: WatchedServer,
    planned: Sequence[Visit],
    *,
    at_once: int,
    language: str,
    step: Callable[[], None],
) -> ShortRun:
    """Hold all sessions, in batches; after each the server is looked at when none is open.

    Args:
        server: Runs already, and has had no session.
        planned: What is to be done.
        at_once: Sessions side by side.
        language: What is spoken.
        step: Called after each session.
    """
    room = asyncio.Semaphore(at_once)
    run = ShortRun(before=server.usage(), batches=[], closed=Counter())

    async def one(visit: Visit) -> Outcome:
        async with room:
            outcome = await _hold(server, visit, language)
        step()
        return outcome

    size = max(at_once, len(planned) // _BATCHES)
    opened = 0
    for start in range(0, len(planned), size):
        batch = planned[start : start + size]
        outcomes = await asyncio.gather(*map(one, batch))
        opened += sum(visit.ending in CODES for visit in batch)
        await server.until_ended(opened)
        run.batches.append(Batch(outcomes=tuple(outcomes), usage=server.usage()))
    run.closed = server.ended()
    return run


async def _hold(server: WatchedServer, visit: Visit, language: str) -> Outcome:
    audio = await asyncio.to_thread(_piece, visit)
    sent = audio if visit.ending in ("finalize", "close_stream", "vanishes") else b""
    answer_s, problem = None, None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            match visit.ending:
                case "finalize" | "close_stream":
                    answer_s = await _converse(server, visit.ending, audio, language)
                case "vanishes":
                    await _vanish(server, audio, language, visit.lingers_s)
                case "undecodable":
                    await _send_rubbish(server, visit.ending, language)
                case "refused":
                    await _knock(server, visit.ending, language)
    except (RemoteError, WebSocketException, OSError) as error:  # a TimeoutError is an OSError
        problem = f"{type(error).__name__}: {error}"
    except _UnexpectedEndError as error:
        problem = str(error)
    return Outcome(
        ending=visit.ending,
        audio_s=round(len(sent) / _WIDTH / SAMPLE_RATE, 3),
        answer_s=answer_s,
        problem=problem,
    )


class _UnexpectedEndError(Exception):
    """A session did not end as it should have."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(f"it was to end as '{ending}' and ended without an error or a transcript")


async def _converse(server: WatchedServer, ending: Ending, audio: bytes, language: str) -> float:
    """Say it all, ask for the end, and wait for it; returns how long that took, in seconds."""
    last = False
    async with connect(server.url, key=server.key, options=Options(language=language)) as session:
        for chunk in _chunks(audio):
            await session.feed(chunk)
        asked = time.monotonic()
        await (session.finalize() if ending == "finalize" else session.finish())
        async for message in session:
            last = isinstance(message, Transcription) and message.is_last
        answer_s = time.monotonic() - asked
    if not last:
        raise _UnexpectedEndError(ending)
    return answer_s


async def _vanish(server: WatchedServer, audio: bytes, language: str, lingers_s: float) -> None:
    """Break the connection off, without a word, while the audio is being worked on."""
    connection = await open_websocket(
        f"{server.url}?{urlencode({'language': language})}",
        additional_headers={"Authorization": f"Bearer {server.key}"},
        proxy=None,
        compression=None,
    )
    try:
        for chunk in _chunks(audio):
            await connection.send(chunk)
        await asyncio.sleep(lingers_s)
    finally:
        connection.transport.abort()
        await connection.wait_closed()


async def _send_rubbish(server: WatchedServer, ending: Ending, language: str) -> None:
    options = Options(language=language, encoding="opus")
    try:
        async with connect(server.url, key=server.key, options=options) as session:
            await session.feed(_DAMAGED)
            async for _ in session:
                pass
    except CutShortError as error:
        if error.close_code == CODES[ending]:
            return
        raise
    raise _UnexpectedEndError(ending)


async def _knock(server: WatchedServer, ending: Ending, language: str) -> None:
    try:
        async with connect(server.url, key=_BAD_KEY, options=Options(language=language)):
            pass
    except RefusedError as error:
        if error.status == 401:
            return
        raise
    raise _UnexpectedEndError(ending)


def _chunks(audio: bytes) -> Iterator[bytes]:
    size = round(SAMPLE_RATE * CHUNK_S) * _WIDTH
    return (audio[start : start + size] for start in range(0, len(audio), size))


def _piece(visit: Visit) -> bytes:
    audio = pcm(visit.utterance.path, SAMPLE_RATE)
    start = round(visit.start_s * SAMPLE_RATE) * _WIDTH
    return audio[start : start + round(visit.seconds * SAMPLE_RATE) * _WIDTH]
