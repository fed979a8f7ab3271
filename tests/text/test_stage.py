import logging
import traceback
from collections.abc import Callable, Sequence
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.recognition.hypothesis import Word
from sferic.text.stage import (
    LONGEST_HELD,
    MOST_HELD,
    NUMBER_PATIENCE,
    REDACTION_PATIENCE,
    TextFault,
    TextStage,
)
from text.stages import FakeNumerals, FakeRedactor, Hidden, say, texts

SECOND = 16_000


def stage(*, redacts: bool = True, writes: bool = True, holds: bool = True) -> TextStage:
    return TextStage(
        redactor=FakeRedactor() if redacts else None,
        numerals=FakeNumerals() if writes else None,
        draft_numerals=FakeNumerals() if writes else None,
        hold_numbers=holds,
    )


def final(one: TextStage, text: str, *, ended: bool = False, at: float = 0.0) -> str:
    return texts(one.final(say(text, at=at), language="en", ended=ended))


def partial(one: TextStage, text: str, *, settled: int) -> str:
    return texts(one.partial(say(text), settled=settled, language="en"))


# Finals


def test_redaction_comes_before_numerals() -> None:
    assert final(stage(), "it is seven eight and four two too") == "it is [PIN_1] and 42 too"


def test_the_start_of_what_may_be_redacted_waits_for_the_next_final() -> None:
    one = stage()
    assert final(one, "it is seven eight") == "it is"
    assert one.holding
    assert final(one, "nine it is", at=9) == "[PIN_1] it is"
    assert not one.holding


def test_the_start_of_a_number_waits_for_the_next_final() -> None:
    one = stage(redacts=False)
    assert final(one, "it is four") == "it is"
    assert final(one, "two of them", at=9) == "42 of them"


def test_numbers_do_not_wait_where_no_format_delay_is_wanted() -> None:
    one = stage(redacts=False, holds=False)
    assert final(one, "it is four") == "it is 4"
    assert one.patience is None


def test_a_final_may_be_held_back_whole() -> None:
    one = stage()
    assert final(one, "seven") == ""
    assert final(one, "eight", at=2) == ""
    assert final(one, "there", at=4) == "[PIN_1] there"


def test_a_number_before_what_redaction_waits_with_waits_too() -> None:
    one = stage()
    assert final(one, "it is four seven") == "it is"
    assert final(one, "there", at=9) == "4 [PIN_1] there"


def test_nothing_waits_when_it_is_over_and_what_is_open_is_masked() -> None:
    one = stage()
    assert final(one, "it is seven", ended=True) == "it is [...]"
    assert final(one, "it is four", ended=True) == "it is 4"
    assert not one.holding


def test_what_redaction_waited_with_is_masked_at_the_end_even_if_it_would_show_it() -> None:
    class Trusting(FakeRedactor):
        def final(self, words: Sequence[Word], language: str, *, ended: bool) -> Hidden:
            hidden = super().final(words, language, ended=ended)
            return Hidden([*words], 0) if ended else hidden

    one = TextStage(redactor=Trusting())
    assert final(one, "it is seven eight", ended=True) == "it is [...]"
    assert final(one, "it is", ended=True) == "it is"


def test_an_end_without_words_has_what_was_held_back() -> None:
    one = stage()
    final(one, "it is seven")
    assert final(one, "", ended=True) == "[...]"
    assert final(one, "", ended=True) == ""


def test_held_words_keep_their_times_and_a_merged_one_spans_all_it_stands_for() -> None:
    one = stage()
    one.final(say("it is seven eight"), language="en")
    [word] = one.final(say("nine", at=10), language="en", ended=True)
    assert (word.start, word.end) == (2 * SECOND, round(10.5 * SECOND))
    assert word.confidence == pytest.approx(0.87)


def test_what_was_held_back_in_one_language_does_not_go_on_in_another() -> None:
    redactor = FakeRedactor()
    one = TextStage(redactor=redactor)
    one.final(say("nummer sieben"), language="de")
    assert texts(one.final(say("nine it is", at=3), language="en")) == "[...] [PIN_1] it is"
    assert [code for code, _ in groupby(redactor.languages)] == ["de", "en"]


