import io
from itertools import islice
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from benchmarks import load_step, load_view
from benchmarks.harness.errors import NothingSelectedError
from benchmarks.harness.live import Driving, Talk
from benchmarks.harness.machine import Machine
from benchmarks.harness.metered import MeteredServer
from benchmarks.harness.percentiles import percentiles
from benchmarks.harness.results import write_json
from benchmarks.harness.speech import Utterance
from benchmarks.load import Plan, app
from benchmarks.load_report import (
    Bounds,
    Conditions,
    Report,
    Step,
    figures,
    held,
    memory,
    over,
    summarise,
    within,
)
from benchmarks.load_script import beginnings, conversations, order
from benchmarks.load_step import Observed, Said, Streams
from sferic.protocol import messages
from sferic.protocol.options import Options
from talks import BEGAN, ended, final, partial, started, talk

FINE, LATE = 0.5, 0.9


def row(number: int, duration: float = 5.0) -> Utterance:
    return Utterance(
        audio=f"en/set/{number}.wav",
        lang="en",
        text=f"number {number}",
        duration=duration,
        sample_rate=16_000,
    )


def conversation(answer_s: float = FINE) -> Talk:
    """An endpoint and a `finalize`, both answered after so many seconds, and three partials."""
    return talk(
        (1.2, started(1)),
        (1.8, partial("red", 1)),
        (2.3, partial("red green", 1)),
        (3.4, ended(3)),
        (3.6 + answer_s, final("red green", 1)),
        (8.2, started(8)),
        (8.8, partial("blue", 8)),
        (10.01, ended(10)),
        (10 + answer_s, final("blue black", 8, last=True)),
    )


def observed(*talks: Talk, start: float = 0, end: float = 20) -> Observed:
    return Observed(
        streams=2,
        start=BEGAN + start,
        end=BEGAN + end,
        until=BEGAN + end + 3,
        said=tuple(Said(conversation=0, talk=each) for each in talks),
        server_cpu_s=6,
        client_cpu_s=1,
        memory_mb=(300.0, 310.0),
        driving=Driving(
            messages=200, audio_s=30, late_p99_s=0.001, late_worst_s=0.002, blocked_worst_s=0
        ),
    )


def measured(of: Observed, alone: str = "red green blue black") -> Step:
    return figures(of, Bounds(), references=["red green blue black"], alone={0: alone})


def step(streams: int, *, kept: bool = True, memory_mb: float = 300.0) -> Step:
    made = measured(observed(conversation(FINE if kept else LATE)))
    return msgspec.structs.replace(made, streams=streams, memory_mb=memory_mb)


ONE = step(1)


def report(*steps: Step, comparable: bool = True) -> Report:
    conditions = Conditions(
        model="whisper-base",
        device="cpu",
        seconds=60,
        warm_up_s=8,
        cool_down_s=3,
        chunk_s=0.1,
        endpoint_silence_s=0.6,
        conversations=12,
        recordings=48,
        seed=0,
        bounds=Bounds(),
        serve=(),
        comparable=comparable,
    )
    return summarise(
        steps,
        conditions,
        date="2026-01-01 00:00 UTC",
        command="python -m benchmarks.load",
        wall_s=60,
        machine=Machine(cpu="Some CPU", cores=2, memory_gb=8, system="Linux x86_64", load=0.5),
        versions={"python": "3.11"},
    )


def printed(of: Report) -> str:
    out = io.StringIO()
    load_view.show(of, Console(file=out, width=200))
    return out.getvalue()


@given(st.lists(st.floats(1, 20), min_size=8, max_size=60), st.integers(1, 12), st.integers())
def test_no_recording_is_in_two_conversations(durations: list[float], most: int, seed: int) -> None:
    rows = [row(number, duration) for number, duration in enumerate(durations)]
    if sum(3 <= duration <= 15 for duration in durations) < 5:
        return
    found = conversations(rows, most=most, seed=seed)
    dealt = [each.audio for one in found for each in one.rows]
    assert 1 <= len(found) <= most
    assert len(dealt) == len(set(dealt))
    for one in found:
        assert 3 <= len(one.rows) <= 5
        assert len(one.pauses) == len(one.rows) - 1
        assert all(3 <= each.duration <= 15 for each in one.rows)
        assert all(0.5 <= pause <= 3 for pause in one.pauses)


def test_a_seed_deals_the_same_conversations_again() -> None:
    rows = [row(number) for number in range(60)]
    assert conversations(rows, most=12, seed=1) == conversations(rows, most=12, seed=1)
    assert conversations(rows, most=12, seed=1) != conversations(rows, most=12, seed=2)


def test_too_few_recordings_of_the_length_are_an_error() -> None:
    with pytest.raises(NothingSelectedError):
        conversations([row(number, duration=1) for number in range(60)], most=12, seed=0)


