"""Whose words they are, with voices whose embeddings are known."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sferic.speakers.voices import Limits
from speakers.voices import Conversation, S, speakers, words


def test_speakers_are_numbered_in_the_order_in_which_they_appear() -> None:
    talk = Conversation()
    assert speakers(talk.hear((0, 3, 7), (3.2, 6, 5), (6.3, 9, 7), (9.2, 12, 2))) == [0, 1, 0, 2]


def test_one_speaker_stays_one_whatever_the_number_of_turns() -> None:
    talk = Conversation()
    for piece in range(60):
        assert speakers(talk.hear((5 * piece, 5 * piece + 0.4 + piece % 4, 3))) == [0]
    assert talk.tracker.speakers == 1


def test_a_change_inside_a_piece_parts_its_words() -> None:
    talk = Conversation()
    found = talk.hear((0, 3, 1), (3.1, 6, 2))
    assert [word.speaker for word in found if word.end <= 3 * S] == [0] * 12
    assert {word.speaker for word in found if word.start > 3 * S} == {1}


def test_two_voices_that_segmentation_takes_for_one_are_parted_all_the_same() -> None:
    talk = Conversation()
    talk.hear((0, 3, 1))
    talk.hear((4, 7, 2))
    # Voice 1 + 3 * k has the track of voice 1 where nobody else speaks: here they touch.
    segmented = talk._segmented

    def one_track(span):  # type: ignore[no-untyped-def]
        found = segmented(span)
        found[:, 1] += found[:, 2:4].sum(axis=1)
        found[:, 2:4] = 0.0
        return found

    talk._segmented = one_track  # type: ignore[method-assign]
    assert speakers(talk.hear((20, 23, 1), (23, 26, 2))) == [0, 1]


def test_a_new_speaker_may_come_late_and_an_old_one_come_back_after_an_hour() -> None:
    talk = Conversation()
    talk.hear((0, 4, 1), (4.3, 8, 2))
    for piece in range(200):
        assert speakers(talk.hear((20 * piece + 10, 20 * piece + 13, 1))) == [0]
    assert speakers(talk.hear((4010, 4013, 9))) == [2]
    assert speakers(talk.hear((4020, 4023, 2))) == [1]


def test_what_is_remembered_does_not_grow_with_the_session() -> None:
    talk = Conversation()
    sizes = []
    for piece in range(300):
        talk.hear((6 * piece, 6 * piece + 4, piece % 3))
        tracker = talk.tracker
        sizes.append(
            len(tracker._windows)
            + len(tracker._embeddings)
            + len(tracker._moments._sets)
            + len(tracker._voices._known)
            + len(tracker._voices._waiting)
        )
    assert max(sizes[150:]) <= max(sizes[50:150])


def test_a_short_answer_goes_to_who_gave_it() -> None:
    talk = Conversation()
    talk.hear((0, 4, 1), (4.3, 8, 2))
    assert speakers(talk.hear((10, 13, 1), (13.2, 13.7, 2), (14, 17, 1))) == [0, 1, 0]


def test_somebody_new_who_says_next_to_nothing_gets_no_number() -> None:
    talk = Conversation()
    talk.hear((0, 4, 1), (4.3, 8, 2))
    (first, *_) = talk.hear((10, 10.5, 3))
    assert first.speaker in (0, 1)
    assert first.speaker_confidence is not None
    assert first.speaker_confidence < 0.5


def test_there_are_no_more_speakers_than_the_stream_says() -> None:
    talk = Conversation(Limits.of(least=None, most=2))
    for voice in range(6):
        talk.hear((5 * voice, 5 * voice + 4, voice))
    assert talk.tracker.speakers == 2


def test_voices_that_are_much_alike_are_parted_where_more_speakers_are_expected() -> None:
    alike = Conversation(threshold=0.02)
    both = Conversation(Limits.of(least=2, most=None), threshold=0.02)
    turns = ((0.0, 4.0, 1), (4.3, 8.0, 2))
    assert speakers(alike.hear(*turns)) == [0]
    assert speakers(both.hear(*turns)) == [0, 1]


def test_words_without_any_speech_around_them_are_hardly_anybodys() -> None:
    talk = Conversation()
    assert [word.speaker for word in talk.tracker.assign(words((0, 1, 0)))] == [0] * 4
    talk.hear((2, 5, 1))
    (far,) = talk.tracker.assign(words((12, 12.25, 1)))
    assert far.speaker_confidence is not None
    assert far.speaker_confidence < 0.01


def test_what_was_said_earlier_keeps_its_speaker() -> None:
    talk = Conversation()
    before = talk.hear((0, 3, 1), (3.2, 6, 2))
    talk.hear((8, 12, 3))
    again = talk.tracker.assign(words((0, 3, 1), (3.2, 6, 2)))
    assert [word.speaker for word in again] == [word.speaker for word in before]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(1.5, 6)), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_whoever_speaks_for_long_enough_is_always_told_apart(
    turns: list[tuple[int, float]],
) -> None:
    talk, at, numbers = Conversation(), 0.0, dict[int, int]()
    for voice, seconds in turns:
        found = talk.hear((at, at + seconds, voice))
        at += seconds + 1
        numbers.setdefault(voice, len(numbers))
        assert {word.speaker for word in found} == {numbers[voice]}


def test_the_surer_it_is_the_more_often_it_is_right() -> None:
    talk = Conversation(Limits.of(least=None, most=3), common=1.0)
    chance = np.random.default_rng(3)
    judged = []
    for piece in range(400):
        voice = piece if piece < 3 else int(chance.integers(3))
        length = 3.0 if piece < 3 else float(chance.uniform(0.35, 1.2))
        judged += [
            (word.speaker_confidence or 0.0, word.speaker == voice)
            for word in talk.hear((6 * piece, 6 * piece + length, voice))
        ]
    bands = [(0.0, 0.6), (0.6, 0.9), (0.9, 1.01)]
    found = [[right for sure, right in judged if low <= sure < high] for low, high in bands]
    assert all(len(band) > 30 for band in found)
    shares = [float(np.mean(band)) for band in found]
    assert shares == sorted(shares)
    assert shares[0] < shares[2]


def test_scattered_words_of_somebody_new_give_them_a_number_in_the_end() -> None:
    talk = Conversation()
    talk.hear((0, 4, 1), (4.3, 8, 2))
    found = [speakers(talk.hear((10 + 3 * at, 10.6 + 3 * at, 3))) for at in range(6)]
    assert found[0] in ([0], [1])
    assert found[-1] == [2]


def test_words_while_two_speak_go_to_one_of_them_and_are_less_sure() -> None:
    talk = Conversation()
    talk.hear((0, 4, 1), (4.3, 8, 2))
    found = talk.hear((10, 13, 1), (12, 15, 2))
    for word in found:
        together = min(word.end, 13 * S) > max(word.start, 12 * S)
        sure = word.speaker_confidence or 0.0
        assert word.speaker in (0, 1)
        if together:
            assert sure < 0.6
        else:
            assert word.speaker == int(word.start >= 13 * S)
            assert sure > 0.8
