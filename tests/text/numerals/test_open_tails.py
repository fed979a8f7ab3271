import pytest

from sferic.recognition.hypothesis import Word
from sferic.text.numerals import Numerals


@pytest.mark.parametrize(
    ("language", "said", "count"),
    [
        ("it", "abito al centoventi", 1),
        ("it", "il numero è tre due doppio", 3),
        ("it", "costa l'ottanta", 1),
        ("it", "l'ora e", 0),
        ("pt", "meu telefone é nove meia", 2),
        ("pt", "custa vinte e", 2),
        ("pt", "ele e", 0),
        ("nl", "het kost vijfentwintig komma", 2),
        ("nl", "ongeveer anderhalf", 1),
        ("nl", "nul zes dubbel", 3),
        ("nl", "jij en", 0),
        ("hi", "मेरा नंबर नौ आठ डबल", 3),
        ("hi", "करीब साढ़े", 1),
        ("hi", "बारह लाख चौंतीस", 3),
        ("hi", "पाँच सौ।", 0),
    ],
)
def test_the_tail_is_what_may_go_on(language: str, said: str, count: int) -> None:
    words = [
        Word(text=text, start=place, end=place + 1, confidence=0.5)
        for place, text in enumerate(said.split())
    ]

    assert Numerals("auto", full=True).open_tail(words, language) == count
