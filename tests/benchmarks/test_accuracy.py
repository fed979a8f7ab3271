import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks import accuracy_view
from benchmarks.accuracy import app
from benchmarks.accuracy_groups import FEWEST, Measured, Sample, batches, group
from benchmarks.accuracy_report import Conditions, Report, summarise, targets
from benchmarks.accuracy_run import Plan
from benchmarks.accuracy_times import WordTimes
from benchmarks.harness.machine import Machine
from benchmarks.harness.offline import Transcript
from benchmarks.harness.results import write_json
from benchmarks.harness.settling import Settling
from benchmarks.harness.speech import Utterance
from benchmarks.harness.streaming import Heard
from benchmarks.harness.timed import Borders, TimeErrors
from sferic.protocol.messages import Transcription, WordItem

MACHINE = Machine(cpu="Some CPU", cores=2, memory_gb=8, system="Linux x86_64", load=0.5)


def utterance(audio: str = "en/set/a.wav", duration: float = 10.0) -> Utterance:
    return Utterance(
        audio=audio, lang=audio[:2], text="eins zwei drei vier", duration=duration, sample_rate=8000
    )


def message(text: str, *, final: bool) -> Transcription:
    items = tuple(
        WordItem(word=word, start=place, end=place + 1, confidence=1)
        for place, word in enumerate(text.split())
    )
    return Transcription(
        session_id="s",
        transcript=text,
        transcription=text,
        is_final=final,
        is_last=final,
        words=items,
    )


def sample(
    heard: str = "eins zwei drei vier",
    offline: str | None = "eins zwei drei vier",
    *,
    said: Utterance | None = None,
    failure: str | None = None,
    language: str = "en",
    partial: str = "eins zwei",
    settling: Settling | None = None,
) -> Sample:
    return Sample.of(
        said or utterance(),
        Heard(
            text=heard,
            language=language,
            finals=1,
            partials=4,
            gaps_s=(0.5, 0.6),
            answer_s=None if failure else 0.2,
            failure=failure,
            transcripts=(message(partial, final=False), message(heard, final=True)),
        ),
        None if offline is None else Transcript(text=offline, language="en", cpu_s=2.0),
        settling,
    )


def conditions(**changes: Any) -> Conditions:
    fields: dict[str, Any] = {
        "model": "whisper-base",
        "device": "cpu",
        "language": "given",
        "speed": 1.0,
        "streams": 1,
        "sample_rate": "16000",
        "chunk_s": 0.1,
        "partial_interval_ms": 500,
        "serve": (),
        "offline": "in the same run",
        "left_out": {"synthetic": 3, "longer than 28 s": 0},
        "comparable": True,
    }
    return Conditions(**(fields | changes))


def word_times(offline: TimeErrors | None = None) -> WordTimes:
    near = Borders(p50=40, p90=120, bias=-10)
    return WordTimes(
        aligner="a ruler",
        recordings=3,
        left_out={"its words do not fit": 2},
        words=50,
        unsure=7,
        streaming=TimeErrors(words=45, start=near, end=near),
        offline=offline,
    )


def report(*samples: Sample, times: WordTimes | None = None, **changes: Any) -> Report:
    parts = batches(each.utterance for each in samples)
    by_audio = {each.utterance.audio: each for each in samples}
    measured = [
        Measured(
            batch=part, samples=tuple(by_audio[row.audio] for row in part.utterances), cpu_s=2.5
        )
        for part in parts
    ]
    return summarise(
        measured,
        conditions(**changes),
        date="2026-01-01 00:00 UTC",
        command="python -m benchmarks.accuracy",
        wall_s=60,
        machine=MACHINE,
        versions={"python": "3.11"},
        word_times=times,
    )


def printed(of: Report) -> str:
    out = io.StringIO()
    accuracy_view.show(of, Console(file=out, width=200))
    return out.getvalue()


def test_what_the_headline_counts_is_metered_by_itself() -> None:
    rows = [
        utterance("fr/a/1.wav"),
        utterance("en/a/2.wav", 60.0),
        utterance("en/a/3.wav"),
        utterance("de/a/4.wav", 60.0),
        utterance("fr/a/5.wav", 60.0),
    ]
    parts = batches(rows)
    assert [(part.language, part.headline, len(part.utterances)) for part in parts] == [
        ("en", True, 1),
        ("en", False, 1),
        ("de", False, 1),
        ("fr", False, 2),
    ]


