"""`sferic text`: redaction and numerals for lines of text, without audio."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Annotated

import msgspec
import typer

from sferic import languages
from sferic.cli.flags import option_flags, options_from, with_parameters
from sferic.errors import TextInputError

STDIN = "-"
LONGEST_LINE = 1_000_000
"""Bytes of a line; a longer one is refused."""

_NAMES = (
    "language",
    "redact_pii",
    "redact_pci",
    "numerals",
    "itn_normalize",
    "format",
    "punctuate",
    "capitalize",
    "no_format_delay",
)
_HELP = (
    "Redact lines of text, and write their numbers.\n\n"
    "Each line is one final of a session, in order; an empty line begins another session, in which "
    "placeholders are numbered anew. There is one line of output for each line of input. The end "
    "of a line that may go on, such as the first half of a number, comes with the next line; "
    "where none follows, with its own."
)


@with_parameters(option_flags(only=_NAMES))
def text(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE…", help="Text in UTF-8; - is standard input.", show_default="-"
        ),
    ] = None,
    *,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print an object for each line: its text, by sentence, and what differs."
        ),
    ] = False,
    **flags: str | bool | None,
) -> None:
    """Redact lines of text, and write their numbers."""
    from sferic.text import Line, Lines  # noqa: PLC0415

    options = options_from(flags)
    if languages.is_aggregate(options.language):
        message = f"text needs one language, and {options.language} stands for several"
        raise typer.BadParameter(message, param_hint="--language")
    encode = msgspec.json.Encoder().encode

    def show(ready: list[Line]) -> None:
        for line in ready:
            written = encode(line) if as_json else line.text.encode()
            sys.stdout.buffer.write(written + b"\n")
        sys.stdout.buffer.flush()

    for name in files or [STDIN]:
        conversation = Lines(
            language=options.language,
            numerals=options.numerals if options.format else "false",
            itn_normalize=options.itn_normalize,
            redact_pii=options.redact_pii,
            redact_pci=options.redact_pci,
            no_format_delay=options.no_format_delay,
            punctuate=options.format and options.punctuate,
            capitalize=options.format and options.capitalize,
        )
        try:
            for line in _lines(name):
                show(conversation.feed(line))
        finally:
            show(conversation.finish())


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_HELP)(text)


def _lines(name: str) -> Iterator[str]:
    """Read a file line by line, as far as it is text.

    Raises:
        TextInputError: It cannot be read, or is no text in UTF-8.
    """
    if name == STDIN:
        yield from _decoded(sys.stdin.buffer, "standard input")
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115
    except OSError as error:
        raise TextInputError(name, error.strerror or str(error)) from None
    with file:
        yield from _decoded(file, name)


def _decoded(file: IO[bytes], name: str) -> Iterator[str]:
    number = 0
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(raw) > LONGEST_LINE:
            raise TextInputError(name, f"line {number} is longer than {LONGEST_LINE} bytes")
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise TextInputError(name, f"line {number} is not UTF-8") from None
        yield line.rstrip("\r\n")
