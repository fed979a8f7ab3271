"""Flicker: how many of the words that a reader has seen are taken back."""

from collections.abc import Iterable

import msgspec

from benchmarks.harness.live import Received, Talk
from benchmarks.harness.words import revised, shown
from sferic.audio import SAMPLE_RATE
from sferic.protocol.messages import Transcription


class Flicker(msgspec.Struct, frozen=True, kw_only=True):
    """Words revised for words emitted."""

    revised: int = 0
    """Words of a message that the next one replaced or left out, and words it put before them."""
    words: int = 0
    """Words of the finals."""

    @property
    def ratio(self) -> float | None:
        """Words revised for each word emitted; None where none was."""
        return self.revised / self.words if self.words else None

    def __add__(self, other: "Flicker") -> "Flicker":
        return Flicker(revised=self.revised + other.revised, words=self.words + other.words)


def flicker(transcripts: Iterable[Transcription]) -> Flicker:
    """Count over the messages of a session, which were asked for words."""
    talk = Talk(
        samples=0,
        rate=SAMPLE_RATE,
        silence_s=0,
        heard=[Received(0.0, transcript) for transcript in transcripts],
    )
    return Flicker(revised=revised(talk), words=len(shown(talk)[1]))
