"""`python -m benchmarks.peers` measures, `python -m benchmarks.peers install` installs."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.harness.errors import BenchmarkError
from benchmarks.harness.results import command_line, write_json
from benchmarks.peers import view
from benchmarks.peers.catalogue import ENVIRONMENTS
from benchmarks.peers.errors import PeerError
from benchmarks.peers.run import Plan, measure, named
from sferic.errors import SfericError
from sferic.models import DEFAULT_MODEL

_WIDTH = 180
"""Columns of a table that goes into a file."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
installation = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@installation.command()
def install(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which; all by default.", show_default=False)
    ] = None,
) -> None:
    """Install peers into environments of their own, anew if they are there already.

    Takes the package index that pip is configured for. A CPU build of torch, where the index has
    one, saves gigabytes.
    """
    notes = Console(stderr=True, highlight=False)
    failed = False
    try:
        chosen = named(names or (), ENVIRONMENTS)
    except BenchmarkError as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    for name, environment in chosen.items():
        notes.print(f"{name}: installing into {environment.folder} ...", soft_wrap=True)
        try:
            environment.install()
        except PeerError as error:
            failed = True
            notes.print(f"{name}: {error}", style="red", markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def run(
    serve: Annotated[
        list[str] | None, typer.Argument(help="After `--`: more flags of `sferic serve`.")
    ] = None,
    *,
    peers: Annotated[str, typer.Option(help="Which, with commas; all by default.")] = "",
    model: Annotated[
        str, typer.Option(help="Whisper of the catalogue, or a folder; for all that can use it.")
    ] = DEFAULT_MODEL,
    sources: Annotated[str, typer.Option(help="Collections, with commas; all by default.")] = "",
    minutes: Annotated[float, typer.Option(min=0, help="Audio, spread over the sources.")] = 3,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="Longest recording.")] = 20,
    limit: Annotated[int, typer.Option(min=0, help="Most recordings; 0 for any number.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    threads: Annotated[
        int, typer.Option(min=0, help="Of OpenMP, in the peers; 0 leaves each its default.")
    ] = 0,
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds to wait after the end of a recording.")
    ] = 120,
    peer_minutes: Annotated[
        float, typer.Option(min=0.1, help="For one peer; what is left then is not played.")
    ] = 20,
    json: Annotated[Path | None, typer.Option(help="Write the figures here.")] = None,
    with_texts: Annotated[
        bool, typer.Option("--texts", help="With references and transcripts in the JSON.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the figures here, a PNG.")] = None,
) -> None:
    """Play the same recordings to all peers in real time, one after the other.

    Takes the recordings from the folder in SFERIC_SPEECH. Before the first run:
    `python -m benchmarks.peers install`.
    """
    notes = Console(stderr=True, highlight=False)
    plan = Plan(
        peers=_listed(peers),
        model=model,
        sources=_listed(sources),
        minutes=minutes,
        max_seconds=max_seconds,
        limit=limit,
        seed=seed,
        threads=threads,
        patience=patience,
        peer_minutes=peer_minutes,
        serve=tuple(serve or ()),
    )
    try:
        report = measure(plan, notes, command=command_line("benchmarks.peers", sys.argv[1:]))
    except (BenchmarkError, SfericError) as error:
        notes.print(str(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if json:
        write_json(report if with_texts else report.without_texts(), json)
    if plot:
        view.plot(report, plot)
    view.show(report, Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH))
    if any(peer.unavailable or (peer.figures and peer.figures.failed) for peer in report.peers):
        raise typer.Exit(1)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


if __name__ == "__main__":
    if sys.argv[1:2] == ["install"]:
        installation(args=sys.argv[2:], prog_name="python -m benchmarks.peers install")
    else:
        app(prog_name="python -m benchmarks.peers")
