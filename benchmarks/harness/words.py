"""What happens to each word on the wire: first seen, settled, final; and how much is revised."""

from collections.abc import Sequence

import msgspec

from benchmarks.harness.live import Talk
from sferic.protocol.messages import WordItem


class WordTimes(msgspec.Struct, frozen=True, kw_only=True):
    """One word of a final, in seconds after it ended."""

    seen: float
    """When a message held it for the first time."""
    settled: float
    """When it stood where it was to stay: no message after that had another word in its place."""
    final: float
    early: bool
    """Whether it was settled before its final came."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What one message made of the words of a session so far."""

    at: float
    frozen: int
    """Words of the finals before it."""
    words: tuple[str, ...]
    """Its own; they replace all that stood behind the frozen ones."""
    final: bool


def shown(talk: Talk) -> tuple[list[Shown], list[WordItem]]:
    """The messages of a session as a reader sees them, and the words that stayed.

    Words are compared without case and punctuation; a token of nothing else is none.
    """
    seen: list[Shown] = []
    stayed: list[WordItem] = []
    for at, message in talk.transcripts:
        items = [item for item in message.words or () if plain(item.word)]
        words = tuple(plain(item.word) for item in items)
        seen.append(Shown(at=at, frozen=len(stayed), words=words, final=message.is_final))
        if message.is_final:
            stayed += items
    return seen, stayed


def word_times(talk: Talk) -> list[WordTimes]:
    """When each word of the finals was first seen, settled and final.

    A word ended when the message with the sample at its `end`, as the final has it, was due.
    """
    messages, items = shown(talk)
    words = [plain(item.word) for item in items]
    seen: list[float | None] = [None] * len(words)
    settled: list[float | None] = [None] * len(words)
    final: list[float | None] = [None] * len(words)
    for message in messages:
        rest = words[message.frozen :]
        for place in follow(message.words, rest).places:
            if seen[message.frozen + place] is None:
                seen[message.frozen + place] = message.at
        for place, right in enumerate(rest):
            index = message.frozen + place
            if place < len(message.words) and message.words[place] == right:
                settled[index] = message.at if settled[index] is None else settled[index]
            elif place < len(message.words) or not message.final:
                settled[index] = None  # a final says nothing of what is behind its end
        if message.final:
            final[message.frozen : message.frozen + len(message.words)] = [message.at] * len(
                message.words
            )
    return [
        WordTimes(
            seen=first - ended,
            # Before it is seen, a word in its place is another one that sounds the same.
            settled=max(first, stands) - ended,
            final=told - ended,
            early=max(first, stands) < told,
        )
        for item, first, stands, told in zip(items, seen, settled, final, strict=True)
        if first is not None and stands is not None and told is not None
        for ended in [talk.due(item.end)]
    ]


def revised(talk: Talk) -> int:
    """Words that were shown and then replaced, taken away or pushed aside by one put in between.

    Each message is compared with the one before it. A final that cuts running speech takes words
    away which come back with the next message, so it is compared together with that one.
    """
    count = 0
    before: Shown | None = None
    messages, items = shown(talk)
    words = tuple(plain(item.word) for item in items)
    for index, message in enumerate(messages):
        if message.final and index + 1 < len(messages):
            continue
        if before is not None:
            now = (*words[before.frozen : message.frozen], *message.words)
            count += follow(before.words, now).edits
        before = message
    return count


class Followed(msgspec.Struct, frozen=True):
    """How a sequence of words is continued by another."""

    edits: int
    """Words replaced, left out and put in, those after the end of the first not counted."""
    places: tuple[int, ...]
    """Where words of the first stand in the second."""


def follow(shown: Sequence[str], later: Sequence[str]) -> Followed:
    """Align what was shown with the beginning of what is shown later, with the fewest edits."""
    costs = [list(range(len(later) + 1))]
    for row, word in enumerate(shown, start=1):
        above, here = costs[-1], [row]
        for column, other in enumerate(later, start=1):
            here.append(min(above[column - 1] + (word != other), above[column] + 1, here[-1] + 1))
        costs.append(here)
    column = min(range(len(later) + 1), key=lambda end: costs[-1][end])
    edits, row = costs[-1][column], len(shown)
    places = []
    while row and column:
        same = shown[row - 1] == later[column - 1]
        if costs[row][column] == costs[row - 1][column - 1] + (not same):
            row, column = row - 1, column - 1
            if same:
                places.append(column)
        elif costs[row][column] == costs[row - 1][column] + 1:
            row -= 1
        else:
            column -= 1
    return Followed(edits, tuple(reversed(places)))


def plain(word: str) -> str:
    """A word without case and punctuation."""
    return "".join(letter for letter in word.casefold() if letter.isalnum())
