import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.harness.live import Received
from benchmarks.harness.turns import answers, turns, waits
from sferic.protocol.messages import Message
from talks import BEGAN, ended, final, partial, started, talk


def heard(*events: Message) -> list[Received]:
    return [Received(0.0, event) for event in events]


def test_a_pause_shorter_than_the_silence_ends_no_turn() -> None:
    (turn,) = turns(heard(started(1), ended(2), started(2.5), ended(4)), 0.6)
    assert (turn.start, turn.end, turn.pauses) == (1, 4, [(2, 2.5)])


def test_silence_makes_two_turns() -> None:
    found = turns(heard(started(1), ended(2), started(2.6), ended(4)), 0.6)
    assert [(turn.start, turn.end) for turn in found] == [(1, 2), (2.6, 4)]


def test_a_turn_that_goes_on_has_no_end() -> None:
    (turn,) = turns(heard(started(1), ended(2), started(2.1)), 0.6)
    assert math.isinf(turn.end)


@given(st.lists(st.floats(0.05, 2), min_size=2, max_size=20).filter(lambda of: len(of) % 2 == 0))
def test_turns_hold_all_speech_and_keep_their_distance(lengths: list[float]) -> None:
    place, events = 0.0, list[Message]()
    for speech, silence in zip(lengths[::2], lengths[1::2], strict=True):
        events += [started(place), ended(place + speech)]
        place += speech + silence
    found = turns(heard(*events), 0.6)
    spoken = sum(turn.end - turn.start - sum(b - a for a, b in turn.pauses) for turn in found)
    assert spoken == pytest.approx(sum(lengths[::2]))
    for one, other in pairwise(found):
        assert other.start - one.end > 0.58


def test_an_endpoint_is_answered_from_when_its_silence_was_sent() -> None:
    record = talk(
        (1.2, started(1)),
        (2.0, partial("one two", 1)),
        (3.4, ended(3)),
        (3.9, final("one two three four", 1)),
        (10.01, final("", last=True)),
    )
    endpoint, closing = answers(record)
    assert (endpoint.kind, endpoint.words) == ("endpoint", 4)
    assert endpoint.due == pytest.approx(BEGAN + 3.6)
    assert endpoint.seconds() == pytest.approx(0.3)
    assert (closing.kind, closing.words) == ("finalize", 0)


def test_finalize_is_answered_by_the_last_message() -> None:
    record = talk((1.2, started(1)), (10.0, ended(9.9)), (10.2, final("one", 9, last=True)))
    (answer,) = answers(record)
    assert (answer.kind, answer.words) == ("finalize", 1)
    assert answer.seconds() == pytest.approx(0.2)


def test_each_of_two_turns_has_its_own_final() -> None:
    record = talk(
        (1.2, started(1)),
        (2.4, ended(2)),
        (3.1, started(3)),
        (3.3, final("one two", 1)),  # so late that the next turn has begun
        (5.4, ended(5)),
        (5.8, final("three four", 3)),
        (10, final("", last=True)),
    )
    took = [answer.seconds() for answer in answers(record) if answer.kind == "endpoint"]
    assert took == pytest.approx([0.7, 0.2])


def test_a_turn_without_text_has_no_endpoint() -> None:
    record = talk((1.2, started(1)), (1.7, ended(1.3)), (10, final("", last=True)))
    assert [answer.kind for answer in answers(record)] == ["finalize"]


def test_a_cut_that_told_everything_before_is_no_answer_to_the_endpoint() -> None:
    record = talk(
        (1.2, started(1)),
        (3.0, final("one two three four", 1)),
        (3.4, ended(3)),
        (10, final("", last=True)),
    )
    assert [answer.kind for answer in answers(record)] == ["finalize"]


def test_an_endpoint_that_is_due_with_finalize_is_left_to_it() -> None:
    record = talk(
        (1.2, started(1)),
        (9.8, ended(9.4)),
        (10.3, final("one two", 8, last=True)),
    )
    assert [answer.kind for answer in answers(record)] == ["finalize"]


def test_an_endpoint_long_before_finalize_is_late_if_only_that_brings_its_final() -> None:
    record = talk((1.2, started(1)), (2.4, ended(2)), (10.3, final("one two", 1, last=True)))
    endpoint, _ = answers(record)
    assert endpoint.seconds() == pytest.approx(10.3 - 2.6)


def test_what_was_not_answered_by_the_end_counts_with_the_time_it_waited() -> None:
    record = talk((1.2, started(1)), (3.4, ended(3)), finalized=False)
    (endpoint,) = answers(record)
    assert endpoint.at is None
    assert endpoint.seconds(BEGAN + 6) == pytest.approx(2.4)
    (asked,) = answers(talk())
    assert (asked.kind, asked.at) == ("finalize", None)


def test_gaps_are_between_partials_without_the_pauses_in_them() -> None:
    record = talk(
        (1.2, started(1)),
        (1.8, partial("a", 1)),
        (2.3, partial("a b", 1)),
        (2.9, ended(2.5)),
        (3.1, started(3)),
        (3.7, partial("a b c", 1)),
        (4.4, ended(4)),
        (4.9, final("a b c d", 1)),
    )
    found = waits(record, longest=2)
    assert [wait.seconds for wait in found.first] == pytest.approx([0.8])
    assert [wait.seconds for wait in found.gaps] == pytest.approx([0.5, 0.9])


def test_a_final_that_cuts_speech_brings_text_too() -> None:
    record = talk(
        (1.2, started(1)),
        (2.0, partial("a b", 1)),
        (2.6, final("a b", 1)),
        (3.3, partial("c d", 3)),
        (5.4, ended(5)),
        (5.8, final("c d", 3)),
    )
    assert [wait.seconds for wait in waits(record, longest=2).gaps] == pytest.approx([0.6, 0.7])


def test_speech_that_never_got_a_partial_was_waited_for() -> None:
    record = talk((1.2, started(1)), (8.4, ended(8)), (8.9, final("a b", 4)))
    found = waits(record, longest=2)
    assert found.first == []
    assert [wait.seconds for wait in found.gaps] == pytest.approx([7])
    assert found.gaps[0].touches(BEGAN + 4, BEGAN + 5)
    assert not found.gaps[0].touches(BEGAN + 9, BEGAN + 10)


def test_the_rest_of_short_speech_needs_no_partial() -> None:
    record = talk((1.2, started(1)), (2.9, ended(2.5)), (3.4, final("a b", 1)))
    assert waits(record, longest=2) == ([], [])


def test_speech_that_is_cut_off_is_waited_for_up_to_the_end_of_the_record() -> None:
    record = talk((1.2, started(1)), (1.9, partial("a", 1)), finalized=False)
    (gap,) = waits(record, longest=2, until=BEGAN + 5).gaps
    assert gap.seconds == pytest.approx(3.1)
