import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks import latency_view
from benchmarks.harness.live import Driving, Talk
from benchmarks.harness.machine import Machine
from benchmarks.harness.percentiles import percentiles, shares
from benchmarks.harness.results import write_json
from benchmarks.harness.speech import Utterance
from benchmarks.harness.targets import target, verdict
from benchmarks.latency import Plan, app
from benchmarks.latency_report import Conditions, Costs, Ending, Recorded, Report, summarise
from talks import ended, final, partial, started, talk

COSTS = Costs(
    driving=Driving(
        messages=100, audio_s=10, late_p99_s=0.001, late_worst_s=0.002, blocked_worst_s=0
    ),
    server_cpu=0.2,
    client_cores=0.01,
)


def finalized(answer_s: float = 0.1, seconds: float = 10.0) -> Talk:
    """One word that is seen 0.3 s after its end, and finalised."""
    return talk(
        (1.2, started(1)),
        (1.8, partial("one", 1)),
        (seconds + 0.01, ended(seconds)),
        (seconds + answer_s, final("one", 1, last=True)),
        seconds=seconds,
    )


def left() -> Talk:
    """One word whose endpoint is answered after 0.4 s; then `finalize` closes the session."""
    return talk(
        (1.2, started(1)),
        (1.8, partial("one", 1)),
        (1.9, ended(1.5)),
        (2.5, final("one", 1)),
        (10.01, final("", last=True)),
    )


def recorded(of: Talk, ending: Ending = "finalize") -> Recorded:
    row = Utterance(audio="en/set/a.wav", lang="en", text="one", duration=of.seconds, sample_rate=1)
    return Recorded(utterance=row, ending=ending, talk=of)


def report(*of: Recorded, comparable: bool = True) -> Report:
    conditions = Conditions(
        model="whisper-base",
        device="cpu",
        streams=1,
        endings=("finalize", "endpoint"),
        chunk_s=0.1,
        quiet_s=2,
        endpoint_silence_s=0.6,
        serve=(),
        left_out={"synthetic": 3, "longer than 28 s": 0},
        comparable=comparable,
    )
    return summarise(
        of,
        conditions,
        COSTS,
        date="2026-01-01 00:00 UTC",
        command="python -m benchmarks.latency",
        wall_s=60,
        machine=Machine(cpu="Some CPU", cores=2, memory_gb=8, system="Linux x86_64", load=0.5),
        versions={"python": "3.11"},
    )


def printed(of: Report) -> str:
    out = io.StringIO()
    latency_view.show(of, Console(file=out, width=200))
    return out.getvalue()


def test_percentiles_are_interpolated_up_to_the_tail() -> None:
    spread = percentiles([float(value) for value in range(101)])
    assert spread is not None
    assert (spread.count, spread.p50, spread.p95, spread.p99) == (101, 50, 95, 99)
    assert spread.curve == pytest.approx([100 * share for share in shares()])
    assert percentiles([]) is None


@pytest.mark.parametrize(
    ("value", "at_least", "met"),
    [(1.0, False, True), (1.1, False, False), (1.0, True, True), (0.9, True, False)],
)
def test_a_target_is_met_at_its_bound(value: float, at_least: bool, met: bool) -> None:
    aim = target("figure", value, bound=1.0, judged=True, at_least=at_least)
    assert aim.met is met
    assert ("MISSED" in verdict(aim)) is not met


@pytest.mark.parametrize(("value", "judged"), [(None, True), (0.5, False)])
def test_a_target_without_a_figure_or_a_fitting_run_is_not_judged(
    value: float | None, judged: bool
) -> None:
    assert target("figure", value, bound=1.0, judged=judged).met is None


def test_words_are_timed_over_all_sessions() -> None:
    words = report(recorded(finalized()), recorded(left(), "endpoint")).words
    assert words.seen is not None
    assert words.final is not None
    assert (words.count, words.seen.p50, words.settled_early, words.flicker) == (2, 0.3, 100, 0)
    assert words.final.p50 == pytest.approx((8.6 + 1.0) / 2)


