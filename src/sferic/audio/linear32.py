"""linear32: 32-bit little-endian samples, integers or IEEE floats, told apart by what they are."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sferic.audio.clock import SAMPLE_RATE
from sferic.audio.pcm import ResampledDecoder
from sferic.audio.samples import FLOAT_32, SIGNED_32, Framer

SampleKind = Literal["integer", "float"]


class Linear32Decoder(ResampledDecoder):
    """32-bit PCM whose samples say whether they are integers or floats.

    Float audio has nearly all its exponents in a narrow band below that of 1.0. Read as floats,
    integers have theirs at both ends of the range (quiet ones of either sign are denormal or NaN),
    and only what lies between about a third and two thirds of full scale falls into that band.
    So every sample votes by its exponent. Words that are plausible as both do not vote: zeros,
    which are decoded at once, infinities, and NaN as arithmetic makes it.

    After a tenth of a second of votes, and at each further tenth, a clear majority decides; after a
    second, whatever majority there is. Until then samples from the first that is not zero on are
    held back, two seconds at most. A flush, or that limit, decodes what is held by the votes so
    far without settling the question.
    """

    def __init__(self, sample_rate: int) -> None:
        super().__init__(sample_rate)
        self._framer = Framer(4, block_frames=sample_rate // 2)
        self._ballot = _Ballot(round_size=max(1, sample_rate // 10))
        self._held: list[NDArray[np.uint32]] = []
        self._held_count = 0
        self._most_held = 2 * sample_rate
        self._kind: SampleKind | None = None

    @property
    def detected(self) -> SampleKind | None:
        """What the samples decoded last were taken for; None while nothing but silence came."""
        return self._kind

    @property
    def position(self) -> int:
        """Audio received so far, held or decoded, in samples at 16 kHz."""
        received = self._resampler.received + self._held_count
        return received * SAMPLE_RATE // self._resampler.rate

    def _samples(self, data: memoryview) -> Iterator[NDArray[np.float32]]:
        for block in self._framer.cut(data):
            if self._ballot.closed:
                yield self._converted(block)
            else:
                yield from self._weigh(np.frombuffer(block, "<u4"))

    def _undecided(self) -> Iterator[NDArray[np.float32]]:
        if self._held_count:
            yield from self._released()

    def _weigh(self, words: NDArray[np.uint32]) -> Iterator[NDArray[np.float32]]:
        while len(words) and not self._ballot.closed:
            silent = 0 if self._held_count else _leading_zeros(words)
            if silent:
                yield np.zeros(silent, np.float32)
                words = words[silent:]
                continue
            counted = self._ballot.count(words[: self._most_held - self._held_count])
            self._held.append(words[:counted].copy())
            self._held_count += counted
            words = words[counted:]
            if self._ballot.closed or self._held_count == self._most_held:
                yield from self._released()
        if len(words):
            yield self._converted(words.data.cast("B"))

    def _released(self) -> Iterator[NDArray[np.float32]]:
        self._kind = self._ballot.leading
        held, self._held = self._held, []
        for words in held:
            self._held_count -= len(words)
            yield self._converted(words.data.cast("B"))

    def _converted(self, words: memoryview) -> NDArray[np.float32]:
        return (SIGNED_32 if self._kind == "integer" else FLOAT_32).convert(words)


class _Ballot:
    """Counts votes, and looks at them after rounds of a fixed size, wherever the blocks end."""

    _ROUNDS = 10
    _CLEARLY_FLOAT, _CLEARLY_INTEGER, _RATHER_FLOAT = 0.95, 0.5, 0.75

    # Floats from 2**-40 up to 2.
    _LOWEST_EXPONENT, _HIGHEST_EXPONENT = 87, 127
    # Without the sign bit: zero, infinity, and the NaN that arithmetic makes.
    _ABSTAINING = (0x0000_0000, 0x7F80_0000, 0x7FC0_0000)

    def __init__(self, *, round_size: int) -> None:
        self.closed = False
        self._round_size = round_size
        self._votes = 0
        self._float_votes = 0

    @property
    def leading(self) -> SampleKind:
        """The majority so far; without any vote float, which takes what abstains for silence."""
        floats = self._float_votes >= self._RATHER_FLOAT * self._votes
        return "float" if floats else "integer"

    def count(self, words: NDArray[np.uint32]) -> int:
        """Counts up to the end of the round, says how many words that took."""
        magnitude = words & np.uint32(0x7FFF_FFFF)
        voting = ~np.isin(magnitude, np.array(self._ABSTAINING, np.uint32))
        exponent = magnitude >> np.uint32(23)
        floats = (exponent >= self._LOWEST_EXPONENT) & (exponent <= self._HIGHEST_EXPONENT)

        wanted = self._round_size - self._votes % self._round_size
        voters = np.flatnonzero(voting)[:wanted]
        self._votes += len(voters)
        self._float_votes += int(np.count_nonzero(floats[voters]))
        if len(voters) < wanted:
            return len(words)
        self._close_if_clear()
        return int(voters[-1]) + 1

    def _close_if_clear(self) -> None:
        share = self._float_votes / self._votes
        clear = share >= self._CLEARLY_FLOAT or share <= self._CLEARLY_INTEGER
        self.closed = clear or self._votes >= self._ROUNDS * self._round_size


def _leading_zeros(words: NDArray[np.uint32]) -> int:
    nonzero = words != 0
    first = int(nonzero.argmax())
    return first if nonzero[first] else len(words)
