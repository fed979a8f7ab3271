"""Keywords for Whisper: what sounds like one is put to the decoder with the keyword in its place.

A decoder that is shown a whole text gives the probability of each of its tokens in one pass. So
the text that was decoded and the same text with a keyword where something sounds like it are told
apart by the audio, with the boost of the keyword as a head start. Nothing is put anywhere that the
decoder holds for much less likely, and nothing that it would have to be led to: there is no loop.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from sferic.recognition.keywords import Keywords
from sferic.recognition.whisper.backend import Decoded

_LIKE = 0.6
"""Likeness from which words are weighed against a keyword."""
_HEAD_START = 1.5
"""Of the log-probability of a text, for each unit of a keyword's boost."""
_MOST_TRIALS = 8
"""Texts that are put to the decoder for one final."""
_SILENT_PROBABILITY = 1e-10


class Spelled(msgspec.Struct, frozen=True):
    """A word of a text, and the tokens that it is made of."""

    text: str
    first: int
    after: int
    """The token after its last letter."""


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
        before = _score(decoded)
        tried: set[tuple[int, ...]] = {tuple(decoded.tokens)}
        for match in matches:
            if len(tried) > _MOST_TRIALS:
                break
            span = words[given + match.first : given + match.after]
            put = [*self.encode(" " + _dressed(match.keyword.text, span))]
            first, after = span[0].first, span[-1].after
            tokens = [*decoded.tokens[:first], *put, *decoded.tokens[after:]]
            if tuple(tokens) in tried:
                continue
            tried.add(tuple(tokens))
            reviewed = self.review(tokens)
            gain = _score(reviewed) - before + _HEAD_START * match.keyword.boost
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
        return msgspec.structs.replace(
            reviewed, log_probability=decoded.log_probability, no_speech=decoded.no_speech
        )


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
