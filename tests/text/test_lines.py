import json
from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.text import Line, Lines, process
from sferic.text.stage import MOST_HELD, TextStage
from text.stages import FakeNumerals, FakeRedactor


@pytest.fixture(autouse=True)
def _foreseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redaction of `seven` to `nine`, and numbers from `one` to `five`."""

    def staged(*, redact_pci: bool, numerals: str, no_format_delay: bool, **_: Any) -> TextStage:
        return TextStage(
            redactor=FakeRedactor() if redact_pci else None,
            numerals=FakeNumerals() if numerals != "false" else None,
            hold_numbers=not no_format_delay,
        )

    monkeypatch.setattr("sferic.text.lines.TextStage.of", staged)


redacted = partial(process, redact_pci=True)


def texts(lines: Iterable[Line]) -> list[str]:
    return [line.text for line in lines]


def read(given: list[str], line: Line) -> list[tuple[str, str]]:
    """What of the input each span covers, and what stands for it."""
    covered = []
    for span in line.spans:
        lines = given[span.line - 1 : span.end_line]
        lines[-1] = lines[-1][: span.end]
        lines[0] = lines[0][span.start :]
        covered.append((" ".join(lines), span.text))
    return covered


def test_there_is_a_line_for_each_line() -> None:
    said = ["it is seven eight here", "and four two too"]
    assert texts(redacted(said)) == ["it is [PIN_1] here", "and 42 too"]


def test_what_may_go_on_comes_with_the_next_line() -> None:
    assert texts(redacted(["it is seven", "eight here", "bye"])) == ["it is", "[PIN_1] here", "bye"]
    assert texts(process(["it is four", "two here"])) == ["it is", "42 here"]


@pytest.mark.parametrize("more", [[], [""], ["", "eight"]])
def test_where_nothing_follows_it_comes_with_its_own_line_masked(more: list[str]) -> None:
    assert texts(redacted(["it is seven", *more]))[0] == "it is [...]"


def test_a_line_that_is_held_back_whole_is_an_empty_line() -> None:
    assert texts(redacted(["seven", "eight", "here"])) == ["", "", "[PIN_1] here"]


def test_an_empty_line_is_passed_through_and_begins_a_session_anew() -> None:
    stages = []

    class Counting(Lines):
        def feed(self, line: str) -> list[Line]:
            stages.append(self._stage)
            return super().feed(line)

    lines = Counting(redact_pci=True)
    given = ["it is", " ", "it is"]
    assert texts(line for one in given for line in lines.feed(one)) == given
    assert stages[0] is stages[1] is not stages[2]


def test_a_line_is_ready_at_once_unless_it_holds_something_back() -> None:
    lines = Lines(redact_pci=True)
    assert texts(lines.feed("here we are")) == ["here we are"]
    assert texts(lines.feed("it is seven")) == []
    assert texts(lines.feed("eight here")) == ["it is", "[PIN_1] here"]
    assert texts(lines.feed("and seven")) == []
    assert texts(lines.feed("")) == ["and [...]", ""]
    assert texts(lines.finish()) == []


def test_blanks_stay_as_they_are() -> None:
    given = ["  so\t it  is ", "12:03  <ann>   seven  eight  ok  "]
    assert texts(redacted(given)) == ["  so\t it  is ", "12:03  <ann>   [PIN_1]  ok  "]


@given(st.lists(st.text(st.characters(exclude_categories=("Cs", "Zl", "Zp", "Cc")))))
def test_with_nothing_to_do_lines_are_left_alone(given: list[str]) -> None:
    assert texts(process(given, numerals="false")) == given


def test_line_breaks_of_files_are_no_part_of_lines() -> None:
    assert texts(process(["so\r\n", "it is\n"])) == ["so", "it is"]


def test_spans_say_what_stands_for_what() -> None:
    given = ["so it is seven eight", "nine and four two here"]
    first, second = redacted(given)
    assert read(given, first) == []
    assert read(given, second) == [("seven eight nine", "[PIN_1]"), ("four two", "42")]
    [span, _] = second.spans
    assert (span.line, span.end_line) == (1, 2)


def test_spans_leave_out_punctuation_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    class Quoting(FakeNumerals):
        def write(self, words: Any, language: str) -> list[Any]:
            return [
                msgspec.structs.replace(word, text='("42").') if "forty" in word.text else word
                for word in words
            ]

    monkeypatch.setattr("sferic.text.lines.TextStage.of", lambda **_: TextStage(numerals=Quoting()))
    given = ['it is ("forty-two").']
    [line] = process(given)
    assert read(given, line) == [("forty-two", "42")]


def test_what_is_printed_holds_no_secret() -> None:
    lines = [*redacted(["it is seven", "eight seven here", "nine"])]
    printed = json.dumps(msgspec.to_builtins(lines))
    assert "[PIN_1]" in printed
    assert not [word for word in ("seven", "eight", "nine") if word in printed]


def test_lines_come_by_sentence_too() -> None:
    [line] = redacted(["So it is. It is seven eight here. Bye"])
    assert line.sentences == ("So it is.", "It is [PIN_1] here.", "Bye")


def test_punctuation_and_capitals_can_be_taken_off() -> None:
    [line] = redacted(["So - it is: seven eight here."], punctuate=False, capitalize=False)
    assert line.text == "so it is [PIN_1] here"
    assert line.sentences == ("so it is [PIN_1] here",)


def test_a_session_of_many_lines_keeps_only_what_it_still_needs() -> None:
    lines = Lines(redact_pci=True)
    for _ in range(200):
        lines.feed("it is here")
    assert len(lines._given) == 1
    for _ in range(2 * MOST_HELD):
        lines.feed("seven")
        assert len(lines._given) <= MOST_HELD + 2


def test_numbers_at_the_end_of_a_line_do_not_wait_where_they_are_told_so() -> None:
    assert texts(process(["it is four", "two"], no_format_delay=True)) == ["it is 4", "2"]
