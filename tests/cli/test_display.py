import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sferic.cli.display import Display, Format, display, ending, printable
from sferic.protocol.messages import Message, SpeechStarted, Transcription, WordItem, encode

CLEAR = "\r\x1b[K"


def said(text: str, *, final: bool = True) -> Transcription:
    words = (WordItem(word=text, start=1.0, end=2.0, confidence=1.0),) if text else ()
    return Transcription(
        session_id="s",
        transcript=text,
        transcription=text,
        is_final=final,
        is_last=False,
        words=words,
    )


def partial(text: str) -> Transcription:
    return said(text, final=False)


def shown(kind: Format | None, *messages: Message, terminal: bool = False) -> str:
    out = io.StringIO()
    made: Display = display(kind, out, terminal=terminal)
    for message in messages:
        made.show(message, encode(message))
    made.end()
    return out.getvalue()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize("kind", [None, "txt"])
def test_without_a_terminal_every_final_that_says_something_is_a_line(kind: Format | None) -> None:
    messages = (partial("one"), said("One."), said(""), partial("two"), said(" Two. "), said(""))
    assert shown(kind, *messages) == "One.\nTwo.\n"


def test_on_a_terminal_partials_overwrite_each_other_and_finals_stay() -> None:
    text = shown(None, partial("one"), partial("one two"), said("One, two."), terminal=True)
    assert plain(text) == f"{CLEAR}one{CLEAR}one two{CLEAR}One, two.\n"
    assert "\x1b[2mone two\x1b[0m" in text


def test_no_color_takes_the_colours_and_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(None, partial("one"), said("One."), terminal=True)
    assert text == plain(text) == f"{CLEAR}one{CLEAR}One.\n"


def test_an_empty_final_takes_the_partial_away() -> None:
    assert plain(shown(None, partial("uh"), said(""), terminal=True)) == f"{CLEAR}uh{CLEAR}"


def test_a_partial_that_no_final_replaced_stays() -> None:
    assert plain(shown(None, partial("lost"), terminal=True)) == f"{CLEAR}lost\n"


def test_a_partial_makes_way_for_a_note() -> None:
    out = io.StringIO()
    screen = display(None, out, terminal=True)
    screen.show(partial("one"), "")
    screen.pause()
    screen.end()
    assert plain(out.getvalue()) == f"{CLEAR}one{CLEAR}"


def test_a_long_partial_stays_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    text = plain(shown(None, partial("word " * 100 + "end"), terminal=True))
    line = text.removeprefix(CLEAR).removesuffix("\n")
    assert cell_len(line) == 29
    assert line.startswith("…")
    assert line.endswith("word end")


def test_a_long_final_is_wrapped_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    lines = plain(shown(None, said("seven words " * 10), terminal=True)).splitlines()
    assert len(lines) > 3
    assert all(len(line) <= 30 for line in lines)
    assert " ".join(lines).split() == ["seven", "words"] * 10


@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_that_is_said_steers_the_terminal(*, terminal: bool) -> None:
    text = shown(None, said("a\x1b[2Jb\r\nc [red]d :smile:"), terminal=terminal)
    assert plain(text) == "a [2Jb  c [red]d :smile:\n"


def test_json_is_every_message_as_it_came() -> None:
    messages: tuple[Message, ...] = (
        SpeechStarted(session_id="s", timestamp=0.5),
        partial("one"),
        said("One."),
    )
    lines = shown("json", *messages).splitlines()
    assert lines == [encode(message) for message in messages]


def test_json_of_a_kind_that_is_not_known_is_passed_on_in_one_line() -> None:
    out = io.StringIO()
    display("json", out, terminal=True).show(None, '{"type":\n"mood"}')
    assert out.getvalue() == '{"type": "mood"}\n'


def test_subtitles_are_numbered_through() -> None:
    first = said("One.")
    later = WordItem(word="Two.", start=9.0, end=9.5, confidence=1.0)
    second = Transcription(
        session_id="s",
        transcript="Two.",
        transcription="Two.",
        is_final=True,
        is_last=True,
        words=(later,),
    )
    text = shown("srt", partial("on"), first, second)
    assert text.startswith("1\n00:00:01,000 --> 00:00:02,000\nOne.\n\n2\n")
    assert shown("vtt", first, second).startswith("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nOne.")


def test_a_file_of_nothing_is_still_one() -> None:
    assert shown("vtt", said("")) == "WEBVTT\n\n"
    assert shown("srt", said("")) == shown("txt", said("")) == ""


@given(st.text(), st.integers(2, 100))
def test_an_ending_fits(text: str, width: int) -> None:
    cut = ending(text, width)
    assert cell_len(cut) <= width
    assert cut == text or (cut.startswith("…") and text.endswith(cut[1:]))


@given(st.text())
def test_what_is_printable_is_one_line(text: str) -> None:
    assert len(printable(text)) == len(text)
    assert printable(text).isprintable()