def test_the_audio_of_a_conversation_has_its_pauses() -> None:
    (one,) = conversations([row(number) for number in range(5)], most=1, seed=0)
    samples = {each.audio: bytes([number, 0]) for number, each in enumerate(one.rows)}
    audio = one.audio(samples, rate=1000)
    quiet = sum(round(1000 * pause) for pause in one.pauses)
    assert len(audio) == 2 * (len(one.rows) + quiet)
    assert (audio[:2], audio[-2:]) == (samples[one.rows[0].audio], samples[one.rows[-1].audio])


def test_streams_differ_and_each_has_every_conversation() -> None:
    orders = [
        [index for index, _ in islice(order(12, stream=stream, seed=0), 12)] for stream in range(8)
    ]
    assert all(sorted(each) == list(range(12)) for each in orders)
    assert len({tuple(each) for each in orders}) == 8


@given(st.integers(1, 40), st.integers())
def test_beginnings_are_spread(streams: int, seed: int) -> None:
    found = beginnings(streams, within=5, seed=seed)
    assert all(
        5 * number / streams <= after <= 5 * (number + 1) / streams
        for number, after in enumerate(found)
    )


class Server:
    """Answers `finalize`, and takes so many sessions at once."""

    key = "k"

    def __init__(self, room: int) -> None:
        self._room = room
        self.open = 0
        self.most = 0

    def cpu_seconds(self) -> float:
        return 1.0

    def memory_mb(self) -> float:
        return 100.0 + self.open

    async def talk(self, connection: ServerConnection) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            async for message in connection:
                if isinstance(message, str):
                    await connection.send(messages.encode(final("red", last=True)))
                    return
        finally:
            self.open -= 1

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(503, "full") if self.open >= self._room else None


@pytest.mark.parametrize(("room", "refused"), [(3, False), (1, True)])
async def test_streams_talk_side_by_side_until_they_are_cut_off(
    monkeypatch: pytest.MonkeyPatch, room: int, refused: bool
) -> None:
    for name in ("WARM_UP_S", "COOL_DOWN_S", "_BEGIN_WITHIN_S"):
        monkeypatch.setattr(load_step, name, 0.1)
    server = Server(room)
    async with serve(server.talk, "127.0.0.1", 0, process_request=server.admit) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        monkeypatch.setattr(server, "url", f"ws://127.0.0.1:{port}", raising=False)
        streams = Streams(cast("MeteredServer", server), [bytes(9600)] * 2, Options(), seed=0)
        seen = await streams.observe(3, seconds=0.6)
    assert server.most == room
    assert server.open == 0
    assert any(each.talk.refused for each in seen.said) is refused
    assert any(each.talk.complete for each in seen.said)
    assert seen.end - seen.start >= 0.6
    assert len(seen.memory_mb) >= 2
    assert max(seen.memory_mb) <= 100 + room


def test_a_step_has_finals_of_both_kinds_and_what_they_cost() -> None:
    made = measured(observed(conversation()))
    assert made.finals is not None
    assert made.finalize is not None
    assert made.endpoint is not None
    assert made.partials is not None
    assert made.first_partial is not None
    assert (made.finals.count, made.finals.p95) == (2, 0.5)
    assert (made.finalize.count, made.endpoint.count) == (1, 1)
    assert (made.partials.count, made.partials.p50) == (1, 0.5)
    assert (made.first_partial.count, made.first_partial.p50) == (2, 0.8)
    assert (made.server_cpu, made.server_cores, made.client_cores) == (0.2, 0.3, 0.05)
    assert (made.memory_mb, made.memory_most_mb) == (305, 310)
    assert (made.sessions, made.refused, made.failures, made.held) == (1, 0, (), True)


def test_only_decisions_of_the_measured_time_count() -> None:
    made = measured(observed(conversation(), start=5))
    assert made.finals is not None
    assert (made.finals.count, made.endpoint) == (1, None)


def test_a_decision_without_an_answer_counts_with_what_it_waited() -> None:
    cut = conversation()
    cut.heard = cut.heard[:-1]
    made = measured(observed(cut))
    assert made.finals is not None
    assert made.unanswered == 1
    assert made.finals.curve[-1] == 13
    assert not made.held


def test_finalize_with_nothing_open_is_no_final_to_wait_for() -> None:
    made = measured(observed(talk((10.01, final("", last=True)))))
    assert (made.finals, made.unanswered) == (None, 0)


def test_a_refusal_or_a_failure_is_not_held() -> None:
    refused, failed = talk(finalized=False), talk(finalized=False)
    refused.refused, refused.failure = True, "full"
    failed.failure = "the server went away"
    with_refusal = measured(observed(conversation(), refused))
    with_failure = measured(observed(conversation(), failed))
    assert (with_refusal.refused, with_refusal.failures, with_refusal.held) == (1, (), False)
    assert (with_failure.refused, with_failure.held) == (0, False)
    assert with_failure.failures == ("the server went away",)


