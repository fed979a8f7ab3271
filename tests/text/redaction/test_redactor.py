from time import process_time

import pytest

from redactions import finals, words
from sferic.recognition.hypothesis import Word, join
from sferic.text.redaction import Redactor
from sferic.text.redaction.redactor import MOST_HELD


def shown(text: str, *, before: str = "") -> str:
    """Return what a partial shows after a final."""
    redactor = Redactor(pii=True, pci=True)
    if before:
        redactor.final(words(before), "en", ended=True)
    return join(redactor.partial(words(text), "en"))


def test_an_entity_is_one_word_from_its_first_start_to_its_last_end() -> None:
    given = words("(My card: 4242 4242 4242 4242, thanks)")
    (card,) = (
        word
        for word in Redactor(pii=True, pci=True).final(given, "en", ended=True).words
        if "CREDITCARDNUMBER" in word.text
    )
    assert card == Word(
        text="[CREDITCARDNUMBER_1],", start=given[2].start, end=given[5].end, confidence=1.0
    )


def test_the_same_value_has_the_same_number_spoken_or_written() -> None:
    assert finals(
        [
            "call me at 415 555 1212 please",
            "my phone is four one five five five five one two one two please",
            "or four one five 555 twelve twelve please",
        ]
    ) == (
        "call me at [PHONENUMBER_1] please | my phone is [PHONENUMBER_1] please"
        " | or [PHONENUMBER_1] please"
    )


def test_a_name_has_the_same_number_said_or_spelled() -> None:
    said = finals(["my name is Sergei there", "that is S E R G E I there", "thanks sergei"])
    assert said == (
        "my name is [FIRSTNAME_1] there | that is [FIRSTNAME_1] there | thanks [FIRSTNAME_1]"
    )


def test_each_switch_is_for_its_own_types() -> None:
    said = ["this is Kevin and my pin is 4242 okay"]
    assert finals(said, pci=False) == "this is [FIRSTNAME_1] and my pin is 4242 okay"
    assert finals(said, pii=False) == "this is Kevin and my pin is [PIN_1] okay"
    assert finals(said, pii=False, pci=False) == said[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now my card number is four two", "now my card [...]"),
        ("my name is S E R G E I", "my name is [...]"),
        ("so you can mail john dot smith", "so you can [...]"),
        ("we met at twelve acacia", "we [...]"),
        ("the address was two five five dot one six eight dot one", "the address [...]"),
        ("the weather is nice today and warm", "the weather is [...]"),
    ],
)
def test_a_partial_hides_what_may_be_going_on(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_a_partial_looks_for_cues_in_what_was_said_before() -> None:
    assert shown("one two three please and tell me when", before="And the CVV?") == (
        "[CREDITCARDCVV_1] please [...]"
    )


def test_a_partial_commits_no_number() -> None:
    redactor = Redactor(pii=True, pci=True)
    shown = redactor.partial(words("this is Kevin okay so how are you"), "en")
    assert join(shown) == "this is [FIRSTNAME_1] okay [...]"
    final = redactor.final(words("this is Maria okay"), "en", ended=True)
    assert join(final.words) == "this is [FIRSTNAME_1] okay"


def test_a_final_holds_back_a_number_that_may_go_on() -> None:
    final = Redactor(pii=True, pci=True).final(words("my pin is four two"), "en", ended=False)
    assert (join(final.words), final.held) == ("my pin is", 2)


def test_what_is_over_is_held_back_no_longer() -> None:
    final = Redactor(pii=True, pci=True).final(words("my pin is four two"), "en", ended=True)
    assert (join(final.words), final.held) == ("my pin is [PIN_1]", 0)


def test_digits_that_go_on_after_an_end_are_masked_too() -> None:
    redactor = Redactor(pii=True, pci=True)
    redactor.final(words("my card number is four two four"), "en", ended=True)
    final = redactor.final(words("two four two is that right"), "en", ended=True)
    assert join(final.words) == "[CREDITCARDNUMBER_2] is that right"


def test_a_tail_that_is_too_long_is_masked_instead_of_held() -> None:
    final = Redactor(pii=True, pci=True).final(
        words("my number is " + "five " * (MOST_HELD + 10)), "en", ended=False
    )
    assert final.held == 0
    assert "five" not in join(final.words)


def test_words_that_are_one_are_taken_together() -> None:
    given = [
        Word(text="john", start=0, end=10, confidence=1.0),
        Word(text="@gmail", start=10, end=20, confidence=1.0, glued=True),
        Word(text=".com.", start=20, end=30, confidence=1.0, glued=True),
    ]
    final = Redactor(pii=True, pci=True).final(given, "en", ended=True)
    assert final.words == [Word(text="[EMAIL_1].", start=0, end=30, confidence=1.0)]


def test_an_unknown_language_is_taken_for_english() -> None:
    final = Redactor(pii=True, pci=True).final(words("my pin is 4242 okay"), None, ended=True)
    assert join(final.words) == "my pin is [PIN_1] okay"


def test_nothing_of_a_session_is_in_its_representation() -> None:
    redactor = Redactor(pii=True, pci=True)
    redactor.final(words("my name is Kevin"), "en", ended=True)
    assert repr(redactor) == "<Redactor of 22 types>"


@pytest.mark.parametrize("text", ["five ", "a at b dot ", "S as in ", "@", "1-", "maria "])
def test_time_grows_no_faster_than_words(text: str) -> None:
    def seconds(count: int) -> float:
        given = words(text * count)
        start = process_time()
        Redactor(pii=True, pci=True).final(given, "en", ended=True)
        return process_time() - start

    seconds(100)
    few = max(seconds(500) for _ in range(2))
    assert min(seconds(4_000) for _ in range(2)) < 24 * few
