"""Voices without networks: what an embedding and a segmentation of them would be."""

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word
from sferic.speakers.diarization import THRESHOLD
from sferic.speakers.networks import EMBEDDING_SIZE, FRAME_LENGTH, FRAME_STEP
from sferic.speakers.tracker import Span, SpeakerTracker
from sferic.speakers.voices import Limits

S = SAMPLE_RATE
Turns = list[tuple[float, float, int]]
"""Seconds where each turn begins and ends, and whose it is."""


def embedding(
    voice: int, chance: np.random.Generator, spread: float = 0.7, common: float = 0.0
) -> NDArray[np.float32]:
    """One of a voice: two of the same have a cosine of about 0.65, two of different ones 0.

    Args:
        voice: Whose it is.
        chance: What it differs by from others of the voice.
        spread: How much.
        common: What all voices have in common, as they do over the telephone.
    """
    centre = np.random.default_rng(voice).standard_normal(EMBEDDING_SIZE)
    centre /= np.linalg.norm(centre)
    centre[0] += common
    centre /= np.linalg.norm(centre)
    noise = chance.standard_normal(EMBEDDING_SIZE) / np.sqrt(EMBEDDING_SIZE)
    found = centre + spread * noise
    return np.asarray(found / np.linalg.norm(found), np.float32)


_SETS = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))


class Conversation:
    """Runs turns through a tracker as a stream would.

    Args:
        limits: How many speakers there may be.
        threshold: Of the tracker.
        common: What voices have in common; short speech says less of them then.
    """

    def __init__(
        self, limits: Limits | None = None, *, threshold: float = THRESHOLD, common: float = 0.0
    ) -> None:
        self.tracker = SpeakerTracker(threshold=threshold, limits=limits or Limits())
        self._chance = np.random.default_rng(1000)  # none of the voices
        self._common = common
        self._turns: Turns = []

    def hear(self, *turns: tuple[float, float, int]) -> list[Word]:
        """Hear a piece of speech; its words, one each quarter of a second."""
        self._turns = [*self._turns, *turns][-40:]
        begin, end = round(turns[0][0] * S), round(turns[-1][1] * S)
        tracker = self.tracker
        for span in tracker.to_segment(begin, end):
            samples = np.full(span.end - span.start, 0.1, np.float32)
            tracker.segment(span, self._segmented(span), samples)
        while wanted := tracker.wanted(begin, end, complete=True):
            for span in wanted:
                voice = self._speaking((span.start + span.end) / 2 / S)
                spread = 0.7
                if self._common:
                    spread = 1.5 * S / (span.end - span.start)
                found = embedding(voice or 0, self._chance, spread, self._common)
                tracker.embed(span, found)
        tracker.decide(begin, end)
        return tracker.assign(words(*turns))

    def _speaking(self, second: float) -> int | None:
        return next((voice for a, b, voice in self._turns if a <= second < b), None)

    def _segmented(self, span: Span) -> NDArray[np.float32]:
        count = (span.end - span.start - FRAME_LENGTH) // FRAME_STEP + 1
        sets = np.full((count, 7), 0.01, np.float32)
        tracks: dict[int, int] = {}
        for number in range(count):
            second = (span.start + number * FRAME_STEP + FRAME_LENGTH / 2) / S
            voices = [voice for a, b, voice in self._turns if a <= second < b]
            together = sorted(tracks.setdefault(voice, len(tracks) % 3) for voice in voices)
            sets[number, _SETS.index(tuple(together))] = 0.94
        return sets


def words(*turns: tuple[float, float, int]) -> list[Word]:
    return [
        Word(text="word", start=round(at * S), end=round((at + 0.25) * S), confidence=1.0)
        for start, end, _ in turns
        for at in np.arange(start, end - 0.2, 0.25)
    ]


def speakers(found: list[Word]) -> list[int | None]:
    """Who they are, each run of words of one speaker once."""
    said = [word.speaker for word in found]
    return [each for place, each in enumerate(said) if not place or said[place - 1] != each]
