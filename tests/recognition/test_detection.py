from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.audio import SAMPLE_RATE
from sferic.recognition.detection import NEUTRAL, Leaning, SpokenLanguages
from sferic.recognition.hypothesis import Hypothesis, Word

CODES = ("de", "en", "fr", "ro")
TEXT = (Word(text="Gotham", start=0, end=1, confidence=1.0),)
CLEARLY_GERMAN = {"de": 0.97, "en": 0.01, "fr": 0.01, "ro": 0.01}
CLEARLY_ENGLISH = {"de": 0.01, "en": 0.97, "fr": 0.01, "ro": 0.01}


def hear(spoken: SpokenLanguages, likelihoods: Mapping[str, float], seconds: float) -> str:
    """The language of a piece that the audio says so much of."""
    leaning = spoken.leaning(round(seconds * SAMPLE_RATE))
    language = leaning.choose(likelihoods)
    spoken.note(Hypothesis(words=TEXT, language=language, likelihoods=likelihoods), leaning)
    return language


def german(pieces: int = 4) -> SpokenLanguages:
    spoken = SpokenLanguages(CODES)
    for _ in range(pieces):
        assert hear(spoken, CLEARLY_GERMAN, 4) == "de"
    return spoken


def test_without_leaning_the_audio_alone_decides() -> None:
    assert NEUTRAL.choose({"de": 0.4, "en": 0.6}) == "en"


def test_at_first_the_audio_alone_decides_however_short() -> None:
    assert hear(SpokenLanguages(CODES), CLEARLY_ENGLISH, 0.3) == "en"


def test_a_yes_in_the_middle_of_german_is_no_english() -> None:
    spoken = german()
    assert hear(spoken, CLEARLY_ENGLISH, 0.4) == "de"
    assert hear(spoken, CLEARLY_GERMAN, 4) == "de"


def test_a_sentence_in_english_is() -> None:
    assert hear(german(), CLEARLY_ENGLISH, 4) == "en"


def test_several_short_pieces_in_a_row_change_the_language() -> None:
    spoken = german()
    heard = [hear(spoken, CLEARLY_ENGLISH, 0.8) for _ in range(6)]
    assert heard[0] == "de"
    assert heard[-1] == "en"


def test_nobody_is_held_to_a_language_of_long_ago() -> None:
    few, many = german(2), german(200)
    assert hear(few, CLEARLY_ENGLISH, 3) == hear(many, CLEARLY_ENGLISH, 3) == "en"


def test_a_piece_without_words_says_nothing_of_the_language() -> None:
    spoken = german()
    before = spoken.leaning(SAMPLE_RATE)
    spoken.note(Hypothesis(language="en", likelihoods=CLEARLY_ENGLISH), before)
    assert spoken.leaning(SAMPLE_RATE) == before


def test_what_the_text_says_counts_for_what_follows() -> None:
    spoken = SpokenLanguages(CODES)
    text = ["Das", "ist", "nicht", "der", "Weg", "aber", "wir", "sind", "auf", "dem"]
    words = tuple(Word(text=word, start=0, end=0, confidence=1.0) for word in text)
    leaning = spoken.leaning(4 * SAMPLE_RATE)
    unsure = {"de": 0.3, "en": 0.6, "fr": 0.05, "ro": 0.05}
    heard = Hypothesis(words=words, language="en", likelihoods=unsure)
    understood = spoken.understood(heard)
    assert understood.language == "de"
    spoken.note(understood, leaning)
    assert hear(spoken, CLEARLY_ENGLISH, 0.4) == "de"


def test_a_text_does_not_count_against_audio_that_is_clear() -> None:
    spoken = SpokenLanguages(("ml", "ta"))
    words = (Word(text="மீண்டும் வருக", start=0, end=0, confidence=1.0),)
    clear = Hypothesis(words=words, language="ml", likelihoods={"ml": 0.9, "ta": 0.1})
    assert spoken.understood(clear).language == "ml"
    unclear = Hypothesis(words=words, language="ml", likelihoods={"ml": 0.6, "ta": 0.4})
    assert spoken.understood(unclear).language == "ta"


def test_what_was_expected_gives_way_to_audio_and_text_together() -> None:
    spoken = german()
    said = ["They", "have", "this"]
    words = tuple(Word(text=word, start=0, end=0, confidence=1.0) for word in said)
    leaning = spoken.leaning(SAMPLE_RATE // 2)
    assert leaning.choose(CLEARLY_ENGLISH) == "de"
    heard = Hypothesis(words=words, language="de", likelihoods=CLEARLY_ENGLISH)
    assert spoken.understood(heard).language == "en"


def test_a_language_that_was_given_is_not_doubted() -> None:
    spoken = SpokenLanguages(("fr",))
    words = (Word(text="the of with this", start=0, end=0, confidence=1.0),)
    heard = Hypothesis(words=words, language="fr")
    assert spoken.understood(heard) is heard
    spoken.note(heard, spoken.leaning(0))
    assert spoken.leaning(0).prior == {"fr": pytest.approx(1.0)}


@given(
    pieces=st.lists(
        st.tuples(st.floats(0, 60), st.tuples(*[st.floats(0, 1) for _ in CODES]), st.booleans()),
        max_size=20,
    )
)
def test_whatever_is_heard_some_language_of_the_set_is_chosen_and_any_can_come_next(
    pieces: list[tuple[float, tuple[float, ...], bool]],
) -> None:
    spoken = SpokenLanguages(CODES)
    for seconds, likely, given_by_text in pieces:
        leaning: Leaning = spoken.leaning(round(seconds * SAMPLE_RATE))
        likelihoods = dict(zip(CODES, likely, strict=True))
        language = "ro" if given_by_text else leaning.choose(likelihoods)
        assert language in CODES
        spoken.note(Hypothesis(words=TEXT, language=language, likelihoods=likelihoods), leaning)
        prior = spoken.leaning(SAMPLE_RATE).prior
        assert sum(prior.values()) == pytest.approx(1)
        assert min(prior.values()) > 0
