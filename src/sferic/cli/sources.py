"""Where audio comes from: files and standard input, containers and raw samples."""

import os
import select
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import IO, NamedTuple, Protocol

import msgspec

from sferic.audio import BYTES_A_SAMPLE
from sferic.audio.containers import LONGEST_SIGNATURE, container_of
from sferic.audio.recordings import Readable, Recording
from sferic.errors import UnreadableRecordingError
from sferic.protocol.options import Options

STDIN = "-"
"""The name that stands for standard input."""

_DECODED_A_SECOND = 32_000
_MP4_BEGINNINGS = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}
"""Its table of contents may stand at its end."""
_POLL_S = 0.1
_SPOOLED = 64 * 1024


class Block(NamedTuple):
    """A piece of audio."""

    data: bytes
    seconds: float


class Source(Protocol):
    """Audio to transcribe. Iterate on a thread; `stop` may be called from any."""

    name: str
    """For people."""
    duration: float | None
    """Seconds, where that is known."""
    endless: bool
    """Whether stopping it is its normal end."""

    def options(self, asked: Options) -> Options:
        """Return what is asked for, with the encoding that the blocks have."""

    def blocks(self, seconds: float) -> Iterator[Block]:
        """Read it to its end, or until it is stopped, in blocks of at most about this length.

        Raises:
            AudioError: It cannot be read on.
        """

    def stop(self) -> None:
        """Have `blocks` end soon, also where it waits for more."""

    def close(self) -> None:
        """Let it go."""

    def notes(self) -> list[str]:
        """Say what people should know of how it went."""


def open_file(name: str, *, raw: Options | None = None) -> Source:
    """Open a file, or standard input.

    Args:
        name: A path, or `-`.
        raw: The encoding and rate of bytes that are no container; None where the user did not say.

    Raises:
        UnreadableRecordingError: It cannot be opened, or is no audio.
    """
    resources = ExitStack()
    try:
        return _open(name, raw, resources)
    except OSError as error:
        resources.close()
        raise UnreadableRecordingError(error.strerror or str(error)) from None
    except BaseException:
        resources.close()
        raise


class RecordedAudio:
    """The first audio track of a container.

    Args:
        name: For people.
        recording: Its decoder.
        stopped: Set by `stop`; a pipe that `recording` waits for looks at it too.
        resources: What is to be closed.
    """

    endless = False

    def __init__(
        self, name: str, recording: Recording, stopped: threading.Event, resources: ExitStack
    ) -> None:
        self.name = name
        self.duration = recording.duration
        self._recording = recording
        self._stopped = stopped
        self._resources = resources

    def options(self, asked: Options) -> Options:
        """Ask for linear16 at 16 kHz: that is what it is decoded to."""
        return msgspec.structs.replace(asked, encoding="linear16", sample_rate=16_000)

    def blocks(self, seconds: float) -> Iterator[Block]:
        """Decode it."""
        try:
            for data in self._recording.blocks(seconds):
                if self._stopped.is_set():
                    return
                yield Block(data, len(data) / _DECODED_A_SECOND)
        except UnreadableRecordingError:
            if not self._stopped.is_set():  # of course it breaks off then
                raise

    def stop(self) -> None:
        """End at the next block."""
        self._stopped.set()

    def close(self) -> None:
        """Close the file."""
        self._resources.close()

    def notes(self) -> list[str]:
        """Tell of damage."""
        count = self._recording.damaged
        return [f"{count} damaged packets were left out"] if count else []


