"""A streaming engine without weights: it hears words as they are said, with a delay."""

import asyncio
import threading
from collections.abc import Sequence

import numpy as np

from engines import Samples, spoken
from sferic.audio import SAMPLE_RATE
from sferic.recognition.engine import Decoding
from sferic.recognition.hypothesis import Hypothesis, Word
from sferic.recognition.orthography import FULL

STEP = SAMPLE_RATE // 10
LOOK_AHEAD = SAMPLE_RATE // 5
_PATIENCE_S = 30


class FakeDecoding:
    """What was said up to `decoded`, if it was said completely."""

    def __init__(self, start: int, hotwords: Sequence[tuple[str, float]]) -> None:
        self.start = start
        self.hotwords = tuple(hotwords)
        self.heard = np.zeros(0, np.float32)
        self.turns = 0
        self.decoded = 0

    def accept(self, samples: Samples) -> None:
        self.turns += 1
        self.heard = np.append(self.heard, samples)

    def hypothesis(self) -> Hypothesis:
        words = tuple(
            Word(
                text=f"w{number}",
                start=self.start + first,
                end=self.start + last,
                confidence=0.9,
            )
            for number, first, last in spoken(self.heard)
            if last <= self.decoded
        )
        return Hypothesis(words=words, language="en", settled=max(len(words) - 1, 0))


class FakeStreamingEngine:
    """Takes steps of 0.1 s when 0.2 s more are there.

    Attributes:
        opened: All decodings.
        batches: How many went each step.
        running: While clear, steps do not return.
        poisonous: A start; a step with the decoding that begins there fails.
    """

    name = "fake"
    writing = FULL
    favours_keywords = True
    step = STEP
    flush = LOOK_AHEAD + STEP
    batch = 3

    def __init__(self, *, parallel: int = 1) -> None:
        self.languages: tuple[str, ...] = ("en",)
        self.parallel = parallel
        self.opened: list[FakeDecoding] = []
        self.batches: list[int] = []
        self.running = threading.Event()
        self.running.set()
        self.poisonous: set[int] = set()
        self.closed = False
        self._held = False
        self._changed = threading.Condition()

    def open(
        self,
        *,
        languages: Sequence[str],
        start: int = 0,
        hotwords: Sequence[tuple[str, float]] = (),
    ) -> FakeDecoding:
        assert languages
        decoding = FakeDecoding(start, hotwords)
        self.opened.append(decoding)
        return decoding

    def advance(self, decodings: Sequence[Decoding]) -> Sequence[Decoding]:
        assert len(decodings) <= self.batch
        if not self.running.is_set():
            with self._changed:
                self._held = True
                self._changed.notify_all()
        assert self.running.wait(_PATIENCE_S)
        ready = [
            decoding
            for decoding in decodings
            if isinstance(decoding, FakeDecoding)
            and len(decoding.heard) >= decoding.decoded + STEP + LOOK_AHEAD
        ]
        if any(decoding.start in self.poisonous for decoding in ready):
            raise MemoryError
        for decoding in ready:
            decoding.decoded += STEP
        if ready:
            self.batches.append(len(ready))
        return ready

    def close(self) -> None:
        self.closed = True

    async def held(self) -> None:
        """Wait until a step waits for `running`."""
        assert await asyncio.to_thread(self._wait)

    def _wait(self) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._held, _PATIENCE_S)
