"""How words that are said in an address are written in it."""

import unicodedata

from sferic.text.numerals.grammar import Addresses

_VIRAMA = 9
"""The combining class of the signs that say a consonant has no vowel."""
_KEPT = frozenset("äöüåß")


def in_address(word: str, words: Addresses) -> str:
    """Write a word as addresses have it: in Latin letters, without accents other than umlauts.

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
    if words.letters and unicodedata.normalize("NFD", word)[0] in words.letters:
        return _transliterated(unicodedata.normalize("NFD", word), words)
    return "".join(letter if letter in _KEPT else _bare(letter) for letter in word)


def _bare(letter: str) -> str:
    return "".join(part for part in unicodedata.normalize("NFD", letter) if part < "\u0300")[:1] or (
        letter
    )


def _transliterated(word: str, words: Addresses) -> str:
    """Write a word of an Indic script: consonants have an `a`, but where a vowel or nothing follows."""
    text = ""
    for place, letter in enumerate(word):
        text += words.letters.get(letter, "")
        after = word[place + 1 : place + 2]
        consonant = unicodedata.category(letter) == "Lo" and text[-1:] not in set("aeiou")
        if consonant and after and unicodedata.category(after)[0] != "M":
            text += "a"
    return text
