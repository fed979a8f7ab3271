from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from sferic.cli.subtitles import LINE_WIDTH, Cue, Subtitler, header, render
from sferic.protocol.messages import Transcription, WordItem

DICKENS = (
    "It was the best of times, it was the worst of times. It was the age of wisdom, it was the age "
    "of foolishness. In short, the period was so far like the present period that some of its "
    "noisiest authorities insisted on its being received, for good or for evil, in the superlative "
    "degree of comparison only."
)


def item(word: str, start: float, end: float, speaker: int | None = None) -> WordItem:
    if speaker is None:
        return WordItem(word=word, start=start, end=end, confidence=1.0)
    return WordItem(word=word, start=start, end=end, confidence=1.0, speaker=speaker)


def spoken(text: str, *, start: float = 0.0, pace: float = 0.3) -> list[WordItem]:
    """Words one after the other, with pauses as people make them."""
    items = []
    for word in text.split():
        items.append(item(word, round(start, 2), round(start + pace, 2)))
        start += pace + (0.4 if word.endswith((".", "?", "!")) else 0.0)
    return items


def final(
    words: Sequence[WordItem], text: str | None = None, language: str = "en"
) -> Transcription:
    text = " ".join(word.word for word in words) if text is None else text
    return Transcription(
        session_id="s",
        transcript=text,
        transcription=text,
        is_final=True,
        is_last=False,
        language=language,
        words=tuple(words),
    )


def cues(*finals: Transcription) -> list[Cue]:
    subtitler = Subtitler()
    return [*(cue for one in finals for cue in subtitler.add(one)), *subtitler.finish()]


def texts(made: Sequence[Cue]) -> list[str]:
    return ["/".join(cue.lines) for cue in made]


def test_cues_end_with_sentences_and_lines_with_clauses() -> None:
    assert texts(cues(final(spoken(DICKENS))))[:2] == [
        "It was the best of times,/it was the worst of times.",
        "It was the age of wisdom,/it was the age of foolishness.",
    ]


def test_a_long_sentence_is_cut_into_cues_that_can_be_read() -> None:
    made = cues(final(spoken(DICKENS)))[2:]
    assert " ".join(" ".join(cue.lines) for cue in made) == DICKENS.partition("foolishness. ")[2]
    for cue in made:
        assert len(cue.lines) <= 2
        assert all(len(line) <= LINE_WIDTH for line in cue.lines)
        assert 1.0 <= cue.end - cue.start <= 7.0


def test_a_pause_ends_a_cue_and_nothing_is_shown_for_long_after_it() -> None:
    first, second = cues(final(spoken("We wait.")), final(spoken("And go on.", start=20.0)))
    assert texts([first, second]) == ["We wait.", "And go on."]
    assert first.end == pytest.approx(1.0)
    assert second.start == 20.0


def test_a_cue_may_hold_words_of_two_finals() -> None:
    words = spoken("This sentence was cut for its length.")
    assert texts(cues(final(words[:3]), final(words[3:]))) == [
        "This sentence was cut for its length."
    ]


def test_a_cue_is_given_as_soon_as_nothing_can_change_it() -> None:
    subtitler = Subtitler()
    assert subtitler.add(final(spoken("We wait."))) == []
    assert texts(subtitler.add(final(spoken("Go.", start=5.0)))) == ["We wait."]
    assert texts(subtitler.finish()) == ["Go."]
    assert subtitler.finish() == []


def test_speech_without_a_pause_does_not_collect() -> None:
    subtitler = Subtitler()
    early = [subtitler.add(final([item(f"w{n}", n * 0.25, (n + 1) * 0.25)])) for n in range(1000)]
    made = [cue for some in early for cue in some]
    assert sum(len(" ".join(cue.lines).split()) for cue in made) > 850
    made += subtitler.finish()
    assert " ".join(" ".join(cue.lines) for cue in made).split() == [f"w{n}" for n in range(1000)]


