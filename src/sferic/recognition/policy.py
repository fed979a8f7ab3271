"""Partials of one segment: what to decode next, and which words have settled.

Local agreement (Liu et al., 2020, "Low-latency sequence-to-sequence speech recognition"): words
that two decodings in a row agree on and are sure of are settled. Later decodings start from them
instead of from nothing, and once they are long enough the audio behind them is left out. Finals
decode their whole audio again; settled words are a guess there that is given up only for something
far likelier.
"""

from collections.abc import Sequence

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Hypothesis, Word, letters

_UNSETTLED = 1
"""Words at the end that are never settled: the last one may not be complete."""
_SURE = 0.75
"""Confidence of a word that may be settled; those behind one that is less sure wait with it."""
_LONG = 5 * SAMPLE_RATE
"""Audio of a draft beyond which settled words are left out of it."""
_KEPT = 2 * SAMPLE_RATE
"""Audio that a draft keeps in any case."""


class Draft(msgspec.Struct, frozen=True):
    """What to decode for the next partial."""

    start: int
    """Clock time to decode from."""
    prefix: tuple[Word, ...]
    """Settled words from there on."""
    guess: tuple[Word, ...]
    """What the last draft had after them."""
    context: tuple[Word, ...]
    """Settled words before."""
    language: str | None
    """The language they are in."""


class LocalAgreement:
    """Follows the partials of one piece of speech."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._behind: tuple[Word, ...] = ()
        self._settled: tuple[Word, ...] = ()
        self._last: tuple[Word, ...] = ()
        self._language: str | None = None
        self._doubtful_from: int | None = None
        """Index of the first word that was left behind without having settled."""

    @property
    def hypothesis(self) -> Hypothesis:
        """The whole piece so far, settled words first."""
        settled = len(self._behind) + len(self._settled)
        if self._doubtful_from is not None:
            settled = min(settled, self._doubtful_from)
        return Hypothesis(
            words=(*self._behind, *self._last), language=self._language, settled=settled
        )

    def next(self, now: int) -> Draft:
        """What to decode when the audio reaches up to `now`."""
        if now - self._start > _LONG:
            self._leave_behind(now)
        return Draft(
            start=self._start,
            prefix=self._settled,
            guess=self._last[len(self._settled) :],
            context=self._behind,
            language=self._language if self._settled or self._behind else None,
        )

    def accept(self, hypothesis: Hypothesis) -> Hypothesis:
        """Take the answer to the last draft; return the whole piece, settled words first."""
        count = len(self._settled)
        fresh = hypothesis.words[count:]
        agreed = min(agreement(self._last[count:], fresh), _sure(fresh))
        settled = max(min(agreed, len(fresh) - _UNSETTLED), 0)
        self._last = (*self._settled, *fresh)
        self._settled = self._last[: count + settled]
        self._language = hypothesis.language
        return self.hypothesis

    def review(self, hypothesis: Hypothesis) -> Hypothesis:
        """Take a decoding of the whole piece from nothing; settled words stay as they are."""
        settled = (*self._behind, *self._settled)
        count = len(settled)
        if agreement(settled, hypothesis.words) < count:
            # It has heard something else there: what follows is told by the time.
            ends = settled[-1].end
            count = sum((word.start + word.end) // 2 < ends for word in hypothesis.words)
        self._last = (*self._settled, *hypothesis.words[count:])
        self._language = hypothesis.language
        return self.hypothesis

    def seek(self, start: int) -> None:
        """Go on behind all words: the decoder has stopped there, and there is more to be heard.

        Words that had not settled by then never will: nothing is decoded again before the final.
        """
        if len(self._settled) < len(self._last):
            self._doubtful_from = self.hypothesis.settled
        self._behind = (*self._behind, *self._last)
        self._settled = self._last = ()
        self._start = start

    def _leave_behind(self, now: int) -> None:
        """Leave out settled words, up to the longest gap that is not too close to the end."""
        borders = [
            (after.start - word.end, index + 1)
            for index, (word, after) in enumerate(zip(self._settled, self._last[1:], strict=False))
            if word.end < now - _KEPT and word.end > self._start + _KEPT
        ]
        if not borders:
            return
        gap, count = max(borders)
        self._behind += self._settled[:count]
        self._start = self._behind[-1].end + gap // 2
        self._settled = self._settled[count:]
        self._last = self._last[count:]


def agreement(one: Sequence[Word], other: Sequence[Word]) -> int:
    """Return how many leading words two have in common."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if letters(a) != letters(b):
            break
        count += 1
    return count


def _sure(words: Sequence[Word]) -> int:
    """How many leading words are sure."""
    doubts = (index for index, word in enumerate(words) if word.confidence < _SURE)
    return next(doubts, len(words))
