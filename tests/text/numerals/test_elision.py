import pytest

from sferic.text.numbers import reader
from sferic.text.numerals import grammar
from sferic.text.numerals.elision import elision


@pytest.mark.parametrize(
    ("word", "letters"),
    [
        ("l'ottanta", 2),
        ("dell'ottavo", 5),
        ("all'una", 4),
        ("l'80", 2),
        ("l'ora", 0),
        ("l'", 0),
        ("ottanta", 0),
        ("", 0),
    ],
)
def test_an_article_is_told_from_the_number_it_is_joined_to(word: str, letters: int) -> None:
    count = elision(grammar.load("it"), reader("it"))

    assert count is not None
    assert count(word) == letters


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_language_without_such_articles_has_nothing_to_tell(language: str) -> None:
    assert elision(grammar.load(language), reader(language)) is None
