import math

import pytest

from benchmarks.harness.cuts import Cut, Seams, cuts, edits, extra, seams
from benchmarks.harness.timed import TimedWord


def spoken(text: str, start: float = 0.0) -> list[TimedWord]:
    """Words of 0.8 s, one a second."""
    return [TimedWord(word, start + n, start + n + 0.8) for n, word in enumerate(text.split())]


def said(letters: str, start: float = 0.0, end: float = 60.0) -> list[TimedWord]:
    """Words of one recording: nobody knows where in it each is."""
    return [TimedWord(letter, start, end) for letter in letters]


def test_cuts_are_between_finals_with_words_and_at_the_end() -> None:
    segments = [spoken("a b"), [], spoken("c", 2.0), []]
    assert cuts(segments) == [Cut(1.8, 2.0), Cut(2.8, math.inf)]
    assert cuts([[], []]) == []


def test_edits_have_their_place_in_the_reference_and_in_time() -> None:
    heard = spoken("a x c d e")
    found = edits(said("abcef"), heard)
    assert [(edit.kind, edit.place) for edit in found] == [
        ("substituted", 1),
        ("added", 3),
        ("missing", 4),
    ]
    assert (found[0].start, found[0].end) == (1.0, 1.8)
    assert (found[1].start, found[1].end) == (3.0, 3.8)
    assert (found[2].start, found[2].end) == (4.8, 60.0)


def test_a_missing_word_is_somewhere_between_its_neighbours() -> None:
    (first,) = edits(said("ab"), [TimedWord("b", 4.0, 5.0)])
    assert (first.start, first.end) == (0.0, 4.0)
    (inner,) = edits(said("abc"), [TimedWord("a", 0.0, 1.0), TimedWord("c", 7.0, 8.0)])
    assert (inner.start, inner.end) == (1.0, 7.0)


def test_a_missing_word_is_in_the_recording_that_it_was_said_in() -> None:
    heard = [TimedWord("a", 0.0, 1.0), TimedWord("d", 9.0, 10.0)]
    (edit, _) = edits([*said("ab", 0.0, 4.0), *said("cd", 4.5, 10.0)], heard)
    assert (edit.kind, edit.start, edit.end) == ("missing", 1.0, 4.0)


def test_a_word_is_not_taken_for_its_namesake_elsewhere() -> None:
    reference = [*said("abc", 0.0, 3.0), *said("abd", 20.0, 23.0)]
    heard = [TimedWord(word, n + 20.0, n + 21.0) for n, word in enumerate("abd")]
    assert [(edit.kind, edit.place) for edit in edits(reference, heard)] == [
        ("missing", 0),
        ("missing", 1),
        ("missing", 2),
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "left"),
    [
        ("a x c", "a b c", 1),
        ("a x c", "a y c", 0),
        ("a x c", "a c", 0),
        ("a b b c", "a b c", 1),
        ("a b b c", "a b d c", 0),
        ("a b x", "x b c", 1),
        ("a b c", "x y z", 0),
    ],
)
def test_only_what_offline_gets_right_counts(ours: str, theirs: str, left: int) -> None:
    words = said("abc")
    assert len(extra(edits(words, spoken(ours)), edits(words, spoken(theirs)))) == left


def test_a_word_doubled_at_a_cut_counts_and_one_far_from_it_does_not() -> None:
    segments = [spoken("a b c c"), spoken("c d e f f g", 4.0)]
    heard = [word for words in segments for word in words]
    borders = cuts(segments)
    found = edits(said("abcdefg"), heard)
    counted = seams(borders, found, heard)
    assert (counted.cuts, counted.added, counted.missing, counted.substituted) == (2, 2, 0, 0)
    assert counted.edits_elsewhere == 1
    assert counted.words + counted.words_elsewhere == len(heard)


def test_words_lost_in_a_cut_count_one_by_one() -> None:
    segments = [spoken("a b"), spoken("e f g", 5.0)]
    heard = [word for words in segments for word in words]
    counted = seams(cuts(segments), edits(said("abcdefg"), heard), heard)
    assert counted.missing == 2
    assert counted.per_100 == 100


def test_words_lost_at_the_end_of_the_stream_count() -> None:
    segments = [spoken("a b")]
    counted = seams(cuts(segments), edits(said("abc"), segments[0]), segments[0])
    assert (counted.cuts, counted.missing) == (1, 1)


def test_what_is_elsewhere_is_told_for_as_many_words_as_are_beside_cuts() -> None:
    counted = Seams(cuts=50, missing=1, words=200, edits_elsewhere=3, words_elsewhere=600)
    assert counted.per_100 == 2
    assert counted.elsewhere_per_100 == pytest.approx(2)
    summed = counted + Seams(cuts=50, added=2, words=200, words_elsewhere=600)
    assert summed.per_100 == 3
    assert summed.elsewhere_per_100 == pytest.approx(1)
    assert (Seams().per_100, Seams().elsewhere_per_100) == (None, None)
