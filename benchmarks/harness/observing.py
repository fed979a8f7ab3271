"""Recognition of a recording in this process, with a draft whenever so much has been spoken.

A session drafts when it has the time, so its drafts differ from run to run. Here they depend on
the audio alone, and none is made early because somebody pauses.

What the benchmarks know of the inside of recognition is in this file.
"""

import time
from collections.abc import Iterable, Iterator

from benchmarks.harness.settling import Piece
from sferic.audio import SAMPLE_RATE, open_decoder
from sferic.protocol.options import Options
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.opening import open_recognition
from sferic.recognition.recognizer import Recognizer
from sferic.speech.hearing import Block, Hearing
from sferic.speech.segmenter import Piece as Stretch
from sferic.speech.segmenter import Segmenter, SpeechEvent
from sferic.speech.vad import FRAME

_WIDTH = 2
"""Bytes of a sample."""


async def observe(
    recognizer: Recognizer, audio: bytes, language: str, *, every_s: float
) -> list[Piece]:
    """Recognise a recording and keep all that recognition says about it.

    Args:
        recognizer: The models.
        audio: 16-bit mono samples at 16 kHz.
        language: A code, or `multi`.
        every_s: Seconds of voice from one draft of a piece to the next.
    """
    observed = _Observed(recognizer, Options(language=language), round(every_s * SAMPLE_RATE))
    size = FRAME * _WIDTH
    for start in range(0, len(audio), size):
        await observed.take(audio[start : start + size])
    return await observed.end()


class _Observed:
    """One stream, step by step."""

    def __init__(self, recognizer: Recognizer, options: Options, every: int) -> None:
        self._every = every
        self._segmenter = Segmenter(
            threshold=options.vad_threshold,
            min_speech=options.vad_min_speech_ms * SAMPLE_RATE // 1000,
            endpoint_silence=options.endpoint_silence_ms * SAMPLE_RATE // 1000,
        )
        self._hearing = Hearing(
            open_decoder(options.encoding, options.sample_rate),
            recognizer.voice_activity.stream(),
            self._segmenter,
        )
        self._recognition = open_recognition(
            recognizer,
            recognizer.routing.models[0].engine(),
            recognizer.candidates(options.language),
            timeline=self._hearing.timeline,
            segmenter=self._segmenter,
        )
        self._pieces: list[Piece] = []
        self._drafts: list[Hypothesis] = []
        self._spoken = 0

    async def take(self, audio: bytes) -> None:
        """Hear some more."""
        await self._hear(self._hearing.decode([audio]))
        segmenter = self._segmenter
        if segmenter.piece_start is not None and segmenter.spoken - self._spoken >= self._every:
            self._spoken = segmenter.spoken
            self._drafts.append(await self._recognition.draft(since=time.monotonic()))

    async def end(self) -> list[Piece]:
        """Hear that nothing follows."""
        await self._hear(self._hearing.flush())
        await self._complete(self._segmenter.flush(self._hearing.timeline.end))
        return self._pieces

    async def _hear(self, blocks: Iterator[Block]) -> None:
        for block in blocks:
            await self._complete(self._hearing.take(block))

    async def _complete(self, events: Iterable[SpeechEvent]) -> None:
        for event in events:
            if isinstance(event, Stretch):
                final = await self._recognition.final(event)
                self._pieces.append(Piece(drafts=tuple(self._drafts), final=final, torn=event.torn))
                self._drafts, self._spoken = [], 0