class RawAudio:
    """Samples without a container, sent as they are.

    Args:
        name: For people.
        file: The samples.
        encoded: Their encoding and rate.
        stopped: Set by `stop`; a pipe looks at it too.
        resources: What is to be closed.
    """

    endless = False

    def __init__(
        self,
        name: str,
        file: Readable,
        encoded: Options,
        stopped: threading.Event,
        resources: ExitStack,
    ) -> None:
        width = BYTES_A_SAMPLE.get(encoded.encoding)
        if width is None:
            message = (
                f"it is no {encoded.encoding} that can be read: bare packets have no borders in a "
                "file. Give them in a container, such as Ogg, and leave --encoding out"
            )
            raise UnreadableRecordingError(message)
        self.name = name
        self.duration: float | None = None
        self._a_second = width * encoded.sample_rate
        self._file = file
        self._encoded = encoded
        self._stopped = stopped
        self._resources = resources

    def options(self, asked: Options) -> Options:
        """Ask for what it is said to be."""
        encoded = self._encoded
        return msgspec.structs.replace(
            asked, encoding=encoded.encoding, sample_rate=encoded.sample_rate
        )

    def blocks(self, seconds: float) -> Iterator[Block]:
        """Read it, and what comes through a pipe as soon as it comes."""
        size = max(1, round(seconds * self._a_second))
        try:
            while not self._stopped.is_set() and (data := self._file.read(size)):
                yield Block(data, len(data) / self._a_second)
        except OSError as error:
            raise UnreadableRecordingError(error.strerror or str(error)) from None

    def stop(self) -> None:
        """End at the next block."""
        self._stopped.set()

    def close(self) -> None:
        """Close the file."""
        self._resources.close()

    def notes(self) -> list[str]:
        """There is nothing to tell."""
        return []


class _Pipe:
    """Bytes that come when they come; waiting for them ends when the source is stopped."""

    def __init__(self, descriptor: int, head: bytes, stopped: threading.Event) -> None:
        self._descriptor = descriptor
        self._head = head
        self._stopped = stopped

    def read(self, size: int, /) -> bytes:
        if self._head:
            taken, self._head = self._head[:size], self._head[size:]
            return taken
        while not self._stopped.is_set():
            if select.select([self._descriptor], [], [], _POLL_S)[0]:
                return os.read(self._descriptor, size)
        return b""


def _open(name: str, raw: Options | None, resources: ExitStack) -> Source:
    stopped = threading.Event()
    shown = "standard input" if name == STDIN else name
    file: Readable
    file, head = _begin(name, stopped, resources)
    if not head:
        message = "it is empty"
        raise UnreadableRecordingError(message)
    is_mp4 = head[4:8] in _MP4_BEGINNINGS
    if raw is not None and container_of(head) is None and not is_mp4:
        return RawAudio(shown, file, raw, stopped, resources)
    if is_mp4 and isinstance(file, _Pipe):
        file = _spooled(file, resources)
    recording = resources.enter_context(Recording(file))
    return RecordedAudio(shown, recording, stopped, resources)


def _begin(
    name: str, stopped: threading.Event, resources: ExitStack
) -> tuple["FileIO | _Pipe", bytes]:
    """Open it and look at its first bytes, which are read again."""
    if name == STDIN:
        if sys.stdin.isatty():
            message = "it is a terminal; pipe audio into it, or use --microphone"
            raise UnreadableRecordingError(message)
        file = FileIO(sys.stdin.fileno(), closefd=False)
    else:
        file = FileIO(os.fspath(Path(name)))
    resources.enter_context(file)
    if file.seekable() and file.tell() == 0:
        head = file.read(LONGEST_SIGNATURE)
        file.seek(0)
        return file, head
    head = b""
    pipe = _Pipe(file.fileno(), head, stopped)
    while len(head) < LONGEST_SIGNATURE and (more := pipe.read(LONGEST_SIGNATURE - len(head))):
        head += more
    return _Pipe(file.fileno(), head, stopped), head


def _spooled(pipe: _Pipe, resources: ExitStack) -> IO[bytes]:
    """Keep what comes through a pipe on disk, where it can be read in any order."""
    spool: IO[bytes] = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
    while data := pipe.read(_SPOOLED):
        spool.write(data)
    spool.seek(0)
    return spool
