import pytest

from benchmarks.harness.stability import Flicker, flicker
from sferic.protocol.messages import Transcription, WordItem


def said(text: str, *, final: bool = False, last: bool = False) -> Transcription:
    items = tuple(
        WordItem(word=word, start=place, end=place + 0.5, confidence=1.0)
        for place, word in enumerate(text.split())
    )
    return Transcription(
        session_id="s",
        transcript=text,
        transcription=text,
        is_final=final,
        is_last=last,
        words=items,
    )


def final(text: str, *, last: bool = False) -> Transcription:
    return said(text, final=True, last=last)


def test_words_that_only_grow_in_number_do_not_flicker() -> None:
    counted = flicker([said("one"), said("one two"), final("One two, three.", last=True)])
    assert counted == Flicker(revised=0, words=3)
    assert counted.ratio == 0


@pytest.mark.parametrize(
    ("messages", "revised"),
    [
        ([said("a bee"), said("a sea"), final("a sea")], 1),
        ([said("a b c"), said("a"), final("a b c")], 2),
        ([said("b c"), said("a b c"), final("a b c")], 1),
        ([said("x"), said("y"), said("z"), final("a")], 3),
        ([said("noise"), final("")], 1),
    ],
)
def test_each_word_replaced_taken_away_or_put_in_between_counts(
    messages: list[Transcription], revised: int
) -> None:
    assert flicker(messages).revised == revised


def test_words_that_a_cut_leaves_to_the_next_segment_are_not_revised() -> None:
    counted = flicker(
        [said("a b c d"), final("a b"), said("c d e"), final("c d e f", last=True)],
    )
    assert counted == Flicker(revised=0, words=6)


def test_words_that_a_cut_loses_are_revised() -> None:
    counted = flicker([said("a b c d"), final("a b"), said("d"), final("d", last=True)])
    assert counted.revised == 1


def test_the_share_is_over_all_words_emitted() -> None:
    summed = flicker([said("a x"), final("a b")]) + flicker([final("c d e f g h")])
    assert summed.ratio == pytest.approx(1 / 8)
    assert Flicker().ratio is None
