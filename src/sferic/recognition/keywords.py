"""Words and phrases that a stream expects, found by what they sound like."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Self

import msgspec
import numpy as np

from sferic.recognition.sounds import Sound, likenesses, sound_of

_SHARED = 0.5
"""Share of their pairs of sounds that two texts have in common before they are compared."""
_NEAREST = 8
"""Entries that one text is compared with at most."""
_MOST_WORDS = 5
"""Words that may be taken for one entry."""


class Keyword(msgspec.Struct, frozen=True):
    """A word or phrase as it is to be written."""

    text: str
    boost: float


class Match(msgspec.Struct, frozen=True):
    """Words that sound like an entry."""

    first: int
    """Index of the first word."""
    after: int
    """Index of the word after the last."""
    keyword: Keyword
    likeness: float
    """1 if they sound the same."""

    def overlaps(self, other: "Match") -> bool:
        """Whether both have a word in common."""
        return self.first < other.after and other.first < self.after


class Keywords:
    """The entries of one stream, indexed by pairs of neighbouring sounds.

    Ten thousand of them take a few megabytes. Safe to use from several threads.
    """

    def __init__(self, entries: Sequence[Keyword]) -> None:
        self.entries = tuple(entries)
        self._sounds = [sound_of.__wrapped__(entry.text) for entry in entries]
        places: dict[int, list[int]] = defaultdict(list)
        pairs = [sound.pairs for sound in self._sounds]
        for place, found in enumerate(pairs):
            for pair in found:
                places[pair].append(place)
        self._places = {pair: np.array(found, np.int32) for pair, found in places.items()}
        self._pairs = np.array([len(found) for found in pairs], np.float32)
        words = max((len(entry.text.split()) for entry in entries), default=0)
        self.most_words = min(words + 1, _MOST_WORDS)
        """Words that are looked up together at most: what was heard may be torn in two."""

    @classmethod
    def of(cls, entries: Iterable[tuple[str, float]]) -> Self:
        """Index texts with their boosts; those with a boost of 0 do nothing and are left out."""
        return cls([Keyword(text, boost) for text, boost in entries if boost > 0])

    def __len__(self) -> int:
        return len(self.entries)

    def matches(self, words: Sequence[str], *, least: float) -> list[Match]:
        """Stretches of words that sound like an entry, the likest first.

        Of stretches that overlap, an entry has the one most like it.

        Args:
            words: As they were heard; marks do not count.
            least: Likeness from which on they are wanted, 0 to 1.
        """
        spans = [
            (first, after)
            for first in range(len(words))
            for after in range(first + 1, min(first + self.most_words, len(words)) + 1)
        ]
        sounds = [sound_of("".join(words[first:after])) for first, after in spans]
        found = [(span, place) for span, sound in enumerate(sounds) for place in self._near(sound)]
        likeness = likenesses(
            [sounds[span] for span, _ in found], [self._sounds[place] for _, place in found]
        )
        ranked = sorted(zip(likeness.tolist(), found, strict=True), key=lambda each: -each[0])
        taken: dict[int, list[Match]] = defaultdict(list)
        matches = []
        for like, (span, place) in ranked:
            match = Match(*spans[span], self.entries[place], like)
            if like < least or any(match.overlaps(other) for other in taken[place]):
                continue
            taken[place].append(match)
            matches.append(match)
        return matches

    def _near(self, sound: Sound) -> Iterable[int]:
        """Places of entries that share enough pairs of sounds, the nearest first."""
        pairs = sound.pairs
        lists = [self._places[pair] for pair in pairs if pair in self._places]
        if not lists:
            return ()
        shared = np.bincount(np.concatenate(lists), minlength=len(self._pairs))
        share = 2 * shared / (len(pairs) + self._pairs)
        near = np.flatnonzero(share >= _SHARED)
        order = np.argsort(-share[near], kind="stable")[:_NEAREST]
        return (int(place) for place in near[order])