def test_a_group_holds_both_sides_and_their_difference() -> None:
    both = group("some", [sample("eins zwei"), sample()], cpu_s=5.0)
    assert both.offline is not None
    assert (both.streaming.wer, both.offline.wer, both.difference) == (25, 0, 25)
    assert (both.streaming.deletions, both.words, both.minutes) == (2, 8, 0.33)
    assert (both.streaming.cpu, both.offline.cpu) == (0.25, 0.2)


def test_bounds_are_told_only_of_enough_utterances() -> None:
    assert group("few", [sample()] * (FEWEST - 1), cpu_s=1.0).interval is None
    assert group("enough", [sample()] * FEWEST, cpu_s=1.0).interval is not None


def test_without_offline_there_is_no_difference() -> None:
    alone = group("alone", [sample(offline=None)], cpu_s=1.0)
    assert (alone.offline, alone.difference, alone.interval) == (None, None, None)


def test_detected_languages_are_counted_on_both_sides() -> None:
    found = group("multi", [sample(), sample(language="de")], cpu_s=1.0, detected=True)
    assert found.offline is not None
    assert (found.streaming.language_right, found.offline.language_right) == (1, 2)


def test_targets_are_met_at_their_bounds_and_missed_above() -> None:
    fine = group("fine", [sample()], cpu_s=2.0)
    poor = group("poor", [sample("eins zwei drei")], cpu_s=2.1)
    assert [target.met for target in targets(fine, conditions())] == [True, True]
    assert [target.met for target in targets(poor, conditions())] == [False, False]


@pytest.mark.parametrize(
    ("interval_ms", "met"), [(500, True), (1500, False), (0, False), (300, None)]
)
def test_the_cost_is_held_against_what_partials_so_often_may_cost(
    interval_ms: int, met: bool | None
) -> None:
    found = targets(
        group("all", [sample()], cpu_s=1.5), conditions(partial_interval_ms=interval_ms)
    )
    assert [each.met for each in found[1:]] == ([] if met is None else [met])


def test_words_revised_are_told_for_each_word_emitted() -> None:
    steady, restless = sample(), sample(partial="eins drei zwei")
    assert group("steady", [steady], cpu_s=1.0).flicker == 0
    assert group("both", [steady, restless], cpu_s=1.0).flicker == 0.125
    assert group("silent", [sample("", partial="")], cpu_s=1.0).flicker is None


def test_settled_words_that_get_lost_are_held_against_their_target() -> None:
    fine = Settling(drafts=9, settled=100, kept=99)
    poor = Settling(drafts=9, settled=100, kept=97)
    one = group("one", [sample(settling=fine)], cpu_s=1.0)
    both = group("both", [sample(settling=fine), sample(settling=poor)], cpu_s=1.0)
    assert (one.settled_lost, both.settled_lost) == (1, 2)
    assert [group.settling and group.settling.settled for group in (one, both)] == [100, 200]
    assert targets(one, conditions())[2].met is True
    assert targets(both, conditions())[2].met is False


def test_finals_that_a_longer_window_had_to_mend_are_held_against_their_target() -> None:
    few, many = Settling(finals=100, broken=3, unlikely=9), Settling(finals=100, broken=4)
    for counted, met in ((few, True), (many, False)):
        alone = group("alone", [sample(settling=counted)], cpu_s=1.0)
        assert targets(alone, conditions())[-1].met is met


def test_settled_words_are_not_judged_where_nobody_looked() -> None:
    alone = group("alone", [sample()], cpu_s=1.0)
    assert (alone.settling, alone.settled_lost) == (None, None)
    assert len(targets(alone, conditions())) == 2


@pytest.mark.parametrize(
    ("changes", "judged"),
    [({}, [True, True]), ({"speed": 0.0}, [True, False]), ({"comparable": False}, [False, False])],
)
def test_targets_are_judged_only_by_runs_that_can_tell(
    changes: dict[str, Any], judged: list[bool]
) -> None:
    found = targets(group("all", [sample()], cpu_s=1.0), conditions(**changes))
    assert [target.met is not None for target in found] == judged


