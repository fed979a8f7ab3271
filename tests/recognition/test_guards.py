import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.audio import SAMPLE_RATE
from sferic.recognition import guards
from sferic.recognition.hypothesis import Word

END = 60 * SAMPLE_RATE


def words(text: str, *, length: float = 0.3, start: float = 0.0) -> list[Word]:
    """Words one after the other; `_` after a word says that it has no audio of its own."""
    spoken = []
    at = round(start * SAMPLE_RATE)
    for name in text.split():
        after = at + (0 if name.endswith("_") else round(length * SAMPLE_RATE))
        spoken.append(Word(text=name.rstrip("_"), start=at, end=after, confidence=1.0))
        at = after
    return spoken


def text(spoken: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in spoken)


WORDS = st.lists(st.sampled_from(["a", "b", "c", "a_", "b_"]), max_size=20).map(" ".join).map(words)


# Echoes


@pytest.mark.parametrize(
    ("heard", "kept"),
    [
        ("ever tried ever_ tried_", "ever tried"),
        ("ever tried ever_ tried_ ever_", "ever tried"),
        ("go go_ go_ go_", "go"),
        ("so ever tried. Ever_ Tried_", "so ever tried."),
        ("open the door open_ the_ door_ open_ the_", "open the door"),
    ],
)
def test_a_copy_without_audio_of_its_own_is_dropped(heard: str, kept: str) -> None:
    assert text(guards.without_echo(words(heard), end=END)) == kept


@pytest.mark.parametrize("said", ["ever tried ever tried", "no no no no", "a b a b a"])
def test_what_is_really_said_twice_stays(said: str) -> None:
    assert text(guards.without_echo(words(said), end=END)) == said


def test_words_in_the_padding_are_dropped() -> None:
    heard = words("one two three four", length=0.5)
    assert text(guards.without_echo(heard, end=SAMPLE_RATE)) == "one two"


@given(heard=WORDS, end=st.integers(0, 8 * SAMPLE_RATE))
def test_what_is_kept_is_a_beginning_that_is_kept_again(heard: list[Word], end: int) -> None:
    kept = guards.without_echo(heard, end=end)
    assert list(kept) == heard[: len(kept)]
    assert guards.without_echo(kept, end=end) == kept


@given(heard=WORDS)
def test_nothing_is_lost_of_words_that_all_have_audio(heard: list[Word]) -> None:
    if all(word.end > word.start for word in heard):
        assert list(guards.without_echo(heard, end=END)) == heard


# Loops


@pytest.mark.parametrize(
    "heard",
    [
        "no no no no",
        "so go on go on go on",
        "is the door locked is the door locked",
        "Is the door locked? Is the door locked?",
        "before it goes round and round it goes round and round it goes",
    ],
)
def test_a_phrase_that_follows_itself_is_a_loop(heard: str) -> None:
    assert guards.loops(words(heard))


@pytest.mark.parametrize(
    "heard",
    ["", "one", "no no no", "go on go on", "the cat and the dog and the bird", "a b c d a b c"],
)
def test_ordinary_repetition_is_none(heard: str) -> None:
    assert not guards.loops(words(heard))


# Pace


@pytest.mark.parametrize(
    ("heard", "repeated"),
    [("go go", True), ("a b a b c", True), ("a b c a b c", True), ("a b a", False), ("", False)],
)
def test_a_phrase_that_comes_twice_in_a_row_repeats(heard: str, repeated: bool) -> None:
    assert guards.repeats(words(heard)) is repeated


@pytest.mark.parametrize(
    ("heard", "recited"),
    [
        ("she saw a cat a pink shell", True),
        ("Saw a cat. A pink shell", True),
        ("and she saw the pink shell", False),
        ("so saw a cat", True),
        ("a cat sat there", False),
        ("", False),
    ],
)
def test_a_phrase_from_before_at_the_beginning_is_recited(heard: str, recited: bool) -> None:
    assert guards.recites(words(heard), words("one day she saw a cat")) is recited


def test_more_words_than_anybody_says_hurry() -> None:
    assert guards.hurries(words("a " * 20), speech=SAMPLE_RATE)
    assert not guards.hurries(words("a " * 20), speech=5 * SAMPLE_RATE)
    assert not guards.hurries(words("yes no"), speech=0)


def test_three_words_in_a_row_without_audio_stumble() -> None:
    assert guards.stumbles(words("a b_ c_ d_ e"))
    assert not guards.stumbles(words("a b_ c_ d e_ f_"))
    assert not guards.stumbles([])
