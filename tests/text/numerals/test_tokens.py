import pytest

from sferic.recognition.hypothesis import Word
from sferic.text.numerals.tokens import merge, tokenize


def word(text: str, *, glued: bool = False) -> Word:
    return Word(text=text, start=0, end=1, confidence=1.0, glued=glued)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Four,", ("", "four", ",")),
        ("“Ten”", ("“", "ten", "”")),
        ("p.m.", ("", "pm", ".")),
        ("O’Clock", ("", "o'clock", "")),
        ("$25.", ("", "$25", ".")),
        ("-5°", ("", "-5°", "")),
        ("25%,", ("", "25%", ",")),
        ("[DATE_1],", ("", "", "")),
        ("[...]", ("", "", "")),
        ("നൂറ്‌", ("", "നൂറ്‌", "")),
        ("सौ।", ("", "सौ", "।")),
        ("—", ("—", "", "")),
    ],
)
def test_a_token_is_a_word_and_the_punctuation_around_it(
    text: str, parts: tuple[str, str, str]
) -> None:
    (token,) = tokenize([word(text)])

    assert (token.lead, token.norm, token.trail) == parts


def test_glued_words_are_one_token() -> None:
    tokens = tokenize([word("twenty"), word("-", glued=True), word("five", glued=True), word("x")])

    assert [token.norm for token in tokens] == ["twenty-five", "x"]
    assert [len(token.words) for token in tokens] == [3, 1]


def test_a_stop_is_not_written_twice() -> None:
    assert merge(tokenize([word("pm.")]), "p.m.", first=True, last=True).text == "p.m."
