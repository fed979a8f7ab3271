import logging
import re
from pathlib import Path

import pytest

from fakes import FakeRecognizer, fake_backend
from server.harness import Running, Start, received, until
from sferic import session
from sferic.config import Settings
from sferic.errors import ModelLoadError
from sferic.recognition.load import Costs, Load
from sferic.server import app, sessions
from sferic.server.admission import Admission, Departures
from sferic.server.backend import Backend, Engine, Recognizer

SECOND = bytes(32_000)
"""Of audio."""


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "LOOK_EVERY_S", 0.01)


def admission(recognizer: FakeRecognizer | None, *, within: float = 0.7) -> Admission:
    return Admission(within, Engine(Settings(), recognizer, fake_backend(recognizer).load))


def holding(streams: int) -> FakeRecognizer:
    recognizer = FakeRecognizer()
    recognizer.capacity = streams
    return recognizer


async def metrics(running: Running) -> dict[str, float]:
    """Every figure without labels."""
    answer = await running.get("/metrics", headers={"Authorization": "Bearer token"})
    return {
        name: float(value)
        for name, value in re.findall(r"^(\w+) (\S+)$", answer.text, re.MULTILINE)
    }


# Whether there is room


def test_there_is_room_up_to_what_the_machine_holds() -> None:
    room = admission(holding(3))
    assert room.full(live=2, background=0) is None
    full = room.full(live=3, background=0)
    assert full == "3 streams are open, and this server holds 3 with finals within 700 ms"


def test_streams_in_the_background_are_an_eighth_of_one() -> None:
    room = admission(holding(3))
    assert room.full(live=1, background=8) is None
    assert room.full(live=1, background=9) is not None
    assert room.full(live=2, background=1) is not None


def test_an_empty_server_takes_one_whatever_it_holds() -> None:
    recognizer = holding(0)
    for _ in range(10):
        recognizer.usage.answered(waited=9.0, took=9.2)
    room = admission(recognizer)
    assert room.full(live=0, background=0) is None
    assert room.full(live=1, background=0) is not None


def test_finals_that_are_late_leave_no_room_although_the_formula_does() -> None:
    now = [0.0]
    recognizer = holding(10)
    recognizer.usage = Load(2, Costs(final=0.2, partial=0.1), clock=lambda: now[0])
    room = admission(recognizer)
    for _ in range(20):
        recognizer.usage.answered(waited=0.45, took=0.65)
    assert room.full(live=5, background=0) is None
    for _ in range(20):
        recognizer.usage.answered(waited=0.55, took=0.75)
    full = room.full(live=5, background=1)
    assert full == "6 streams are open, and finals take longer than 700 ms at the moment"
    now[0] += 31
    assert room.full(live=5, background=0) is None


def test_finals_that_are_late_with_few_streams_open_refuse_nobody() -> None:
    recognizer = holding(10)
    for _ in range(20):
        recognizer.usage.answered(waited=9.0, took=9.2)
    assert admission(recognizer).full(live=4, background=0) is None
    assert admission(recognizer).full(live=5, background=0) is not None


def test_finals_that_take_long_by_themselves_are_no_sign_of_load() -> None:
    recognizer = holding(100)
    for _ in range(20):
        recognizer.usage.answered(waited=0.0, took=3.0)
    assert admission(recognizer).full(live=5, background=0) is None


def test_without_a_latency_or_a_model_there_is_no_limit() -> None:
    for room in (admission(holding(1), within=0.0), admission(None)):
        assert room.capacity is None
        assert room.full(live=100, background=0) is None


def test_what_streams_ask_for_is_what_they_were_seen_to_ask_for() -> None:
    recognizer = holding(10)
    room = admission(recognizer)
    assert room.full(live=10, background=0) is not None
    assumed = recognizer.demand
    room.look(live=4, background=0, finals=500)
    assert room.full(live=10, background=0) is not None
    assert recognizer.demand.finals > assumed.finals


def test_a_machine_that_cannot_be_in_time_is_held_to_what_it_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recognizer = holding(2)
    recognizer.within = 2.0
    room = admission(recognizer)
    assert room.full(live=1, background=0) is None
    assert str(room.full(live=2, background=0)).endswith("holds 2 with finals within 2000 ms")
    for _ in range(20):
        recognizer.usage.answered(waited=1.5, took=2.0)
    assert room.full(live=1, background=0) is None
    assert "later than final_latency_ms=700" in caplog.text


def test_each_answer_is_told_once() -> None:
    recognizer = holding(10)
    room = admission(recognizer)
    recognizer.usage.answered(waited=0.1, took=0.3)
    (answer,) = room.look(live=1, background=0, finals=0)
    assert answer.took == 0.3
    assert room.look(live=1, background=0, finals=0) == []
    assert admission(None).look(live=0, background=0, finals=0) == []


