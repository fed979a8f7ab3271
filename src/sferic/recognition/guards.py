"""Signs that a decoder has left the audio behind: loops, words without time, too many words.

Whisper trimmed to the speech sometimes says a phrase again and again after the speech has ended.
The copies have no audio of their own, so that cross-attention gives them no duration or places
them in the padding; a person who really says a phrase twice leaves a trace of both.
"""

from collections.abc import Sequence

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word, letters

_BLINK = SAMPLE_RATE // 20
"""A word shorter than this has no audio of its own, unless it is a tiny one among others."""

_LONGEST_LOOP = 20
"""Words in a phrase that is looked for twice."""

_RECITED = 3
"""Words in a phrase that is not taken for new when it comes again."""

_FASTEST = 8.0
"""Words a second that nobody speaks over more than a moment."""


def without_echo(words: Sequence[Word], *, end: int) -> tuple[Word, ...]:
    """The words without trailing copies that have no audio of their own.

    Args:
        words: Words with times as aligned.
        end: Clock time where the audio ended; later words lie in the padding.
    """
    kept = list(words)
    while kept and kept[-1].start >= end:
        kept.pop()
    keys = [letters(word) for word in kept]
    for size in range(len(kept) // 2, 0, -1):
        first = _echo_of(keys, size)
        if first is not None and _weightless(kept[first:]):
            return without_echo(kept[:first], end=end)
    return tuple(kept)


def repeats(words: Sequence[Word]) -> bool:
    """Whether a word or phrase follows itself even once, as people say things too."""
    keys = [letters(word) for word in words]
    longest = min(len(keys) // 2, _LONGEST_LOOP)
    return any(_follows_itself(keys, size, times=2) for size in range(1, longest + 1))


def loops(words: Sequence[Word]) -> bool:
    """Whether a phrase of two words or more follows itself, or a word comes four times."""
    keys = [letters(word) for word in words]
    return any(
        _follows_itself(keys, size, times=2 if size > 2 else 3 if size > 1 else 4)
        for size in range(1, min(len(keys) // 2, _LONGEST_LOOP) + 1)
    )


def recites(words: Sequence[Word], said: Sequence[Word]) -> bool:
    """Whether words begin, after one of their own at most, with a phrase that was said before them.

    A decoder that is given what was said likes to go on with the same again.

    Args:
        words: What the decoder says follows.
        said: What it was given.
    """
    keys, before = [letters(word) for word in words], [letters(word) for word in said]
    phrases = {tuple(before[i : i + _RECITED]) for i in range(len(before) - _RECITED + 1)}
    return any(tuple(keys[i : i + _RECITED]) in phrases for i in range(2))


def hurries(words: Sequence[Word], *, speech: int) -> bool:
    """Whether there are more words than anybody says in so many samples of speech."""
    return len(words) > 3 + _FASTEST * speech / SAMPLE_RATE


def stumbles(words: Sequence[Word]) -> bool:
    """Whether three words in a row have no audio of their own."""
    run = 0
    for word in words:
        run = run + 1 if word.end - word.start < _BLINK else 0
        if run == 3:
            return True
    return False


def _echo_of(keys: Sequence[str], size: int) -> int | None:
    """Where the first copy of a phrase of `size` words starts that is repeated up to the end."""
    for start in range(len(keys) - size):
        phrase = keys[start : start + size]
        rest = keys[start + size :]
        if rest and all(key == phrase[i % size] for i, key in enumerate(rest)):
            return start + size
    return None


def _weightless(words: Sequence[Word]) -> bool:
    blinks = sum(word.end - word.start < _BLINK for word in words)
    return 2 * blinks >= len(words)


def _follows_itself(keys: Sequence[str], size: int, *, times: int) -> bool:
    span = size * times
    return any(
        list(keys[i : i + size]) * times == list(keys[i : i + span])
        for i in range(len(keys) - span + 1)
    )
