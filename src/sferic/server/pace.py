"""How fast a connection is read: arithmetic, free of sockets and clocks.

A client may send hours of audio at once. Reading all of it would need unbounded memory. Not reading
leaves the client's pings unanswered behind the audio, and after 20 s a client with the usual
settings gives up. So while the session is behind, reading goes on at a floor:

* Ahead of a ping there may be what the two kernels hold: up to 4 MiB in the client's send buffer
  (the usual `tcp_wmem`) and 0.5 MiB in our receive buffer, which is pinned to that. Measured on
  loopback: 4.7 MB. At 2 MiB/s that is 2.3 s.
* A client that sends everything before it reads anything leaves our pongs unread, too, and gives up
  after 40 s. Half an hour of 16 kHz PCM, 58 MB, is taken from it in 28 s.
* The floor costs memory: what is read is kept until the session takes it. At `cap` bytes it ends,
  and reading then goes as fast as the session. That half hour fits below it even if the session
  takes nothing.

The memory of a connection's input is at most `max(cap, high_water + largest message) + one read`
of at most 256 KiB, that is 64.4 MiB. While a message of the largest size is unmasked, two more
copies of it exist for some milliseconds.
"""

import math

import msgspec

MESSAGE_COST = 64
"""Bytes counted for a message besides its own: what the object around it takes."""


class FlowLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that bound a connection. Sizes in bytes, times in seconds."""

    high_water: int = 128 * 1024
    """Unprocessed input from which reading is throttled; it ends at half of it."""
    floor: int = 2 * 1024 * 1024
    """Bytes a second that are read while throttled."""
    cap: int = 64 * 1024 * 1024
    """Unprocessed input of a connection at which the floor ends."""
    largest_message: int = 64 * 1024 * 1024
    """A larger message ends the session with 1009."""
    receive_buffer: int = 256 * 1024
    """Receive buffer of the socket; Linux keeps twice as much."""
    send_buffer: int = 64 * 1024
    """Send buffer of the socket: small, so that a slow reader gets fresh partials, not old ones."""
    ping_interval: float = 20.0
    ping_timeout: float = 20.0
    stall_timeout: float = 60.0
    """A client that takes nothing of what it is sent for so long is cut off."""


class ReadAhead:
    """What all connections of a server hold together, against a limit for it.

    Above the limit the floor of every connection ends, so that memory stays bounded whatever the
    number of connections.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    @property
    def full(self) -> bool:
        """Whether the limit is reached."""
        return self.held >= self.limit


class ReadPace:
    """Decides for one connection when to read on.

    Its owner reports what happens and then asks `wait`. Times are seconds of any one clock.
    """

    LOOK_AGAIN = 1.0
    """Seconds to wait for other connections to make room."""

    def __init__(self, limits: FlowLimits, shared: ReadAhead) -> None:
        self._limits = limits
        self._shared = shared
        self._partial = 0
        self._queued = 0
        self._in_hand = 0
        self._next_read = -math.inf
        self._last_read = -math.inf
        self._last_behind = -math.inf
        self.behind = False
        """Whether the session is behind, that is, whether reading is throttled."""
        self.stalled = False
        """Whether the client does not read what it is sent; set by the owner."""

    @property
    def held(self) -> int:
        """Bytes of input held for this connection."""
        return self._partial + self._queued + self._in_hand

    def read(self, size: int, now: float, *, partial: int) -> None:
        """Bytes came in.

        Args:
            size: How many.
            now: When.
            partial: Bytes of a message that is not complete yet, in all.
        """
        self._last_read = now
        self._next_read = now + size / self._limits.floor
        self._count(partial=partial - self._partial)
        self._look(now)

    def queue(self, size: int) -> None:
        """A message is complete and waits for the session."""
        self._count(queued=size + MESSAGE_COST)

    def hand_over(self, size: int) -> None:
        """The session took the next message."""
        self._count(queued=-size - MESSAGE_COST, in_hand=size + MESSAGE_COST)

    def done(self, now: float) -> None:
        """The session is through with the message it took."""
        self._count(in_hand=-self._in_hand)
        self._look(now)

    def drop(self) -> None:
        """Everything that was held is let go."""
        self._count(-self._partial, -self._queued, -self._in_hand)
        self.behind = False

    def wait(self, now: float) -> float:
        """Return the seconds until the next read: 0 is now, infinity until something changes."""
        if not self.behind:
            return 0.0
        if self.stalled or self.held >= self._limits.cap:
            return math.inf
        if self._shared.full:
            return self.LOOK_AGAIN
        return max(0.0, self._next_read - now)

    def excuses(self, silent_since: float, now: float) -> bool:
        """Whether a client whose pong is missing may be alive all the same.

        Args:
            silent_since: When it was sent the ping that it has not answered.
            now: When that is asked.
        """
        heard = self._last_read > silent_since
        throttled = self.behind or now - self._last_behind <= self._limits.ping_interval
        return heard or throttled

    def _count(self, partial: int = 0, queued: int = 0, in_hand: int = 0) -> None:
        self._partial += partial
        self._queued += queued
        self._in_hand += in_hand
        self._shared.held += partial + queued + in_hand

    def _look(self, now: float) -> None:
        pending = self._queued + self._in_hand
        was_behind = self.behind
        threshold = self._limits.high_water // (2 if was_behind else 1)
        self.behind = pending >= threshold
        if self.behind or was_behind:
            self._last_behind = now
