import time
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.languages import CODES
from sferic.recognition.hypothesis import Word, join
from sferic.text.numerals import Numerals


def word(text: str, place: int = 0, *, confidence: float = 0.5, speaker: int | None = None) -> Word:
    return Word(text=text, start=place, end=place + 1, confidence=confidence, speaker=speaker)


def words(text: str) -> list[Word]:
    """Make words of a text: split at spaces, and at `~` into glued ones."""
    parts = [(part, at > 0) for group in text.split() for at, part in enumerate(group.split("~"))]
    return [
        Word(text=part, start=place, end=place + 1, confidence=0.5, glued=glued)
        for place, (part, glued) in enumerate(parts)
    ]


def written(
    text: str, language: str = "en", *, mode: Literal["true", "auto"] = "auto", full: bool = True
) -> str:
    return join(Numerals(mode, full=full).write(words(text), language))


def test_a_number_is_one_word_from_its_first_to_its_last_with_the_least_confidence() -> None:
    said = [
        word("Pay", 0),
        Word(text="twenty", start=3, end=5, confidence=0.9, speaker=1, speaker_confidence=0.8),
        Word(text="five", start=6, end=8, confidence=0.7, speaker=2),
        word("now", 9),
    ]

    assert Numerals("auto", full=True).write(said, "en") == [
        said[0],
        Word(text="25", start=3, end=8, confidence=0.7, speaker=1, speaker_confidence=0.8),
        said[3],
    ]


def test_a_time_of_two_words_shares_the_span_of_its_source() -> None:
    said = words("at three thirty p m")

    times = Numerals("auto", full=True).write(said, "en")

    assert [(one.text, one.start, one.end) for one in times] == [
        ("at", 0, 1),
        ("3:30", 1, 3),
        ("p.m.", 3, 5),
    ]


def test_glued_words_are_read_as_one_and_the_first_keeps_its_glue() -> None:
    assert written("twenty~-five dollars") == "$25"
    said = words("so~twenty five")
    assert Numerals("auto", full=True).write(said, "en")[0] == said[0]


def test_what_is_no_number_is_handed_back_as_it_was() -> None:
    said = words("Nobody told~'em, so: $25 (25%) stays [DATE_1].")

    assert Numerals("true", full=True).write(said, "en") == said


def test_without_full_forms_only_plain_numbers_are_written() -> None:
    said = "twenty five dollars at three thirty p m john at gmail dot com the tenth five percent"

    assert written(said, mode="true", full=False) == (
        "25 dollars at 3 30 p m john at gmail dot com the 10th 5%"
    )


@pytest.mark.parametrize(
    ("language", "said", "expected"),
    [
        ("ru", "двадцать пять рублей", "25 рублей"),
        ("pl", "sto dwadzieścia trzy złote", "123 złote"),
        ("fi", "kaksikymmentäviisi euroa", "25 euroa"),
        ("sv", "jag har en hund", "jag har en hund"),
        ("ta", "இருபத்தைந்து பேர்", "25 பேர்"),
    ],
)
def test_a_language_without_rules_of_its_own_has_its_cardinals_written(
    language: str, said: str, expected: str
) -> None:
    assert written(said, language) == expected


def test_a_language_that_is_unknown_is_left_alone() -> None:
    assert written("twenty five", "tlh") == "twenty five"
    assert Numerals("true", full=True).open_tail(words("twenty five"), "tlh") == 0


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("", 0),
        ("it costs", 0),
        ("it costs twenty", 1),
        ("it costs twenty five", 2),
        ("it costs twenty.", 0),
        ("it costs a hundred and", 3),
        ("my number is four two double", 3),
        ("it is 42 point", 2),
        ("4242, 42", 2),
        ("this and", 0),
        ("he has a", 0),
        ("[DATE_1] twenty", 1),
        ("about two million", 2),
        ("twenty people", 0),
    ],
)
def test_the_tail_is_what_may_belong_to_a_number_that_goes_on(said: str, count: int) -> None:
    assert Numerals("auto", full=True).open_tail(words(said), "en") == count


SAID = st.sampled_from(
    [
        "twenty", "five", "hundred", "thousand", "and", "a", "point", "double", "oh", "dollars",
        "at", "dot", "com", "gmail", "may", "fifth", "half", "past", "three", "p.m.", "percent",
        "25", "4242", "no", "one", "of", "them", "x", "twenty-five", "minus", "slash", "million",
        "the", "second", "www", "to", "chapter", "nineteen", "cents", "[DATE_1]", "[...]", "two,",
        "(five)", "“ten”", "Uhr", "und", "²", "-", "€", "",
    ]
)  # fmt: skip
TEXTS = st.lists(SAID | st.text(max_size=4), max_size=25)


@given(TEXTS, st.sampled_from(sorted(CODES)), st.booleans(), st.booleans())
def test_words_outside_numbers_stay_and_times_go_forward(
    texts: list[str], language: str, full: bool, auto: bool
) -> None:
    said = [word(text, place) for place, text in enumerate(texts)]
    numerals = Numerals("auto" if auto else "true", full=full)

    after = numerals.write(said, language)

    starts = [one.start for one in after]
    assert starts == sorted(starts)
    assert all(one.start < one.end for one in after)
    assert {0, *range(len(said))} >= set(starts)
    covered = {place for one in after for place in range(one.start, one.end)}
    assert covered == set(range(len(said)))
    untouched = [one for one in after if one in said]
    assert untouched == [one for one in said if one in untouched]
    assert [one.text for one in after if "[" in one.text] == [
        one.text for one in said if "[" in one.text
    ] or any("[" in text and not text.startswith("[") for text in texts)
    assert 0 <= numerals.open_tail(said, language) <= len(said)


@pytest.mark.parametrize(
    "said",
    [
        "one hundred",
        "four double",
        "one point",
        "john dot",
        "slash dot at a 1",
        "twenty",
        "thousand,",
        "five,",
        "one-",
        "a b c dot",
        "may",
        "half past",
    ],
)
def test_time_grows_with_the_length_and_no_faster(said: str) -> None:
    numerals = Numerals("auto", full=True)

    def seconds(count: int) -> float:
        text = words(" ".join((said.split() * count)[:count]))
        start = time.process_time()
        numerals.write(text, "en")
        return time.process_time() - start

    seconds(200)
    assert min(seconds(1600) for _ in range(3)) < 24 * max(seconds(200), 0.001)
