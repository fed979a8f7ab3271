import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner
from websockets.asyncio.server import ServerConnection, serve

from benchmarks import endurance_view
from benchmarks.endurance import Plan, app
from benchmarks.endurance_audio import Programme
from benchmarks.endurance_figures import Clock, LongFigures, WindowFigures, growth
from benchmarks.endurance_long import run_long
from benchmarks.endurance_report import Conditions, Report, ShortFigures, short_figures, summarise
from benchmarks.endurance_short import Batch, Ending, Outcome, ShortRun
from benchmarks.harness.machine import Machine
from benchmarks.harness.results import Spread, write_json
from benchmarks.harness.watched import Usage, WatchedServer
from sferic.protocol import messages
from sferic.protocol.messages import Pong, SpeechStarted, Transcription, WordItem


def usage(memory_mb: float = 300.0, **changes: Any) -> Usage:
    fields: dict[str, Any] = {"at": 0.0, "cpu_s": 5.0, "descriptors": 10, "threads": 8}
    return Usage(memory_mb=memory_mb, **(fields | changes))


def transcription(
    text: str, start: float, end: float, *, final: bool = False, last: bool = False
) -> Transcription:
    words = (WordItem(word=text, start=start, end=end, confidence=0.9),) if text else ()
    return Transcription(
        session_id="s",
        transcript=text,
        transcription=text,
        is_final=final,
        is_last=last,
        words=words,
    )


# The long session


class Silent(Programme):
    """Two windows of a second, without a word."""

    def __init__(self) -> None:
        self.count, self.window_s, self.windows = 2, 1.0, [(), ()]

    def blocks(self) -> Iterator[bytes]:
        yield from [bytes(32_000)] * 2


class FakeServer:
    """Says a partial and a final when it has heard something, and answers marks."""

    def __init__(self) -> None:
        self.key, self.url = "secret", ""

    def usage(self) -> Usage:
        return usage()

    async def until_ended(self, sessions: int) -> bool:
        return sessions == 1

    async def attend(self, connection: ServerConnection) -> None:
        await connection.recv()
        for message in (
            SpeechStarted(session_id="s", timestamp=0.1),
            transcription("one", 0.0, 99.0),
            transcription("one", 0.0, 0.1, final=True),
        ):
            await connection.send(messages.encode(message))
        async for received in connection:
            if received == '{"type":"keepalive"}':
                await connection.send(messages.encode(Pong()))
            elif isinstance(received, str):
                last = transcription("", 0, 0, final=True, last=True)
                await connection.send(messages.encode(last))


