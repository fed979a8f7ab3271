import itertools

import pytest

from benchmarks.peers.ear import Ear
from benchmarks.peers.metering import ChildMeter
from sferic.audio import SAMPLE_RATE

SECOND = bytes(2 * SAMPLE_RATE)


class Counting(ChildMeter):
    """Every look costs a CPU second."""

    def __init__(self) -> None:
        self._looks = itertools.count()

    def cpu_s(self) -> float:
        return float(next(self._looks))


def ear(audio: bytes = SECOND) -> Ear:
    made = Ear(audio, Counting())
    made.begin(100.0)
    return made


async def test_a_microphone_gives_all_audio_no_earlier_than_it_is_spoken() -> None:
    made = Ear(SECOND[: len(SECOND) * 3 // 10 - 2], Counting())
    parts = []
    async for part in made.microphone():
        assert not made.audio_ended.is_set()
        parts.append(part)
        made.show(str(len(parts)))
    assert made.audio_ended.is_set()
    assert [len(part) for part in parts] == [3200, 3200, 3198]
    for number, shown in enumerate(made.heard().shown, start=1):
        assert number * 0.1 - 0.01 < shown.at_s < number * 0.1 + 0.5


def test_only_changes_of_the_text_are_taken_down() -> None:
    made = ear()
    assert made.show("one", 100.3)
    assert not made.show(" one ", 100.5)
    assert made.show("one two", 100.7)
    heard = made.heard()
    assert heard.text == "one two"
    assert [round(each.at_s, 3) for each in heard.shown] == [0.3, 0.7]
    assert heard.gaps_s == pytest.approx([0.4])


def test_the_lag_is_from_the_end_of_the_audio_to_the_last_change() -> None:
    made = ear()
    made.show("one", 100.3)
    assert made.heard().lag_s == 0
    made.show("one two", 101.8)
    made.done(102.5)
    assert made.heard().lag_s == pytest.approx(0.8)
    assert made.heard().done_s == pytest.approx(2.5)


def test_changes_after_the_audio_are_no_cadence() -> None:
    made = ear()
    for at in (100.2, 100.9, 103.0):
        made.show(str(at), at)
    assert made.heard().gaps_s == pytest.approx([0.7])


def test_without_text_there_is_no_lag() -> None:
    assert ear().heard().lag_s is None
    assert ear().heard().text == ""


def test_cost_counts_up_to_the_last_change() -> None:
    made = ear()
    before = made.heard().cpu_s
    made.show("one", 100.1)
    after = made.heard().cpu_s
    made.show("one", 100.2)
    assert (before, after, made.heard().cpu_s) == (0, 1, 1)


def test_a_peer_that_is_given_up_lags_as_long_as_was_waited() -> None:
    made = Ear(SECOND, Counting())
    made.owed_s = 0.75
    made.give_up(0.5)
    heard = made.heard()
    assert heard.late
    assert heard.given_up_s is not None
    assert heard.lag_s == heard.given_up_s - 1
    assert heard.failure is not None
    assert "did not keep up" in heard.failure
    assert "0.8 s of audio by its own account" in heard.failure


def test_a_place_is_due_with_the_message_that_holds_it() -> None:
    heard = ear(SECOND[: len(SECOND) * 55 // 100]).heard()
    assert [heard.due_s(place) for place in (0.01, 0.1, 0.11, 0.54)] == pytest.approx(
        [0.1, 0.1, 0.2, 0.55]
    )
