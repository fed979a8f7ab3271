from collections.abc import Sequence
from typing import Any

import pytest

from benchmarks.endurance_audio import Placed, Programme
from benchmarks.endurance_figures import LongFigures, long_figures
from benchmarks.endurance_long import LongRun, Look, SpedTalk
from benchmarks.harness.live import Received
from benchmarks.harness.marked import Mark
from benchmarks.harness.speech import Utterance
from benchmarks.harness.watched import Usage
from sferic.protocol.messages import SpeechEnded, SpeechStarted, Transcription, WordItem

WINDOW_S = 10.0
SPEED = 2.0
BEGAN = 1000.0


class Recited(Programme):
    """Two words in each of so many windows, at 2 and at 6 s."""

    def __init__(self, count: int) -> None:
        self.count, self.window_s = count, WINDOW_S
        rows = [
            Utterance(audio=f"{text}.wav", lang="en", text=text, duration=1, sample_rate=16000)
            for text in ("early", "late")
        ]
        self.windows = [(Placed(2, 3, rows[0]), Placed(6, 7, rows[1]))] * count


def usage(**changes: Any) -> Usage:
    fields: dict[str, Any] = {
        "at": BEGAN,
        "memory_mb": 300.0,
        "cpu_s": 5.0,
        "descriptors": 10,
        "threads": 8,
    }
    return Usage(**(fields | changes))


def word(text: str, start: float, *, seconds: float = 0.5) -> WordItem:
    return WordItem(word=text, start=start, end=start + seconds, confidence=0.9)


def final(*words: WordItem, last: bool = False) -> Transcription:
    text = " ".join(each.word for each in words)
    return Transcription(
        session_id="s",
        transcript=text,
        transcription=text,
        is_final=True,
        is_last=last,
        words=words,
    )


def turn(start: float, end: float, *words: WordItem, answered_after: float) -> list[Received]:
    """Speech, its final so long after the silence of 0.6 s behind it, and the events between."""
    due = BEGAN + (end + 0.6) / SPEED
    return [
        Received(due, SpeechStarted(session_id="s", timestamp=start)),
        Received(due, SpeechEnded(session_id="s", timestamp=end)),
        Received(due + answered_after, final(*words)),
    ]


