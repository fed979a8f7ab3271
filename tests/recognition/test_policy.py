from hypothesis import given
from hypothesis import strategies as st

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.policy import LocalAgreement

S = SAMPLE_RATE


def words(text: str, *, start: float = 0.0, length: float = 0.5, gap: float = 0.0) -> list[Word]:
    """Words one after the other, each with a pause behind it."""
    at = [round((start + i * (length + gap)) * S) for i in range(len(text.split()))]
    return [
        Word(text=name, start=first, end=first + round(length * S), confidence=1.0)
        for first, name in zip(at, text.split(), strict=True)
    ]


def heard(policy: LocalAgreement, text: str, *, now: float, **timing: float) -> Hypothesis:
    """The next draft, answered with all of the text that the draft still covers."""
    draft = policy.next(round(now * S))
    covered = [word for word in words(text, **timing) if word.start >= draft.start]
    return policy.accept(Hypothesis(words=tuple(covered), language="en"))


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


ANSWERS = st.lists(st.lists(st.sampled_from("ab"), max_size=40), max_size=25)


@given(answers=ANSWERS, start=st.integers(0, S))
def test_a_settled_word_never_changes_whatever_is_heard_later(
    answers: list[list[str]], start: int
) -> None:
    policy = LocalAgreement(start)
    standing: tuple[Word, ...] = ()
    previous = start
    for number, fresh in enumerate(answers):
        draft = policy.next(start + number * S)
        assert draft.start >= previous
        previous = draft.start
        assert standing[len(standing) - len(draft.prefix) :] == draft.prefix
        at = draft.prefix[-1].end if draft.prefix else draft.start
        following = words(" ".join(fresh), start=at / S, length=0.4)
        answer = policy.accept(Hypothesis(words=(*draft.prefix, *following), language="en"))
        assert answer.words[: len(standing)] == standing
        assert answer.settled >= len(standing)
        assert text(answer.words[len(standing) :]) == " ".join(fresh)
        standing = answer.words[: answer.settled]
