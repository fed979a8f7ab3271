"""`sferic transcribe`: recordings or the microphone to text, in this process or by a server."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sferic.cli import exits
from sferic.cli.engines import Engine, Here, There
from sferic.cli.flags import option_flags, options_from, query_from, setting_flags, with_parameters
from sferic.errors import AudioError, CutShortError, OutputError, SfericError
from sferic.protocol.messages import Warning as WarningMessage
from sferic.protocol.options import Options

if TYPE_CHECKING:
    from sferic.cli.display import Format
    from sferic.cli.output import Output
    from sferic.cli.sources import Source
    from sferic.client import Received

STDIN = "-"
LONG_S = 30.0
"""Seconds of audio from which a progress bar is worth it."""

_HELP = (
    "Turn recordings, or what the microphone hears, into text.\n\n"
    "On a terminal the text grows as it is recognised; elsewhere each final is a line. "
    "It is recognised in this process, and a missing model is fetched; or with --url by a "
    "server.\n\n"
    "The options of a stream are those of the protocol. --encoding and --sample-rate are for raw "
    "samples, and count only where the bytes are no container. The option format of the protocol "
    "is --no-format here."
)
_EPILOG = (
    "Exit codes: 0 all is transcribed; 1 something failed, and what came before it is printed; "
    "2 wrong use or parameters; 3 the server does not take the key; 4 there is no server, or it "
    "is full; 130 interrupted. The first Ctrl-C ends the audio and waits for its last "
    "transcript, the second gives up."
)


class Subtitle(StrEnum):
    """What else can be written than lines for people or JSON."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    RTTM = "rttm"


@with_parameters(
    [
        *setting_flags("recognition", panel="Recognition in this process"),
        *option_flags(taken={"--format"}),
    ]
)
def transcribe(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE…",
            help="Audio or video, of any kind FFmpeg reads; - is standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    microphone: Annotated[
        bool, typer.Option("--microphone", help="Listen to the microphone until Ctrl-C.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="URL",
            envvar="SFERIC_URL",
            help="Use a server, such as ws://127.0.0.1:8080; without, this process recognises.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="KEY",
            envvar="SFERIC_KEY",
            help="The key for the server. Other users of the machine can see flags, but not the "
            "environment.",
            show_default=False,
        ),
    ] = None,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Take files no faster than they are spoken.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every message as the server sends it, one a line.")
    ] = False,
    subtitle: Annotated[
        Subtitle | None,
        typer.Option(
            "--format",
            help="Print lines of text, subtitles, or with --diarize the turns of the speakers.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Write to this file, whose name says the format unless --format does; or to a "
            "file for each recording in this folder.",
            show_default=False,
        ),
    ] = None,
    **flags: str | bool | None,
) -> None:
    """Turn recordings, or what the microphone hears, into text."""
    from sferic.cli.output import format_of, paths  # noqa: PLC0415

    options = options_from(flags)
    names = _names(files or [], microphone=microphone)
    kind = _format(subtitle, as_json=as_json)
    if output is not None and kind is None:
        kind = format_of(output)
    if kind in {"srt", "vtt"}:
        _check_subtitles(options, names, output)
    if kind != "json":
        _check_speakers(options, kind)
    try:
        targets = paths(names, output, kind)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from None
    settings = {name: value for name, value in flags.items() if not name.startswith("option_")}
    engine: Engine
    if url is None:
        _check_delivery(options)
        engine = Here(settings)
    else:
        _check_server_only(settings)
        engine = There(url, key)
    is_raw = any(name in {"encoding", "sample_rate"} for name, _ in query_from(flags))
    job = _Job(
        engine,
        options,
        kind,
        raw=options if is_raw else None,
        realtime=realtime,
        many=len(names) > 1,
    )
    try:
        job.run(names, targets, microphone=microphone)
    finally:
        engine.close()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(help=_HELP, epilog=_EPILOG)(transcribe)


