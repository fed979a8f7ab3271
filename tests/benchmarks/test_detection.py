from benchmarks.detection import Tape, segments_of, tapes
from benchmarks.detection_report import Conditions, Segment, summarise
from benchmarks.harness.machine import this_machine
from benchmarks.harness.speech import Utterance
from benchmarks.harness.streaming import Heard
from sferic.protocol.messages import Transcription, WordItem


def row(lang: str, number: int = 0) -> Utterance:
    return Utterance(
        audio=f"{lang}/set/{number}.flac", lang=lang, text="x", duration=3, sample_rate=16_000
    )


def final(start: float, end: float, language: str | None) -> Transcription:
    words = (WordItem(word="x", start=start, end=end, confidence=1),)
    return Transcription(
        session_id="s",
        transcript="x",
        transcription="x",
        is_final=True,
        is_last=False,
        language=language,
        words=words,
    )


def segment(spoken: str, detected: str, seconds: float = 3.0) -> Segment:
    return Segment(kind="alone", session="s", spoken=spoken, detected=detected, seconds=seconds)


def test_sessions_in_turn_change_between_two_well_known_languages() -> None:
    rows = [row(lang, number) for lang in ("de", "en", "ml") for number in range(6)]
    planned = tapes(rows, turns=3, seed=1)
    turns = [tape for tape in planned if tape.kind == "in turn"]
    assert (len(planned), len(turns)) == (len(rows) + 3, 3)
    for tape in turns:
        first, second = tape.rows[0].lang, tape.rows[2].lang
        assert {first, second} == {"de", "en"}
        assert [each.lang for each in tape.rows] == [first, first, second, second] * 2
    assert planned == tapes(rows, turns=3, seed=1)


def test_a_segment_was_spoken_in_the_recording_that_its_middle_is_in() -> None:
    heard = Heard(
        text="",
        language=None,
        finals=2,
        partials=0,
        gaps_s=(),
        answer_s=None,
        transcripts=(final(0.5, 3.5, "de"), final(4.2, 7.0, "de")),
    )
    tape = Tape("in turn", "t", (row("de"), row("en")))
    found = list(segments_of(tape, heard, [4.0, 8.0]))
    assert [(each.spoken, each.right, each.seconds) for each in found] == [
        ("de", True, 3.0),
        ("en", False, 2.8),
    ]


def test_only_long_segments_of_well_known_languages_count_for_the_target() -> None:
    conditions = Conditions(
        model="m",
        device="cpu",
        language="multi",
        streams=1,
        turns=1,
        seed=0,
        serve=(),
        comparable=True,
    )
    segments = [
        segment("de", "de"),
        segment("de", "en"),
        segment("de", "en", 1),
        segment("ml", "ta"),
    ]
    report = summarise(
        segments,
        conditions,
        {},
        date="",
        command="",
        wall_s=0,
        machine=this_machine(),
        versions={},
    )
    assert report.long["alone"].percent == 50
    assert report.short["alone"].segments == 1
    assert [aim.met for aim in report.targets] == [False, None]
    assert {each.spoken: each.detected for each in report.confusion} == {
        "de": {"de": 1, "en": 1},
        "ml": {"ta": 1},
    }
