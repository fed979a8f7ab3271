"""From the bytes of a stream to its audio, with where the speech is."""

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE, AudioDecoder
from sferic.errors import UndecodableAudioError
from sferic.speech.segmenter import Segmenter, SpeechEvent
from sferic.speech.timeline import Timeline
from sferic.speech.vad import VoiceActivity


class Block(msgspec.Struct, frozen=True):
    """Some audio and what voice activity says of it."""

    samples: NDArray[np.float32]
    probabilities: list[float]
    """Of speech, for each frame that these samples complete."""


class Batch(msgspec.Struct, frozen=True):
    """What is decoded in one go."""

    blocks: list[Block]
    last: bool
    """Nothing follows: a short message costs one trip to a worker, and none to be told so."""


class Hearing:
    """Decodes, finds speech, and keeps the audio that recognition still needs.

    `decode` and `flush` do the work and may run on any thread, one call at a time; what they yield
    is put in its place by `take`, on the thread that reads `timeline` and `segmenter`.
    """

    def __init__(
        self, decoder: AudioDecoder, voice_activity: VoiceActivity, segmenter: Segmenter
    ) -> None:
        self._decoder = decoder
        self._voice_activity = voice_activity
        self.segmenter = segmenter
        self.timeline = Timeline()

    @property
    def position(self) -> int:
        """Audio received so far, in samples of the clock."""
        return self._decoder.position

    def decode(self, messages: Iterable[bytes]) -> Iterator[Block]:
        """Decode messages lazily, in blocks of at most a second.

        Raises:
            UndecodableAudioError: They are not what the encoding says.
        """
        for message in messages:
            yield from self._judged(self._decoder.decode(message))

    def flush(self) -> Iterator[Block]:
        """Yield what the decoder still holds back."""
        yield from self._judged(self._decoder.flush())

    def take(self, block: Block) -> list[SpeechEvent]:
        """Add a block to the timeline; return what it says about speech."""
        self.timeline.append(block.samples)
        return [
            event
            for probability in block.probabilities
            for event in self.segmenter.feed(probability)
        ]

    def _judged(self, blocks: Iterator[NDArray[np.float32]]) -> Iterator[Block]:
        for samples in blocks:
            yield Block(samples, list(self._voice_activity.feed(samples)))


def batches(blocks: Iterator[Block]) -> Iterator[Batch]:
    """Yield the blocks by about a second of audio; an error comes after the blocks before it."""
    taken: list[Block] = []
    length = 0
    try:
        for block in blocks:
            taken.append(block)
            length += len(block.samples)
            if length >= SAMPLE_RATE:
                yield Batch(taken, last=False)
                taken, length = [], 0
    except UndecodableAudioError:
        if taken:
            yield Batch(taken, last=False)
        raise
    yield Batch(taken, last=True)
