"""What a reader in front of a peer sees of one recording, and what that costs."""

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import msgspec

from benchmarks.harness.streaming import CHUNK_S
from benchmarks.peers.metering import ChildMeter
from sferic.audio import SAMPLE_RATE

_WIDTH = 2
"""Bytes of a sample."""
_CHUNK = round(SAMPLE_RATE * CHUNK_S)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the text on the screen."""

    at_s: float
    """Since the first sample was spoken."""
    text: str
    """All that is shown from now on, settled or not."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one recording."""

    audio_s: float
    shown: tuple[Shown, ...]
    done_s: float | None
    """When the peer said that nothing would follow, since the first sample; None if it does not
    say such a thing."""
    cpu_s: float
    """Of the peer, to the last text, or to the end of the audio if that was later."""
    failure: str | None
    """Why what is shown is not all."""
    given_up_s: float | None
    """When it was given up because it did not keep up, since the first sample."""

    @property
    def late(self) -> bool:
        """Whether it did not keep up."""
        return self.given_up_s is not None

    @property
    def text(self) -> str:
        """What stands in the end."""
        return self.shown[-1].text if self.shown else ""

    @property
    def lag_s(self) -> float | None:
        """From the end of the audio to the last change of the text, at least 0; None without.

        Of a peer that was given up it is how long was waited: the last text would have come later.
        """
        if self.given_up_s is not None:
            return self.given_up_s - self.audio_s
        return max(0.0, self.shown[-1].at_s - self.audio_s) if self.shown else None

    @property
    def gaps_s(self) -> tuple[float, ...]:
        """From each change of the text to the next, as long as there was audio."""
        times = [each.at_s for each in self.shown if each.at_s <= self.audio_s]
        return tuple(later - earlier for earlier, later in pairwise(times))

    def due_s(self, place_s: float) -> float:
        """When the message with this place in the audio was due, since the first sample."""
        chunks = -(-round(place_s * SAMPLE_RATE) // _CHUNK)
        return min(chunks * CHUNK_S, self.audio_s)


class Ear:
    """Takes down what a peer shows.

    Args:
        audio: The recording: 16-bit mono samples at 16 kHz.
        meter: Tells what the peer spends.
    """

    def __init__(self, audio: bytes, meter: ChildMeter) -> None:
        self._audio = audio
        self._meter = meter
        self._shown: list[Shown] = []
        self._done_s: float | None = None
        self._given_up_s: float | None = None
        self._spent_before = self._spent = meter.cpu_s()
        self._began = time.monotonic()
        self.audio_ended = asyncio.Event()
        """Set when all has been sent."""
        self.owed_s: float | None = None
        """Audio that the peer says it has not worked through yet, where it says so."""
        self.failure: str | None = None
        """Why what is shown is not all."""

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return len(self._audio) / _WIDTH / SAMPLE_RATE

    async def microphone(self) -> AsyncIterator[bytes]:
        """The audio as it is spoken, in pieces of 100 ms, on a schedule that begins now."""
        self.begin(time.monotonic())
        for start in range(0, len(self._audio), _CHUNK * _WIDTH):
            part = self._audio[start : start + _CHUNK * _WIDTH]
            # A microphone has a piece when the last sample of it has been spoken.
            due = self._began + (start + len(part)) / _WIDTH / SAMPLE_RATE
            await asyncio.sleep(due - time.monotonic())
            yield part
        self._spent = self._meter.cpu_s()
        self.audio_ended.set()

    def begin(self, at: float) -> None:
        """The first sample is spoken at this time on the monotonic clock."""
        self._began = at

    def show(self, text: str, at: float | None = None) -> bool:
        """The peer shows this, now or at a time, in place of all before.

        Returns:
            Whether that is a change.
        """
        text = " ".join(text.split())
        if text == (self._shown[-1].text if self._shown else ""):
            return False
        self._shown.append(Shown(at_s=self._since(at), text=text))
        self._spent = self._meter.cpu_s()
        return True

    def done(self, at: float | None = None) -> None:
        """The peer says, now or at a time, that nothing follows."""
        self._done_s = self._since(at)
        self._spent = self._meter.cpu_s()

    def give_up(self, patience_s: float) -> None:
        """The peer was not ready in time."""
        owed = "" if self.owed_s is None else f", {self.owed_s:.1f} s of audio by its own account"
        self.failure = (
            f"did not keep up: {patience_s:g} s after the end of {self.seconds:.1f} s of audio it "
            f"was still behind{owed}"
        )
        self._given_up_s = self._since(None)

    def heard(self) -> Heard:
        """Sum up."""
        if self.failure is not None:
            self._spent = self._meter.cpu_s()
        return Heard(
            audio_s=self.seconds,
            shown=tuple(self._shown),
            done_s=self._done_s,
            cpu_s=self._spent - self._spent_before,
            failure=self.failure,
            given_up_s=self._given_up_s,
        )

    def _since(self, at: float | None) -> float:
        return (time.monotonic() if at is None else at) - self._began
