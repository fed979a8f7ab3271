from typing import Literal

from benchmarks.harness.observing import observe
from benchmarks.harness.settling import Piece, Settling, settling
from engines import FakeEngine, fake_recognizer, linear16, names, say, silence, texts
from sferic.recognition.hypothesis import Hypothesis, Word


def heard(text: str, settled: int = 0) -> Hypothesis:
    words = [
        Word(text=word, start=place, end=place + 1, confidence=1.0)
        for place, word in enumerate(text.split())
    ]
    return Hypothesis(words=tuple(words), language="en", settled=settled)


def piece(final: str, *drafts: Hypothesis, torn: bool = False) -> Piece:
    return Piece(drafts=drafts, final=heard(final), torn=torn)


def _again(reason: Literal["broken", "unlikely"]) -> Piece:
    return Piece(drafts=(), final=Hypothesis(again=reason), torn=False)


def test_settled_words_in_the_final_are_kept_whatever_their_looks() -> None:
    counted = settling([piece("One, two three.", heard("one two tree", 2))])
    assert counted == Settling(drafts=1, settled=2, kept=2, finals=1)
    assert counted.lost == 0


def test_settled_words_that_the_final_has_not_are_lost() -> None:
    counted = settling([piece("one too three", heard("one two three four", 4))])
    assert (counted.settled, counted.kept, counted.lost) == (4, 2, 50)


def test_only_what_the_last_draft_settled_is_looked_for() -> None:
    counted = settling([piece("a b", heard("a", 1), heard("a b c", 2))])
    assert (counted.drafts, counted.settled, counted.kept, counted.changed) == (2, 2, 2, 0)


def test_a_settled_word_that_a_later_draft_changes_is_counted() -> None:
    counted = settling([piece("a c", heard("a b", 2), heard("a c", 2))])
    assert (counted.changed, counted.kept) == (1, 2)


def test_settled_words_behind_a_cut_are_looked_for_in_the_next_piece() -> None:
    torn = piece("a b", heard("a b c d", 4), torn=True)
    assert settling([torn, piece("c d e")]).kept == 4
    assert settling([torn, piece("x d e")]).kept == 3


def test_without_drafts_nothing_has_settled() -> None:
    assert settling([piece("a b")]) == Settling(finals=1)
    assert Settling().lost is None


def test_finals_that_took_another_decoding_are_counted_by_reason() -> None:
    finals = [piece("a"), *(_again(reason) for reason in ("broken", "broken", "unlikely"))]
    counted = settling(finals)
    assert (counted.finals, counted.broken, counted.unlikely) == (4, 2, 1)
    assert counted.repaired == 50
    assert Settling().repaired is None


async def test_a_recording_is_drafted_as_often_as_its_voice_asks_for() -> None:
    recognizer = fake_recognizer(FakeEngine())
    voiced_s = (8 * 0.4, 4 * 0.4)
    pcm = linear16(say(*range(8)), silence(2), say(*range(8, 12)), silence(2))
    first, second = await observe(recognizer, pcm, "en", every_s=1.0)
    again = await observe(recognizer, pcm, "en", every_s=1.0)
    recognizer.close()
    assert [texts(each.final.words) for each in (first, second)] == [
        names(*range(8)),
        names(*range(8, 12)),
    ]
    assert (len(first.drafts), len(second.drafts)) == tuple(map(int, voiced_s))
    assert settling([first, second]).lost == 0
    assert again == [first, second]


async def test_speech_at_the_very_end_is_observed_too() -> None:
    recognizer = fake_recognizer(FakeEngine())
    pcm = linear16(silence(1), say(1, 2))
    (piece,) = await observe(recognizer, pcm, "en", every_s=0.5)
    recognizer.close()
    assert texts(piece.final.words) == names(1, 2)
