import pytest

from sferic.text.hesitations import Fluent, is_hesitation
from text.stages import FakeRedactor, say, texts


@pytest.mark.parametrize(
    ("given", "shown", "held"),
    [
        ("so uh it is", "so uh it is", 0),
        ("um it is seven uh eight so", "um it is [PIN_1] so", 0),
        ("it is um seven so", "it is um [PIN_1] so", 0),
        ("it is seven um so", "it is [PIN_1] um so", 0),
        ("it is um seven uh", "it is um", 2),
        ("it is seven hmm eight um", "it is", 4),
        ("uh um", "uh um", 0),
        ("", "", 0),
    ],
)
def test_redaction_reads_over_hesitations_and_they_stay(given: str, shown: str, held: int) -> None:
    redacted = Fluent(FakeRedactor()).final(say(given), "en", ended=False)
    assert (texts(redacted.words), redacted.held) == (shown, held)


def test_partials_are_read_so_too() -> None:
    shown = Fluent(FakeRedactor()).partial(say("uh it is seven um eight"), "en")
    assert texts(shown) == "uh it is [...]"


def test_a_sound_in_one_language_is_a_word_in_another() -> None:
    [word] = say("Um,")
    assert is_hesitation(word, "en")
    assert not is_hesitation(word, "de")
    assert not is_hesitation(word, "pt")


def test_hesitation_is_told_by_the_signs_at_its_letters_too() -> None:
    assert all(is_hesitation(word, "hi") for word in say("अं, हम्म"))
    assert not any(is_hesitation(word, "hi") for word in say("अ हम"))
