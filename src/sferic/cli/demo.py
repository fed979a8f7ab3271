"""`python -m sferic.cli.demo RECORDING`: stream a recording through a server, as it is spoken.

The server is the one that `SFERIC_URL` and `SFERIC_KEY` name, else one that `make serve` started
and that still runs, else one started here for as long as it takes.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from sferic import cli
from sferic.cli import exits
from sferic.client import connect
from sferic.config import load_settings
from sferic.errors import RefusedError, SfericError, UnreachableError
from sferic.server.keys import development_key

_HOST = "127.0.0.1"
_NOT_FOR_DEMO = ("SFERIC_TLS_", "SFERIC_CONFIG")
_POLL_S = 0.2
_KNOCK_S = 1.0
_LOADING_S = 60.0
_STOPPING_S = 10.0

_notes = Console(stderr=True, highlight=False, markup=False)


def main() -> None:
    """Run the demo; it ends with the exit code of `sferic transcribe`."""
    recording = sys.argv[1]
    with ExitStack() as stack:
        try:
            url, key = _server(stack)
        except SfericError as error:
            _notes.print(f"sferic: {exits.explain(error)}", style="red", soft_wrap=True)
            sys.exit(exits.exit_code(error))
        except KeyboardInterrupt:
            sys.exit(exits.INTERRUPTED)
        _notes.print(
            f"$ sferic transcribe --realtime --url {url} {Path(recording).name}",
            style="bold",
            soft_wrap=True,
        )
        os.environ |= {"SFERIC_URL": url, "SFERIC_KEY": key}
        sys.argv = ["sferic", "transcribe", "--realtime", recording]
        cli.main()


def _server(stack: ExitStack) -> tuple[str, str]:
    """Find a server, or start one until the stack is closed; return its address and key."""
    if url := os.environ.get("SFERIC_URL"):
        return url, os.environ.get("SFERIC_KEY", "")
    key, _ = development_key()
    url = f"ws://{_HOST}:{load_settings().port}"
    if _is_ours(url, key):
        return url, key
    _notes.print("No server runs that takes the development key; starting one for the demo.")
    return stack.enter_context(_started()), key


def _is_ours(url: str, key: str) -> bool:
    """Tell whether a server runs there that takes the key, waiting for it to load its model."""
    give_up = time.monotonic() + _LOADING_S
    while True:
        try:
            asyncio.run(_knock(url, key))
        except UnreachableError:
            return False
        except RefusedError as refusal:
            if refusal.status == 401:
                return False  # somebody else's
            if refusal.code != "not_ready" or time.monotonic() > give_up:
                raise
            time.sleep(_KNOCK_S)
        else:
            return True


async def _knock(url: str, key: str) -> None:
    async with connect(url, key=key):
        pass


@contextmanager
def _started() -> Iterator[str]:
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "sferic", "serve", "--dev", "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603  # this program itself
        [*command, "--log-level", "warning"],
        # Settings that are for another server: this one is plain, and on this machine only.
        env={name: os.environ[name] for name in os.environ if not name.startswith(_NOT_FOR_DEMO)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the client, whose last transcript is to come
    )
    try:
        while not _is_ready(port):
            if process.poll() is not None:
                sys.exit(process.returncode or exits.FAILED)  # it has said why
            time.sleep(_POLL_S)
        yield f"ws://{_HOST}:{port}"
    finally:
        process.terminate()
        try:
            process.wait(_STOPPING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _is_ready(port: int) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{_HOST}:{port}/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    main()
