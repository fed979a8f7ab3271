"""No digit of a secret is in anything that comes out, however it is said and wherever it is cut."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sferic.recognition.hypothesis import Word
from sferic.text.redaction import PLACEHOLDER, Redactor
from sferic.text.redaction.redactor import MOST_HELD

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()  # noqa: SIM905
NUMBER_WORDS = frozenset((*DIGITS, *TENS, *TEENS, "oh", "double", "triple", "hundred", "thousand"))
CARRIERS = {
    "my card number is {} thank you": (16, 16),
    "sure the credit card is {} and that is all": (15, 16),
    "Okay, the CVV is {}, please go ahead.": (3, 4),
    "my social security number is {} okay": (9, 9),
    "you can reach me at my phone number {} any day": (10, 10),
    "The account number is {}. Anything else?": (6, 12),
    "the pin is {} please keep it safe": (4, 6),
    "the routing number is {} and thanks": (9, 9),
    "my zip code is {} over there": (5, 5),
}


def spoken(digits: str, style: int, draw: st.DrawFn) -> list[str]:
    """Say digits one by one, in pairs, written in groups, or mixed."""
    said: list[str] = []
    place = 0
    while place < len(digits):
        digit = digits[place]
        pair = digits[place : place + 2]
        choice = draw(st.integers(0, 5)) if style == 3 else style
        if choice in (1, 4) and len(pair) == 2 and pair[0] != "0":
            said.extend(number(int(pair)))
            place += 2
        elif choice == 2 and len(digits) - place >= 2:
            said.append(digits[place : place + 4])
            place += 4
        elif choice == 5 and len(pair) == 2 and pair[0] == pair[1]:
            said.extend(("double", DIGITS[int(digit)]))
            place += 2
        else:
            said.append(
                "oh" if digit == "0" and choice == 0 and draw(st.booleans()) else DIGITS[int(digit)]
            )
            place += 1
        if draw(st.integers(0, 15)) == 0 and place < len(digits):
            said.append(draw(st.sampled_from(("uh", "um", "er,"))))
    return said


def number(value: int) -> list[str]:
    if value < 20:
        return [TEENS[value - 10]]
    return [TENS[value // 10 - 2], *([DIGITS[value % 10]] if value % 10 else [])]


@st.composite
def dictations(draw: st.DrawFn) -> list[list[str]]:
    """Draw a sentence with a secret in it, cut into segments."""
    carrier = draw(st.sampled_from(sorted(CARRIERS)))
    shortest, longest = CARRIERS[carrier]
    digits = draw(st.text("0123456789", min_size=shortest, max_size=longest))
    if digits in (
        "911",
        "999",
        "112",
        "101",
        "111",
        "411",
        "511",
        "811",
        "311",
        "211",
        "988",
        "100",
        "108",
        "365",
        "247",
    ):
        digits = "4242"
    before, after = carrier.split("{}")
    said = spoken(digits, draw(st.integers(0, 3)), draw)
    text = [*before.split(), *said]
    rest = after.split(" ")
    text[-1] += rest[0]
    text.extend(rest[1:])
    cuts = draw(st.lists(st.integers(1, len(text) - 1), max_size=3, unique=True).map(sorted))
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def readable(words: list[Word]) -> list[str]:
    """Return what can be read of a secret in words that came out."""
    found: list[str] = []
    for word in words:
        text = PLACEHOLDER.sub("", word.text).casefold()
        found.extend(
            part
            for part in re.findall(r"\w+", text)
            if part in NUMBER_WORDS or any(map(str.isdigit, part))
        )
    return found


@settings(max_examples=150, deadline=None)
@given(dictations(), st.booleans(), st.integers(0, 3))
def test_no_digit_comes_out_in_any_partial_or_final(
    segments: list[list[str]], capitals: bool, impatience: int
) -> None:
    redactor = Redactor(pii=True, pci=True)
    held: list[Word] = []
    for index, segment in enumerate(segments):
        texts = segment if capitals else [text.lower() for text in segment]
        words = [*held, *(make(text, place) for place, text in enumerate(texts, start=100 * index))]
        for size in range(len(held) + 1, len(words) + 1):
            shown = redactor.partial(words[:size], "en")
            assert readable(shown) == [], (segments, [word.text for word in shown])
        ended = index == len(segments) - 1 or impatience == index
        redacted = redactor.final(words, "en", ended=ended)
        assert readable(redacted.words) == [], (segments, [word.text for word in redacted.words])
        assert redacted.held <= min(MOST_HELD, len(words))
        assert not (ended and redacted.held)
        held = words[len(words) - redacted.held :]


def make(text: str, place: int) -> Word:
    return Word(text=text, start=place * 10, end=place * 10 + 9, confidence=0.9)


@pytest.mark.parametrize("language", ["en", "de", "hi", "fi"])
@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.text(max_size=12), max_size=12), ended=st.booleans())
def test_it_takes_any_words_in_any_language(language: str, texts: list[str], ended: bool) -> None:
    redactor = Redactor(pii=True, pci=True)
    words = [make(text, place) for place, text in enumerate(texts)]
    redactor.partial(words, language)
    redacted = redactor.final(words, language, ended=ended)
    assert 0 <= redacted.held <= len(words)
    assert len(redacted.words) <= len(words) - redacted.held
    redactor.final(words, language, ended=True)
