"""Sounds of hesitation: redaction reads as if they were not there, wherever they are."""

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from sferic.recognition.hypothesis import Word, letters

_ANYWHERE = frozenset(("hm", "hmm", "mm", "mmm", "uh", "uhm"))
_SOUNDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "da": frozenset(("øh", "øhm", "æh")),
        "de": frozenset(("äh", "ähm", "öh", "öhm")),
        "en": frozenset(("um", "er", "erm", "uhh", "umm")),
        "es": frozenset(("eh", "ehm", "em")),
        "fi": frozenset(("öö", "ööh")),
        "fr": frozenset(("euh", "heu", "euhm")),
        "hi": frozenset(("अं", "हम्म")),
        "hu": frozenset(("öö", "ööö")),
        "it": frozenset(("ehm", "eh", "uhm")),
        "nl": frozenset(("eh", "ehm", "uhm")),
        "pl": frozenset(("yyy", "eee")),
        "pt": frozenset(("eh", "hum", "hã")),
        "ru": frozenset(("э", "ээ", "эм", "мм")),
        "sv": frozenset(("öh", "öhm", "eh")),
        "uk": frozenset(("е", "ее", "ем", "мм")),
    }
)
"""By language: `um` and `er` are words in German."""


class Redacted(Protocol):
    """What redaction makes of some words."""

    @property
    def words(self) -> Sequence[Word]:
        """What may be shown, a word for each entity."""

    @property
    def held(self) -> int:
        """How many of the last words that went in have to wait."""


class Redacting(Protocol):
    """Redaction in one session."""

    def partial(self, words: Sequence[Word], language: str) -> Sequence[Word]:
        """Mask settled words, an open end included, and remember nothing."""

    def final(self, words: Sequence[Word], language: str, *, ended: bool) -> Redacted:
        """Mask words, and remember them."""


class _Shown(msgspec.Struct, frozen=True):
    words: list[Word]
    held: int


class Fluent:
    """Redaction that hesitation does not disturb.

    Sounds of hesitation are taken out before and put back behind; those inside an entity are part
    of it.

    Args:
        redactor: What sees the words without them.
    """

    def __init__(self, redactor: Redacting) -> None:
        self._redactor = redactor

    def partial(self, words: Sequence[Word], language: str) -> list[Word]:
        """Mask settled words, an open end included, and remember nothing."""
        fluent = [word for word in words if not is_hesitation(word, language)]
        return _with_hesitations(words, self._redactor.partial(fluent, language), language)

    def final(self, words: Sequence[Word], language: str, *, ended: bool) -> Redacted:
        """Mask words, and remember them."""
        places = [at for at, word in enumerate(words) if not is_hesitation(word, language)]
        redacted = self._redactor.final([words[at] for at in places], language, ended=ended)
        sent = len(words)
        if redacted.held:
            sent = places[len(places) - redacted.held]
        shown = _with_hesitations(words[:sent], redacted.words, language)
        return _Shown(shown, len(words) - sent)


def is_hesitation(word: Word, language: str) -> bool:
    """Tell whether a word is no word."""
    sound = letters(word)
    return sound in _ANYWHERE or sound in _SOUNDS.get(language, ())


def _with_hesitations(words: Sequence[Word], shown: Sequence[Word], language: str) -> list[Word]:
    """Put hesitations back between what is shown of the words around them."""
    places = {id(word): at for at, word in enumerate(words)}
    complete: list[Word] = []
    at = 0
    for word in shown:
        place = places.get(id(word))
        complete += _leading(words[at:place], language)
        at = _behind(words, at, word) if place is None else place + 1
        complete.append(word)
    return complete + _leading(words[at:], language)


def _leading(words: Sequence[Word], language: str) -> list[Word]:
    return list(itertools.takewhile(lambda word: is_hesitation(word, language), words))


def _behind(words: Sequence[Word], at: int, entity: Word) -> int:
    """Return where the words behind an entity begin."""
    while at < len(words) and words[at].end <= entity.end:
        at += 1
    return at
