import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.recognition.hypothesis import Word, join
from sferic.text import style


def words(text: str) -> list[Word]:
    """Make words of a text: split at spaces, and at `~` into glued ones."""
    parts = [(part, at > 0) for group in text.split() for at, part in enumerate(group.split("~"))]
    return [
        Word(text=part, start=place, end=place + 1, confidence=0.5, glued=glued)
        for place, (part, glued) in enumerate(parts)
    ]


def bare(text: str) -> str:
    return join(style.apply(words(text), punctuate=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world! (Really?) “Yes…”", "Hello world Really Yes"),
        ("Don't, it's o’clock; mother-in-law's.", "Don't it's o’clock mother-in-law's"),
        ("It cost 3.5, no: 1,234.50 at 10:30!", "It cost 3.5 no 1,234.50 at 10:30"),
        ("-5° and 50% of $20, i.e. #1 & C++.", "-5° and 50% of $20 i.e. #1 & C++"),
        ("at 5 p.m., in the U.S., e.g.", "at 5 p.m. in the U.S. e.g."),
        ("See https://example.com/a?b=c, me@x.org.", "See https://example.com/a?b=c me@x.org"),
        ("well—yes and…no or so--there", "well yes and no or so there"),
        ("from 10–20 or 1990–2000.", "from 10–20 or 1990–2000"),
        ("'Hello there,' he said, 'dogs.'", "Hello there he said dogs"),
        ("the dogs' goin' rock 'n' roll, 'tis", "the dogs' goin' rock 'n' roll 'tis"),
        ("'s ochtends. ‚Ja‘ ‘no’", "'s ochtends Ja no"),
        ("¿Qué? ¡No! l'amico, po' d'acqua", "Qué No l'amico po' d'acqua"),
        ("« Vraiment ? »", "Vraiment"),
        ("ta' Malta, il-kelb.", "ta' Malta il-kelb"),
        ("EU:n, n:o", "EU:n n:o"),
        ("हिन्दी, में। दुःख॥ ज़िंदगी!", "हिन्दी में दुःख ज़िंदगी"),
        ("ক্ষমতা। বাংলা,", "ক্ষমতা বাংলা"),
        ("தமிழ். தெலுங்கு,", "தமிழ் தெலுங்கு"),
        ("ଓଡ଼ିଆ। ਪੰਜਾਬੀ।", "ଓଡ଼ିଆ ਪੰਜਾਬੀ"),
        ("مرحبا؟ نعم،", "مرحبا نعم"),
        ("cafe\u0301, nai\u0308ve.", "cafe\u0301 nai\u0308ve"),
        ("[FIRSTNAME_1]'s, [ZIPCODE_2].", "[FIRSTNAME_1]'s [ZIPCODE_2]"),
        ("do~n't l'~amico mother~-~in~-~law", "don't l'amico mother-in-law"),
        ("今日~、~明日~。", "今日明日"),
        ("3~.~5", "3.5"),
        ("- so", "so"),
        ("one~— ~two", "one two"),
    ],
)
def test_punctuation_goes_and_what_is_spelling_stays(text: str, expected: str) -> None:
    assert bare(text) == expected


def test_capitals_go() -> None:
    text = "Straẞe ÉCOLE Київ NASA [FIRSTNAME_1]. Don't!"

    lower = join(style.apply(words(text), capitalize=False))

    assert lower == "straße école київ nasa [FIRSTNAME_1]. don't!"


def test_both_go() -> None:
    styled = style.apply(words("Hello, World - YES!"), punctuate=False, capitalize=False)

    assert join(styled) == "hello world yes"


def test_with_nothing_to_take_off_words_are_the_same() -> None:
    said = words("Hello, World - YES!")

    assert style.apply(said) == said


def test_a_word_that_was_only_punctuation_is_gone_and_the_others_keep_their_times() -> None:
    said = words("Yes - well .")

    assert [(one.text, one.start) for one in style.apply(said, punctuate=False)] == [
        ("Yes", 0),
        ("well", 2),
    ]


TEXTS = st.text(alphabet="aÉ1.,'’-—…\"।ि्_[]A@:/ßक ", min_size=1, max_size=8) | st.text(min_size=1)


@given(
    st.lists(
        st.builds(
            Word,
            text=TEXTS,
            start=st.just(0),
            end=st.just(1),
            confidence=st.just(1.0),
            glued=st.booleans(),
        )
    ),
    st.booleans(),
)
def test_no_letter_digit_or_mark_is_ever_lost(said: list[Word], capitalize: bool) -> None:
    styled = style.apply(said, punctuate=False, capitalize=capitalize)

    assert all(one.text for one in styled)
    assert spoken(styled) == spoken(said)


def spoken(said: list[Word]) -> str:
    text = "".join(one.text for one in said).lower()
    return "".join(c for c in text if unicodedata.category(c)[0] in "LNM")


@given(st.text())
def test_without_capitals_there_is_nothing_left_to_lower(text: str) -> None:
    (styled,) = style.apply(
        [Word(text=text or "x", start=0, end=1, confidence=1.0)], capitalize=False
    )

    assert styled.text == styled.text.lower() or "[" in text
