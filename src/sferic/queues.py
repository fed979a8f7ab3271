"""The two bounded ends of a session: what comes in, and what has not been read yet."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")

_CONTROL_WEIGHT = 256
"""Bytes that a control counts as, so that a flood of them is bounded too."""


class Inbox(Generic[Item]):
    """Audio and controls in the order they came, bounded by the bytes they hold.

    `put` waits for room; one message larger than the whole room is let in when nothing else waits.

    Args:
        room: Bytes.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._items: deque[bytes | Item] = deque()
        self._changed = asyncio.Condition()
        self._closed = False
        self.held = 0
        """Bytes that wait."""

    @property
    def closed(self) -> bool:
        """Whether nothing more is taken."""
        return self._closed

    async def put(self, item: bytes | Item) -> bool:
        """Add an item when there is room. False if the inbox was closed instead."""
        weight = _weight(item)
        async with self._changed:
            while not self._closed and self._items and self.held + weight > self._room:
                await self._changed.wait()
            if self._closed:
                return False
            self._items.append(item)
            self.held += weight
            self._changed.notify_all()
            return True

    async def take(self, most: int) -> list[bytes] | Item:
        """Wait for what is next: a control, or audio messages of up to about `most` bytes."""
        async with self._changed:
            while not self._items:
                await self._changed.wait()
            first = self._items.popleft()
            self.held -= _weight(first)
            if not isinstance(first, bytes):
                self._changed.notify_all()
                return first
            taken, size = [first], len(first)
            while self._items and isinstance(self._items[0], bytes):
                following = self._items[0]
                if size + len(following) > most:
                    break
                self._items.popleft()
                self.held -= _weight(following)
                taken.append(following)
                size += len(following)
            self._changed.notify_all()
            return taken

    async def close(self) -> None:
        """Take nothing more; whoever waits for room is let go."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()


class Outbox(Generic[Item]):
    """Messages that wait to be read.

    A newer partial takes the place of an unread one, and a final that of an unread partial. Other
    messages are bounded: at the bound `put` waits.

    Args:
        room: Messages, the partial not counted.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._items: deque[Item] = deque()
        self._draft: Item | None = None
        self._changed = asyncio.Condition()
        self._over = False
        self._error: BaseException | None = None

    async def put(self, item: Item, *, replaces_draft: bool = False) -> None:
        """Add a message when there is room; after the end it is dropped."""
        async with self._changed:
            while self._full and not self._over:
                await self._changed.wait()
            if self._over:
                return
            if replaces_draft:
                self._drop_draft()
            self._items.append(item)
            self._changed.notify_all()

    async def put_draft(self, item: Item) -> None:
        """Add a partial, in the place of one that has not been read."""
        async with self._changed:
            if self._over:
                return
            self._drop_draft()
            self._draft = item
            self._items.append(item)
            self._changed.notify_all()

    async def end(self, error: BaseException | None = None) -> None:
        """Nothing follows; after the last message reading ends, or raises the error."""
        async with self._changed:
            if not self._over:
                self._over, self._error = True, error
            self._changed.notify_all()

    async def get(self) -> Item:
        """Wait for the next message.

        Raises:
            StopAsyncIteration: There is none to come.
        """
        async with self._changed:
            while not self._items and not self._over:
                await self._changed.wait()
            if not self._items:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            item = self._items.popleft()
            if item is self._draft:
                self._draft = None
            self._changed.notify_all()
            return item

    @property
    def _full(self) -> bool:
        return len(self._items) - (self._draft is not None) >= self._room

    def _drop_draft(self) -> None:
        if self._draft is not None:
            # By identity: two partials with the same words are equal.
            self._items = deque(item for item in self._items if item is not self._draft)
            self._draft = None


def _weight(item: object) -> int:
    return len(item) if isinstance(item, bytes) else _CONTROL_WEIGHT
