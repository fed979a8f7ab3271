"""The sessions that are open: how many there may be, and how they all end."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sferic.protocol.messages import ErrorMessage
from sferic.server.admission import RETRY_S, Admission, Departures
from sferic.server.backend import Stream
from sferic.server.refusal import Refusal

AHEAD_S = 10.0
"""Seconds by which audio is ahead of the clock when it is no live speech; as a session has it."""


class Endable(Protocol):
    """A session, as far as its end goes."""

    def end(self, code: int, error: ErrorMessage, *, within: float) -> None:
        """Finish what was received and close; not before the next turn of the event loop."""


class Place:
    """What is known of a session among the others."""

    def __init__(self) -> None:
        self._stream: Stream | None = None
        self._since = 0.0

    def begin(self, stream: Stream) -> None:
        """The session has its stream."""
        self._stream, self._since = stream, time.monotonic()

    @property
    def session_id(self) -> str | None:
        """The name of the stream on the wire."""
        return self._stream.session_id if self._stream else None

    @property
    def background(self) -> bool:
        """Whether its audio has come so much faster than it was spoken that nobody waits for it."""
        if self._stream is None:
            return False
        return self._stream.audio_seconds - (time.monotonic() - self._since) > AHEAD_S


class Sessions:
    """The sessions of one app.

    Args:
        admission: Knows how many live streams are held.
        most: Sessions open at once, 0 for no limit.
        most_per_key: Sessions of one key open at once, 0 for no limit.
        drain_s: Seconds that sessions get for their end when the server stops.
    """

    def __init__(
        self, admission: Admission, *, most: int, most_per_key: int, drain_s: float
    ) -> None:
        self._admission = admission
        self._most = most
        self._most_per_key = most_per_key
        self._drain_s = drain_s
        self._taken: Counter[str] = Counter()
        self._places: set[Place] = set()
        self._recordings = 0
        self._departures = Departures()
        self._open: dict[Endable, str] = {}
        self._none_left = asyncio.Event()
        self._none_left.set()
        self.draining = False
        self.finals = 0
        """Finals with text that live streams have been sent so far."""

    @property
    def live(self) -> int:
        """Open sessions whose audio comes as it is spoken."""
        return len(self._places) - self._hurried

    @property
    def background(self) -> int:
        """Open sessions whose audio comes faster, and recordings."""
        return self._hurried + self._recordings

    @property
    def _hurried(self) -> int:
        return sum(place.background for place in self._places)

    @property
    def capacity(self) -> int | None:
        """How many may be open at once, as far as that is known; None without a limit."""
        limits = [self._most] if self._most else []
        if (held := self._admission.capacity) is not None:
            limits.append(held.streams)
        return min(limits, default=None)

    def answered(self, session_id: str) -> None:
        """A session was sent a final with text."""
        for place in self._places:
            if place.session_id == session_id:
                self.finals += not place.background

    @contextmanager
    def place(self, key_id: str) -> Iterator[Place]:
        """Hold a place for a session of the key.

        Raises:
            Refusal: 429 when the key has too many, 503 when the server has, or is to stop.
        """
        self.check(key_id)
        place = Place()
        self._places.add(place)
        try:
            with self._counted(key_id):
                yield place
        finally:
            self._places.remove(place)
            self._departures.note()

    @contextmanager
    def recording(self, key_id: str) -> Iterator[None]:
        """Hold a place for a recording that its client waits for.

        However many streams are open, it has one: it does with the time that they leave.

        Raises:
            Refusal: 429 when the key has too many, 503 when the server is to stop.
        """
        self._check(key_id)
        with self._counted(key_id):
            yield

    @contextmanager
    def transcribing(self) -> Iterator[None]:
        """Count a recording that is being transcribed among the streams nobody speaks into."""
        self._recordings += 1
        try:
            yield
        finally:
            self._recordings -= 1

    def check(self, key_id: str) -> None:
        """See whether there would be a place.

        Raises:
            Refusal: 429 when the key has too many, 503 when the server has, or is to stop.
        """
        self._check(key_id)
        if (full := self._full()) is not None:
            raise Refusal(503, "server_full", full, retry_after=self._departures.next_in)

    @contextmanager
    def running(self, session: Endable, key_id: str) -> Iterator[None]:
        """Have a session ended with the others."""
        self._open[session] = key_id
        if self.draining:
            self._restart(session)
        try:
            yield
        finally:
            del self._open[session]

    def stopping(self) -> Refusal:
        """Return what a client is told while the server stops."""
        retry = max(1, round(self._drain_s))
        message = "the server is stopping and takes no new sessions"
        return Refusal(503, "server_draining", message, retry_after=retry)

    async def drain(self) -> None:
        """Take no more sessions, and wait until those that are open have had their end."""
        self.draining = True
        for session in list(self._open):
            self._restart(session)
        await self._none_left.wait()

    def revoke(self, key_ids: frozenset[str]) -> None:
        """End the sessions of keys that are no longer in force."""
        error = ErrorMessage(code="key_revoked", message="the key of this session was revoked")
        for session, key_id in list(self._open.items()):
            if key_id in key_ids:
                session.end(1008, error, within=0)

    def _check(self, key_id: str) -> None:
        if self._most_per_key and self._taken[key_id] >= self._most_per_key:
            raise Refusal(
                429,
                "too_many_sessions",
                f"this key has {self._most_per_key} sessions open, which is as many as it may",
                retry_after=RETRY_S,
            )
        if self.draining:
            raise self.stopping()

    @contextmanager
    def _counted(self, key_id: str) -> Iterator[None]:
        self._taken[key_id] += 1
        self._none_left.clear()
        try:
            yield
        finally:
            self._taken[key_id] -= 1
            if not self._taken[key_id]:
                del self._taken[key_id]
            if not self._taken:
                self._none_left.set()

    def _full(self) -> str | None:
        """Why there is no room, as a sentence."""
        if self._most and len(self._places) >= self._most:
            return f"as many sessions are open as this server takes: {self._most}"
        # Recordings take what live streams leave, and keep none of them out.
        return self._admission.full(live=self.live, background=self._hurried)

    def _restart(self, session: Endable) -> None:
        error = ErrorMessage(
            code="server_restarting",
            message="the server is stopping. Connect again in a moment to go on",
        )
        session.end(1012, error, within=self._drain_s)
