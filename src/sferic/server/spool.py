"""Audio on its way in: kept on disk as it arrives, and read there while it arrives."""

import asyncio
import io
import os
import tempfile
import threading
from collections.abc import AsyncIterable
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from sferic.errors import RecordingTooBigError, SpoolFullError


class Room:
    """Bytes on disk that all recordings together may take.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self.held = 0

    def take(self, size: int) -> None:
        """Take some.

        Raises:
            SpoolFullError: There are not so many left.
        """
        if self.held + size > self._size:
            raise SpoolFullError(self._size)
        self.held += size

    def give_back(self, size: int) -> None:
        """Give some back."""
        self.held -= size


class Spool:
    """A growing file. One thread reads it, through `reader`, while the event loop fills it.

    Args:
        file: Open for reading and, unless it is complete, for writing.
        room: What it takes its bytes from.
        limit: Bytes that it may hold.
        path: Where it lies, if it has a name.
        size: Bytes that are in it; they have been taken.
        kept: Whether all is there and stays there.
    """

    def __init__(
        self,
        file: FileIO,
        room: Room,
        *,
        limit: int,
        path: Path | None = None,
        size: int = 0,
        kept: bool = False,
    ) -> None:
        self._file = file
        self._path = path
        self._room = room
        self._limit = limit
        self._changed = threading.Condition()
        self._over = self._kept = kept
        self._stopped = False
        self.size = size
        """Bytes that came so far."""

    @classmethod
    def nameless(cls, folder: Path, room: Room, *, limit: int) -> Self:
        """Make one that is gone with the process, however that ends.

        Raises:
            OSError: It cannot be made.
        """
        descriptor, path = tempfile.mkstemp(dir=folder)
        Path(path).unlink()
        return cls(FileIO(descriptor, "r+b"), room, limit=limit)

    @classmethod
    def named(cls, path: Path, room: Room, *, limit: int) -> Self:
        """Make one that `keep` lets stay.

        Raises:
            OSError: It cannot be made.
        """
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        return cls(FileIO(descriptor, "r+b"), room, limit=limit, path=path)

    @classmethod
    def stored(cls, path: Path, room: Room) -> Self:
        """Open one that was kept.

        Raises:
            OSError: It is not there.
        """
        file = FileIO(os.open(path, os.O_RDONLY), "rb")
        size = os.fstat(file.fileno()).st_size
        return cls(file, room, limit=size, path=path, size=size, kept=True)

    @property
    def complete(self) -> bool:
        """Whether nothing more comes."""
        return self._over

    async def fill(self, chunks: AsyncIterable[bytes]) -> None:
        """Take in all there is.

        Raises:
            RecordingTooBigError: It is more than the limit.
            SpoolFullError: There is no room for it.
        """
        try:
            async for chunk in chunks:
                if self.size + len(chunk) > self._limit:
                    raise RecordingTooBigError(self._limit)
                await self._write(chunk)
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    async def _write(self, data: bytes) -> None:
        self._room.take(len(data))
        try:
            await asyncio.to_thread(self._append, data)
        except OSError:
            self._room.give_back(len(data))
            raise SpoolFullError(None) from None
        with self._changed:
            self.size += len(data)
            self._changed.notify_all()

    def _append(self, data: bytes) -> None:
        at, rest = self.size, memoryview(data)
        while rest:
            written = os.pwrite(self._file.fileno(), rest, at)
            at, rest = at + written, rest[written:]

    async def keep(self) -> None:
        """Have it stay when it is closed, and when the machine goes down.

        Raises:
            OSError: The disk does not take it.
        """
        assert self._path is not None  # noqa: S101  # only what has a name can stay
        await asyncio.to_thread(_sync, self._file.fileno(), self._path.parent)
        self._kept = True

    def forget(self) -> None:
        """Have it not stay after all."""
        self._kept = False

    def reader(self, *, seekable: bool) -> "SpoolPipe":
        """Return its bytes as a file that waits for what is still to come.

        Args:
            seekable: Whether it can be read in any order. FFmpeg then goes to the end of some files
                first, and so waits until all has come.
        """
        return SpoolReader(self) if seekable else SpoolPipe(self)

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
        """Let it go, and the file with it unless it was to stay; nobody may be reading it."""
        self._file.close()
        if not self._kept:
            self._room.give_back(self.size)
            if self._path is not None:
                self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class SpoolPipe:
    """The bytes of a spool in the order in which they come."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._at = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, waiting for the first; none at the end."""
        data = self._spool.read(self._at, size)
        self._at += len(data)
        return data


class SpoolReader(SpoolPipe):
    """The bytes of a spool in any order."""

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


def _sync(descriptor: int, folder: Path) -> None:
    os.fsync(descriptor)
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