def run(count: int, heard: Sequence[Received], **changes: Any) -> LongRun:
    """A session that costs 0.1 CPU seconds a second, and grows by 1 MB a window."""
    seconds = round(count * WINDOW_S)
    fields: dict[str, Any] = {
        "talk": SpedTalk(
            samples=seconds * 16_000,
            rate=16_000,
            silence_s=0.6,
            began=BEGAN,
            asked=BEGAN + seconds / SPEED,
            heard=[*heard, Received(BEGAN + seconds, final(last=True))],
            speed=SPEED,
        ),
        "before": usage(),
        "after": usage(cpu_s=5 + 0.1 * seconds, memory_mb=400.0, descriptors=11),
        "looks": [
            Look(place, usage(cpu_s=5 + 0.1 * place, memory_mb=300 + place // WINDOW_S))
            for place in range(seconds)
        ],
        "marks": [
            Mark(place, BEGAN + place / SPEED, BEGAN + place / SPEED + 0.25)
            for place in range(1, seconds + 1)
        ],
        "partials": [],
        "outside": 0,
    }
    return LongRun(**(fields | changes))


def figures(of: LongRun, count: int) -> LongFigures:
    return long_figures(of, Recited(count), language="en")


def recited(count: int, *, late_by: float = 0.0, slower_by: float = 0.0) -> list[Received]:
    """What is said in each window; word times and answers may slip from one to the next."""
    heard = []
    for number in range(count):
        start = number * WINDOW_S + number * late_by
        for text, place in (("early", 2.0), ("late", 6.0)):
            said = word(text, start + place)
            after = 0.2 + number * slower_by
            heard += turn(said.start, said.end, said, answered_after=after)
    return heard


def slopes(of: LongFigures) -> dict[str, float]:
    return {each.name: each.line.slope for each in of.growth}


def test_a_window_holds_what_happened_in_it() -> None:
    of = figures(run(3, recited(3), partials=[1.0, 2.0, 11.0]), 3)
    first = of.windows[0]
    assert len(of.windows) == 3
    assert first.hours == pytest.approx(5 / 3600)
    assert (first.cpu, first.wall) == pytest.approx((0.1, 0.525), abs=0.001)
    assert first.answer_s is not None
    assert first.answer_s.count == 2
    assert first.answer_s.p50 == pytest.approx(0.2, abs=0.06)
    assert first.behind_s is not None
    assert first.behind_s.p95 == 0.25
    assert (first.partials, first.words, first.wer, first.shift_ms) == (2, 2, 0, 0)
    assert [each.memory_mb for each in of.windows] == [300, 301, 302]
    assert [each.partials for each in of.windows] == [2, 1, 0]


def test_the_session_as_a_whole_is_told() -> None:
    of = figures(run(3, recited(3)), 3)
    assert (of.hours, of.speed) == pytest.approx((30 / 3600, 1.97), abs=0.01)
    assert (of.memory_mb, of.descriptors, of.threads) == ((300, 400), (10, 11), (8, 8))
    assert (of.unanswered, of.failure) == (0, None)


def test_growth_is_by_the_hour_and_leaves_the_first_window_out() -> None:
    windows = 8
    looks = [
        Look(place, usage(memory_mb=0.0 if place < WINDOW_S else 300 + place // WINDOW_S))
        for place in range(windows * 10)
    ]
    found = slopes(figures(run(windows, recited(windows), looks=looks), windows))
    assert found["memory"] == pytest.approx(360)
    assert found["time"] == pytest.approx(0, abs=0.01)


def test_answers_that_get_slower_have_a_slope() -> None:
    found = slopes(figures(run(8, recited(8, slower_by=0.01)), 8))
    assert found["answer, p50"] == pytest.approx(3.6, rel=0.1)


def test_word_times_that_drift_have_a_slope() -> None:
    found = slopes(figures(run(8, recited(8, late_by=0.002)), 8))
    assert found["word times"] == pytest.approx(720, rel=0.05)
    assert slopes(figures(run(8, recited(8)), 8))["word times"] == pytest.approx(0)


def test_what_is_misheard_counts_in_its_window() -> None:
    heard = recited(3)
    heard[3:6] = turn(6, 6.5, word("wrong", 6), answered_after=0.2)
    assert [each.wer for each in figures(run(3, heard), 3).windows] == [50, 0, 0]


def test_words_out_of_place_are_counted() -> None:
    heard = [
        Received(BEGAN, final(word("early", 2.0), word("late", 6.0))),
        Received(BEGAN, final(word("back", 5.0), word("nowhere", 9.0))),
    ]
    clock = figures(run(1, heard, outside=2), 1).clock
    assert (clock.words, clock.out_of_order, clock.stray, clock.outside) == (4, 1, 2, 2)
    assert clock.last_word_early_s == -2.5


def test_as_fast_as_possible_there_is_no_answer_time() -> None:
    of = run(3, recited(3))
    of.talk.speed = 0
    found = figures(of, 3)
    assert [(each.answer_s, each.behind_s) for each in found.windows] == [(None, None)] * 3
    assert found.unanswered is None
    assert "answer, p50" not in slopes(found)


def test_a_session_that_failed_has_the_windows_it_came_to() -> None:
    of = run(3, recited(1))
    of.marks = [mark for mark in of.marks if mark.place_s <= 15]
    of.talk.failure = "the server went away"
    found = figures(of, 3)
    assert (len(found.windows), found.failure) == (1, "the server went away")
    of.marks = []
    assert figures(of, 3).windows == ()


def test_an_endpoint_is_due_when_its_silence_was_due_to_be_sent() -> None:
    talk = run(1, []).talk
    assert talk.due(4.0) == BEGAN + 2.0
    assert talk.due(4.01) == BEGAN + 2.05
    assert talk.due(99) == BEGAN + 5.0
