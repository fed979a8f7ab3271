"""One session of hours: sends it, and notes what it costs, answers and holds on the way."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec

from benchmarks.endurance_audio import Programme
from benchmarks.harness.live import Received, Talk
from benchmarks.harness.marked import Mark, MarkedStream
from benchmarks.harness.streaming import CHUNK_S
from benchmarks.harness.watched import Usage, WatchedServer
from sferic.audio import SAMPLE_RATE
from sferic.protocol.messages import Transcription, WordItem
from sferic.protocol.options import Options

LOOK_EVERY_S = 1.0
"""Seconds between two looks at the server."""
ROUNDED_S = 0.011
"""Times on the wire are rounded to 0.01 s."""


class SpedTalk(Talk, kw_only=True):
    """The record of a session that is sent at a multiple of real time."""

    speed: float

    def due(self, place: float) -> float:
        """When the message with this place in the audio was due to be sent."""
        chunk = round(self.rate * CHUNK_S)
        sample = min(max(round(place * self.rate), 0), self.samples)
        place_s = min(-(-sample // chunk) * chunk, self.samples) / self.rate
        return self.began + place_s / self.speed


class Look(msgspec.Struct, frozen=True):
    """The server, when it was known to have taken so much of the audio."""

    taken_s: float
    usage: Usage


class LongRun(msgspec.Struct, kw_only=True):
    """What one long session brought about."""

    talk: SpedTalk
    """Without its partials, whose number and times are below."""
    before: Usage
    """The server before the session."""
    after: Usage
    """The server after it."""
    looks: list[Look]
    marks: list[Mark]
    partials: list[float]
    """How much audio had been taken when each came."""
    outside: int
    """Words, of partials too, that began before the audio or ended behind what had been sent."""

    @property
    def words(self) -> list[WordItem]:
        """Those of all finals."""
        return [word for _, said in self.talk.finals for word in said.words or ()]


async def run_long(
    server: WatchedServer,
    programme: Programme,
    *,
    language: str,
    speed: float,
    step: Callable[[], None],
) -> LongRun:
    """Send the programme as one session.

    Args:
        server: Runs already.
        programme: What to send.
        language: What is spoken.
        speed: Seconds of audio in a second; 0 is as fast as the server takes it.
        step: Called when a window has been made.
    """
    options = Options(language=language, sample_rate=SAMPLE_RATE, vad_events=True)
    talk = SpedTalk(
        samples=round(programme.seconds * SAMPLE_RATE),
        rate=SAMPLE_RATE,
        silence_s=options.endpoint_silence_ms / 1000,
        speed=speed,
    )
    run = LongRun(
        talk=talk,
        before=server.usage(),
        after=server.usage(),
        looks=[],
        marks=[],
        partials=[],
        outside=0,
    )

    def take(received: Received) -> None:
        _note(run, received, sent_s=stream.sent_s, taken_s=stream.taken_s)

    stream = MarkedStream(url=server.url, key=server.key, options=options, speed=speed, take=take)

    def blocks() -> Iterator[bytes]:
        for block in programme.blocks():
            yield block
            step()

    looking = asyncio.create_task(_look(server, stream, run.looks))
    try:
        talk.failure = await stream.run(blocks())
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    talk.began, talk.asked, run.marks = stream.began, stream.asked, stream.marks
    await server.until_ended(1)
    run.after = server.usage()
    return run


async def _look(server: WatchedServer, stream: MarkedStream, looks: list[Look]) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        looks.append(Look(stream.taken_s, server.usage()))


def _note(run: LongRun, received: Received, *, sent_s: float, taken_s: float) -> None:
    message = received.message
    if isinstance(message, Transcription):
        words = message.words or ()
        run.outside += sum(word.start < 0 or word.end > sent_s + ROUNDED_S for word in words)
        if not message.is_final:
            run.partials.append(taken_s)
            return
    run.talk.heard.append(received)
