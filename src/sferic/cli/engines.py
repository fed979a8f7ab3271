"""What recognises: this process, or a server. Their imports take a while, and wait for use."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec
from rich.console import Console

from sferic.protocol.options import Options

if TYPE_CHECKING:
    from sferic.cli.streaming import Opening
    from sferic.recognition.recognizer import Recognizer


class Engine(Protocol):
    """Opens streams."""

    def open(self, options: Options) -> "Opening":
        """Return a stream, to be opened by `async with`. May block.

        Raises:
            SfericError: There cannot be one.
        """

    def close(self) -> None:
        """Let go of what the streams shared."""


class Here:
    """Recognition in this process; the model is loaded for the first stream."""

    def __init__(self, flags: Mapping[str, str | bool | list[str] | None]) -> None:
        self._flags = {
            name: value if value is None or isinstance(value, list) else str(value)
            for name, value in flags.items()
        }
        self._recognizer: Recognizer | None = None

    def open(self, options: Options) -> "Opening":
        """Return a session."""
        from sferic.cli import streaming  # noqa: PLC0415
        from sferic.session import Session  # noqa: PLC0415

        if self._recognizer is None:
            self._recognizer = self._load(options)
        return streaming.local(Session(options, recognizer=self._recognizer))

    def close(self) -> None:
        """Let the model go."""
        if self._recognizer is not None:
            self._recognizer.close()

    def _load(self, options: Options) -> "Recognizer":
        from sferic.config import load_settings  # noqa: PLC0415
        from sferic.models import on_console  # noqa: PLC0415
        from sferic.recognition.recognizer import Recognizer  # noqa: PLC0415

        settings = load_settings(flags=self._flags)
        if not options.diarize:
            settings = msgspec.structs.replace(settings, diarization="off")
        return Recognizer.from_settings(settings, on_console(Console(stderr=True)))


class There:
    """Recognition by a server."""

    def __init__(self, url: str, key: str | None) -> None:
        self._url = url
        self._key = key

    def open(self, options: Options) -> "Opening":
        """Return a session."""
        from sferic.cli import streaming  # noqa: PLC0415
        from sferic.client import connect  # noqa: PLC0415

        return streaming.remote(connect(self._url, key=self._key, options=options))

    def close(self) -> None:
        """Each session has closed its own connection."""
