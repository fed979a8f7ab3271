"""What the tokens of a Whisper model write."""

import unicodedata

import tokenizers

_DIGITS = frozenset({"Nd", "No"})
"""Unicode's categories of decimal digits, and of raised digits and fractions."""
_CURRENCY = "Sc"
_SHARES = frozenset("%‰٪")


def digit_tokens(vocabulary: tokenizers.Tokenizer) -> frozenset[int]:
    """The tokens with digits of any script, or with a sign that is read out beside a number.

    Without them a model writes numbers as words. Digits that a vocabulary has no tokens for and
    spells byte by byte, such as those of Devanagari, are not among them.
    """
    return frozenset(
        token
        for token in vocabulary.get_vocab(with_added_tokens=False).values()
        if any(_in_figures(character) for character in vocabulary.decode([token]))
    )


def _in_figures(character: str) -> bool:
    category = unicodedata.category(character)
    return category in _DIGITS or category == _CURRENCY or character in _SHARES
