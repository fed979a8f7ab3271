"""How alike written words sound, whatever the language, from their letters alone.

Letters are brought to a form in which spellings of one sound agree (`ph` and `f`, `c` and `k`),
and two such forms are compared by an edit distance in which vowels weigh less than consonants, and
a consonant its voiced or liquid neighbour less than another. The rules are those that Latin script
has in most of its languages; letters of other scripts stand for themselves.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

_ALIKE = (
    *(("sch", "š"), ("tch", "č"), ("dge", "j"), ("sh", "š"), ("ch", "č"), ("ph", "f")),
    *(("th", "t"), ("gh", "g"), ("kh", "k"), ("wh", "v"), ("rh", "r"), ("ck", "k"), ("qu", "kv")),
    *(("ce", "se"), ("ci", "si"), ("cy", "si"), ("tz", "s"), ("x", "ks"), ("ß", "s")),
)
_LETTERS = str.maketrans("cqzwyøæœłđð", "kksviøeeldd")
_VOWELS = frozenset("aeiouøıаеёиоуыэюяіїє")
_KIN = str.maketrans("bdgvjščzmrв", "ptkfsssśnlf")
_VOWEL = "a"
_LIGHT = 0.5
"""What a vowel weighs, and what it costs to take a sound for its neighbour; a consonant is 1."""


class Sound(msgspec.Struct, frozen=True):
    """How a text sounds, as arrays of code points of one length."""

    exact: NDArray[np.uint32]
    rough: NDArray[np.uint32]
    """The same with all vowels alike, and consonants that are easily taken for each other."""
    weights: NDArray[np.float32]

    @property
    def weight(self) -> float:
        """What it costs to leave it out."""
        return float(self.weights.sum())

    @property
    def pairs(self) -> frozenset[int]:
        """Neighbours in the rough form, its edges included, each pair as one number."""
        edged = np.concatenate(([0], self.rough, [0])).astype(np.int64)
        return frozenset((edged[:-1] << 32 | edged[1:]).tolist())


@lru_cache(maxsize=4096)
def sound_of(text: str) -> Sound:
    """How a text sounds; spaces and marks do not count."""
    exact = _spelled_alike(text)
    rough = "".join(_VOWEL if letter in _VOWELS else letter for letter in exact).translate(_KIN)
    weights = [_LIGHT if letter == _VOWEL else 1.0 for letter in rough]
    return Sound(_points(exact), _points(rough), np.array(weights, np.float32))


def likenesses(ones: Sequence[Sound], others: Sequence[Sound]) -> NDArray[np.float32]:
    """How alike each of some sounds is to the one at the same place among others.

    Returns:
        Shape (n,), float32: 1 for the same, 0 for nothing in common.
    """
    if not ones:
        return np.zeros(0, np.float32)
    exact, rough, weights = _table(ones)
    exact2, rough2, weights2 = _table(others)
    count, length = exact2.shape
    row = np.zeros((length + 1, count), np.float32)
    row[1:] = np.cumsum(weights2.T, axis=0)
    ends = [len(one.exact) for one in ones]
    last = np.array([len(other.exact) for other in others])
    distances = row[last, np.arange(count)]
    for at in range(exact.shape[1]):
        letter, kin = exact[:, at, None], rough[:, at, None]
        swap = np.where(letter == exact2, 0, np.where(kin == rough2, _LIGHT, 1)).astype(np.float32)
        left_out = row + weights[:, at]
        below = left_out.copy()
        np.minimum(below[1:], row[:-1] + swap.T, out=below[1:])
        for to in range(length):
            np.minimum(below[to + 1], below[to] + weights2[:, to], out=below[to + 1])
        row = below
        here = np.array([end == at + 1 for end in ends])
        distances = np.where(here, row[last, np.arange(count)], distances)
    heavier = np.maximum(weights.sum(axis=1), weights2.sum(axis=1))
    return np.asarray(np.maximum(1 - distances / np.maximum(heavier, 1), 0), np.float32)


def _spelled_alike(text: str) -> str:
    plain = "".join(
        mark
        for mark in unicodedata.normalize("NFKD", text.casefold())
        if mark.isalnum() or (unicodedata.category(mark).startswith("M") and ord(mark) > 0x36F)
    )
    for written, alike in _ALIKE:
        plain = plain.replace(written, alike)
    plain = plain.translate(_LETTERS)
    return "".join(
        mark for at, mark in enumerate(plain) if not at or (mark != plain[at - 1] and mark != "h")
    )


def _points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def _table(
    sounds: Sequence[Sound],
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float32]]:
    """Exact, rough and weights of all, shape (n, longest), padded with zeros."""
    longest = max(len(each.exact) for each in sounds)
    exact = np.zeros((len(sounds), longest), np.uint32)
    rough, weights = exact.copy(), exact.astype(np.float32)
    for place, each in enumerate(sounds):
        size = len(each.exact)
        exact[place, :size], rough[place, :size] = each.exact, each.rough
        weights[place, :size] = each.weights
    return exact, rough, weights
