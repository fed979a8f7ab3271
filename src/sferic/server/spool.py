"""Audio on its way in: kept on disk as it arrives, and read there while it arrives."""

import asyncio
import io
import os
import tempfile
import threading
from collections.abc import AsyncIterable
from pathlib import Path
from types import TracebackType
from typing import Self

from sferic.errors import RecordingTooBigError

_WRITTEN_AT_ONCE = 1024 * 1024
"""Bytes that are collected before the disk is bothered."""


class Spool:
    """A growing file without a name: it is gone with the process, however that ends.

    One thread reads it, through `reader`, while the event loop fills it.

    Args:
        folder: Where it lies; nobody else may look into it.
        limit: Bytes that it may hold.
    """

    def __init__(self, folder: Path, *, limit: int) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  # closed below
        self._limit = limit
        self._changed = threading.Condition()
        self._over = False
        self._stopped = False
        self.size = 0
        """Bytes that came so far."""

    @property
    def complete(self) -> bool:
        """Whether nothing more comes."""
        return self._over

    async def fill(self, chunks: AsyncIterable[bytes]) -> None:
        """Take in all there is.

        Raises:
            RecordingTooBigError: It is more than the limit.
        """
        pending = bytearray()
        try:
            async for chunk in chunks:
                pending += chunk
                if self.size + len(pending) > self._limit:
                    raise RecordingTooBigError(self._limit)
                if len(pending) >= _WRITTEN_AT_ONCE or not self.size:
                    await self._write(pending)
                    pending = bytearray()
            if pending:
                await self._write(pending)
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    async def _write(self, data: bytearray) -> None:
        await asyncio.to_thread(self._append, data)
        with self._changed:
            self.size += len(data)
            self._changed.notify_all()

    def _append(self, data: bytearray) -> None:
        at, rest = self.size, memoryview(data)
        while rest:
            written = os.pwrite(self._file.fileno(), rest, at)
            at, rest = at + written, rest[written:]

    def reader(self) -> "SpoolReader":
        """Return its bytes as a file that waits for what is still to come."""
        return SpoolReader(self)

    def read(self, at: int, size: int) -> bytes:
        """Wait for bytes and return up to so many; none at the end, or when it was stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self.size > at or self._over or self._stopped)
            if self._stopped:
                return b""
        return os.pread(self._file.fileno(), size, at)

    def stop(self) -> None:
        """Have whoever reads it come to an end."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def close(self) -> None:
        """Let it go; nobody may be reading it."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class SpoolReader:
    """A place in a spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, waiting for the first; none at the end."""
        data = self._spool.read(self._at, size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place, whether it has come yet or not.

        Returns:
            The place. -1 where it is counted from an end that is not known yet: FFmpeg, whose
            question that is, then does without, while an exception would end up in the log.
        """
        if whence == io.SEEK_END:
            if not self._spool.complete:
                return -1
            offset += self._spool.size
        self._at = self._at + offset if whence == io.SEEK_CUR else offset
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at