def test_silence_does_not_change_the_language_of_what_is_held_back() -> None:
    redactor = FakeRedactor()
    one = TextStage(redactor=redactor)
    one.final(say("nummer sieben"), language="de")
    one.final([], language="en", ended=True)
    assert {*redactor.languages} == {"de"}


def test_what_has_waited_for_too_long_goes_with_the_next_final() -> None:
    one = stage()
    final(one, "seven")
    assert final(one, "eight", at=LONGEST_HELD / SECOND - 1) == ""
    assert final(one, "nine", at=LONGEST_HELD / SECOND) == "[...]"
    assert not one.holding


def test_only_so_many_words_wait() -> None:
    one = stage()
    for place in range(MOST_HELD + 1):
        assert final(one, "seven", at=place / 100) == ""
    assert final(one, "seven", at=2) == "[...]"


def test_words_wait_longer_for_redaction_than_for_a_number() -> None:
    assert stage().patience == stage(holds=False).patience == REDACTION_PATIENCE
    assert stage(redacts=False).patience == NUMBER_PATIENCE
    assert stage(redacts=False, writes=False).patience is None


@given(
    st.lists(
        st.lists(st.sampled_from(("so", "it", "four", "two", "seven", "nine")), max_size=6),
        max_size=8,
    )
)
def test_nothing_is_lost_doubled_or_reordered(finals: list[list[str]]) -> None:
    one = stage(redacts=False)
    said: list[Word] = []
    for place, words in enumerate(finals):
        ended = place == len(finals) - 1
        said += one.final(say(" ".join(words), at=10 * place), language="en", ended=ended)
    spoken = [word for words in finals for word in words]
    digits = {"four": "4", "two": "2"}
    expected = "".join(digits.get(word, word) for word in spoken)
    assert "".join(word.text for word in said) == expected
    assert [word.start for word in said] == sorted(word.start for word in said)


# Partials


def test_partials_show_all_words_without_redaction() -> None:
    assert partial(stage(redacts=False), "it is four two", settled=1) == "it is 42"


def test_partials_show_settled_words_only_with_redaction_and_mask_their_end() -> None:
    assert partial(stage(), "it is seven so four", settled=2) == "it is"
    assert partial(stage(), "it is seven so four", settled=3) == "it is [...]"
    assert partial(stage(), "it is seven so four", settled=5) == "it is [PIN_1] so 4"


def test_partials_begin_with_what_was_held_back() -> None:
    one = stage()
    final(one, "it is four seven")
    assert partial(one, "there we are", settled=1) == "4 [PIN_1] there"
    assert partial(one, "", settled=0) == "4 [...]"


def test_a_partial_reads_what_was_held_back_in_its_own_language() -> None:
    redactor = FakeRedactor()
    one = TextStage(redactor=redactor)
    one.final(say("sieben"), language="de")
    shown = one.partial(say("nine so"), settled=2, language="en")
    assert texts(shown) == "[...] [PIN_1] so"
    assert redactor.languages == ["de", "de", "en"]


def test_partials_remember_nothing() -> None:
    one = stage()
    partial(one, "it is seven", settled=3)
    assert not one.holding


# Faults


@pytest.mark.parametrize(
    "call",
    [
        lambda one: one.partial(say("seven"), settled=1, language="en"),
        lambda one: one.final(say("seven"), language="en"),
    ],
)
def test_a_fault_says_where_it_is_and_nothing_of_the_words(
    call: Callable[[TextStage], object], caplog: pytest.LogCaptureFixture
) -> None:
    redactor = FakeRedactor()
    redactor.failure = KeyError("seven")
    with pytest.raises(TextFault) as caught:
        call(TextStage(redactor=redactor))
    logging.getLogger("test").error("failed", exc_info=caught.value)
    told = caplog.text + repr(caught.value) + "".join(traceback.format_exception(caught.value))
    assert "KeyError in stages.py, line" in told
    assert "seven'" not in told
    assert caught.value.__context__ is None
