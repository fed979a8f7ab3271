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

_HUSH = 3 * SAMPLE_RATE // 10
"""Silence behind what was said that is looked at with it; pauses are told after so much."""
_STRIDE = 5 * SAMPLE_RATE
"""Speech without such a pause after which it is looked at."""

Run = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs something that blocks on a worker and returns what it returns, as `Recognizer.hear` does."""


class _Look(msgspec.Struct, frozen=True):
    """A stretch of a piece that is to be looked at."""

    begin: int
    """Where the piece begins."""
    end: int
    complete: bool
    """Whether the piece is."""


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
        self._turn = asyncio.Lock()
        self._piece: int | None = None
        self._looked = 0

    def heard(self) -> None:
        """Look at what has come since the last call, if it is time. Does not wait."""
        piece = self._segmenter.piece_start
        if piece is not None:
            self._stride(piece, self._timeline.end)

    def paused(self, at: int) -> None:
        """Look at what was said before a pause: the final may be asked for in a moment.

        Args:
            at: Where the voice ended. Does not wait.
        """
        piece, end = self._segmenter.piece_start, at + _HUSH
        if piece is None or piece >= at or end > self._timeline.end:
            return  # it has ended already, or does so now
        self._stride(piece, end)
        if end > self._looked:
            self._look(_Look(piece, end, complete=False))

    def needed_from(self, following: int) -> int:
        """First sample that a later call still needs.

        Args:
            following: Before this no piece begins that is open, waits or follows.
        """
        return following - CONTEXT

    def ended(self, piece: Piece) -> None:
        """Look at the end of a piece. Does not wait."""
        # What is behind the last voice says nothing of who spoke.
        end = max(min(piece.end, piece.voice_end + _HUSH), piece.start)
        self._stride(piece.start, end)
        self._look(_Look(piece.start, end, complete=True))

    async def decide(self, piece: Piece) -> None:
        """Find out who speaks in a piece that has ended; pieces come in order."""
        await self._catch_up(piece.end)
        if self._looking is not None and self._looking.done():
            self._looking.result()
        self._tracker.decide(piece.start, piece.end)

    def assign(self, words: Iterable[Word]) -> list[Word]:
        """Return words of decided pieces with their speakers."""
        return self._tracker.assign(words)

    async def close(self) -> None:
        """Leave no work behind."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    def _stride(self, piece: int, end: int) -> None:
        """Look at what has been heard of a piece, stride by stride."""
        if piece != self._piece:
            self._piece = self._looked = piece
        while self._looked + _STRIDE <= end:
            self._look(_Look(piece, self._looked + _STRIDE, complete=False))

    def _look(self, look: _Look) -> None:
        self._looked = look.end
        self._looks.append(look)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_at_all())

    async def _look_at_all(self) -> None:
        while self._looks:
            await self._catch_up(self._looks[0].end)

    async def _catch_up(self, end: int) -> None:
        """Look at everything that is to be looked at up to a clock sample."""
        async with self._turn:
            while self._looks and self._looks[0].end <= end:
                look = self._looks.popleft()
                await self._segment(look)
                await self._embed(look)

    async def _segment(self, look: _Look) -> None:
        if look.complete and look.end - self._tracker.segmented < _HUSH // 2:
            return  # there was a look when it fell silent
        for span in self._tracker.to_segment(look.begin, look.end):
            samples = self._timeline[span.start : span.end]
            found = await self._run(partial(self._networks.segment, samples))
            self._tracker.segment(span, found, samples)

    async def _embed(self, look: _Look) -> None:
        # Some windows are wanted only because of what others are like.
        while wanted := self._tracker.wanted(look.begin, look.end, complete=look.complete):
            for span in wanted:
                samples = self._timeline[span.start : span.end]
                self._tracker.embed(span, await self._run(partial(self._networks.embed, samples)))
