"""`sferic serve`: the server, with flags from the table of settings."""

import asyncio
import ipaddress
import shutil
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from sferic.cli.flags import setting_flags, with_parameters
from sferic.config import Settings, load_settings
from sferic.errors import NoKeysError, SfericError
from sferic.protocol.dialects import LIGHTNING

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML file with settings; also SFERIC_CONFIG."),
]


@with_parameters(setting_flags())
def serve(
    *,
    config: Config = None,
    dev: Annotated[
        bool,
        typer.Option("--dev", help="Listen on loopback only, with a development key of its own."),
    ] = False,
    **flags: str | list[str] | None,
) -> None:
    """Serve live transcription until told to stop.

    Without --dev there must be a key: see `sferic keys create`.
    """
    settings = load_settings(file=config, flags=flags)
    notes = Console(stderr=True, highlight=False)
    key = None
    if dev:
        settings = _on_loopback(settings, notes)
        key = _development_key(notes)
    _serve(settings, key, notes)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def _on_loopback(settings: Settings, notes: Console) -> Settings:
    try:
        loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        loopback = settings.host == "localhost"
    if loopback:
        return settings
    notes.print(f"With --dev the server listens on 127.0.0.1, not on {settings.host}.")
    return msgspec.structs.replace(settings, host="127.0.0.1")


def _development_key(notes: Console) -> str:
    from sferic.server.keys import development_key  # noqa: PLC0415

    key, kept = development_key()
    if not kept:
        notes.print("The development key could not be kept; the next start makes another.")
    return key


def _need_a_key(settings: Settings) -> None:
    from sferic.server.keys import KeyDatabase  # noqa: PLC0415

    if not settings.api_keys and not KeyDatabase(settings.key_database).digests():
        raise NoKeysError


def _serve(settings: Settings, development_key: str | None, notes: Console) -> None:
    # The server's own imports take longer than printing help or an error should.
    from sferic.models import on_console  # noqa: PLC0415
    from sferic.server import logs  # noqa: PLC0415
    from sferic.server.app import Services, create_app  # noqa: PLC0415
    from sferic.server.backend import default_backend  # noqa: PLC0415
    from sferic.server.run import Server, listen, tls_context  # noqa: PLC0415

    logs.configure(settings.log_level)
    tls = tls_context(settings)
    if development_key is None:
        _need_a_key(settings)
    sockets = listen(settings.host, settings.port)
    app = create_app(
        settings, backend=default_backend(on_console(notes)), development_key=development_key
    )
    services: Services = app.state.services
    server = Server(app, tls=tls)
    port = sockets[0].getsockname()[1]
    address = f"{'s' if tls else ''}://{_reachable(settings.host)}:{port}"
    url, page = f"ws{address}{LIGHTNING.paths[0]}", f"http{address}/"
    services.engine.on_ready = lambda: _announce(url, page, development_key)
    failures: list[Exception] = []

    def stop(error: Exception) -> None:
        failures.append(error)
        server.should_exit = True

    services.engine.on_failed = stop
    asyncio.run(server.serve(sockets))
    for error in failures:
        if isinstance(error, SfericError):
            raise error
        raise RuntimeError from error


def _announce(url: str, page: str, development_key: str | None) -> None:
    out = Console(highlight=False, markup=False)
    key = development_key or "YOUR_KEY"
    out.print("Sferic is ready.", style="bold green")
    out.print(f"  WebSocket  {url}", soft_wrap=True)
    out.print(f"  Page       {page}", soft_wrap=True)
    if development_key is not None:
        out.print(f"  Key        {key}  (for development, on this machine only)", soft_wrap=True)
    out.print(f"  Try it     {_program()} transcribe --url {url} --key {key} FILE", soft_wrap=True)


def _reachable(host: str) -> str:
    """A host to connect to, for one to listen on."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{shown}]" if ":" in shown else shown


def _program() -> str:
    """How this program can be called from here."""
    called = Path(sys.argv[0])
    if called.parts[-2:] == ("sferic", "__main__.py"):
        return "python -m sferic"
    if shutil.which("sferic") and Path(str(shutil.which("sferic"))).samefile(called):
        return "sferic"
    try:
        return str(called.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(called)