async def test_a_long_session_keeps_finals_and_counts_partials() -> None:
    fake = FakeServer()
    steps = []
    async with serve(fake.attend, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        fake.url = f"ws://127.0.0.1:{port}/waves/v1/lightning/get_text"
        run = await run_long(
            cast("WatchedServer", fake),
            Silent(),
            language="en",
            speed=0,
            step=lambda: steps.append(1),
        )
    assert run.talk.failure is None
    assert [word.word for word in run.words] == ["one"]
    assert (len(run.talk.finals), run.talk.complete, len(run.partials)) == (2, True, 1)
    assert run.outside == 1
    assert [mark.place_s for mark in run.marks] == [1, 2]
    assert len(steps) == 2
    assert run.talk.asked is not None


# The report


def window(number: int, **changes: Any) -> WindowFigures:
    fields: dict[str, Any] = {
        "hours": (number + 0.5) / 12,
        "wall": 0.25,
        "cpu": 0.2,
        "memory_mb": 300 + number / 24,
        "answer_s": Spread(count=50, p50=0.2, p95=0.5),
        "behind_s": Spread(count=300, p50=0.0, p95=0.1),
        "partials": 400,
        "words": 600,
        "wer": 18.0,
        "shift_ms": 0.0,
    }
    return WindowFigures(**(fields | changes))


def long(count: int = 24, *, failure: str | None = None, **changes: Any) -> LongFigures:
    windows = tuple(window(number) for number in range(count))
    clock: dict[str, Any] = {
        "words": 600 * count,
        "out_of_order": 0,
        "outside": 0,
        "stray": 3,
        "last_word_early_s": 0.25,
    }
    return LongFigures(
        hours=count / 12,
        speed=4.0,
        windows=windows,
        growth=growth(windows[1:]),
        clock=Clock(**(clock | changes)),
        unanswered=0,
        memory_mb=(280.0, 302.0),
        descriptors=(10, 10),
        threads=(8, 9),
        failure=failure,
    )


def short(*, descriptors: int = 10, problem: str | None = None) -> ShortFigures:
    endings: tuple[Ending, ...] = ("finalize", "vanishes")
    outcomes = tuple(
        Outcome(ending=ending, audio_s=3.0, answer_s=0.5 if ending == "finalize" else None)
        for ending in endings
    )
    if problem:
        outcomes = (*outcomes, Outcome(ending="refused", audio_s=0, problem=problem))
    batches = [
        Batch(outcomes=outcomes, usage=usage(300.0 + number, descriptors=descriptors))
        for number in range(10)
    ]
    run = ShortRun(before=usage(), batches=batches, closed=Counter({1000: 10, 1006: 10}))
    return short_figures(run, at_once=4)


def report(one: LongFigures | None, many: ShortFigures | None) -> Report:
    return summarise(
        one,
        many,
        Conditions(
            model="whisper-base",
            device="cpu",
            language="en",
            speed=4,
            window_s=300,
            fresh=False,
            seed=0,
            serve=(),
        ),
        date="2026-01-01 00:00 UTC",
        command="python -m benchmarks.endurance",
        wall_s=60,
        machine=Machine(cpu="Some CPU", cores=2, memory_gb=8, system="Linux x86_64", load=0.5),
        versions={"python": "3.11"},
    )


def printed(of: Report) -> str:
    out = io.StringIO()
    endurance_view.show(of, Console(file=out, width=200))
    return out.getvalue()


def verdicts(of: Report) -> dict[str, bool | None]:
    return {aim.name.split(",")[0]: aim.met for aim in of.targets}


def test_two_steady_hours_and_sessions_that_end_well_meet_all_targets() -> None:
    made = report(long(), short())
    assert [*verdicts(made).values()] == [True] * 5
    assert made.failures == []
    assert made.targets[0].value == pytest.approx(0.5, abs=0.01)


def test_a_shorter_session_is_not_judged_by_what_it_grew() -> None:
    assert verdicts(report(long(12), None))["memory of a long session"] is None
    broken = report(long(failure="the server went away"), None)
    assert verdicts(broken)["memory of a long session"] is None
    assert broken.failures == ["the long session: the server went away"]


def test_words_and_files_out_of_their_place_are_faults_of_any_run() -> None:
    found = verdicts(report(long(2, out_of_order=1, outside=2), short(descriptors=12)))
    assert found["words out of order"] is False
    assert found["words outside the audio"] is False
    assert found["descriptors left open by short sessions"] is False


def test_sessions_that_went_wrong_are_shouted_about() -> None:
    made = report(None, short(problem="a wrong key opened a session"))
    assert verdicts(made)["sessions that did not end as they should"] is False
    assert made.failures == ["10 x refused: a wrong key opened a session"]
    assert "FAILED: 10 x refused" in printed(made)


def test_a_report_shows_windows_growth_and_verdicts() -> None:
    shown = printed(report(long(), short()))
    assert "One long session, window by window" in shown
    assert "Growth by an hour of audio, without the first window" in shown
    assert "Growth by a thousand sessions, without the first fifth" in shown
    assert "3 far from all that was said, the last one ends 0.25 s before" in shown
    assert "memory of a long session, MB an hour: 0.5" in shown
    assert "FAILED" not in shown


@pytest.mark.parametrize("one", [long(), long(0), None])
@pytest.mark.parametrize("many", [short(), None])
def test_a_report_is_written_drawn_and_read_back(
    tmp_path: Path, one: LongFigures | None, many: ShortFigures | None
) -> None:
    made = report(one, many)
    write_json(made, tmp_path / "a.json")
    assert msgspec.json.decode((tmp_path / "a.json").read_bytes(), type=Report) == made
    assert json.loads((tmp_path / "a.json").read_text())["benchmark"] == "endurance"
    endurance_view.plot(made, tmp_path / "new" / "a.png")
    assert (tmp_path / "new" / "a.png").read_bytes().startswith(b"\x89PNG")


# The command


def test_the_command_says_that_nothing_is_left_to_do() -> None:
    ended = CliRunner().invoke(app, ["--minutes", "0", "--sessions", "0"])
    assert ended.exit_code == 1
    assert "there is nothing to measure" in ended.stderr


def test_windows_are_whole() -> None:
    assert [Plan(minutes=minutes).windows for minutes in (120, 4, 0)] == [24, 1, 0]
    assert Plan(minutes=3, window=0.5).windows == 6


def test_the_command_says_that_speech_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SFERIC_SPEECH", raising=False)
    ended = CliRunner().invoke(app, [])
    assert ended.exit_code == 1
    assert "SFERIC_SPEECH is not set" in ended.stderr
