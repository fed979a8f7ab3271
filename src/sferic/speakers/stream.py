"""Speakers of one stream: the networks run while people speak, so that a final hardly waits."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from sferic.audio import SAMPLE_RATE
from sferic.recognition.hypothesis import Word
from sferic.speakers.diarization import Networks
from sferic.speakers.tracker import CONTEXT, SpeakerTracker
from sferic.speech.segmenter import Piece, Segmenter
from sferic.speech.timeline import Timeline

_HUSH = 7 * SAMPLE_RATE // 20
"""Silence after which what was said is looked at: the final may be asked for in a moment."""
_STRIDE = 5 * SAMPLE_RATE
"""Speech without such a pause after which it is looked at."""

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs something that blocks on a worker and returns what it returns, as `Recognizer.hear` does."""


class _Look(msgspec.Struct, frozen=True):
    """A stretch of a piece that is to be looked at."""

    begin: int
    end: int


class StreamSpeakers:
    """Follows the speech of a stream, piece by piece.

    When it looks at speech depends on the audio alone, so that the same audio has the same speakers
    however fast it comes.

    Args:
        tracker: New.
        networks: Shared by all streams.
        run: Runs them on a worker.
        timeline: Audio of the stream.
        segmenter: Knows where speech is.
    """

    def __init__(
        self,
        tracker: SpeakerTracker,
        networks: Networks,
        *,
        run: Run,
        timeline: Timeline,
        segmenter: Segmenter,
    ) -> None:
        self._tracker = tracker
        self._networks = networks
        self._run = run
        self._timeline = timeline
        self._segmenter = segmenter
        self._looks: deque[_Look] = deque()
        self._looking: asyncio.Task[None] | None = None
        self._piece: int | None = None
        self._looked = 0
        self._hushed = 0

    def heard(self) -> None:
        """Look at what has come since the last call, if it is time. Does not wait."""
        piece, end = self._segmenter.piece_start, self._timeline.end
        if piece is None:
            return
        if piece != self._piece:
            self._piece = self._looked = piece
        while self._looked + _STRIDE <= end:
            self._look(piece, self._looked + _STRIDE)
        voice_end = self._segmenter.voice_end
        if voice_end != self._hushed and voice_end + _HUSH <= end:
            self._hushed = voice_end
            if voice_end + _HUSH > self._looked:
                self._look(piece, voice_end + _HUSH)

    def needed_from(self, following: int) -> int:
        """First sample that a later call still needs.

        Args:
            following: Before this no piece begins that is open, waits or follows.
        """
        return following - CONTEXT

    async def decide(self, piece: Piece) -> None:
        """Find out who speaks in a complete piece; pieces come in order."""
        if self._looking is not None:
            await self._looking
        # What is behind the last voice says nothing of who spoke.
        end = min(piece.end, piece.voice_end + _HUSH)
        if end > self._tracker.segmented + _HUSH // 2:
            await self._segment(_Look(piece.start, end))
        await self._embed(piece.start, piece.end, complete=True)
        self._tracker.decide(piece.start, piece.end)

    def assign(self, words: Iterable[Word]) -> list[Word]:
        """Return words of decided pieces with their speakers."""
        return self._tracker.assign(words)

    async def close(self) -> None:
        """Leave no work behind."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    def _look(self, piece: int, end: int) -> None:
        self._looked = end
        self._looks.append(_Look(piece, end))
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_at_all())

    async def _look_at_all(self) -> None:
        while self._looks:
            look = self._looks.popleft()
            await self._segment(look)
            await self._embed(look.begin, look.end, complete=False)

    async def _segment(self, look: _Look) -> None:
        for span in self._tracker.to_segment(look.begin, look.end):
            samples = self._timeline[span.start : span.end]
            found = await self._run(partial(self._networks.segment, samples))
            self._tracker.segment(span, found, begin=look.begin)

    async def _embed(self, begin: int, end: int, *, complete: bool) -> None:
        for span in self._tracker.wanted(begin, end, complete=complete):
            samples = self._timeline[span.start : span.end]
            found = await self._run(partial(self._networks.embed, samples))
            self._tracker.embed(span, found)
