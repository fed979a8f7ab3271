import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from benchmarks import seams_view
from benchmarks.harness.joining import Part
from benchmarks.harness.machine import Machine
from benchmarks.harness.results import write_json
from benchmarks.harness.streaming import Heard
from benchmarks.harness.timed import TimedWord
from benchmarks.seams import app
from benchmarks.seams_report import ENOUGH_CUTS, Conditions, Report, Sample, summarise
from sferic.protocol.messages import Transcription, WordItem

CONDITIONS = Conditions(
    model="whisper-base",
    device="cpu",
    speed=1,
    streams=2,
    rounds=1,
    length_s=90,
    near_s=0.5,
    pauses_s={"pauses": (0.15, 0.7)},
    sessions={"as it is": {}},
    sources=("librispeech",),
    offline="in the same run",
    serve=(),
)


def finals(*texts: str) -> tuple[Transcription, ...]:
    """Finals with one word a second, one after the other."""
    made, place = [], 0
    for number, text in enumerate(texts, start=1):
        words = text.split()
        items = tuple(
            WordItem(word=word, start=place + n, end=place + n + 0.9, confidence=1)
            for n, word in enumerate(words)
        )
        place += len(words)
        made.append(
            Transcription(
                session_id="s",
                transcript=text,
                transcription=text,
                is_final=True,
                is_last=number == len(texts),
                words=items,
            )
        )
    return tuple(made)


def sample(*texts: str, said: str, offline: str | None = None, **changes: Any) -> Sample:
    fields: dict[str, Any] = {"joint": "pauses", "session": "as it is", "seconds": 60.0}
    return Sample(
        parts=(Part(said, 0.0, float(len(said.split()))),),
        offline=tuple(
            TimedWord(word, place, place + 0.9)
            for place, word in enumerate((said if offline is None else offline).split())
        ),
        heard=Heard(
            text=" ".join(texts),
            language="en",
            finals=len(texts),
            partials=0,
            gaps_s=(),
            answer_s=0.1,
            failure=changes.pop("failure", None),
            transcripts=finals(*texts),
        ),
        **(fields | changes),
    )


def report(*samples: Sample) -> Report:
    return summarise(
        samples,
        CONDITIONS,
        date="2026-01-01 00:00 UTC",
        command="python -m benchmarks.seams",
        wall_s=60,
        machine=Machine(cpu="Some CPU", cores=2, memory_gb=8, system="Linux", load=0.5),
        versions={"python": "3.11"},
    )


def printed(of: Report) -> str:
    out = io.StringIO()
    seams_view.show(of, Console(file=out, width=160))
    return out.getvalue()


SAID = "red green blue black white brown pink grey"


def test_clean_cuts_have_no_edits_whatever_the_looks_of_words() -> None:
    made = report(sample("Red green, blue.", "Black white brown Pink; grey", said=SAID))
    assert (made.total.counts.cuts, made.total.per_100, made.total.wer) == (2, 0, 0)


def test_what_offline_gets_wrong_too_is_no_fault_of_the_cut() -> None:
    texts = ("red green blue", "white brown pink grey")
    lost = report(sample(*texts, said=SAID))
    excused = report(sample(*texts, said=SAID, offline=SAID.replace("black ", "")))
    assert (lost.total.counts.missing, excused.total.counts.missing) == (1, 0)
    assert lost.total.per_100 == 50


def test_numbers_are_the_same_in_digits_and_in_letters() -> None:
    made = report(sample("in 20", "minutes it is 7", said="in twenty minutes it is seven"))
    assert made.total.per_100 == 0


def test_figures_are_told_for_each_way_of_joining_and_each_session() -> None:
    clean = ("red green blue", "black white brown pink grey")
    made = report(
        sample(*clean, said=SAID),
        sample("red green blue", "blue black white brown pink grey", said=SAID, session="12 words"),
        sample(*clean, said=SAID, joint="run-on"),
    )
    assert [(each.joint, each.session, each.per_100) for each in made.groups] == [
        ("pauses", "12 words", 50),
        ("pauses", "as it is", 0),
        ("run-on", "as it is", 0),
    ]
    assert (made.total.streams, made.total.minutes, made.total.counts.added) == (3, 3, 1)


def test_the_target_is_judged_only_with_enough_cuts() -> None:
    few = report(sample("red green blue", "black white brown pink grey", said=SAID))
    assert few.targets[0].met is None
    words = " ".join(f"word{number}" for number in range(ENOUGH_CUTS))
    many = report(sample(*words.split(), said=words))
    assert many.total.counts.cuts == ENOUGH_CUTS
    assert many.targets[0].met is True


def test_a_report_shows_figures_and_sessions_that_failed() -> None:
    shown = printed(report(sample("red green", said=SAID, failure="the server went away")))
    assert "Edits beside cuts" in shown
    assert "FAILED: 1 sessions" in shown
    assert "the server went away" in shown
    assert "cannot be judged by this run" in shown


def test_edits_can_be_looked_at_and_are_not_published(tmp_path: Path) -> None:
    made = report(sample("red green blue", "white brown pink grey", said=SAID))
    (found,) = made.found or ()
    assert (found.kind, found.near) == ("missing", True)
    assert "blue black white" in found.said
    assert "black" not in found.heard
    write_json(made.without_texts(), tmp_path / "figures.json")
    figures = (tmp_path / "figures.json").read_text()
    assert "black" not in figures
    assert json.loads(figures)["total"]["per_100"] == 50
    assert msgspec.json.decode(figures, type=Report) == made.without_texts()


def test_a_plot_is_drawn(tmp_path: Path) -> None:
    file = tmp_path / "new" / "plot.png"
    seams_view.plot(report(sample("red green", "blue", said=SAID)), file)
    assert file.read_bytes().startswith(b"\x89PNG")


def test_the_command_says_that_speech_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SFERIC_SPEECH", raising=False)
    ended = CliRunner().invoke(app, [])
    assert ended.exit_code == 1
    assert "SFERIC_SPEECH is not set" in ended.stderr
