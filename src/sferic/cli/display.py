"""How a transcript is written while it grows: for people, for programs, as subtitles."""

import shutil
from typing import Literal, Protocol, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from sferic.cli import speakers, subtitles
from sferic.cli.subtitles import SubtitleFormat, Subtitler
from sferic.protocol.messages import Message, Transcription

Format = Literal["txt", "json", "srt", "vtt", "rttm"]

_DIM, _PLAIN, _CLEAR = "\x1b[2m", "\x1b[0m", "\r\x1b[K"
_NARROWEST = 20


class Display(Protocol):
    """Where the messages of a session go."""

    def show(self, message: Message | None, text: str) -> None:
        """Write what a message says.

        Args:
            message: The message; None for one of a kind that is not known here.
            text: The same, as it came.
        """

    def pause(self) -> None:
        """Leave the line to something else that is to be told."""

    def end(self) -> None:
        """Write what is left of a session. Nothing is written twice."""


class Lines:
    """Finals, one a line, or one for each speaker in them: for pipes and text files."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, message: Message | None, text: str) -> None:  # noqa: ARG002
        """Write a final that says something."""
        if isinstance(message, Transcription) and message.is_final and message.transcript.strip():
            for said in speakers.said(message):
                whose = "" if said.speaker is None else f"{speakers.name(said.speaker)}: "
                self._out.write(whose + printable(said.text) + "\n")
            self._out.flush()

    def pause(self) -> None:
        """Every line is whole."""

    def end(self) -> None:
        """Nothing is left."""


class Screen:
    """Finals that stay, and below them the partial, on one line that is overwritten.

    Args:
        out: A terminal.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._console = Console(
            file=out, force_terminal=True, markup=False, highlight=False, emoji=False
        )
        self._coloured = not self._console.no_color
        self._partial = False

    def show(self, message: Message | None, text: str) -> None:  # noqa: ARG002
        """Write a transcription in the place of the partial."""
        if not isinstance(message, Transcription):
            return
        said = printable(message.transcript.strip())
        if not message.is_final:
            self._show_partial(said)
            return
        self._clear()
        for turn in speakers.said(message) if said else ():
            self._console.print(_labelled(turn))
        self._out.flush()

    def pause(self) -> None:
        """Take the partial away, until the next."""
        self._clear()
        self._out.flush()

    def end(self) -> None:
        """Keep a partial that no final has replaced: it is all there is of its segment."""
        if self._partial:
            self._out.write("\n")
            self._out.flush()
            self._partial = False

    def _show_partial(self, text: str) -> None:
        line = ending(text, max(_NARROWEST, shutil.get_terminal_size().columns) - 1)
        self._out.write(_CLEAR + (f"{_DIM}{line}{_PLAIN}" if self._coloured else line))
        self._out.flush()
        self._partial = bool(line)

    def _clear(self) -> None:
        if self._partial:
            self._out.write(_CLEAR)
            self._partial = False


class Json:
    """Every message as it came, one a line."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, message: Message | None, text: str) -> None:  # noqa: ARG002
        """Write it; in JSON, a line break can only be a blank."""
        self._out.write(text.replace("\n", " ") + "\n")
        self._out.flush()

    def pause(self) -> None:
        """Every line is whole."""

    def end(self) -> None:
        """Nothing is left."""


class Subtitles:
    """The finals as subtitles.

    Args:
        out: Where the file goes.
        kind: What file it is.
    """

    def __init__(self, out: TextIO, kind: SubtitleFormat) -> None:
        self._out = out
        self._kind = kind
        self._subtitler = Subtitler()
        self._number = 0
        out.write(subtitles.header(kind))

    def show(self, message: Message | None, text: str) -> None:  # noqa: ARG002
        """Write the cues that a final completes."""
        if isinstance(message, Transcription) and message.is_final:
            self._write(self._subtitler.add(message))

    def pause(self) -> None:
        """Every line is whole."""

    def end(self) -> None:
        """Write the last cues."""
        self._write(self._subtitler.finish())
        self._out.flush()

    def _write(self, cues: list[subtitles.Cue]) -> None:
        for cue in cues:
            self._number += 1
            self._out.write(subtitles.render(cue, self._number, self._kind))
        if cues:
            self._out.flush()


class Rttm:
    """The turns of the speakers, for scorers of diarization.

    Args:
        out: Where the file goes.
        recording: What the lines call it.
    """

    def __init__(self, out: TextIO, recording: str) -> None:
        self._out = out
        self._turns = speakers.Turns(recording)

    def show(self, message: Message | None, text: str) -> None:  # noqa: ARG002
        """Write the turns that a final shows to be over."""
        if isinstance(message, Transcription) and message.is_final:
            self._out.writelines(self._turns.add(message))
            self._out.flush()

    def pause(self) -> None:
        """Every line is whole."""

    def end(self) -> None:
        """Write the last turn."""
        self._out.writelines(self._turns.finish())
        self._out.flush()


def display(kind: Format | None, out: TextIO, *, terminal: bool, recording: str = "") -> Display:
    """Return what writes a session in a format; without one, it is for people.

    Args:
        kind: The format.
        out: Where it goes.
        terminal: Whether `out` is one that a line can be overwritten on.
        recording: What it is the transcript of, for formats that say it.
    """
    match kind:
        case None:
            return Screen(out) if terminal else Lines(out)
        case "txt":
            return Lines(out)
        case "json":
            return Json(out)
        case "srt" | "vtt":
            return Subtitles(out, kind)
        case "rttm":
            return Rttm(out, recording)


def _labelled(turn: speakers.Said) -> Text:
    text = Text(printable(turn.text))
    if turn.speaker is None:
        return text
    colour = speakers.COLOURS[turn.speaker % len(speakers.COLOURS)]
    return Text.assemble((f"{speakers.name(turn.speaker)}: ", f"bold {colour}"), text)


def printable(text: str) -> str:
    """Make one line of a text, with nothing in it that would steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def ending(text: str, width: int) -> str:
    """Cut a text on its left to this many columns: what was said last is what is new."""
    if cell_len(text) <= width:
        return text
    start, room = len(text), width - 1
    while start and (room := room - cell_len(text[start - 1])) >= 0:
        start -= 1
    return "…" + text[start:]