def test_finalize_counts_where_there_was_something_to_end() -> None:
    answered = report(
        recorded(finalized(0.1)), recorded(finalized(0.5, seconds=25)), recorded(left())
    ).answers
    assert answered.finalize is not None
    assert answered.finalize_middling is not None
    assert answered.finalize_empty is not None
    assert (answered.finalize.count, answered.finalize.p50) == (2, 0.3)
    assert (answered.finalize_middling.count, answered.finalize_middling.p50) == (1, 0.1)
    assert (answered.finalize_empty.count, answered.finalize_empty.p50) == (1, 0.01)


def test_finalize_that_only_closes_a_session_is_left_out() -> None:
    answered = report(recorded(left(), "endpoint")).answers
    assert (answered.finalize, answered.finalize_empty) == (None, None)
    assert answered.endpoint is not None
    assert (answered.endpoint.count, answered.endpoint.p50) == (1, 0.4)


def test_decisions_without_an_answer_are_counted() -> None:
    lost = finalized()
    lost.heard = lost.heard[:-1]
    lost.failure = "the server went away"
    made = report(recorded(lost))
    assert made.answers.missing == 1
    assert made.failures == {"en/set/a.wav (finalize)": "the server went away"}
    assert "the server went away" in printed(made)


def test_partials_are_waited_for_from_the_beginning_of_speech() -> None:
    partials = report(recorded(finalized())).partials
    assert partials.first is not None
    assert (partials.first.p50, partials.gap) == (0.8, None)


@pytest.mark.parametrize(
    ("answer_s", "comparable", "met"),
    [(0.1, True, [True] * 3), (0.5, True, [True, False, False]), (0.1, False, [None] * 3)],
)
def test_targets_are_judged_by_comparable_runs(
    answer_s: float, comparable: bool, met: list[bool | None]
) -> None:
    made = report(recorded(finalized(answer_s)), comparable=comparable)
    assert [aim.met for aim in made.targets] == met


@pytest.mark.parametrize(
    ("changes", "comparable"),
    [
        ({}, True),
        ({"limit": 4}, False),
        ({"sources": ("fsdd",)}, False),
        ({"max_seconds": 0}, False),
        ({"streams": 2}, False),
        ({"endings": ("endpoint",)}, False),
        ({"endings": ("finalize",)}, True),
    ],
)
def test_only_all_recordings_in_one_stream_are_comparable(
    changes: dict[str, Any], comparable: bool
) -> None:
    assert Plan(**changes).comparable is comparable


def test_a_report_shows_figures_and_verdicts() -> None:
    shown = printed(report(recorded(finalized()), recorded(left(), "endpoint")))
    assert "finalize, 4 to 20 s" in shown
    assert "word first seen after it ended, p50, s: 0.3, target at most 0.4: met" in shown
    assert "Left out: 3 synthetic." in shown
    assert "FAILED" not in shown


def test_a_report_of_nothing_is_shown_and_drawn(tmp_path: Path) -> None:
    made = report(recorded(talk((10.1, final("", last=True)))))
    assert "not measured" in printed(made)
    latency_view.plot(made, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_a_report_can_be_read_back_and_drawn(tmp_path: Path) -> None:
    made = report(recorded(finalized()), recorded(left(), "endpoint"))
    write_json(made, tmp_path / "a.json")
    assert msgspec.json.decode((tmp_path / "a.json").read_bytes(), type=Report) == made
    latency_view.plot(made, tmp_path / "new" / "plot.png")
    assert (tmp_path / "new" / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_says_that_speech_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SFERIC_SPEECH", raising=False)
    ended_with = CliRunner().invoke(app, [])
    assert ended_with.exit_code == 1
    assert "SFERIC_SPEECH is not set" in ended_with.stderr
