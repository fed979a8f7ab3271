"""How words that are said in an address are written in it."""

import re
import unicodedata

from sferic.text.numerals.grammar import Addresses

_LETTERS = re.compile("(.)(\u093c?)")
"""Letters, and the dot that makes another letter of some of them."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_NASALS = frozenset("\u0901\u0902")
_VOWELS = frozenset("aeiou")


def in_address(word: str, words: Addresses) -> str:
    """Write a word as addresses have it: in Latin letters, without accents.

    Letter by letter, it is a guess how somebody writes a name in Latin letters: दीपक is Dipak here.

    Args:
        word: The word, in lower case.
        words: What is known about addresses in the language.
    """
    known = words.names.get(word)
    if known is not None:
        return known
    if word.isascii():
        return word
    if unicodedata.category(word[0]) == "Lo" and words.letters:
        return _transliterated(unicodedata.normalize("NFD", word), words)
    plain = "".join(words.letters.get(letter, letter) for letter in word)
    return _ACCENTS.sub("", unicodedata.normalize("NFD", plain))


def _transliterated(word: str, words: Addresses) -> str:
    """Write a word of an Indic script: consonants have an `a` but before a vowel and at the end."""
    text = ""
    for found in _LETTERS.finditer(word):
        text += words.letters.get(found[0]) or words.letters.get(found[1], "")
        after = word[found.end() : found.end() + 1]
        consonant = unicodedata.category(found[1]) == "Lo" and text[-1:] not in _VOWELS
        if consonant and after and (unicodedata.category(after)[0] != "M" or after in _NASALS):
            text += "a"
    return text
