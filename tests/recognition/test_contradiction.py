import pytest

from sferic import languages
from sferic.recognition.contradiction import contradicted
from sferic.recognition.hypothesis import Word


def words(text: str) -> list[Word]:
    return [Word(text=word, start=0, end=0, confidence=1.0) for word in text.split()]


@pytest.mark.parametrize(
    ("text", "heard", "meant"),
    [
        ("The man from the office was not with them.", "de", "en"),
        ("Das ist nicht der Weg, aber wir sind auf dem Weg.", "nl", "de"),
        ("Сьогодні її немає вдома, і я її не бачив.", "ru", "uk"),
        ("Мы были там вчера, и вы тоже были.", "uk", "ru"),
        ("Мы были там вчера, и вы тоже были.", "en", "ru"),
        ("ನಮಸ್ಕಾರ ನೀವು ಹೇಗಿದ್ದೀರಿ", "te", "kn"),
        ("மீண்டும் வருக", "ml", "ta"),
    ],
)
def test_script_letters_and_words_tell_what_was_spoken(text: str, heard: str, meant: str) -> None:
    assert contradicted(words(text), heard, tuple(languages.CODES)) == meant
    assert contradicted(words(text), meant, tuple(languages.CODES)) is None


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Yes.", "de"),
        ("Okay, the end.", "de"),
        ("Wir spielen The Legend of Zelda und das ist schön.", "de"),
        ("Иван", "bg"),
        ("", "en"),
        ("12 345", "fr"),
        ("Ma nemme tea", "et"),
        ("Привет Москва", "ru"),
        ("La casa", "es"),
    ],
)
def test_names_titles_and_little_text_decide_nothing(text: str, heard: str) -> None:
    assert contradicted(words(text), heard, tuple(languages.CODES)) is None


def test_only_a_language_that_was_asked_about_is_found() -> None:
    text = words("The man from the office was not with them.")
    assert contradicted(text, "de", ("de", "fr")) is None
    assert contradicted(words("Это было хорошо и быстро"), "de", ("de", "fr")) is None


def test_of_several_languages_of_one_script_the_likeliest_is_taken() -> None:
    text = words("Здравствуйте, добро пожаловать")
    assert contradicted(text, "en", ("bg", "ru", "en")) == "bg"
    assert contradicted(text, "en", ("ru", "bg", "en")) == "ru"
