"""Capitals and full stops for models that write neither.

Rules, and no more than is safe: a sentence begins where speech began and ends where it ended, and
English has an I. Names and questions stay as they are; that takes a model that knows the language.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from sferic.recognition.hypothesis import Word

_STOPS = {"hi": "।", "bn": "।", "or": "।", "pa": "।"}
"""What ends a sentence where it is no full stop."""
_ENDS = tuple(".?!…।॥,;:")
_ENGLISH_I = re.compile(r"i(?:['’](?:m|ve|ll|d|s))?", re.IGNORECASE)


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's words look like."""

    capitals: bool = True
    """Whether they have capitals where they belong; without, it is all one case."""
    punctuation: bool = True

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.capitals and self.punctuation


FULL = Writing()
"""What is written as people write it."""


def writing_of(tokens: Iterable[str]) -> Writing:
    """What a model with this vocabulary writes, as far as that can be told.

    One without any two cases has no capitals to miss: either its script has none, or it is all of
    one case, and `dress` does no harm to the first.
    """
    text = "".join(token for token in tokens if not token.startswith("<"))
    return Writing(
        capitals=any(letter.islower() for letter in text) and any(map(str.isupper, text)),
        punctuation=any(mark in text for mark in ".?।"),
    )


def dress(
    words: Sequence[Word],
    writing: Writing,
    *,
    language: str | None,
    opens: bool,
    closes: bool,
) -> tuple[Word, ...]:
    """Add what the model does not write; every word stays one word.

    Args:
        words: As the model wrote them.
        writing: What it writes.
        language: Code of their language.
        opens: Whether a sentence begins with them.
        closes: Whether one ends with them.
    """
    texts = [word.text for word in words]
    if not writing.capitals:
        texts = [_cased(text, language) for text in texts]
    if texts and opens and not writing.capitals:
        texts[0] = texts[0][:1].upper() + texts[0][1:]
    if texts and closes and not writing.punctuation and not texts[-1].endswith(_ENDS):
        texts[-1] += _STOPS.get(language or "", ".")
    return tuple(
        word if word.text == text else msgspec.structs.replace(word, text=text)
        for word, text in zip(words, texts, strict=True)
    )


def _cased(text: str, language: str | None) -> str:
    text = text.lower()
    if language == "en" and _ENGLISH_I.fullmatch(text):
        return text.capitalize()
    return text
