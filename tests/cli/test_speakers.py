"""Who said what in a final, for people and for scorers."""

import io

import pytest
from msgspec import UNSET

from sferic.cli.display import Format, display
from sferic.cli.speakers import Said, said
from sferic.protocol.messages import Transcription, WordItem, encode

Words = list[tuple[str, int | None]]


def final(text: str, words: Words, *, start: float = 0.0) -> Transcription:
    return Transcription(
        session_id="s",
        transcript=text,
        transcription=text,
        is_final=True,
        is_last=False,
        words=tuple(
            WordItem(
                word=word,
                start=start + number,
                end=start + number + 0.8,
                confidence=1.0,
                speaker=UNSET if speaker is None else speaker,
            )
            for number, (word, speaker) in enumerate(words)
        ),
    )


TALK = final("How are you? Fine, [FIRSTNAME_1].", [
    ("How", 0), ("are", 0), ("you?", 0), ("Fine,", 1), ("[firstname_1].", 1),
])  # fmt: skip


def shown(kind: Format | None, *finals: Transcription, terminal: bool = False) -> str:
    out = io.StringIO()
    made = display(kind, out, terminal=terminal, recording="a talk")
    for each in finals:
        made.show(each, encode(each))
    made.end()
    return out.getvalue()


def test_a_final_is_cut_where_the_speaker_changes() -> None:
    assert said(TALK) == [
        Said(0, "How are you?", 0.0, 2.8),
        Said(1, "Fine, [FIRSTNAME_1].", 3.0, 4.8),
    ]


def test_scripts_without_spaces_are_cut_too() -> None:
    assert [
        turn.text for turn in said(final("你好嗎很好", [("你好", 0), ("嗎", 0), ("很好", 1)]))
    ] == [
        "你好嗎",
        "很好",
    ]


def test_without_speakers_it_is_in_one() -> None:
    assert [turn.text for turn in said(final("One two", [("One", None), ("two", None)]))] == [
        "One two"
    ]
    assert said(final("", [])) == []


@pytest.mark.parametrize("kind", [None, "txt"])
def test_each_speaker_has_a_line_counted_from_one(kind: Format | None) -> None:
    assert shown(kind, TALK) == "Speaker 1: How are you?\nSpeaker 2: Fine, [FIRSTNAME_1].\n"


def test_speakers_have_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = shown(None, TALK, terminal=True)
    assert "\x1b[1;36mSpeaker 1: \x1b[0m" in text
    assert "\x1b[1;33mSpeaker 2: \x1b[0m" in text


def test_turns_are_lines_of_rttm_across_finals() -> None:
    finals = (TALK, final("Good.", [("Good.", 1)], start=5.0), final("Yes", [("Yes", 0)], start=9))
    assert shown("rttm", *finals).splitlines() == [
        "SPEAKER a_talk 1 0.000 2.800 <NA> <NA> speaker_0 <NA> <NA>",
        "SPEAKER a_talk 1 3.000 2.800 <NA> <NA> speaker_1 <NA> <NA>",
        "SPEAKER a_talk 1 9.000 0.800 <NA> <NA> speaker_0 <NA> <NA>",
    ]