def test_short_words_are_shown_long_enough_to_be_read() -> None:
    (cue,) = cues(final([item("Yes.", 3.0, 3.1)]))
    assert (cue.start, cue.end) == (3.0, 4.0)


def test_a_cue_makes_way_for_the_next() -> None:
    words = [item("Yes.", 3.0, 3.1), item("I", 4.2, 4.3), item("know.", 4.3, 4.6)]
    first, second = cues(final(words))
    assert first.end == pytest.approx(4.0)
    assert second.start == 4.2


def test_a_change_of_speaker_ends_a_cue() -> None:
    words = [item("Really?", 0.0, 0.4, 0), item("Yes.", 0.5, 0.9, 1)]
    assert texts(cues(final(words))) == ["Really?", "Yes."]


def test_words_of_a_script_without_spaces_are_joined_as_in_the_transcript() -> None:
    words = [item("今日は", 0.0, 0.5), item("良い", 0.5, 0.9), item("天気。", 0.9, 1.4)]
    assert texts(cues(final(words, "今日は良い天気。"))) == ["今日は良い天気。"]


def test_wide_characters_count_twice() -> None:
    words = [item("漢" * 10, n * 0.5, n * 0.5 + 0.5) for n in range(6)]
    for cue in cues(final(words, "漢" * 60)):
        assert all(cell_len(line) <= LINE_WIDTH for line in cue.lines)


def test_placeholders_are_as_in_the_transcript_though_words_have_them_in_small_letters() -> None:
    words = [item("I", 0.0, 0.2), item("am", 0.2, 0.4), item("[firstname_1]", 0.4, 0.9)]
    assert texts(cues(final(words, "I am [FIRSTNAME_1]"))) == ["I am [FIRSTNAME_1]"]


def test_a_word_that_is_too_long_has_a_cue_of_its_own() -> None:
    words = [item("A", 0.0, 0.2), item("b" * 100, 0.2, 0.9), item("c", 0.9, 1.0)]
    assert "b" * 100 in texts(cues(final(words)))


def test_nothing_said_makes_no_cue() -> None:
    empty = Transcription(
        session_id="s", transcript="", transcription="", is_final=True, is_last=True
    )
    assert cues(empty, final([])) == []


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), max_size=60),
            st.floats(0, 3),
            st.floats(-0.5, 3),
        ),
        max_size=60,
    )
)
@settings(deadline=None)
def test_cues_never_overlap_and_lose_nothing(said: list[tuple[str, float, float]]) -> None:
    at, words = 0.0, []
    for text, length, pause in said:
        words.append(item(text, at, at + length))
        at = max(0.0, at + length + pause)
    made = cues(final(words[:20]), final(words[20:]))
    assert all(cue.start < cue.end for cue in made)
    assert all(before.end <= after.start for before, after in pairwise(made))
    for cue in made:
        assert 1 <= len(cue.lines) <= 2
        assert all((line and line.isprintable()) or line.strip() for line in cue.lines)
    shown = "".join("".join(cue.lines) for cue in made)
    assert "".join(shown.split()) == "".join("".join(word.word.split()) for word in words)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "00:00:00,000"),
        (59.9996, "00:01:00,000"),
        (3661.25, "01:01:01,250"),
        (360_000.5, "100:00:00,500"),
    ],
)
def test_hours_are_written_right(seconds: float, shown: str) -> None:
    assert render(Cue(seconds, seconds + 1, ("a",)), 1, "srt").splitlines()[1].startswith(shown)


def test_the_files_are_what_players_read() -> None:
    cue = Cue(1.5, 3.25, ("a < b", "& c"))
    assert header("srt") + render(cue, 7, "srt") == (
        "7\n00:00:01,500 --> 00:00:03,250\na < b\n& c\n\n"
    )
    assert header("vtt") + render(cue, 7, "vtt") == (
        "WEBVTT\n\n00:00:01.500 --> 00:00:03.250\na &lt; b\n&amp; c\n\n"
    )
