"""Moonshine over pipes, one stream after the other.

Run by the interpreter of its environment: `python moonshine_stream.py INTERVAL`. It reads pieces of
16-bit samples at 16 kHz, each after its length in bytes (4 bytes, little-endian); length 0 ends a
stream. It writes a line of JSON for each change of the text, `{"text": ...}`, and `{"done": true}`
after a stream; first of all `{"ready": true}`.

Pieces that have come while it was working are taken together, as the package itself does with a
microphone.
"""

import importlib
import json
import queue
import struct
import sys
import threading
from typing import Any

import numpy as np

_RATE = 16_000
_END = b""
"""Of a stream; None is the end of all."""


def main(interval: str) -> None:
    moonshine = importlib.import_module("moonshine_voice")
    transcriber = moonshine.Transcriber(
        str(moonshine.get_model_path("tiny-en")),
        moonshine.ModelArch.TINY,
        update_interval=float(interval),
        options={"return_audio_data": "false"},  # it would be copied sample by sample
    )
    pieces: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(pieces,), daemon=True).start()
    _say({"ready": True})
    while _one_stream(transcriber, pieces):
        _say({"done": True})


def _one_stream(transcriber: Any, pieces: "queue.SimpleQueue[bytes | None]") -> bool:
    """Transcribe until the end of a stream; False at the end of all."""
    first = pieces.get()
    if first is None:
        return False
    stream = transcriber.create_stream()
    screen = _Screen()
    stream.add_listener(screen.note)
    stream.start()
    piece: bytes | None = first
    while piece:
        waiting, ended = [piece], False
        while not pieces.empty() and not ended:
            piece = pieces.get()
            ended = not piece
            waiting.append(piece or _END)
        samples = np.frombuffer(b"".join(waiting), dtype="<i2").astype(np.float32) / 32768
        stream.add_audio(samples, _RATE)
        if not ended:
            piece = pieces.get()
    stream.stop()
    stream.close()
    return piece is not None


class _Screen:
    """The lines of a stream as a reader sees them."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[float, str]] = {}
        self._shown = ""

    def note(self, event: Any) -> None:
        line = getattr(event, "line", None)
        if line is None:
            print(f"moonshine: {event}", file=sys.stderr, flush=True)
            return
        self._lines[line.line_id] = (line.start_time, line.text)
        text = " ".join(text for _, text in sorted(self._lines.values()))
        if text != self._shown:
            self._shown = text
            _say({"text": text})


def _read(pieces: "queue.SimpleQueue[bytes | None]") -> None:
    while len(head := sys.stdin.buffer.read(4)) == 4:
        (length,) = struct.unpack("<I", head)
        pieces.put(sys.stdin.buffer.read(length) if length else _END)
    pieces.put(None)


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
