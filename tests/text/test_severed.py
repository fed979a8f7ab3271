import pytest

from sferic.recognition.hypothesis import Word
from sferic.text.severed import LONGEST_GAP, Severed
from text.stages import say, texts


def after(final: str, following: str, *, language: str = "en", gap: float = 4.0) -> str:
    severed = Severed()
    before = say(final)
    severed.note(before)
    at = (before[-1].end if before else 0) / 16_000 + gap
    return texts(severed.mask(say(following, at=at), language))


@pytest.mark.parametrize(
    ("final", "following", "shown"),
    [
        ("my card is [CREDITCARDNUMBER_1]", "two four okay", "[...] [...] okay"),
        ("my card is [...]", "double 7 and two thanks so", "[...] [...] and [...] thanks so"),
        ("my card is [...].", "uh five.", "uh [...]"),
        ("[...] uh", "five it is", "[...] it is"),
        ("born in [DATE_1]", "seventh of June then", "[...] of [...] then"),
        ("i live at [BUILDINGNUMBER_1]", "Maple Lane so two", "[...] [...] so [...]"),
        ("at [BUILDINGNUMBER_1] [...]", "Maple Lane so two", "[...] [...] so [...]"),
        ("i live at [PIN_1] [...]", "Maple Lane so two", "Maple Lane so two"),
        ("send it to [EMAIL_1]", "[EMAIL_2] Maple Lane so", "[EMAIL_2] [...] [...] so"),
        ("send it to [EMAIL_1]", "thank you so", "thank you so"),
        ("i am [FIRSTNAME_1]", "two of us", "two of us"),
        ("it is [...] over there", "two of us", "two of us"),
        ("nothing here", "two of us", "two of us"),
        ("my card is [...]", "so it is two", "so it is two"),
        ("my card is [...]", "", ""),
    ],
)
def test_a_number_behind_a_secret_is_masked(final: str, following: str, shown: str) -> None:
    assert after(final, following) == shown


def test_numbers_are_those_of_the_language() -> None:
    assert after("die karte ist [...]", "sieben acht danke", language="de") == "[...] [...] danke"


def test_a_number_after_a_long_silence_is_another_one() -> None:
    assert after("it is [PIN_1]", "two of us", gap=LONGEST_GAP / 16_000 + 1) == "two of us"


def test_a_final_without_words_changes_nothing() -> None:
    severed = Severed()
    severed.note(say("it is [...]"))
    severed.note([])
    assert texts(severed.mask(say("two of us", at=5), "en")) == "[...] of us"


def test_a_masked_word_keeps_its_times_and_tells_nothing_by_its_confidence() -> None:
    severed = Severed()
    severed.note(say("it is [...]"))
    [given] = say("two", at=5)
    [word] = severed.mask([given], "en")
    assert word == Word(text="[...]", start=given.start, end=given.end, confidence=1.0)
