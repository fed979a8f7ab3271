"""The `sferic` command."""

import os
import sys

import typer
from rich.console import Console

from sferic.cli import bench, exits, languages, serve, text, transcribe
from sferic.cli.keys import keys
from sferic.cli.models import models
from sferic.errors import SfericError

app = typer.Typer(
    name="sferic",
    help="Self-hosted real-time speech-to-text.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
serve.register(app)
transcribe.register(app)
text.register(app)
bench.register(app)
languages.register(app)
app.add_typer(models, name="models")
app.add_typer(keys, name="keys")


def main() -> None:
    """Run the command line; every expected error becomes one clear line and an exit code.

    Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted; see `exits` for more.
    """
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has had enough. Python would complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _run() -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except BrokenPipeError:
        return exits.FAILED
    except SfericError as error:
        console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        console.print(f"sferic: {exits.explain(error)}", style="red", soft_wrap=True)
        return exits.exit_code(error)
    return 0
