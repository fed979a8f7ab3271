"""The HTTP side of Uvicorn, with a limit on how long a request may take to arrive."""

import asyncio
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_WITHIN_S = 20.0
"""Seconds in which a new connection must have sent the head of its first request."""


class PromptH11Protocol(H11Protocol):
    """One HTTP connection. Uvicorn itself waits for a first request for ever."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._patience = self.loop.call_later(REQUEST_WITHIN_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._patience.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        waiting = self.transport.get_protocol() is self and self.cycle is None
        if waiting:
            self.transport.close()