class _Job:
    """All recordings, one after the other."""

    def __init__(
        self,
        engine: Engine,
        options: Options,
        kind: "Format | None",
        *,
        raw: Options | None,
        realtime: bool,
        many: bool,
    ) -> None:
        self._engine = engine
        self._options = options
        self._kind = kind
        self._raw = raw
        self._realtime = realtime
        self._many = many
        self._interrupted = False
        self._notes = Console(stderr=True, markup=False, highlight=False, emoji=False)

    def run(self, names: list[str], targets: list[Path | None], *, microphone: bool) -> None:
        """Transcribe them; a recording that fails does not stop the next.

        Raises:
            typer.Exit: Not all went well; its code says what did not.
        """
        from sferic.cli.streaming import Interrupted  # noqa: PLC0415

        failed = False
        for name, target in zip(names, targets, strict=True):
            try:
                self._transcribe(name, target, microphone=microphone)
            except Interrupted:
                raise typer.Exit(exits.INTERRUPTED) from None
            except (AudioError, CutShortError, OutputError) as error:
                failed = True
                whose = "" if microphone else f"{_shown(name)}: "
                self._tell(whose + exits.explain(error), "red")
                if self._interrupted:
                    raise typer.Exit(exits.INTERRUPTED) from None
            except SfericError as error:
                # No other recording would fare better.
                self._tell(exits.explain(error), "red")
                raise typer.Exit(exits.exit_code(error)) from None
        if failed:
            raise typer.Exit(exits.FAILED)

    def _transcribe(self, name: str, target: Path | None, *, microphone: bool) -> None:
        from sferic.cli import streaming  # noqa: PLC0415
        from sferic.cli.output import Output  # noqa: PLC0415

        with ExitStack() as stack:
            source = self._source(name, microphone=microphone)
            stack.callback(source.close)
            opening = self._engine.open(source.options(self._options))
            output = Output(self._kind, target, recording=Path(_shown(name)).stem)
            self._head(name, output)
            stack.enter_context(output)

            def show(received: "Received") -> None:
                output.show(received)
                if isinstance(received.message, WarningMessage) and self._kind != "json":
                    output.pause()
                    self._tell(received.message.message, "yellow")

            def interrupted() -> None:
                self._interrupted = True
                output.pause()
                self._tell("finishing; Ctrl-C again gives up", "yellow")

            streaming.transcribe(
                opening,
                source,
                show,
                realtime=self._realtime,
                on_position=stack.enter_context(self._bar(source, output)),
                on_interrupt=interrupted,
            )
        for note in source.notes():
            self._tell(f"{source.name}: {note}", "yellow")

    def _source(self, name: str, *, microphone: bool) -> "Source":
        if microphone:
            from sferic.cli.microphone import Microphone  # noqa: PLC0415

            return Microphone()
        from sferic.cli.sources import open_file  # noqa: PLC0415

        return open_file(name, raw=self._raw)

    def _head(self, name: str, output: "Output") -> None:
        if self._many and output.on_terminal and self._kind is None:
            Console(markup=False, highlight=False, emoji=False).print(f"\n{name}", style="bold")

    @contextmanager
    def _bar(self, source: "Source", output: "Output") -> Iterator[Callable[[float], None]]:
        """Show how far it is, where nothing else does."""
        seconds = source.duration
        is_long = seconds is None or seconds >= LONG_S
        if not self._notes.is_terminal or output.on_terminal or self._realtime or not is_long:
            yield lambda _: None
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[at]}", markup=False),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._notes, transient=True) as progress:
            end = "" if seconds is None else f" of {_clock(seconds)}"
            task = progress.add_task(Path(source.name).name, total=seconds, at="")

            def update(at: float) -> None:
                progress.update(task, completed=at, at=_clock(at) + end)

            yield update

    def _tell(self, message: str, style: str) -> None:
        self._notes.print(f"sferic: {message}", style=style, soft_wrap=True)


def _shown(name: str) -> str:
    return "standard input" if name == STDIN else name


def _names(files: list[str], *, microphone: bool) -> list[str]:
    if microphone and files:
        message = "take files or the microphone, not both"
        raise typer.BadParameter(message, param_hint="--microphone")
    if not microphone and not files:
        message = "name a file, - for standard input, or --microphone"
        raise typer.BadParameter(message, param_hint="FILE…")
    if files.count(STDIN) > 1:
        message = "standard input can be read only once"
        raise typer.BadParameter(message, param_hint="FILE…")
    return ["microphone"] if microphone else files


def _format(subtitle: Subtitle | None, *, as_json: bool) -> "Format | None":
    if as_json and subtitle is not None:
        message = f"it cannot be JSON and {subtitle} at once"
        raise typer.BadParameter(message, param_hint="--format")
    if as_json:
        return "json"
    return None if subtitle is None else subtitle.value


def _check_subtitles(options: Options, names: list[str], output: Path | None) -> None:
    if not options.word_timestamps:
        message = "subtitles need the times of words"
        raise typer.BadParameter(message, param_hint="--no-word-timestamps")
    if len(names) > 1 and output is None:
        message = "subtitles of several recordings need --output FOLDER"
        raise typer.BadParameter(message, param_hint="--format")


def _check_speakers(options: Options, kind: "Format | None") -> None:
    if options.diarize and not options.word_timestamps:
        message = "speakers are shown by their words"
        raise typer.BadParameter(message, param_hint="--no-word-timestamps")
    if kind == "rttm" and not options.diarize:
        message = "the turns of speakers need --diarize"
        raise typer.BadParameter(message, param_hint="--format")


def _check_delivery(options: Options) -> None:
    if options.webhook_url is not None:
        message = "results are delivered by a server; name one with --url"
        raise typer.BadParameter(message, param_hint="--webhook-url")


def _check_server_only(settings: Mapping[str, str | bool | None]) -> None:
    for name, value in settings.items():
        if value is not None:
            flag = "--" + name.replace("_", "-")
            message = "it is for recognition in this process; with --url the server decides"
            raise typer.BadParameter(message, param_hint=flag)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
