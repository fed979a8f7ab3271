"""WhisperLive's server as its own launcher starts it: the package has the server, not the launcher.

Run by the interpreter of its environment: `python whisperlive_server.py PORT WEIGHTS`.
"""

import importlib
import sys

_LONG_S = 86_400
"""Longest session; by default the server ends each after ten minutes."""


def main(port: str, weights: str) -> None:
    server = importlib.import_module("whisper_live.server").TranscriptionServer()
    server.run(
        "127.0.0.1",
        port=int(port),
        backend="faster_whisper",
        faster_whisper_custom_model_path=weights,
        single_model=True,
        max_connection_time=_LONG_S,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
