"""Where transcripts are written: standard output, a file, or a file for each recording."""

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from sferic.cli.display import Display, Format, display
from sferic.cli.sources import STDIN
from sferic.client import Received
from sferic.errors import OutputError

_SUFFIXES: dict[str, Format] = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".srt": "srt",
    ".vtt": "vtt",
    ".rttm": "rttm",
}
_NAMES = {"json": "jsonl"}


def format_of(path: Path) -> Format:
    """Return the format that a file's name asks for."""
    return _SUFFIXES.get(path.suffix.lower(), "txt")


def is_terminal(stream: TextIO) -> bool:
    """Tell whether lines can be overwritten there."""
    return stream.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


class Output:
    """What the messages of one session are written to. Nothing is opened before the first comes.

    Args:
        kind: The format; None is for people.
        path: A file; None is standard output.
        recording: What it is the transcript of.
    """

    def __init__(self, kind: Format | None, path: Path | None, *, recording: str = "") -> None:
        self._kind = kind
        self._recording = recording
        self._path = path
        self._file: TextIO | None = None
        self._display: Display | None = None

    @property
    def on_terminal(self) -> bool:
        """Whether people see it grow."""
        return self._path is None and sys.stdout.isatty()

    def show(self, received: Received) -> None:
        """Write a message.

        Raises:
            OutputError: The file cannot be written.
        """
        try:
            if self._display is None:
                self._display = self._open()
            self._display.show(received.message, received.text)
        except OSError as error:
            raise self._failure(error) from None

    def pause(self) -> None:
        """Leave the line to something else that is to be told."""
        if self._display is not None:
            self._display.pause()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            with ExitStack() as stack:
                if self._file is not None:
                    stack.enter_context(self._file)
                if self._display is not None:
                    self._display.end()
        except OSError as failure:
            if error is None:
                raise self._failure(failure) from None

    def _open(self) -> Display:
        if self._path is None:
            if isinstance(sys.stdout, TextIOWrapper):
                # Better a question mark than the end, where the locale lacks a letter.
                sys.stdout.reconfigure(errors="replace")
            terminal = is_terminal(sys.stdout)
            return display(self._kind, sys.stdout, terminal=terminal, recording=self._recording)
        self._file = self._path.open("w", encoding="utf-8")
        return display(self._kind, self._file, terminal=False, recording=self._recording)

    def _failure(self, error: OSError) -> OSError:
        if isinstance(error, BrokenPipeError | OutputError):
            return error
        return OutputError(self._path or Path("standard output"), error.strerror or str(error))


def paths(names: Sequence[str], output: Path | None, kind: Format | None) -> list[Path | None]:
    """Return the file for each recording.

    Args:
        names: Of the recordings.
        output: A file, or a folder; None for standard output.
        kind: The format, which the names of files in a folder end with.

    Raises:
        ValueError: Two of them are the same, or one is a recording.
    """
    if output is None:
        return [None] * len(names)
    if not output.is_dir():
        if len(names) > 1:
            message = f"{output} is no folder, and there are {len(names)} recordings"
            raise ValueError(message)
        chosen = [output]
    else:
        suffix = _NAMES.get(kind or "txt", kind or "txt")
        stems = ["stdin" if name == STDIN else Path(name).stem for name in names]
        chosen = [output / f"{stem}.{suffix}" for stem in stems]
    for name, path in zip(names, chosen, strict=True):
        if chosen.count(path) > 1:
            message = f"several recordings would be written to {path}"
            raise ValueError(message)
        if name != STDIN and _is_same(path, Path(name)):
            message = f"{path} is the recording itself"
            raise ValueError(message)
    return list(chosen)


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)