@pytest.mark.parametrize(
    ("plan", "comparable"),
    [
        (Plan(), True),
        (Plan(max_seconds=0), True),
        (Plan(languages=("en", "fr")), True),
        (Plan(limit=10), False),
        (Plan(sources=("fsdd",)), False),
        (Plan(max_seconds=5), False),
        (Plan(multi=True), False),
        (Plan(languages=("fr",)), False),
    ],
)
def test_only_all_english_recordings_are_comparable(plan: Plan, comparable: bool) -> None:
    assert plan.comparable is comparable


def test_a_report_groups_by_language_and_by_source() -> None:
    made = report(
        sample(said=utterance("fr/b/1.wav")),
        sample(said=utterance("en/b/2.wav")),
        sample(said=utterance("en/a/3.wav")),
        sample(said=utterance("en/a/4.wav", 60.0)),
    )
    assert [each.name for each in made.by_language] == ["en", "fr"]
    assert [each.name for each in made.by_source] == ["en a", "en b", "fr b"]
    assert made.headline is not None
    assert (made.headline.utterances, made.by_language[0].utterances) == (2, 3)
    assert made.headline.streaming.cpu == 0.125
    assert made.by_source[0].streaming.cpu is None
    assert (made.answers.partials, made.answers.finals) == (16, 4)


def test_without_english_there_is_no_headline() -> None:
    made = report(sample(said=utterance("fr/b/1.wav")))
    assert (made.headline, made.targets) == (None, ())


def test_a_report_shows_both_sides_and_the_verdict() -> None:
    shown = printed(report(sample()))
    assert "English up to 28 s: 1 utterances" in shown
    assert "target at most 0.5: met" in shown
    assert "Left out: 3 synthetic." in shown
    assert "FAILED" not in shown


def test_a_report_shows_word_times_of_both_sides_and_what_was_not_aligned() -> None:
    far = Borders(p50=80, p90=300, bias=-60)
    offline = TimeErrors(words=44, start=far, end=far)
    shown = printed(report(sample(), times=word_times(offline)))
    assert "Word times beside a forced alignment (a ruler), ms" in shown
    assert "3 recordings; 50 of their words are relied on, 7 are not." in shown
    assert "Not aligned: 2 its words do not fit." in shown
    assert "-60" in shown
    assert "Word times" not in printed(report(sample()))


def test_a_session_that_failed_is_shouted_about() -> None:
    shown = printed(report(sample("", failure="the server went away")))
    assert "FAILED: 1 sessions" in shown
    assert "en/set/a.wav: the server went away" in shown
    assert "100.0" in shown


def test_published_figures_hold_no_texts(tmp_path: Path) -> None:
    made = report(sample("etwas anderes"))
    write_json(made.without_texts(), tmp_path / "figures.json")
    figures = (tmp_path / "figures.json").read_text()
    assert "etwas" not in figures
    assert "eins" not in figures
    assert json.loads(figures)["machine"]["cpu"] == "Some CPU"
    write_json(made, tmp_path / "texts.json")
    assert json.loads((tmp_path / "texts.json").read_text())["texts"][0]["errors"] == 4


def test_a_report_can_be_read_back(tmp_path: Path) -> None:
    made = report(sample(settling=Settling(settled=3, kept=2)), times=word_times())
    write_json(made, tmp_path / "a.json")
    assert msgspec.json.decode((tmp_path / "a.json").read_bytes(), type=Report) == made


@pytest.mark.parametrize("offline", ["eins", None])
def test_a_plot_is_drawn_with_and_without_offline(tmp_path: Path, offline: str | None) -> None:
    file = tmp_path / "new" / "plot.png"
    accuracy_view.plot(report(sample(offline=offline)), file)
    assert file.read_bytes().startswith(b"\x89PNG")


def test_the_command_says_that_speech_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SFERIC_SPEECH", raising=False)
    ended = CliRunner().invoke(app, [])
    assert ended.exit_code == 1
    assert "SFERIC_SPEECH is not set" in ended.stderr
