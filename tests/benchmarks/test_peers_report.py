import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from benchmarks.harness.alignment import AlignedWord
from benchmarks.harness.machine import Machine
from benchmarks.harness.results import write_json
from benchmarks.harness.speech import Utterance
from benchmarks.peers import view
from benchmarks.peers.ear import Heard, Shown
from benchmarks.peers.measuring import Outcome
from benchmarks.peers.peer import Facts, Recording
from benchmarks.peers.report import Conditions, Report, measured, texts

RECORDINGS = [
    Recording(
        row=Utterance(
            audio=f"en/set/{name}.wav", lang="en", text=text, duration=2, sample_rate=16000
        ),
        audio=b"",
    )
    for name, text in (("a", "red house"), ("b", "green tree"))
]
SPOKEN = {"en/set/a.wav": [AlignedWord("red", 0, 0.5, True), AlignedWord("house", 0.5, 1, True)]}


def heard(text: str, at: float = 1.5, **changes: Any) -> Heard:
    fields: dict[str, Any] = {
        "audio_s": 2.0,
        "shown": (Shown(at_s=at, text=text),),
        "done_s": 2.2,
        "cpu_s": 1.0,
        "failure": None,
        "given_up_s": None,
    }
    return Heard(**(fields | changes))


def outcome(name: str, *of_each: Heard, streaming: bool = True, **changes: Any) -> Outcome:
    return Outcome(
        name=name,
        facts=Facts(
            name=name.title(), version="1", model="m", settings="as it comes", streaming=streaming
        ),
        heard={each.row.audio: one for each, one in zip(RECORDINGS, of_each, strict=False)},
        peak_mb=500,
        **changes,
    )


FINE = outcome("sferic", heard("red house"), heard("green free"))
LATE = outcome(
    "slow",
    heard("red mouse"),
    heard("green", failure="did not keep up: 5 s later\nlog", given_up_s=7.0, done_s=None),
)
MISSING = Outcome(name="missing", unavailable="not installed\nlines of its log")


def report(*outcomes: Outcome) -> Report:
    return Report(
        date="2026-01-01 00:00 UTC",
        command="python -m benchmarks.peers",
        wall_s=60,
        machine=Machine(cpu="Some CPU", cores=2, memory_gb=8, system="Linux", load=0.5),
        versions={"python": "3.11"},
        conditions=Conditions(
            model="whisper-base",
            recordings=2,
            minutes=0.07,
            aligner="Some aligner",
            aligned=1,
            seed=0,
            max_seconds=20,
            threads=0,
            patience_s=120,
            peer_minutes=20,
            sources={"set": 2},
        ),
        peers=measured(outcomes, RECORDINGS, SPOKEN),
        texts=texts(outcomes, RECORDINGS),
    )


def printed(of: Report) -> str:
    out = io.StringIO()
    view.show(of, Console(file=out, width=220))
    return out.getvalue()


def test_figures_are_over_what_was_played() -> None:
    (peer,) = measured([FINE], RECORDINGS, SPOKEN)
    assert peer.figures is not None
    figures = peer.figures
    assert (figures.accuracy.wer, figures.accuracy.words, figures.cpu) == (25, 4, 0.5)
    assert figures.lag_s is not None
    assert figures.done_s is not None
    assert (figures.lag_s.p50, figures.done_s.p50) == (0, 0.2)
    assert figures.not_played == 0


def test_latency_is_of_the_words_that_could_be_aligned() -> None:
    (peer,) = measured([FINE], RECORDINGS, SPOKEN)
    assert peer.figures is not None
    assert peer.figures.words_seen == 2
    assert peer.figures.first_seen_s is not None
    assert peer.figures.first_seen_s.p50 == pytest.approx(0.75)


def test_what_does_not_stream_has_no_latency_of_words() -> None:
    (peer,) = measured(
        [outcome("offline", heard("red house"), streaming=False)], RECORDINGS, SPOKEN
    )
    assert peer.figures is not None
    assert (peer.figures.first_seen_s, peer.figures.gap_s) == (None, None)
    assert peer.figures.not_played == 1


def test_common_are_the_recordings_that_all_have_heard_to_the_end() -> None:
    fine, late = measured([FINE, LATE], RECORDINGS, SPOKEN)
    assert fine.figures is not None
    assert fine.figures.in_common is not None
    assert late.figures is not None
    assert late.figures.in_common is not None
    assert (fine.figures.in_common.recordings, fine.figures.in_common.wer) == (1, 0)
    assert (late.figures.in_common.recordings, late.figures.in_common.wer) == (1, 50)


def test_a_peer_that_was_not_measured_takes_nothing_from_the_others() -> None:
    fine, missing = measured([FINE, MISSING], RECORDINGS, SPOKEN)
    assert fine.figures is not None
    assert fine.figures.in_common is None
    assert missing.figures is None
    assert missing.unavailable == "not installed"


def test_recordings_with_which_a_peer_did_not_keep_up_are_named() -> None:
    (late,) = measured([LATE], RECORDINGS, SPOKEN)
    assert late.figures is not None
    assert late.figures.late == {"en/set/b.wav": "did not keep up: 5 s later"}
    assert late.figures.failed == {}
    assert late.figures.lag_s is not None
    assert late.figures.lag_s.curve[-1] == 5


def test_the_report_shows_every_peer_and_says_what_is_missing() -> None:
    shown = printed(report(FINE, LATE, MISSING))
    assert "Sferic 1, m: as it comes." in shown
    assert "did not keep up: 5 s later" in shown
    assert "NOT MEASURED: missing: not installed" in shown
    assert "25.0 (2)" in shown
    assert "2 set" in shown


def test_published_figures_hold_no_texts_and_can_be_read_back(tmp_path: Path) -> None:
    made = report(FINE, LATE, MISSING)
    write_json(made.without_texts(), tmp_path / "figures.json")
    published = (tmp_path / "figures.json").read_text()
    assert "green free" not in published
    assert "log" not in published
    write_json(made, tmp_path / "all.json")
    assert json.loads((tmp_path / "all.json").read_text())["texts"][1]["heard"]["slow"] == "green"
    assert msgspec.json.decode((tmp_path / "all.json").read_bytes(), type=Report) == made


@pytest.mark.parametrize("outcomes", [(FINE, LATE, MISSING), (MISSING,)])
def test_a_plot_is_drawn(tmp_path: Path, outcomes: tuple[Outcome, ...]) -> None:
    view.plot(report(*outcomes), tmp_path / "new" / "peers.png")
    assert (tmp_path / "new" / "peers.png").read_bytes().startswith(b"\x89PNG")
