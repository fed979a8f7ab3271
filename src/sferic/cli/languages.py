"""`sferic languages`: what the settings serve, by which model, how well."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from sferic.cli.flags import setting_flags, with_parameters
from sferic.cli.serve import Config
from sferic.config import load_settings

if TYPE_CHECKING:
    from sferic.served import Served

_WIDE = 200
"""Columns of a table that goes into a pipe: no cell is cut there."""


@with_parameters([flag for flag in setting_flags("recognition") if flag.name in ("model", "route")])
def languages(
    *,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    **flags: str | list[str] | None,
) -> None:
    """Show which languages a server with these settings serves, by which model, how well.

    Nothing is fetched; of a folder the weights are loaded, because only they tell.
    """
    from sferic.recognition.recognizer import routing_of  # noqa: PLC0415  # it takes a while
    from sferic.served import served  # noqa: PLC0415

    routing = routing_of(load_settings(file=config, flags=flags))
    try:
        found = served(routing)
    finally:
        routing.close()
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    _show(found)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(languages)


def _show(found: "Served") -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("CODE", "LANGUAGE", "MODEL", "WER %", "OFFLINE", "CER %", "MINUTES"):
        right = heading not in ("CODE", "LANGUAGE", "MODEL")
        table.add_column(heading, justify="right" if right else "left", no_wrap=True)
    for row in found.languages:
        quality = row.quality
        figures = (
            ("not measured", "", "", "")
            if quality is None
            else (
                f"{quality.wer:.1f}{'*' if quality.small else ''}",
                f"{quality.offline_wer:.1f}",
                f"{quality.cer:.1f}",
                f"{quality.minutes:.1f}",
            )
        )
        table.add_row(row.code, row.name, row.model, *figures)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(table)
    console.print("\n* too little speech to rely on; see docs/languages.md", markup=False)
    for aggregate in found.aggregates:
        codes = " ".join(aggregate.languages)
        console.print(f"{aggregate.code}: {aggregate.model}, {codes}", soft_wrap=True)
    if found.not_served:
        console.print(f"not served: {' '.join(found.not_served)}", soft_wrap=True)
