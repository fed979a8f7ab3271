"""Keywords for Whisper: what sounds like one is put to the decoder with the keyword in its place.

A decoder that is shown a whole text gives the probability of each of its tokens in one pass. So
the text that was decoded and the same text with a keyword where something sounds like it are told
apart by the audio, with the boost of the keyword as a head start. Nothing is put anywhere that the
decoder holds for much less likely, and nothing that it would have to be led to: there is no loop.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from sferic.recognition.keywords import Keywords, Match
from sferic.recognition.whisper.backend import Decoded

_LIKE = 0.6
"""Likeness from which words are weighed against a keyword."""
_SURE = 0.75
"""Probability of all tokens from which words are weighed only if the likeness is more than that."""
_VERY_LIKE = 0.9
"""That likeness."""
_HEAD_START = 1.0
"""Log-probability that a text with a keyword may lose, whatever its boost."""
_FOR_BOOST = 1.5
"""What it may lose besides for each unit of the boost."""
_FOR_LIKENESS = 10.0
"""What it may lose besides, or that much less, for the likeness above or below the middle."""
_MIDDLE = 0.8
_MOST_TRIALS = 8
"""Texts that are put to the decoder for one final."""
_SILENT_PROBABILITY = 1e-10


class Spelled(msgspec.Struct, frozen=True):
    """A word of a text, and the tokens that it is made of."""

    text: str
    first: int
    after: int
    """The token after its last letter."""
    sure: float
    """Probability of the least likely of them."""


class Biasing(msgspec.Struct, frozen=True):
    """What it takes to put keywords into a text.

    Attributes:
        keywords: Those of the stream.
        encode: Tokens of a text.
        review: What the decoder makes of a text in tokens.
    """

    keywords: Keywords
    encode: Callable[[str], Sequence[int]]
    review: Callable[[Sequence[int]], Decoded]

    def apply(self, decoded: Decoded, words: Sequence[Spelled], *, given: int) -> Decoded:
        """Put in keywords where the decoder prefers them, or nearly.

        Args:
            decoded: A text.
            words: Its words, in order.
            given: Leading words that stand as they are.
        """
        matches = self.keywords.matches([word.text for word in words[given:]], least=_LIKE)
        accepted: list[tuple[float, int, int, list[int]]] = []
        right = {
            at
            for match in matches
            for at in range(match.first, match.after)
            if _stands(match, words[given:])
        }
        before = _score(decoded)
        tried: set[tuple[int, ...]] = {tuple(decoded.tokens)}
        for match in matches:
            if len(tried) > _MOST_TRIALS:
                break
            span = words[given + match.first : given + match.after]
            sure = min(word.sure for word in span) >= _SURE and match.likeness < _VERY_LIKE
            if sure or not right.isdisjoint(range(match.first, match.after)):
                continue
            put = [*self.encode(" " + _dressed(match.keyword.text, span))]
            first, after = span[0].first, span[-1].after
            tokens = [*decoded.tokens[:first], *put, *decoded.tokens[after:]]
            if tuple(tokens) in tried:
                continue
            tried.add(tuple(tokens))
            reviewed = self.review(tokens)
            gain = _score(reviewed) - before + _head_start(match)
            if len(reviewed.tokens) == len(tokens) and gain > 0:
                accepted.append((gain, first, after, put))
        chosen = _apart(accepted)
        if not chosen:
            return decoded
        tokens = [*decoded.tokens]
        for _, first, after, put in sorted(chosen, reverse=True, key=lambda each: each[1]):
            tokens[first:after] = put
        reviewed = self.review(tokens)
        if len(reviewed.tokens) != len(tokens):
            return decoded
        return reviewed


def _head_start(match: Match) -> float:
    likeness = _FOR_LIKENESS * (match.likeness - _MIDDLE)
    return _HEAD_START + _FOR_BOOST * match.keyword.boost + likeness


def _stands(match: Match, words: Sequence[Spelled]) -> bool:
    """Whether the keyword was heard as it is: no other is put in its place."""
    heard = [_bare(word.text) for word in words[match.first : match.after]]
    return heard == [_bare(part) for part in match.keyword.text.split()]


def _bare(text: str) -> str:
    return "".join(mark for mark in text if mark.isalnum())


def _score(decoded: Decoded) -> float:
    """Log-probability of the whole text."""
    return float(np.log(np.maximum(decoded.probabilities, _SILENT_PROBABILITY)).sum())


def _apart(
    found: Sequence[tuple[float, int, int, list[int]]],
) -> list[tuple[float, int, int, list[int]]]:
    """The best of what was found, none of it where another is."""
    chosen: list[tuple[float, int, int, list[int]]] = []
    for each in sorted(found, reverse=True, key=lambda each: each[0]):
        if all(each[2] <= other[1] or other[2] <= each[1] for other in chosen):
            chosen.append(each)
    return chosen


def _dressed(keyword: str, span: Sequence[Spelled]) -> str:
    """The keyword with what stood before the letters, and the 's after them."""
    first, last = span[0].text, span[-1].text
    bare = first.lstrip("".join(mark for mark in first if not mark.isalnum()))
    lead = first[: len(first) - len(bare)]
    ending = next((end for end in ("'s", "’s") if last.rstrip(".,!?;:").endswith(end)), "")
    return lead + keyword + ("" if keyword.endswith(ending) else ending)
