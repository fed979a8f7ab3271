import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.policy import _SURE, LocalAgreement

S = SAMPLE_RATE


def words(text: str, *, start: float = 0.0, length: float = 0.5, gap: float = 0.0) -> list[Word]:
    """Words one after the other, each with a pause behind it; one in parentheses is not sure."""
    at = [round((start + i * (length + gap)) * S) for i in range(len(text.split()))]
    return [
        Word(
            text=name.strip("()"),
            start=first,
            end=first + round(length * S),
            confidence=0.3 if name.startswith("(") else 1.0,
        )
        for first, name in zip(at, text.split(), strict=True)
    ]


def heard(policy: LocalAgreement, text: str, *, now: float, **timing: float) -> Hypothesis:
    """The next draft, answered with all of the text that the draft still covers."""
    draft = policy.next(round(now * S))
    covered = [word for word in words(text, **timing) if word.start >= draft.start]
    return policy.accept(Hypothesis(words=tuple(covered), language="en"))


def decided(policy: LocalAgreement, text: str) -> Hypothesis:
    """What is shown after a decoding of the whole piece from nothing."""
    return policy.review(Hypothesis(words=tuple(words(text)), language="en"))


def text(spoken: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in spoken)


def settled(hypothesis: Hypothesis) -> str:
    return text(hypothesis.words[: hypothesis.settled])


def test_words_that_two_drafts_agree_on_settle_except_the_last() -> None:
    policy = LocalAgreement(0)
    assert settled(heard(policy, "one two free", now=2)) == ""
    assert settled(heard(policy, "one two three four", now=2)) == "one two"
    assert settled(heard(policy, "one two three four", now=2)) == "one two three"


def test_capitals_and_punctuation_are_no_disagreement() -> None:
    policy = LocalAgreement(0)
    heard(policy, "Hello, world. And", now=2)
    assert settled(heard(policy, "hello world and then", now=2)) == "hello world and"


def test_the_next_draft_begins_with_what_has_settled_in_its_language() -> None:
    policy = LocalAgreement(100)
    first = policy.next(2 * S)
    assert (first.start, first.prefix, first.language) == (100, (), None)
    for _ in range(2):
        heard(policy, "one two three", now=2, start=1)
    draft = policy.next(2 * S)
    assert (draft.start, text(draft.prefix), draft.language) == (100, "one two", "en")


def test_settled_words_stand_even_if_the_answer_leaves_them_out() -> None:
    policy = LocalAgreement(0)
    for _ in range(2):
        heard(policy, "one two three", now=2)
    policy.next(2 * S)
    answer = policy.accept(Hypothesis(words=(), language="en"))
    assert (text(answer.words), settled(answer)) == ("one two", "one two")


def test_the_next_draft_is_told_what_the_last_one_had_after_the_settled_words() -> None:
    policy = LocalAgreement(0)
    assert policy.next(2 * S).guess == ()
    heard(policy, "one two free", now=2)
    assert text(policy.next(2 * S).guess) == "one two free"
    heard(policy, "one two three four", now=2)
    draft = policy.next(2 * S)
    assert (text(draft.prefix), text(draft.guess)) == ("one two", "three four")


# Words that are not sure


def test_a_word_that_is_not_sure_does_not_settle_and_holds_back_those_behind_it() -> None:
    policy = LocalAgreement(0)
    answers = [heard(policy, "one (two) three four", now=2) for _ in range(3)]
    assert [settled(answer) for answer in answers] == ["", "one", "one"]
    assert {text(answer.words) for answer in answers} == {"one two three four"}


def test_a_word_settles_when_it_has_become_sure() -> None:
    policy = LocalAgreement(0)
    heard(policy, "one (two) three four", now=2)
    assert settled(heard(policy, "one two three four", now=2)) == "one two three"


@pytest.mark.parametrize(("confidence", "settles"), [(_SURE - 0.01, False), (_SURE, True)])
def test_a_word_settles_from_a_confidence_on(confidence: float, settles: bool) -> None:
    policy = LocalAgreement(0)
    [first, last] = words("one two")
    spoken = (msgspec.structs.replace(first, confidence=confidence), last)
    for _ in range(2):
        policy.next(2 * S)
        answer = policy.accept(Hypothesis(words=spoken, language="en"))
    assert settled(answer) == ("one" if settles else "")


def test_a_settled_word_stays_settled_if_it_is_no_longer_sure() -> None:
    policy = LocalAgreement(0)
    for _ in range(2):
        heard(policy, "one two three", now=2)
    answer = heard(policy, "(one) (two) three four", now=2)
    assert settled(answer) == "one two three"


# The whole piece, decoded from nothing


def test_a_decoding_from_nothing_is_shown_and_settles_nothing() -> None:
    policy = LocalAgreement(0)
    heard(policy, "one two free", now=2)
    answer = decided(policy, "one two three four")
    assert text(answer.words) == text(policy.hypothesis.words) == "one two three four"
    assert settled(answer) == ""


