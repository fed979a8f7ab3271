import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from benchmarks.harness.live import Pace, Received, Talk, hold, quiet
from benchmarks.harness.streaming import CHUNK_S
from sferic.protocol import messages
from sferic.protocol.messages import Transcription
from sferic.protocol.options import Options
from talks import BEGAN, talk

OPTIONS = Options(language="en", sample_rate=8000)
HALF_A_SECOND = bytes(2 * 4000)

Script = Callable[[ServerConnection], Awaitable[None]]


class Announcing(list[Received]):
    def __init__(self) -> None:
        super().__init__()
        self.filled = asyncio.Event()

    def append(self, received: Received) -> None:
        super().append(received)
        self.filled.set()


def said(text: str, *, last: bool = False) -> str:
    return messages.encode(
        Transcription(
            session_id="s", transcript=text, transcription=text, is_final=last, is_last=last
        )
    )


async def answer(connection: ServerConnection) -> None:
    """Take all audio, and answer `finalize`."""
    async for message in connection:
        if isinstance(message, str):
            break
    await connection.send(said("all", last=True))


@asynccontextmanager
async def listening(script: Script, refuse: bool = False) -> AsyncIterator[str]:
    def deny(connection: ServerConnection, request: Request) -> Response | None:
        if not refuse:
            return None
        response = connection.respond(503, "full")
        response.headers["Retry-After"] = "5"
        return response

    async with serve(script, "127.0.0.1", 0, process_request=deny) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def held(script: Script, audio: bytes = HALF_A_SECOND, pace: Pace | None = None) -> Talk:
    record = Talk.of(audio, OPTIONS)
    async with listening(script) as url:
        await hold(record, audio, url=url, key="k", options=OPTIONS, pace=pace or Pace())
    return record


async def test_audio_is_sent_as_it_is_spoken_and_then_finalized() -> None:
    came: list[tuple[float, object]] = []

    async def script(connection: ServerConnection) -> None:
        async for message in connection:
            came.append((time.monotonic(), message))
            if isinstance(message, str):
                break
        await connection.send(said("all", last=True))

    record = await held(script)
    *audio, (_, last) = came
    assert [len(part) for _, part in audio if isinstance(part, bytes)] == [1600] * 5
    assert json.loads(str(last)) == {"type": "finalize"}
    for number, (when, _) in enumerate(audio, start=1):
        assert when >= record.due(number * CHUNK_S) - 0.001
    assert record.asked == pytest.approx(record.began + 0.5)


async def test_what_comes_back_is_recorded_with_its_time() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(said("a"))
        await answer(connection)

    record = await held(script)
    assert [message.transcript for _, message in record.transcripts] == ["a", "all"]
    assert [message.transcript for _, message in record.finals] == ["all"]
    assert record.text == "all"
    assert record.complete
    assert record.failure is None
    assert record.began < record.heard[0].at < record.heard[1].at


async def test_an_end_without_a_last_message_is_a_failure() -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.close(1011)

    record = await held(script)
    assert record.failure
    assert not record.complete
    assert not record.refused


async def test_a_refusal_is_told_with_the_time_to_come_again() -> None:
    record = Talk.of(HALF_A_SECOND, OPTIONS)
    async with listening(answer, refuse=True) as url:
        after = await hold(record, HALF_A_SECOND, url=url, key="k", options=OPTIONS, pace=Pace())
    assert after == 5
    assert record.refused
    assert record.failure


async def test_a_session_that_is_cut_off_keeps_what_it_heard() -> None:
    record = Talk.of(100 * HALF_A_SECOND, OPTIONS)
    record.heard = heard = Announcing()

    async def script(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(said("a"))
        await connection.wait_closed()

    async with listening(script) as url:
        holding = asyncio.create_task(
            hold(record, 100 * HALF_A_SECOND, url=url, key="k", options=OPTIONS, pace=Pace())
        )
        async with asyncio.timeout(5):
            await heard.filled.wait()
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
    assert [message.transcript for _, message in record.transcripts] == ["a"]
    assert (record.asked, record.failure, record.complete) == (None, None, False)


async def test_the_pace_counts_what_was_sent() -> None:
    pace = Pace()
    await held(answer, pace=pace)
    driving = pace.driving()
    assert (driving.messages, driving.audio_s) == (5, 0.5)
    assert 0 <= driving.late_p99_s <= driving.late_worst_s
    pace.clear()
    assert pace.driving().messages == 0


def test_the_pace_tells_the_own_fault_from_that_of_the_server() -> None:
    pace = Pace()
    pace.note(late=0.003, blocked=0.0, seconds=0.1)
    pace.note(late=0.001, blocked=0.5, seconds=0.1)
    assert (pace.driving().late_worst_s, pace.driving().blocked_worst_s) == (0.003, 0.5)


@pytest.mark.parametrize(
    ("place", "due"), [(0.0, 0.0), (0.05, 0.1), (0.1, 0.1), (0.11, 0.2), (1.1, 1.1), (9.99, 10.0)]
)
def test_a_place_is_due_with_the_message_that_holds_it(place: float, due: float) -> None:
    assert talk().due(place) == pytest.approx(BEGAN + due)


def test_the_last_message_is_due_at_the_end_of_the_audio() -> None:
    assert talk(seconds=1.23).due(1.22) == pytest.approx(BEGAN + 1.23)
    assert talk(seconds=1.23).due(7) == pytest.approx(BEGAN + 1.23)


@given(st.floats(0, 30), st.floats(0, 30), st.floats(0.1, 30))
def test_places_are_due_in_order_and_within_a_message(
    one: float, other: float, seconds: float
) -> None:
    record = talk(seconds=seconds)
    first, second = sorted((one, other))
    assert record.due(first) <= record.due(second)
    if first <= record.seconds:
        assert -0.001 < record.due(first) - BEGAN - first < CHUNK_S + 0.001


def test_quiet_is_faint_noise_and_always_the_same() -> None:
    samples = np.frombuffer(quiet(1.5, 8000), "<i2")
    assert len(samples) == 12_000
    assert 5 < samples.std() < 20
    assert quiet(1.5, 8000) == quiet(1.5, 8000)
