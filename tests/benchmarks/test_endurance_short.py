import http
import subprocess
import sys
import wave
from collections import Counter
from itertools import count
from pathlib import Path
from typing import cast

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from benchmarks.endurance_report import ShortFigures, short_figures
from benchmarks.endurance_short import LENGTHS_S, SHARES, run_short, visits
from benchmarks.harness.metering import CpuMeter
from benchmarks.harness.speech import Utterance
from benchmarks.harness.watched import Usage, WatchedServer
from sferic.protocol import messages
from sferic.protocol.messages import ErrorMessage, Transcription

KEY = "secret"
LAST = messages.encode(
    Transcription(session_id="s", transcript="", transcription="", is_final=True, is_last=True)
)
BROKEN = messages.encode(ErrorMessage(code="undecodable_audio", message="no Opus"))


class FakeServer:
    """Behaves, and counts; uses a megabyte and a file more each time that it is looked at.

    Args:
        forgiving: Takes audio that cannot be decoded for an end.
    """

    def __init__(self, *, forgiving: bool = False) -> None:
        self.key, self.url = KEY, ""
        self.closed: Counter[int] = Counter()
        self._forgiving = forgiving
        self._looks = count()

    def usage(self) -> Usage:
        looks = next(self._looks)
        return Usage(
            at=looks, memory_mb=300 + looks, cpu_s=looks, descriptors=10 + looks, threads=8
        )

    def ended(self) -> Counter[int]:
        return self.closed

    async def until_ended(self, sessions: int) -> bool:
        return self.closed.total() >= sessions

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers["Authorization"] == f"Bearer {KEY}":
            return None
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "no")

    async def attend(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        opus = "encoding=opus" in connection.request.path
        code = 1006
        try:
            async for message in connection:
                if opus and not self._forgiving:
                    code = 1007
                    await connection.send(BROKEN)
                    await connection.close(code)
                elif isinstance(message, str) or opus:
                    code = 1000
                    await connection.send(LAST)
                    await connection.close()
        except ConnectionClosed:
            pass
        self.closed[code] += 1


@pytest.fixture
def utterances(tmp_path: Path) -> list[Utterance]:
    rows = []
    for seconds in (1, 3, 8):
        path = tmp_path / f"{seconds}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(bytes(32_000 * seconds))
        row = Utterance(
            audio=path.name, lang="en", text="", duration=seconds, sample_rate=16_000, path=path
        )
        rows.append(row)
    return rows


async def held(
    fake: FakeServer, utterances: list[Utterance], *, sessions: int = 20, at_once: int = 4
) -> tuple[ShortFigures, int]:
    """What a run comes to, and how many steps it told."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    async with serve(fake.attend, "127.0.0.1", 0, process_request=fake.admit) as server:
        fake.url = f"ws://127.0.0.1:{_port(server)}/waves/v1/lightning/get_text"
        run = await run_short(
            cast("WatchedServer", fake),
            [*visits(utterances, count=sessions, seed=0)],
            at_once=at_once,
            language="en",
            step=step,
        )
    return short_figures(run, at_once=at_once), steps


def _port(server: Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


def test_sessions_are_short_and_end_in_all_ways(utterances: list[Utterance]) -> None:
    planned = [*visits(utterances, count=200, seed=0)]
    assert Counter(each.ending for each in planned) == {
        ending: 10 * share for ending, share in SHARES.items()
    }
    assert all(LENGTHS_S[0] <= each.seconds <= LENGTHS_S[1] for each in planned)
    assert all(each.start_s + each.seconds <= each.utterance.duration + 1e-9 for each in planned)
    assert {each.utterance.audio for each in planned} == {"3.wav", "8.wav"}


def test_a_seed_plans_the_same_sessions_again(utterances: list[Utterance]) -> None:
    first, again, other = ([*visits(utterances, count=30, seed=seed)] for seed in (1, 1, 2))
    assert first == again
    assert first != other


async def test_every_session_ends_as_it_was_to_end(utterances: list[Utterance]) -> None:
    figures, steps = await held(FakeServer(), utterances)
    assert (figures.sessions, steps, figures.problems) == (20, 20, {})
    assert figures.endings == SHARES
    assert figures.closed == {"1000": 14, "1006": 4, "1007": 1}
    answers = [each.answer_s.count for each in figures.batches if each.answer_s]
    assert sum(answers) == SHARES["finalize"] + SHARES["close_stream"]


async def test_audio_is_counted_where_there_was_some(utterances: list[Utterance]) -> None:
    figures, _ = await held(FakeServer(), utterances)
    assert 18 * LENGTHS_S[0] <= figures.audio_s <= 18 * LENGTHS_S[1]


async def test_the_server_is_looked_at_after_each_batch(utterances: list[Utterance]) -> None:
    figures, _ = await held(FakeServer(), utterances, sessions=25, at_once=5)
    assert [each.sessions for each in figures.batches] == [5, 10, 15, 20, 25]
    assert [each.memory_mb for each in figures.batches] == [301, 302, 303, 304, 305]
    assert (figures.memory_mb, figures.descriptors) == ((300, 305), (10, 15))
    slopes = {each.name: each.line.slope for each in figures.growth}
    assert (slopes["memory"], slopes["threads"]) == pytest.approx((200, 0))


async def test_a_session_that_ends_otherwise_is_a_problem(utterances: list[Utterance]) -> None:
    figures, _ = await held(FakeServer(forgiving=True), utterances)
    assert len(figures.problems) == 2
    met, missing = figures.problems
    assert met.startswith("undecodable: ")
    assert missing == "closed with 1007, says no line of the server's log"


async def test_a_server_that_is_away_is_a_problem_of_every_session(
    utterances: list[Utterance],
) -> None:
    fake = FakeServer()
    fake.url = "ws://127.0.0.1:1/waves/v1/lightning/get_text"
    planned = [*visits(utterances, count=20, seed=0)]
    run = await run_short(
        cast("WatchedServer", fake), planned, at_once=20, language="en", step=lambda: None
    )
    outcomes = [outcome for batch in run.batches for outcome in batch.outcomes]
    assert all(outcome.problem for outcome in outcomes)


# The server under watch


def test_ends_of_sessions_are_read_from_the_log(tmp_path: Path) -> None:
    server = WatchedServer(model="none")
    server._log = tmp_path / "server.log"
    line = "INFO session=sess_1 key=k path=/x code={} audio=2.00s wall=1.00s external=code=9\n"
    lines = [line.format(code) for code in (1000, 1006, 1000)]
    server._log.write_text("starting, code=5\n" + "".join(lines))
    assert server.ended() == {1000: 2, 1006: 1}


def test_what_a_process_holds_is_seen() -> None:
    server = WatchedServer(model="none")
    with subprocess.Popen(
        [sys.executable, "-c", "print('ready', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        server._process, server._meter = process, CpuMeter(process.pid)
        usage = server.usage()
        process.kill()
    assert 1 < usage.memory_mb < 1000
    assert usage.descriptors >= 3
    assert usage.threads == 1
