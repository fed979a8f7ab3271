"""The `sferic` command."""

import typer

app = typer.Typer(
    name="sferic",
    help="Self-hosted real-time speech-to-text.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; every expected error becomes one clear line and an exit code."""
    app()