def test_a_decoding_from_nothing_leaves_settled_words_as_they_are() -> None:
    policy = LocalAgreement(0)
    for _ in range(2):
        heard(policy, "won two three", now=2)
    answer = decided(policy, "One, to three four.")
    assert text(answer.words) == "won two three four."
    assert settled(answer) == "won two"
    draft = policy.next(2 * S)
    assert (text(draft.prefix), text(draft.guess)) == ("won two", "three four.")


def test_a_decoding_from_nothing_leaves_words_that_drafts_leave_out_as_they_are() -> None:
    policy = LocalAgreement(0)
    long = "a b c d e f g h i j k l m n o p q r s t"
    for _ in range(3):
        heard(policy, long, now=10)
    assert policy.next(10 * S).context
    answer = decided(policy, long.replace("b", "bee") + " u v")
    assert text(answer.words) == long + " u v"


def test_a_decoding_from_nothing_that_has_too_little_leaves_what_is_settled() -> None:
    policy = LocalAgreement(0)
    for _ in range(2):
        heard(policy, "one two three", now=2)
    answer = decided(policy, "one")
    assert (text(answer.words), settled(answer)) == ("one two", "one two")


def test_the_next_draft_may_agree_with_a_decoding_from_nothing() -> None:
    policy = LocalAgreement(0)
    heard(policy, "one too", now=2)
    decided(policy, "one two three four")
    assert settled(heard(policy, "one two three for", now=2)) == "one two three"


def test_words_left_behind_unsettled_stay_and_never_count_as_settled() -> None:
    policy = LocalAgreement(0)
    for _ in range(2):
        heard(policy, "one two three", now=2)
    policy.seek(2 * S)
    for _ in range(2):
        answer = heard(policy, "four five six", now=4, start=2)
    assert text(answer.words) == "one two three four five six"
    assert settled(answer) == "one two"


def test_behind_words_that_have_all_settled_later_ones_may_settle() -> None:
    policy = LocalAgreement(0)
    policy.seek(2 * S)
    for _ in range(2):
        answer = heard(policy, "four five six", now=4, start=2)
    assert settled(answer) == "four five"


# Long speech


def test_audio_behind_settled_words_is_left_out_of_a_long_draft() -> None:
    policy = LocalAgreement(0)
    long = "a b c d e f g h i j k l m n o p q r s t"
    for _ in range(2):
        heard(policy, long, now=10)
    draft = policy.next(10 * S)
    assert 2 * S < draft.start < 8 * S
    assert draft.language == "en"
    answer = heard(policy, long, now=10)
    assert text(answer.words) == long
    assert answer.settled == 19


def test_a_long_draft_begins_in_the_longest_pause() -> None:
    policy = LocalAgreement(0)
    before, after = words("a b c d e f g h"), words("i j k l m n o p q r", start=5)
    for _ in range(2):
        policy.next(7 * S)
        policy.accept(Hypothesis(words=(*before, *after), language="en"))
    draft = policy.next(10 * S)
    assert draft.start == (before[-1].end + after[0].start) // 2
    assert draft.prefix == tuple(after[:-1])


def test_a_short_draft_keeps_all_its_audio() -> None:
    policy = LocalAgreement(0)
    for _ in range(3):
        heard(policy, "a b c d e f g h i j", now=5)
    assert policy.next(5 * S).start == 0


ANSWER = st.lists(st.sampled_from(["a", "b", "(a)", "(b)"]), max_size=40)
ANSWERS = st.lists(st.tuples(ANSWER, st.booleans()), max_size=25)


@given(answers=ANSWERS, start=st.integers(0, S))
def test_a_settled_word_never_changes_whatever_is_heard_later(
    answers: list[tuple[list[str], bool]], start: int
) -> None:
    policy = LocalAgreement(start)
    standing: tuple[Word, ...] = ()
    previous = start
    for number, (fresh, from_nothing) in enumerate(answers):
        if from_nothing:
            answer = decided(policy, " ".join(fresh))
            assert answer.words[: len(standing)] == standing
            assert answer.settled == len(standing)
            continue
        draft = policy.next(start + number * S)
        assert draft.start >= previous
        previous = draft.start
        assert standing[len(standing) - len(draft.prefix) :] == draft.prefix
        at = draft.prefix[-1].end if draft.prefix else draft.start
        following = words(" ".join(fresh), start=at / S, length=0.4)
        answer = policy.accept(Hypothesis(words=(*draft.prefix, *following), language="en"))
        assert answer.words[: len(standing)] == standing
        assert answer.settled >= len(standing)
        assert text(answer.words[len(standing) :]) == text(tuple(following))
        assert all(word.confidence >= _SURE for word in answer.words[: answer.settled])
        standing = answer.words[: answer.settled]


def test_a_decoding_that_heard_a_word_more_in_front_repeats_nothing() -> None:
    policy = LocalAgreement(0)
    heard(policy, "one two hm", now=1.6)
    assert settled(heard(policy, "one two hm", now=2.0)) == "one two"
    spoken = (*words("one", length=0.3), *words("and", start=0.3, length=0.2))
    spoken += (*words("two", start=0.5), *words("three", start=1.0))
    shown = policy.review(Hypothesis(words=spoken, language="en"))
    assert text(shown.words) == "one two three"
