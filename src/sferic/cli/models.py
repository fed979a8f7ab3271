"""`sferic models`: what there is, fetch it, check it, find it."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from sferic.models import DEFAULT_MODEL, Model, ModelStore, on_console
from sferic.models.progress import megabytes

models = typer.Typer(help="List, fetch and check models.", no_args_is_help=True)

_WIDE = 200
"""Columns of a table that goes into a pipe: no cell is cut there."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One model as `sferic models list --json` prints it."""

    name: str
    family: str
    languages: tuple[str, ...]
    size: int
    licence: str
    installed: bool
    source: str
    """Where it came from, or where it would be looked for first."""
    path: str | None


@models.command("list")
def list_models(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the models that Sferic knows by name."""
    store = ModelStore()
    rows = [_row(store, model) for model in store.catalogue]
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("MODEL", "SIZE", "LANGUAGES", "LICENCE", "HERE", "SOURCE"):
        table.add_column(heading, justify="right" if heading == "SIZE" else "left", no_wrap=True)
    for model, row in zip(store.catalogue, rows, strict=True):
        places = {str(source): source.place for source in model.sources}
        table.add_row(
            row.name + (" (default)" if row.name == DEFAULT_MODEL else ""),
            megabytes(row.size),
            _languages(row.languages),
            row.licence,
            "yes" if row.installed else "no",
            places.get(row.source, row.source),
        )
    console = _stdout()
    console.print(table)
    console.print(f"\nKept in {store.root}", soft_wrap=True)


@models.command()
def pull(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help=f"Models to fetch; by default {DEFAULT_MODEL}."),
    ] = None,
) -> None:
    """Fetch models and what they require; check and repair those that are here.

    Goes on where an interrupted fetch stopped.
    """
    store = ModelStore()
    console = Console(stderr=True)
    wanted = names or [DEFAULT_MODEL]
    for name in wanted:
        store.folder(name)  # a wrong name is told before anything is fetched
    try:
        for name in wanted:
            folder = store.pull(name, on_console(console))
            _stdout().print(f"{name}: {folder}", soft_wrap=True)
    except KeyboardInterrupt:
        console.print("Interrupted. The next `sferic models pull` goes on from here.")
        raise


@models.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Models to check; by default all that are here."),
    ] = None,
) -> None:
    """Compare every byte of the models with the digests that the catalogue pins."""
    store = ModelStore()
    console = _stdout()
    here = [model.name for model in store.catalogue if store.folder(model.name).exists()]
    wrong = set()
    for name in names or here:
        for file in store.verify(name):
            against = {
                "pinned": "digest pinned by the catalogue",
                "recorded": "digest recorded at the first fetch",
                "none": "no digest is known: `sferic models pull` fetches it anew",
            }[file.digest]
            console.print(f"{name}/{file.name}: {file.state} ({against})", soft_wrap=True)
            if file.state != "ok":
                wrong.add(name)
    if not (names or here):
        console.print(f"No model in {store.root}", soft_wrap=True)
    if wrong:
        repair = "sferic models pull " + " ".join(sorted(wrong))
        Console(stderr=True).print(f"To repair: {repair}", style="red", soft_wrap=True)
        raise typer.Exit(1)


@models.command()
def path(
    name: Annotated[str, typer.Argument(help="A model, or a folder that holds one.")],
) -> None:
    """Print the folder of a model that is here and complete."""
    typer.echo(ModelStore().path(name))


def _row(store: ModelStore, model: Model) -> Row:
    installed = store.installed(model.name)
    receipt = store.receipt(model.name)
    return Row(
        name=model.name,
        family=model.family,
        languages=model.languages,
        size=model.size,
        licence=model.licence,
        installed=installed,
        source=receipt.source if receipt else str(model.sources[0]),
        path=str(store.folder(model.name)) if installed else None,
    )


def _languages(codes: tuple[str, ...]) -> str:
    if not codes:
        return "any"
    return ", ".join(codes) if len(codes) <= 3 else str(len(codes))


def _stdout() -> Console:
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDE
    return console
