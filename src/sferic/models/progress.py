"""How a fetch shows what it is doing: bars on a terminal, lines elsewhere, or nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress

Position = Callable[[int], None]
"""Takes how many bytes are there by now."""


class Progress(Protocol):
    """What the store tells while it works. Calls come from the thread that called the store."""

    def say(self, message: str) -> None:
        """One line about what happens next or has happened."""

    def track(self, label: str, total: int) -> AbstractContextManager[Position]:
        """Follow a transfer of `total` bytes."""


class Silent:
    """Shows nothing."""

    def say(self, message: str) -> None:
        """Drop the message."""

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Position]:  # noqa: ARG002
        """Follow nothing."""
        yield lambda _: None


class Lines:
    """One line a step, for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, message: str) -> None:
        """Print the message."""
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Position]:
        """Print what is transferred, once."""
        self.say(f"{label} ({megabytes(total)})")
        yield lambda _: None


class Bars(Lines):
    """Lines, and a bar for every transfer, for people at a terminal."""

    @contextmanager
    def track(self, label: str, total: int) -> Iterator[Position]:
        """Draw a bar until the transfer ends."""
        with RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
        ) as bars:
            task = bars.add_task(label, total=total)
            yield lambda position: bars.update(task, completed=position)


def on_console(console: Console) -> Progress:
    """Bars if the console is a terminal, lines otherwise."""
    return Bars(console) if console.is_terminal else Lines(console)


def megabytes(size: int) -> str:
    """A size as people read it, in units of a million bytes."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
