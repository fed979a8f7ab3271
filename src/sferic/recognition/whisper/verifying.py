"""Greedy decoding that checks a guess in one pass instead of spelling it out token by token.

A decoder that is shown a text says at once, for every place in it, which token it would have put
there. As long as that is the token that stands there, the text is what greedy decoding would have
found; from the first difference on it goes step by step, until the guess fits again. This is
speculative decoding (Leviathan et al., 2023, "Fast Inference from Transformers via Speculative
Decoding") where the last partial takes the place of a smaller model: of two partials half a second
apart, nearly all tokens are the same. Behind the guess, and where it does not fit, a text that has
begun to repeat itself is guessed to go on like that: Whisper often says a phrase again and again
after the speech has ended.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from sferic.recognition.whisper.backend import Request

_CLEARLY = 5.0
"""Difference of log-probabilities by which another token must be likelier to oust a trusted one."""
_NEAR = 6
"""Tokens on either side among which a guess that did not fit is taken up again."""
_CAUTIOUS = 12
"""Tokens of it that are then proposed at once."""
_AGAIN = 3
"""Tokens in a row that come again before a text is taken to repeat itself."""


class Row(msgspec.Struct, frozen=True):
    """What follows a token."""

    best: int
    score: float
    """Log-probability of the best."""
    target_score: float
    """Log-probability of the token that was proposed to follow."""


class Decoder(Protocol):
    """A decoder with a memory of the tokens that it has been shown."""

    def show(self, tokens: Sequence[int], targets: Sequence[int]) -> Sequence[Row]:
        """Show it tokens, and what may follow each; what it makes of them."""
        ...

    def first(self, row: int) -> Row:
        """Of the last call, the row that the transcript begins after, unless it is empty."""
        ...

    def forget(self, tokens: int) -> None:
        """Forget the last so many tokens."""
        ...


class Verified(msgspec.Struct, frozen=True):
    """Tokens with their log-probabilities, and the mean of those that were not known before."""

    tokens: list[int]
    scores: list[float]
    log_probability: float


def decode(decoder: Decoder, request: Request, *, end: int) -> Verified:
    """Decode greedily, the guess of the request being taken where it fits.

    Args:
        decoder: With an empty memory.
        request: What to decode.
        end: The token that ends a transcript.
    """
    return _Run(decoder, request, end).finish()


class _Run:
    def __init__(self, decoder: Decoder, request: Request, end: int) -> None:
        self._decoder = decoder
        self._request = request
        self._end = end
        self._guess = list(request.guess)
        self._trusted = self._guess[: request.trusted]
        self._at = 0
        """Place in the guess of what may come next."""
        self._proposed = len(self._guess)
        """How much of it is proposed at once."""
        self._tokens: list[int] = []
        self._scores: list[float] = []
        self._last_score = 0.0
        """Of the end, which stands for all where there is nothing else."""

    def finish(self) -> Verified:
        request = self._request
        shown = [*request.before, *request.start, *request.known]
        known_scores: list[float] = []
        over = False
        while not over:
            proposal = self._proposal()
            inputs = shown + proposal
            targets = [*inputs[1:], self._end]
            rows = self._decoder.show(inputs, targets)
            if not self._tokens and not known_scores:
                begins = len(request.before) + len(request.start) - 1
                known_scores = [rows[begins + i].target_score for i in range(len(request.known))]
            over, taken = self._take(rows[len(shown) - 1 :], proposal, len(shown) - 1)
            if not over:
                self._decoder.forget(len(proposal) - taken)
                shown = [self._tokens[-1]]
        scores = self._scores or [self._last_score]
        mean = sum(scores) / len(scores)
        return Verified([*request.known, *self._tokens], [*known_scores, *self._scores], mean)

    def _proposal(self) -> list[int]:
        guess = self._guess[self._at : self._at + self._proposed]
        proposal = guess or _echo([*self._request.known, *self._tokens])
        return proposal[: self._request.room - len(self._tokens)]

    def _take(self, rows: Sequence[Row], proposal: Sequence[int], offset: int) -> tuple[bool, int]:
        """Take what fits and one token more; whether that is the end, and how much fitted."""
        for taken in range(len(proposal) + 1):
            row = rows[taken]
            if not self._tokens and not self._request.known:
                row = self._decoder.first(offset)
            if taken < len(proposal) and self._fits(row, proposal[taken]):
                self._add(proposal[taken], row.target_score)
                self._at += 1
                continue
            if row.best == self._end or len(self._tokens) >= self._request.room:
                self._last_score = row.score
                return True, taken
            self._add(row.best, row.score)
            self._resume(row.best)
            return False, taken
        raise AssertionError  # the last round of the loop always returns

    def _fits(self, row: Row, token: int) -> bool:
        if row.best == token:
            return True
        trusted = self._trusted[self._at : self._at + 1] == [token]
        return trusted and row.score - row.target_score < _CLEARLY

    def _add(self, token: int, score: float) -> None:
        self._tokens.append(token)
        self._scores.append(score)

    def _resume(self, token: int) -> None:
        """Take up the guess behind the nearest place where it has this token, if there is one."""
        places = range(max(self._at - _NEAR, 0), min(self._at + _NEAR, len(self._guess)))
        found = [place for place in places if self._guess[place] == token]
        place = min(found, key=lambda place: abs(place - self._at), default=self._at)
        self._at, self._proposed = place + 1, _CAUTIOUS if found else 0


def _echo(tokens: Sequence[int]) -> list[int]:
    """How a text goes on that has begun to repeat itself, as far as it has come again already."""
    end = len(tokens)
    for period in range(1, end - _AGAIN + 1):
        again = 0
        while again < end - period and tokens[end - 1 - again] == tokens[end - 1 - again - period]:
            again += 1
        if again >= _AGAIN:
            return [tokens[end - period + place % period] for place in range(again)]
    return []
