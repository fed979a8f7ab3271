import pytest

from benchmarks.harness.alignment import AlignedWord, UnalignedError
from benchmarks.harness.speech import Utterance
from benchmarks.peers.choosing import spread_over_sources
from benchmarks.peers.ear import Heard, Shown
from benchmarks.peers.first_seen import align, first_seen
from benchmarks.peers.peer import Recording


def spoken(*words: str, unsure: str = "") -> list[AlignedWord]:
    """Words that end at 1 s, 2 s and so on."""
    return [
        AlignedWord(word, float(number - 1), float(number), sure=word != unsure)
        for number, word in enumerate(words, start=1)
    ]


def heard(*shown: tuple[float, str]) -> Heard:
    return Heard(
        audio_s=10,
        shown=tuple(Shown(at_s=at, text=text) for at, text in shown),
        done_s=None,
        cpu_s=1,
        failure=None,
        given_up_s=None,
    )


def row(audio: str, duration: float = 4.0) -> Utterance:
    return Utterance(audio=audio, lang="en", text="a", duration=duration, sample_rate=16000)


def test_a_word_counts_from_when_it_was_sent_to_when_it_was_shown_first() -> None:
    shown = heard((1.25, "Don't"), (2.5, "don't stop"), (3.0, "Don't stop!"))
    assert first_seen(shown, spoken("don't", "stop")) == pytest.approx([0.25, 0.5])


def test_a_repeated_word_is_seen_when_it_is_there_a_second_time() -> None:
    shown = heard((1.5, "ask"), (4.0, "ask and ask"))
    assert first_seen(shown, spoken("ask", "and", "ask")) == pytest.approx([0.5, 2.0, 1.0])


def test_words_that_are_wrong_in_the_end_do_not_count() -> None:
    shown = heard((1.5, "one two"), (2.5, "one too"))
    assert first_seen(shown, spoken("one", "two")) == pytest.approx([0.5])


def test_words_whose_place_is_not_sure_do_not_count() -> None:
    shown = heard((2.5, "one two"))
    assert first_seen(shown, spoken("one", "two", unsure="one")) == pytest.approx([0.5])


def test_numbers_and_hyphens_are_read_as_they_are_spoken() -> None:
    shown = heard((4.0, "25 fellow-Americans"))
    words = spoken("twenty", "five", "fellow", "americans")
    assert first_seen(shown, words) == pytest.approx([3, 2, 1, 0])


def test_recordings_that_cannot_be_aligned_are_left_out() -> None:
    class Aligner:
        name = "some"
        languages: tuple[str, ...] = ("en",)

        def align(self, pcm: bytes, text: str) -> list[AlignedWord]:
            if not pcm:
                raise UnalignedError("it is empty")
            return spoken(text)

    recordings = [
        Recording(row=row("en/x/1.wav"), audio=b""),
        Recording(row=row("en/x/2.wav"), audio=b"12"),
    ]
    assert align(recordings, Aligner()) == {"en/x/2.wav": spoken("a")}


ROWS = [row(f"en/{source}/{number}.wav") for source in "abc" for number in range(5)]


def test_recordings_are_drawn_from_all_sources_in_turn() -> None:
    chosen = spread_over_sources(ROWS, seconds=24, limit=0, seed=0)
    assert sorted(each.collection for each in chosen) == list("aabbcc")


def test_the_draw_depends_on_the_seed_alone() -> None:
    draws = {
        tuple(each.audio for each in spread_over_sources(rows, seconds=24, limit=0, seed=1))
        for rows in (ROWS, ROWS[::-1])
    }
    assert len(draws) == 1
    (other,) = {
        tuple(each.audio for each in spread_over_sources(ROWS, seconds=24, limit=0, seed=2))
    }
    assert other not in draws


def test_a_limit_holds_and_a_recording_that_does_not_fit_makes_room_for_a_shorter_one() -> None:
    assert len(spread_over_sources(ROWS, seconds=1000, limit=2, seed=0)) == 2
    mixed = [row("en/a/long.wav", 30), row("en/b/short.wav", 2)]
    chosen = spread_over_sources(mixed, seconds=10, limit=0, seed=0)
    assert [each.audio for each in chosen] == ["en/b/short.wav"]
