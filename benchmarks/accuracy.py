"""How well streaming recognises and what it costs, beside the same weights offline.

`python -m benchmarks.accuracy --help`; docs/benchmarks.md says what the figures mean.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import accuracy_view
from benchmarks.accuracy_groups import HEADLINE_SECONDS
from benchmarks.accuracy_run import Device, Plan, measure
from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.results import command_line, write_json
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL

_WIDTH = 150
"""Columns of a table that goes into a file."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    serve: Annotated[
        list[str] | None, typer.Argument(help="After `--`: more flags of `sferic serve`.")
    ] = None,
    *,
    languages: Annotated[str, typer.Option(help="Codes, with commas; all by default.")] = "",
    sources: Annotated[str, typer.Option(help="Collections, with commas; all by default.")] = "",
    max_seconds: Annotated[
        float, typer.Option(min=0, help="Longest recording; 0 for any.")
    ] = HEADLINE_SECONDS,
    limit: Annotated[
        int, typer.Option(min=0, help="Utterances, spread evenly over the rest; 0 for all.")
    ] = 0,
    model: Annotated[str, typer.Option(help="A name of the catalogue, or a folder.")] = (
        DEFAULT_MODEL
    ),
    device: Annotated[Device, typer.Option(help="Where the models run.")] = "cpu",
    speed: Annotated[
        float, typer.Option(min=0, help="1 is real time, 0 as fast as the server takes it.")
    ] = 1,
    partial_interval_ms: Annotated[
        int, typer.Option(min=0, help="Speech between two partials; 0 for finals only.")
    ] = 500,
    streams: Annotated[int, typer.Option(min=1, help="Streams side by side.")] = 1,
    native_rate: Annotated[
        bool, typer.Option("--native-rate", help="Send the recording's own rate, not 16 kHz.")
    ] = False,
    multi: Annotated[
        bool, typer.Option("--multi", help="Let the language be detected, and count how often.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline/--no-offline", help="Compare with faster-whisper.")
    ] = True,
    offline_words: Annotated[
        bool,
        typer.Option(
            "--offline-words", help="Have faster-whisper tell word times, too; it costs more then."
        ),
    ] = False,
    offline_cache: Annotated[
        Path | None,
        typer.Option(
            help="A file to keep offline transcripts in, for work on the streaming side. What "
            "comes from it was not measured in the same run, and the report says so."
        ),
    ] = None,
    times: Annotated[
        bool, typer.Option("--times/--no-times", help="Align recordings to check word times.")
    ] = True,
    settled: Annotated[
        bool,
        typer.Option(
            "--settled", help="Recognise once more, here, and count settled words that stay."
        ),
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    texts: Annotated[
        bool, typer.Option("--texts", help="With references and transcripts in the JSON.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the error rates here, a PNG.")] = None,
) -> None:
    """Stream recordings through a real server; print error rates and cost beside offline.

    Takes the recordings from the folder in SFERIC_SPEECH.
    """
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        model=model,
        languages=_listed(languages),
        sources=_listed(sources),
        max_seconds=max_seconds,
        limit=limit,
        speed=speed,
        partial_interval_ms=partial_interval_ms,
        streams=streams,
        native_rate=native_rate,
        multi=multi,
        device=device,
        offline=offline,
        offline_words=offline_words,
        offline_cache=offline_cache,
        times=times,
        settled=settled,
        serve=tuple(serve or ()),
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.accuracy", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report if texts else report.without_texts(), json)
    if plot:
        accuracy_view.plot(report, plot)
    accuracy_view.show(
        report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    )
    if report.failures:
        raise typer.Exit(1)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


if __name__ == "__main__":
    app()
