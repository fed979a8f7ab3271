"""`sferic models`: what there is, fetch it, check it, find it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from sferic import languages as spoken
from sferic.models import DEFAULT_MODEL, Model, ModelStore, on_console
from sferic.models.lock import lock_path, write_lock
from sferic.models.progress import megabytes
from sferic.models.recommend import Choice, Figure, choices, cover
from sferic.recognition import hardware

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
def recommend(
    languages: Annotated[
        str, typer.Option(metavar="CODE,…", help="Languages that are to be served.")
    ] = "en",
    memory: Annotated[
        float | None,
        typer.Option(metavar="GB", help="Memory for the server; by default what is free here."),
    ] = None,
    device: Annotated[hardware.Device, typer.Option(help="Where the models are to run.")] = "auto",
) -> None:
    """Say which models suit this machine and some languages, and what they will hold.

    By what the catalogue knows. A figure with ~ is an estimate, one without was measured, and ? is
    where there is neither; `sferic bench` measures it.
    """
    codes = _codes(languages)
    room = round(memory * 1e9) if memory is not None else hardware.free_memory()
    gpu = hardware.has_gpu(device)
    store, console = ModelStore(), _stdout()
    cores = hardware.cores()
    ordered = choices(store.catalogue, codes, memory=room, cores=cores, gpu=gpu)
    console.print(
        f"{cores} cores, {megabytes(room)} of memory, "
        + ("a GPU" if gpu else "no GPU that is used")
        + f"; languages: {', '.join(codes)}\n",
        soft_wrap=True,
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("MODEL", "SERVES", "WER %", "MEMORY", "STREAMS", "HERE"):
        table.add_column(heading, no_wrap=True)
    for choice in ordered:
        table.add_row(
            choice.model,
            _languages(choice.serves) if choice.serves else "-",
            ", ".join(f"{code} {wer:.0f}" for code, wer in choice.wer.items()) or "?",
            _figure(choice.memory, megabytes) + ("" if choice.fits else " (too much)"),
            "?" if choice.streams is None else _figure(choice.streams, str),
            "yes" if store.installed(choice.model) else "no",
        )
    console.print(table)
    console.print("\n" + "\n".join(_advice(ordered, codes)), soft_wrap=True, highlight=False)


def _codes(text: str) -> list[str]:
    """The codes of a list, aggregates taken apart.

    Raises:
        typer.BadParameter: One is unknown.
    """
    codes: dict[str, None] = {}
    for part in text.split(","):
        code = spoken.fold(part.strip())
        if not spoken.is_known(code):
            message = f"there is no language {part.strip()!r}"
            raise typer.BadParameter(message, param_hint="--languages")
        codes |= dict.fromkeys(spoken.candidates(code))
    return list(codes)


def _figure(figure: Figure, written: Callable[[int], str]) -> str:
    return ("" if figure.measured else "~") + written(figure.value)


def _advice(ordered: Sequence[Choice], codes: Sequence[str]) -> Iterator[str]:
    chosen = cover(ordered, codes)
    for choice in chosen[:1]:
        yield f"Run: sferic serve --model {choice.model}"
    for choice in chosen[1:]:
        served = ", ".join(choice.serves)
        yield f"For the rest, in another server: sferic serve --model {choice.model} ({served})"
    poor = sorted({code for choice in ordered for code in choice.poor})
    if poor:
        yield f"Measured to be of no use with some model that knows them: {', '.join(poor)}"
    lacking = [code for code in codes if not any(code in choice.serves for choice in chosen)]
    if lacking:
        yield f"No model that fits serves: {', '.join(lacking)}"
    yield "~ is an estimate, ? is not known; `sferic bench` measures what this machine holds."


@models.command()
def lock(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Models to lock; by default all that are here."),
    ] = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option(help="Where to write it; by default where it is looked for."),
    ] = None,
) -> None:
    """Write down the digests of the models as they are, for later fetches to hold to.

    A lock file goes before the catalogue: on other machines, and after an update of Sferic. It is
    looked for in the folder of the models, or where SFERIC_MODELS_LOCK says.
    """
    store = ModelStore()
    target = output or lock_path(store.root)
    here = [model.name for model in store.catalogue if store.installed(model.name)]
    found = store.lock(names or here)
    write_lock(found, target)
    _stdout().print(f"{len(found.models)} models are locked in {target}", soft_wrap=True)


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
