"""Decoding with a guess, on a decoder whose answers depend on nothing but what it was shown."""

import zlib
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sferic.recognition.whisper.backend import Request
from sferic.recognition.whisper.verifying import _CLEARLY, Row, Verified, decode

END = 0
START = (1, 2)
NEVER_FIRST = (END, 3)

Scores = Callable[[Sequence[int]], NDArray[np.float64]]
"""Log-probabilities of all tokens behind some."""


class Shown:
    """A decoder with a memory, like the one that runs a network."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores
        self.memory: list[int] = []
        self.calls = 0

    def show(self, tokens: Sequence[int], targets: Sequence[int]) -> list[Row]:
        assert len(tokens) == len(targets) > 0
        self.calls += 1
        rows = []
        for token, target in zip(tokens, targets, strict=True):
            self.memory.append(token)
            scores = self._scores(self.memory)
            best = int(scores.argmax())
            rows.append(Row(best, float(scores[best]), float(scores[target])))
        self._targets = targets
        return rows

    def first(self, row: int) -> Row:
        assert self.calls == 1
        scores = first_scores(self._scores, self.memory[: row + 1])
        best = int(scores.argmax())
        return Row(best, float(scores[best]), float(scores[self._targets[row]]))

    def forget(self, tokens: int) -> None:
        assert 0 <= tokens < len(self.memory)
        del self.memory[len(self.memory) - tokens :]


def first_scores(scores: Scores, shown: Sequence[int]) -> NDArray[np.float64]:
    found = scores(shown).copy()
    found[[*NEVER_FIRST]] = -np.inf
    return found


def whimsical(seed: int, tokens: int) -> Scores:
    """Some answer to any text; the end becomes likelier the longer the text."""

    def scores(shown: Sequence[int]) -> NDArray[np.float64]:
        state = zlib.crc32(repr((seed, [*shown])).encode())
        found = np.random.default_rng(state).normal(0, 2, tokens)
        found[END] += len(shown) / 8 - 2
        return np.asarray(found - np.logaddexp.reduce(found), np.float64)

    return scores


def reciting(text: Sequence[int], *, sure: float = 10.0) -> Scores:
    """Only one text is likely: behind any token comes what follows its first place in the text."""
    follow = dict(zip((START[-1], *text), (*text, END), strict=True))

    def scores(shown: Sequence[int]) -> NDArray[np.float64]:
        found = np.zeros(200)
        found[follow.get(shown[-1], text[0])] = sure
        return np.asarray(found - np.logaddexp.reduce(found), np.float64)

    return scores


def step_by_step(scores: Scores, request: Request) -> Verified:
    """Greedy decoding as everybody does it."""
    shown = [*request.before, *request.start]
    known_scores = []
    for token in request.known:
        known_scores.append(float(scores(shown)[token]))
        shown.append(token)
    tokens: list[int] = []
    found: list[float] = []
    while True:
        likely = scores(shown) if tokens or request.known else first_scores(scores, shown)
        best = int(likely.argmax())
        if best == END or len(tokens) >= request.room:
            break
        tokens.append(best)
        found.append(float(likely[best]))
        shown.append(best)
    mean = sum(found) / len(found) if found else float(likely[best])
    return Verified([*request.known, *tokens], known_scores + found, mean)


def same(one: Verified, other: Verified) -> None:
    assert one.tokens == other.tokens
    assert one.scores == pytest.approx(other.scores)
    assert one.log_probability == pytest.approx(other.log_probability)


whims = st.builds(whimsical, st.integers(0, 999), st.sampled_from([5, 8, 30]))
texts = st.lists(st.integers(1, 4), max_size=12)
rooms = st.integers(0, 30)
requests = st.builds(
    Request, before=texts, start=st.just(START), known=texts, guess=texts, room=rooms
)


@given(whims, requests)
def test_no_guess_whatsoever_changes_what_is_found(scores: Scores, request: Request) -> None:
    same(decode(Shown(scores), request, end=END), step_by_step(scores, request))


@given(whims, rooms, st.data())
def test_nor_does_one_that_is_nearly_right(scores: Scores, room: int, data: st.DataObject) -> None:
    plain = step_by_step(scores, Request(start=START, room=room))
    guess = [*plain.tokens]
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(guess)))
        replaced = place + data.draw(st.integers(0, 2))
        guess[place:replaced] = data.draw(st.lists(st.integers(1, 4), max_size=2))
    same(decode(Shown(scores), Request(start=START, guess=guess, room=room), end=END), plain)


@given(whims, requests, st.integers(0, 12))
def test_there_is_never_more_than_the_room(scores: Scores, request: Request, trusted: int) -> None:
    request = msgspec.structs.replace(request, trusted=trusted)
    decoded = decode(Shown(scores), request, end=END)
    count = len(request.known)
    assert decoded.tokens[:count] == request.known
    assert len(decoded.tokens) <= count + request.room
    assert len(decoded.scores) == len(decoded.tokens)


@given(whims, requests)
def test_the_memory_begins_with_the_text_that_was_found(scores: Scores, request: Request) -> None:
    decoder = Shown(scores)
    decoded = decode(decoder, request, end=END)
    text = [*request.before, *START, *decoded.tokens]
    assert decoder.memory[: len(text)] == text


@given(whims, requests)
def test_a_perfect_guess_is_checked_in_one_look(scores: Scores, request: Request) -> None:
    plain = step_by_step(scores, request)
    guess = plain.tokens[len(request.known) :]
    decoder = Shown(scores)
    same(decode(decoder, msgspec.structs.replace(request, guess=guess), end=END), plain)
    assert decoder.calls == 1


def test_without_a_guess_there_is_a_look_for_every_token() -> None:
    text = [*range(10, 30)]
    decoder = Shown(reciting(text))
    assert decode(decoder, Request(start=START, room=99), end=END).tokens == text
    assert decoder.calls == len(text) + 1


def looping(phrase: Sequence[int], *, sure: float = 10.0) -> Scores:
    """A phrase comes again and again, and there is no end to it."""
    follow = dict(zip((START[-1], *phrase), (*phrase, phrase[0]), strict=True))

    def scores(shown: Sequence[int]) -> NDArray[np.float64]:
        found = np.zeros(200)
        found[follow.get(shown[-1], phrase[0])] = sure
        return np.asarray(found - np.logaddexp.reduce(found), np.float64)

    return scores


@pytest.mark.parametrize("length", [1, 2, 3, 12])
@pytest.mark.parametrize("known", [0, 5, 30])
def test_a_text_that_repeats_itself_needs_few_looks(length: int, known: int) -> None:
    text = [*range(10, 10 + length)] * 200
    decoder = Shown(looping(text[:length]))
    decoded = decode(decoder, Request(start=START, known=text[:known], room=90), end=END)
    assert decoded.tokens == text[: known + 90]
    assert decoder.calls <= max(length - known, 0) + 10


def test_trust_in_a_guess_is_none_in_a_repetition() -> None:
    # Six times the phrase, then something else, which is hardly likelier than once more.
    phrase, rest = [10, 11, 12], [*range(20, 40)]
    text = [*phrase * 6, *rest]

    def scores(shown: Sequence[int]) -> NDArray[np.float64]:
        found = np.zeros(200)
        place = min(max(len(shown) - len(START), 0), len(text))
        found[[*text, END][place]] = 8.0
        found[phrase[place % 3]] += 4.0
        return np.asarray(found - np.logaddexp.reduce(found), np.float64)

    request = Request(start=START, guess=[*range(100, 150)], trusted=50, room=99)
    assert decode(Shown(scores), request, end=END).tokens == text


TEXT = [*range(10, 50)]


@pytest.mark.parametrize(
    "guess",
    [
        [*TEXT[:15], 99, *TEXT[16:]],  # one token is another
        [*TEXT[:15], *TEXT[16:]],  # one is missing
        [*TEXT[:15], 99, *TEXT[15:]],  # one is too many
        [*TEXT[:15], *TEXT[19:]],
        [*TEXT[:15], 97, 98, 99, *TEXT[15:]],
        [99, *TEXT[1:]],
        TEXT[1:],
        [*TEXT[:-1], 99],
    ],
)
def test_behind_a_difference_the_guess_is_taken_up_again(guess: list[int]) -> None:
    decoder = Shown(reciting(TEXT))
    assert decode(decoder, Request(start=START, guess=guess, room=99), end=END).tokens == TEXT
    # The difference, and what is left of the guess in portions.
    assert decoder.calls <= 8


@pytest.mark.parametrize("guess", [TEXT[:20], [*TEXT, 60, 61, 62]])
def test_a_guess_may_be_too_short_or_too_long(guess: list[int]) -> None:
    decoder = Shown(reciting(TEXT))
    assert decode(decoder, Request(start=START, guess=guess, room=99), end=END).tokens == TEXT
    assert decoder.calls == max(len(TEXT) - len(guess), 0) + 1


@pytest.mark.parametrize("trusted", [0, 3, 5])
def test_a_trusted_token_stands_unless_another_is_clearly_likelier(trusted: int) -> None:
    guess = [10, 11, 99, 13, 14]
    for sure, stands in ((_CLEARLY - 0.1, trusted > 2), (_CLEARLY + 0.1, False)):
        scores = reciting([10, 11, 12, 13, 14], sure=sure)
        request = Request(start=START, guess=guess, trusted=trusted, room=9)
        decoded = decode(Shown(scores), request, end=END)
        assert decoded.tokens[2] == (99 if stands else 12)
        assert decoded.scores[2] == pytest.approx(float(scores([11])[decoded.tokens[2]]))


def test_trust_ends_where_it_was_said_to() -> None:
    request = Request(start=START, guess=[98, 99], trusted=1, room=9)
    decoded = decode(Shown(reciting([10, 11], sure=1.0)), request, end=END)
    assert decoded.tokens[0] == 98
    assert 99 not in decoded.tokens


def test_trusted_tokens_stand_against_an_early_end() -> None:
    scores = reciting([10, 11], sure=_CLEARLY - 0.1)
    request = Request(start=START, guess=[10, 11, 12], trusted=3, room=3)
    assert decode(Shown(scores), request, end=END).tokens == [10, 11, 12]


def test_a_text_may_be_empty() -> None:
    scores = reciting([10], sure=10.0)
    decoder = Shown(scores)
    request = Request(start=START, known=[10], guess=[11, 12], room=9)
    decoded = decode(decoder, request, end=END)
    assert decoded.tokens == [10]
    assert decoded.log_probability == pytest.approx(float(scores([10])[END]))
    assert decoder.calls == 1
