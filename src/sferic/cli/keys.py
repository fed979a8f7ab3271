"""`sferic keys`: who may use the server."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from sferic.cli.serve import Config
from sferic.config import load_settings

if TYPE_CHECKING:
    from sferic.server.keys import KeyDatabase

keys = typer.Typer(help="Make, list and revoke keys.", no_args_is_help=True)

Database = Annotated[
    str | None,
    typer.Option(
        "--key-database",
        metavar="TEXT",
        help="A SQLite file or SQLAlchemy URL; also SFERIC_KEY_DATABASE.",
    ),
]


@keys.command()
def create(
    *,
    name: Annotated[str, typer.Option(help="What it is for, so that you know it again.")] = "",
    config: Config = None,
    key_database: Database = None,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    record, key = _database(config, key_database).create(name)
    typer.echo(key)
    notes = Console(stderr=True, highlight=False, markup=False)
    notes.print(f"This is {record.id}. Keep the key: it cannot be shown again.", style="dim")


@keys.command("list")
def list_keys(*, config: Config = None, key_database: Database = None) -> None:
    """Show all keys, but not the keys themselves."""
    records = _database(config, key_database).list()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("ID", "NAME", "CREATED", "REVOKED"):
        table.add_column(heading, no_wrap=True)
    for record in records:
        revoked = f"{record.revoked:%Y-%m-%d %H:%M}" if record.revoked else ""
        table.add_row(record.id, record.name, f"{record.created:%Y-%m-%d %H:%M}", revoked)
    out = Console(highlight=False, markup=False)
    if not out.is_terminal:
        out.width = 300  # no cell is cut in a pipe
    if records:
        out.print(table)
    else:
        Console(stderr=True).print("There are no keys yet. Make one with: sferic keys create")


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    *,
    config: Config = None,
    key_database: Database = None,
) -> None:
    """Put a key out of force for good; servers notice within a few seconds."""
    _database(config, key_database).revoke(key_id)
    typer.echo(f"{key_id} is revoked.")


def _database(config: "Config", where: str | None) -> "KeyDatabase":
    from sferic.server.keys import KeyDatabase  # noqa: PLC0415

    settings = load_settings(file=config, flags={"key_database": where})
    return KeyDatabase(settings.key_database)
