import pytest

from engines import texts
from sferic.recognition.hypothesis import Word
from sferic.recognition.orthography import FULL, Writing, dress, writing_of

BARE = Writing(capitals=False, punctuation=False)


def dressed(
    text: str,
    writing: Writing = BARE,
    *,
    language: str | None = "en",
    opens: bool = True,
    closes: bool = True,
) -> str:
    words = [Word(text=word, start=0, end=1, confidence=0.5) for word in text.split()]
    return " ".join(texts(dress(words, writing, language=language, opens=opens, closes=closes)))


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "HELLO WORLD", "Hello world."),
        ("en", "well i'm sure i'd say i do", "Well I'm sure I'd say I do."),
        ("de", "ICH SAGE I", "Ich sage i."),
        ("de", "über allem", "Über allem."),
        ("hi", "नमस्ते दुनिया", "नमस्ते दुनिया।"),
        ("ta", "வணக்கம்", "வணக்கம்."),
        (None, "hello", "Hello."),
        ("en", "", ""),
    ],
)
def test_a_sentence_begins_and_ends(language: str | None, text: str, expected: str) -> None:
    assert dressed(text, language=language) == expected


def test_what_neither_opens_nor_closes_a_sentence_stays_in_it() -> None:
    assert dressed("AND SO ON", opens=False, closes=False) == "and so on"


def test_what_a_model_writes_itself_stays_as_it_is() -> None:
    assert dressed("iPhone, McDonald i", FULL) == "iPhone, McDonald i"
    assert dressed("iPhone i", Writing(capitals=True, punctuation=False)) == "iPhone i."
    assert dressed("HELLO, YOU?", Writing(capitals=False)) == "Hello, you?"


def test_the_vocabulary_tells_what_a_model_writes() -> None:
    assert writing_of(["<blk>", "▁HE", "LLO"]) == BARE
    assert writing_of(["<unk>", "▁He", "llo", ".", "?"]) == FULL
    assert writing_of(["▁नम", "स्ते", "।"]) == Writing(capitals=False, punctuation=True)
    assert writing_of(["<|en|>", "a", "b"]) == BARE
