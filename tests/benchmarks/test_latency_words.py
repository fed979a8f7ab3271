from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from benchmarks.harness.words import follow, plain, revised, word_times
from talks import final, partial, talk

Words = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8)


@given(Words, Words)
def test_what_only_grows_is_followed_without_edits(shown: list[str], more: list[str]) -> None:
    followed = follow(shown, shown + more)
    assert followed.edits == 0
    assert followed.places == tuple(range(len(shown)))


@given(Words, Words)
def test_following_costs_as_much_as_the_best_beginning(shown: list[str], later: list[str]) -> None:
    assert follow(shown, later).edits == min(
        Levenshtein.distance(shown, later[:end]) for end in range(len(later) + 1)
    )


@given(Words, Words)
def test_places_rise_and_hold_words_that_were_shown(shown: list[str], later: list[str]) -> None:
    places = follow(shown, later).places
    assert all(one < other for one, other in pairwise(places))
    assert Levenshtein.distance([later[place] for place in places], shown) == len(shown) - len(
        places
    )


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert plain("Don't,") == plain("dont")
    assert plain("…") == ""


def test_a_word_is_seen_settled_and_final_after_it_ended() -> None:
    (word,) = word_times(
        talk((0.9, partial("hello")), (1.4, partial("Hello.")), (2.0, final("Hello")))
    )
    assert (word.seen, word.settled, word.final) == pytest.approx((0.4, 0.4, 1.5))
    assert word.early


def test_a_word_that_changes_is_settled_when_it_comes_back() -> None:
    first, second = word_times(
        talk(
            (1.1, partial("a b")),
            (1.6, partial("a c")),
            (2.1, partial("a b")),
            (2.6, final("a b")),
        )
    )
    assert first.settled == pytest.approx(0.6)
    assert first.early
    assert (second.seen, second.settled) == pytest.approx((0.1, 1.1))


def test_a_word_that_moves_is_seen_but_settled_only_in_its_place() -> None:
    *_, last = word_times(
        talk((1.6, partial("b c")), (2.1, partial("a b c")), (2.6, final("a b c")))
    )
    assert (last.seen, last.settled) == pytest.approx((0.1, 0.6))


def test_a_word_that_only_the_final_has_is_not_settled_early() -> None:
    first, second = word_times(talk((0.7, partial("a")), (1.5, final("a b"))))
    assert (first.early, second.early) == (True, False)
    assert second.seen == second.settled == second.final == pytest.approx(0.5)


def test_the_same_word_before_is_another_one() -> None:
    *_, last = word_times(talk((0.6, partial("no")), (1.2, partial("no no")), (2, final("no no"))))
    assert last.seen == pytest.approx(0.2)


def test_words_behind_a_cut_stay_seen_and_settled() -> None:
    record = talk(
        (1.6, partial("a b c")),
        (1.8, final("a b")),
        (2.2, partial("c d", 1)),
        (3.0, final("c d", 1, last=True)),
    )
    _, _, third, fourth = word_times(record)
    assert (third.seen, third.settled, third.final) == pytest.approx((0.1, 0.1, 1.5))
    assert fourth.seen == pytest.approx(0.2)
    assert revised(record) == 0


def test_a_session_without_words_has_no_times() -> None:
    record = talk((1.0, partial("um")), (2.0, final("", last=True)))
    assert word_times(record) == []
    assert revised(record) == 1


def test_revisions_are_counted_from_message_to_message() -> None:
    record = talk(
        (1.0, partial("a x")),
        (1.5, partial("a b y")),  # x replaced
        (2.0, partial("a b")),  # y taken away
        (2.5, final("new a b c")),  # pushed aside by one
    )
    assert revised(record) == 3


@given(st.lists(Words, max_size=5), Words)
def test_every_word_of_the_finals_has_times_in_order(
    partials: list[list[str]], told: list[str]
) -> None:
    messages = [
        (0.2 * (index + 1), partial(" ".join(words))) for index, words in enumerate(partials)
    ]
    times = word_times(talk(*messages, (5.0, final(" ".join(told), last=True))))
    assert len(times) == len(told)
    assert all(word.seen <= word.settled <= word.final for word in times)
    assert all(word.early == (word.settled < word.final) for word in times)
