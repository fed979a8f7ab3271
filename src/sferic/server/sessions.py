"""The sessions that are open: how many there may be, and how they all end."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sferic.protocol.messages import ErrorMessage
from sferic.server.refusal import Refusal

RETRY_FULL_S = 5
"""What a client is told to wait when there is no room."""


class Endable(Protocol):
    """A session, as far as its end goes."""

    def end(self, code: int, error: ErrorMessage, *, within: float) -> None:
        """Finish what was received and close; not before the next turn of the event loop."""


class Sessions:
    """The sessions of one app.

    Args:
        most: Sessions open at once, 0 for no limit.
        most_per_key: Sessions of one key open at once, 0 for no limit.
        drain_s: Seconds that sessions get for their end when the server stops.
    """

    def __init__(self, *, most: int, most_per_key: int, drain_s: float) -> None:
        self._most = most
        self._most_per_key = most_per_key
        self._drain_s = drain_s
        self._taken: Counter[str] = Counter()
        self._open: dict[Endable, str] = {}
        self._none_left = asyncio.Event()
        self._none_left.set()
        self.draining = False

    @contextmanager
    def place(self, key_id: str) -> Iterator[None]:
        """Hold a place for a session of the key.

        Raises:
            Refusal: 429 when the key has too many, 503 when the server has, or is to stop.
        """
        if self._most_per_key and self._taken[key_id] >= self._most_per_key:
            raise Refusal(
                429,
                "too_many_sessions",
                f"this key has {self._most_per_key} sessions open, which is as many as it may",
                retry_after=RETRY_FULL_S,
            )
        if self.draining:
            raise self.stopping()
        if self._most and self._taken.total() >= self._most:
            raise Refusal(
                503,
                "server_full",
                f"{self._most} sessions are open, which is as many as this server takes",
                retry_after=RETRY_FULL_S,
            )
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

    def _restart(self, session: Endable) -> None:
        error = ErrorMessage(
            code="server_restarting",
            message="the server is stopping. Connect again in a moment to go on",
        )
        session.end(1012, error, within=self._drain_s)
