"""Which of several languages a stream speaks, piece by piece.

What the model finds in the audio of a piece is weighed by how much speech there is in it, and set
against what the stream has spoken so far: a "yes" in the middle of German is no English, a whole
sentence is. It is the forward algorithm of a hidden Markov model whose states are the languages,
with likelihoods raised to a power that grows with the length of the speech. So several short pieces
in a row change the language, too.

The numbers were chosen on sessions put together from recordings of eight languages, of one
language, of two in turn, and of two one after the other. See docs/languages.md.
"""

import math
from collections.abc import Mapping, Sequence

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.recognition.contradiction import contradicted
from sferic.recognition.hypothesis import Hypothesis

_CHANGES = 0.3
"""How likely it is held that a piece is in any language, whatever the one before was in."""
_WEIGHT_A_SECOND = 0.5
"""Power of the likelihoods for each second of speech."""
_LEAST_WEIGHT, _MOST_WEIGHT = 0.2, 2.0
_LEAST_LIKELY = 1e-5
"""Likelihood that a language has at least: the model may be wrong."""
_TEXT_ODDS = 5.0
"""How much likelier than the one it is written in a language may be by the audio, and yet give way.

A model writes a language that it hardly knows in the script of another.
"""
_READ = 0.99
"""How likely the language is that the text is in beyond doubt."""


class Leaning(msgspec.Struct, frozen=True, kw_only=True):
    """What is expected of a piece before its audio is looked at."""

    prior: Mapping[str, float] = {}
    """Probability of each language; those that are not here are all as likely."""
    weight: float = 1.0
    """Power of the likelihoods."""

    def scores(self, likelihoods: Mapping[str, float]) -> dict[str, float]:
        """Logarithms that rank the languages.

        Args:
            likelihoods: What the audio says, by language, each 0 to 1.
        """
        return {
            code: self.weight * math.log(max(likely, _LEAST_LIKELY))
            + math.log(self.prior.get(code, 1.0))
            for code, likely in likelihoods.items()
        }

    def choose(self, likelihoods: Mapping[str, float]) -> str:
        """The language that a piece is most likely in; see `scores`."""
        scores = self.scores(likelihoods)
        return max(scores, key=scores.__getitem__)


NEUTRAL = Leaning()
"""Nothing is expected: the audio alone decides."""


class SpokenLanguages:
    """What is known of the languages of one stream.

    Args:
        codes: Those it may be in.
    """

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = tuple(codes)
        self._belief = dict.fromkeys(self.codes, 1 / len(self.codes))

    def leaning(self, speech: int) -> Leaning:
        """What to expect of the next piece.

        Args:
            speech: Samples of speech in it.
        """
        even = _CHANGES / len(self.codes)
        weight = _WEIGHT_A_SECOND * speech / SAMPLE_RATE
        return Leaning(
            prior={code: (1 - _CHANGES) * sure + even for code, sure in self._belief.items()},
            weight=min(max(weight, _LEAST_WEIGHT), _MOST_WEIGHT),
        )

    def understood(self, hypothesis: Hypothesis) -> Hypothesis:
        """The hypothesis with the language that its text is in, where script or words are clear.

        The audio has to allow for it.
        """
        if len(self.codes) == 1 or hypothesis.language is None:
            return hypothesis
        heard = hypothesis.likelihoods
        ranked = sorted(self.codes, key=lambda code: -heard.get(code, 0.0))
        language = contradicted(hypothesis.words, hypothesis.language, ranked)
        if language is None:
            return hypothesis
        if heard and heard.get(language, 0.0) * _TEXT_ODDS < heard.get(hypothesis.language, 0.0):
            return hypothesis
        return msgspec.structs.replace(hypothesis, language=language)

    def note(self, hypothesis: Hypothesis, leaning: Leaning) -> None:
        """Learn from the final of a piece.

        Args:
            hypothesis: As `understood`, with the likelihoods that the engine found.
            leaning: What was expected of it.
        """
        if len(self.codes) == 1 or not hypothesis.words:
            return
        scores = leaning.scores(hypothesis.likelihoods)
        if not scores:
            return
        if max(scores, key=scores.__getitem__) != hypothesis.language:
            self._be_sure_of(hypothesis.language)
            return
        most = max(scores.values())
        odds = {code: math.exp(scores.get(code, -math.inf) - most) for code in self.codes}
        total = sum(odds.values())
        self._belief = {code: odd / total for code, odd in odds.items()}

    def _be_sure_of(self, language: str | None) -> None:
        if language not in self._belief:
            return
        rest = (1 - _READ) / max(len(self.codes) - 1, 1)
        self._belief = dict.fromkeys(self.codes, rest) | {language: _READ}
