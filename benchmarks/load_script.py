"""What the streams of the load benchmark say, and when."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random

import msgspec

from benchmarks.harness.errors import NothingSelectedError
from benchmarks.harness.live import quiet
from benchmarks.harness.speech import Utterance

SHORTEST_S, LONGEST_S = 3.0, 15.0
"""Length of the recordings."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 3.0

_FEWEST, _MOST = 3, 5
"""Recordings in a conversation."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """Recordings one after another in one session, which `finalize` ends after the last sample."""

    rows: tuple[Utterance, ...]
    pauses: tuple[float, ...]
    """Seconds of quiet between them, one fewer than recordings."""

    @property
    def reference(self) -> str:
        """All that is said."""
        return " ".join(row.reference for row in self.rows)

    def audio(self, samples: Mapping[str, bytes], rate: int) -> bytes:
        """The whole of it.

        Args:
            samples: Of each recording, by the name in the manifest.
            rate: Of the samples, in Hz.
        """
        parts = [samples[self.rows[0].audio]]
        for pause, row in zip(self.pauses, self.rows[1:], strict=True):
            parts += [quiet(pause, rate), samples[row.audio]]
        return b"".join(parts)


def conversations(rows: Sequence[Utterance], *, most: int, seed: int) -> list[Conversation]:
    """Deal recordings out to conversations; none is in two of them.

    Args:
        rows: Recordings; those of another length are left out.
        most: How many conversations.
        seed: Of the order, the numbers and the pauses.

    Raises:
        NothingSelectedError: There are not enough recordings of that length for a single one.
    """
    draw = Random(seed)
    fitting = [row for row in rows if SHORTEST_S <= row.duration <= LONGEST_S]
    draw.shuffle(fitting)
    found: list[Conversation] = []
    while len(found) < most:
        count = draw.randint(_FEWEST, _MOST)
        if count > len(fitting):
            break
        dealt, fitting = fitting[:count], fitting[count:]
        pauses = tuple(pause(draw) for _ in dealt[1:])
        found.append(Conversation(rows=tuple(dealt), pauses=pauses))
    if not found:
        raise NothingSelectedError(
            matching=len(rows), synthetic=0, longer=len(rows) - len(fitting), unserved=0
        )
    return found


def order(count: int, *, stream: int, seed: int) -> Iterator[tuple[int, float]]:
    """Which conversation a stream has next, and the seconds of rest after it; without end.

    Each stream has an order of its own, the same in every step.
    """
    draw = Random(f"{seed}, stream {stream}")
    while True:
        for index in draw.sample(range(count), count):
            yield index, pause(draw)


def beginnings(streams: int, *, within: float, seed: int) -> list[float]:
    """Seconds after which each stream begins, spread evenly and not quite."""
    draw = Random(f"{seed}, {streams} streams")
    return [within * (number + draw.random()) / streams for number in range(streams)]


def pause(draw: Random) -> float:
    """Seconds of silence, between recordings or after a conversation."""
    return draw.uniform(SHORTEST_PAUSE_S, LONGEST_PAUSE_S)