def test_errors_are_counted_beside_those_of_the_same_conversations_alone() -> None:
    made = measured(observed(conversation(), conversation()), alone="red green blew black")
    assert made.texts is not None
    assert (made.texts.conversations, made.texts.words) == (2, 8)
    assert (made.texts.wer, made.texts.wer_alone) == (0, 25)


def test_a_conversation_that_was_cut_off_is_not_scored() -> None:
    cut = conversation()
    cut.heard = cut.heard[:-1]
    assert measured(observed(cut)).texts is None


@pytest.mark.parametrize(
    ("finals", "partials", "kept"),
    [
        ([0.7], [2.0], True),
        ([0.71], [2.0], False),
        ([0.7], [2.01], False),
        ([0.1] * 99 + [9.0], [1.0], True),
        ([], [1.0], False),
        ([0.1], [], False),
    ],
)
def test_bounds_are_kept_at_the_95th_percentile(
    finals: list[float], partials: list[float], kept: bool
) -> None:
    assert within(percentiles(finals), percentiles(partials), Bounds()) is kept


def test_what_is_held_ends_with_the_first_step_that_is_not() -> None:
    assert held([]) == 0
    assert held([step(1), step(4), step(8)]) == 8
    assert held([step(1), step(4, kept=False), step(8)]) == 1
    assert held([step(1, kept=False)]) == 0


def test_steps_are_over_with_the_first_that_is_not_held_and_those_beyond() -> None:
    fine, late = step(1), step(2, kept=False)
    assert not over([fine, fine])
    assert over([fine, late])
    assert not over([fine, late], beyond=1)
    assert over([fine, late, fine], beyond=1)


@given(st.floats(0, 20), st.floats(100, 1000))
def test_memory_of_a_stream_is_the_slope_over_the_steps(slope: float, base: float) -> None:
    steps = [
        msgspec.structs.replace(ONE, streams=streams, memory_mb=base + slope * streams)
        for streams in (1, 2, 8, 32)
    ]
    beyond = msgspec.structs.replace(ONE, streams=40, memory_mb=99_999)
    line = memory([*steps, beyond])
    assert line is not None
    assert line.slope == pytest.approx(slope, abs=1e-6)


def test_one_step_has_no_slope() -> None:
    assert memory([ONE]) is None


@pytest.mark.parametrize(
    ("steps", "comparable", "met"),
    [
        ([step(1), step(24)], True, True),
        ([step(1), step(24), step(28, kept=False)], True, True),
        ([step(1), step(20), step(24, kept=False)], True, False),
        ([step(1), step(20)], True, None),
        ([step(1), step(24)], False, None),
    ],
)
def test_the_target_is_judged_once_a_run_can_tell(
    steps: list[Step], comparable: bool, met: bool | None
) -> None:
    aim, _ = report(*steps, comparable=comparable).targets
    assert aim.met is met


@pytest.mark.parametrize(
    ("changes", "comparable"),
    [
        ({}, True),
        ({"streams": (24,)}, True),
        ({"seconds": 10}, False),
        ({"bounds": Bounds(finals_s=1)}, False),
    ],
)
def test_short_steps_and_other_bounds_are_not_comparable(
    changes: dict[str, Any], comparable: bool
) -> None:
    assert Plan(**changes).comparable is comparable


def test_a_report_shows_steps_and_verdicts() -> None:
    shown = printed(report(step(1), step(20), step(24, kept=False, memory_mb=392)))
    assert "Streams held: 20 (" in shown
    assert "streams held: 20, target at least 24: MISSED" in shown
    assert "memory for one stream more, MB: 2.74" in shown
    assert "NOT held" in load_view.line(step(24, kept=False))


def test_a_run_that_found_no_limit_says_so() -> None:
    assert "Streams held: 24 or more" in printed(report(step(1), step(24)))


def test_a_report_can_be_read_back_and_drawn(tmp_path: Path) -> None:
    nothing = msgspec.structs.replace(
        measured(observed(talk((10.01, final("", last=True))))), streams=4
    )
    made = report(step(1), step(2), nothing)
    write_json(made, tmp_path / "a.json")
    assert msgspec.json.decode((tmp_path / "a.json").read_bytes(), type=Report) == made
    load_view.plot(made, tmp_path / "new" / "plot.png")
    assert (tmp_path / "new" / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("streams", ["0", "two", ","])
def test_the_command_refuses_what_is_no_number_of_streams(streams: str) -> None:
    ended_with = CliRunner().invoke(app, ["--streams", streams])
    assert ended_with.exit_code == 2
    assert "whole numbers from 1" in ended_with.stderr


def test_the_command_says_that_speech_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SFERIC_SPEECH", raising=False)
    ended_with = CliRunner().invoke(app, [])
    assert ended_with.exit_code == 1
    assert "SFERIC_SPEECH is not set" in ended_with.stderr
