import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word
from sferic.recognition.timing import best_cut, fit_to_speech

S = SAMPLE_RATE


def word(start: float, end: float, text: str = "word") -> Word:
    return Word(text=text, start=round(start * S), end=round(end * S), confidence=1.0)


def times(words: tuple[Word, ...]) -> list[tuple[float, float]]:
    return [(round(word.start / S, 2), round(word.end / S, 2)) for word in words]


def fitted(
    *words: Word, spans: list[tuple[float, float]], end: float = 10
) -> list[tuple[float, float]]:
    speech = [(round(on * S), round(off * S)) for on, off in spans]
    return times(fit_to_speech(words, speech, start=0, end=round(end * S)))


TIME = st.integers(-S, 12 * S)
ALIGNED = st.lists(st.tuples(TIME, st.integers(0, 2 * S)), max_size=20).map(
    lambda rows: [
        Word(text=str(at), start=at, end=at + length, confidence=1.0) for at, length in sorted(rows)
    ]
)
SPEECH = st.lists(st.integers(0, 10 * S), max_size=12, unique=True).map(
    lambda edges: list(zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


@given(words=ALIGNED, spans=SPEECH, start=st.integers(0, 3 * S), length=st.integers(0, 8 * S))
def test_order_is_kept_and_nothing_leaves_the_audio(
    words: list[Word], spans: list[tuple[int, int]], start: int, length: int
) -> None:
    end = start + length
    moved = fit_to_speech(words, spans, start=start, end=end)
    assert [word.text for word in moved] == [word.text for word in words]
    edges = [edge for word in moved for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert all(start <= edge <= end for edge in edges)


@given(words=ALIGNED, spans=SPEECH)
def test_fitting_twice_changes_nothing(words: list[Word], spans: list[tuple[int, int]]) -> None:
    once = fit_to_speech(words, spans, start=0, end=10 * S)
    assert fit_to_speech(once, spans, start=0, end=10 * S) == once


def test_words_inside_speech_stay_as_they_are() -> None:
    assert fitted(word(1, 1.5), word(1.5, 2), spans=[(0.5, 3)]) == [(1, 1.5), (1.5, 2)]


def test_a_word_gives_up_the_pause_beside_it() -> None:
    assert fitted(word(0.2, 1.4), spans=[(1, 2)]) == [(0.9, 1.4)]
    assert fitted(word(1.6, 3.5), spans=[(1, 2)]) == [(1.6, 2.1)]


def test_a_word_that_spans_a_pause_keeps_the_longer_part() -> None:
    assert fitted(word(1, 5), spans=[(0, 2), (3, 6)]) == [(2.9, 5)]


def test_a_word_far_from_speech_stays_where_it_is() -> None:
    assert fitted(word(5, 5.4), spans=[(1, 2)]) == [(5, 5.4)]


def test_the_longest_gap_is_the_best_cut() -> None:
    words = [word(5, 6), word(6, 7), word(7.6, 8), word(8, 9), word(9, 10)]
    assert best_cut(words, earliest=4 * S, end=10 * S) == 2


def test_the_end_of_a_sentence_is_a_good_cut() -> None:
    words = [word(5, 6), word(6, 7, "end."), word(7, 8), word(8, 9), word(9, 10)]
    assert best_cut(words, earliest=4 * S, end=10 * S) == 2


def test_otherwise_the_latest_border_is_taken_but_never_the_last_word() -> None:
    words = [word(at, at + 1) for at in range(4, 10)]
    assert best_cut(words, earliest=4 * S, end=10 * S) == len(words) - 1


@pytest.mark.parametrize("words", [[], [word(9, 10)], [word(1, 2), word(2, 3)]])
def test_without_a_border_late_enough_there_is_no_cut(words: list[Word]) -> None:
    assert best_cut(words, earliest=4 * S, end=10 * S) == 0


@given(words=ALIGNED, earliest=st.integers(0, 9 * S))
def test_a_cut_is_late_enough_and_leaves_something(words: list[Word], earliest: int) -> None:
    count = best_cut(words, earliest=earliest, end=10 * S)
    assert 0 <= count < max(len(words), 1)
    assert not count or words[count - 1].end >= earliest