def test_what_is_held_is_logged_once_it_is_known(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sferic"):
        room = admission(holding(7))
        assert room.capacity == room.capacity
    (record,) = caplog.records
    assert record.getMessage() == (
        "streams that are held: 7, with finals within 700 ms; "
        "a final takes 200 ms here, a partial 100 ms"
    )


# When to come again


def departures(*ends: float, now: float) -> int:
    clock = [0.0]
    seen = Departures(lambda: clock[0])
    for end in ends:
        clock[0] = end
        seen.note()
    clock[0] = now
    return seen.next_in


@pytest.mark.parametrize(
    ("ends", "now", "seconds"),
    [
        ((), 10.0, 5),
        ((), 100.0, 60),
        ((1.0,), 100.0, 60),
        ((110.0, 120.0, 130.0), 140.0, 20),
        (tuple(100 + n / 10 for n in range(200)), 121.0, 1),
        ((3.0, 6.0), 9.0, 5),
    ],
)
def test_a_client_is_told_to_wait_for_as_long_as_it_takes_until_a_session_ends(
    ends: tuple[float, ...], now: float, seconds: int
) -> None:
    assert departures(*ends, now=now) == seconds


# The server


async def test_past_what_is_held_the_handshake_is_503_with_the_number_and_a_time(
    start: Start,
) -> None:
    running = await start(final_latency_ms=400)
    running.recognizer.capacity = 2
    async with running.connect(), running.connect():
        denial = await running.refused()
        assert (denial.status, denial.body["code"]) == (503, "server_full")
        assert "this server holds 2 with finals within 400 ms" in denial.body["message"]
        assert 1 <= int(denial.headers["Retry-After"]) <= 60
    for stream in running.recognizer.streams:
        await stream.left.wait()
    async with running.connect():
        pass


async def test_with_a_latency_of_zero_all_are_taken(start: Start) -> None:
    running = await start(final_latency_ms=0)
    running.recognizer.capacity = 1
    async with running.connect(), running.connect(), running.connect():
        assert (await running.get("/ready")).json()["capacity"] is None


async def test_a_hard_limit_holds_where_the_machine_could_hold_more(start: Start) -> None:
    running = await start(max_sessions=1)
    async with running.connect():
        denial = await running.refused()
        assert denial.body["message"].endswith("are open as this server takes: 1")
        assert (await running.get("/ready")).json()["capacity"] == 1


async def test_a_full_server_is_ready_and_says_how_full(start: Start) -> None:
    running = await start()
    running.recognizer.capacity = 1
    answer = await running.get("/ready")
    assert (answer.json()["capacity"], answer.json()["sessions"]) == (1, 0)
    async with running.connect():
        answer = await running.get("/ready")
        assert answer.status_code == 200
        assert (answer.json()["capacity"], answer.json()["sessions"]) == (1, 1)


async def test_audio_that_comes_faster_than_it_was_spoken_makes_room(start: Start) -> None:
    running = await start(metrics_token="token")
    running.recognizer.capacity = 2
    async with running.connect() as fast:
        for _ in range(12):
            await fast.send(SECOND)
        await until(lambda: running.services.sessions.background == 1)
        async with running.connect():
            assert running.services.sessions.live == 1
            assert (await running.refused()).body["code"] == "server_full"
            assert (await metrics(running))["sferic_sessions_background"] == 1


async def test_finals_of_live_streams_are_counted_and_those_of_others_are_not(
    start: Start,
) -> None:
    running = await start()
    for seconds in (1, 12):
        async with running.connect() as connection:
            for _ in range(seconds):
                await connection.send(SECOND)
            await connection.send('{"type":"finalize"}')
            assert (await received(connection))[-1]["is_last"]
    assert running.services.sessions.finals == 1


async def test_the_metrics_say_what_is_held_and_what_it_costs(start: Start) -> None:
    running = await start(metrics_token="token")
    running.recognizer.capacity = 17
    usage = running.recognizer.usage
    usage.answered(waited=0.1, took=0.3)
    usage.final(4.0)
    usage.final(8.0)
    await until(lambda: running.services.metrics.final._sum.get() > 0)
    found = await metrics(running)
    assert found["sferic_capacity_streams"] == 17
    assert 0 < found["sferic_worker_busy_ratio"] <= 1
    assert found["sferic_partial_interval_seconds"] == 0.3
    assert found["sferic_final_cost_seconds"] == pytest.approx(usage.steady.final)
    assert found["sferic_partial_cost_seconds"] == pytest.approx(0.1)
    assert found["sferic_final_seconds_count"] == 1
    assert found["sferic_final_seconds_sum"] == pytest.approx(0.3)


async def test_without_a_limit_the_capacity_is_infinite_and_without_a_model_zero(
    start: Start,
) -> None:
    unlimited = await start(metrics_token="token", final_latency_ms=0)
    assert (await metrics(unlimited))["sferic_capacity_streams"] == float("inf")

    def load(_: Settings) -> Recognizer:
        raise ModelLoadError(Path("folder"), "it is a test")

    backend = Backend(load=load, open=fake_backend().open)
    empty = await start(metrics_token="token", ready=False, backend=backend)
    await until(lambda: empty.services.engine.error is not None)
    assert (await metrics(empty))["sferic_capacity_streams"] == 0


async def test_a_recognizer_that_makes_no_partials_has_no_interval(start: Start) -> None:
    running = await start(metrics_token="token")
    running.recognizer.cadence = None
    assert (await metrics(running))["sferic_partial_interval_seconds"] == 0


def test_the_server_and_a_session_agree_on_what_is_no_live_speech() -> None:
    assert sessions.AHEAD_S == session._AHEAD
