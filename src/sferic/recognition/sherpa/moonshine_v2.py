"""Moonshine in two graphs, as its own package carries it, tokenizer included."""

import base64
import binascii
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sferic.errors import ModelLoadError
from sferic.models import LocalModel
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import TOKENS, Layout, look, read_tokens
from sferic.recognition.sherpa.offline import OfflineEngine

_TOKENIZER = "tokenizer.bin"

LAYOUT = Layout(
    family="sherpa-moonshine-v2",
    files={
        "encoder": ("encoder_model*.ort", "encoder_model*.onnx"),
        "decoder": ("decoder_model_merged*.ort", "decoder_model_merged*.onnx"),
    },
    tokens=(TOKENS, _TOKENIZER),
)

_SPACE = "▁".encode()
_LONG = 128
"""Lengths from here on take two bytes, the lower seven bits first."""


def load(model: LocalModel, running: Running) -> OfflineEngine:
    """Load a model; see `families`."""

    def build(library: Any, arguments: dict[str, Any]) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / TOKENS
            path.write_text("".join(_lines(tokens)), "ascii")
            return library.OfflineRecognizer.from_moonshine_v2(**{**arguments, "tokens": str(path)})

    tokens: list[bytes] = []
    folder = look(model, LAYOUT, read=lambda path: _read(path, tokens))
    return OfflineEngine(folder, model.name, running, build)


def _read(path: Path, tokens: list[bytes]) -> tuple[str, ...]:
    """Read the tokens, as bytes too: one may be a part of a letter."""
    try:
        tokens += _binary(path) if path.name == _TOKENIZER else _encoded(path)
    except (IndexError, ValueError, binascii.Error) as error:
        reason = f"{path.name} holds no tokens of Moonshine ({error})"
        raise ModelLoadError(path.parent, reason) from error
    return tuple(token.decode("utf-8", "ignore") for token in tokens)


def _binary(path: Path) -> Iterator[bytes]:
    """The tokens of a tokenizer.bin: each is its length and its bytes."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        size, at = data[at], at + 1
        if size >= _LONG:
            size, at = size - _LONG + data[at] * _LONG, at + 1
        if at + size > len(data):
            reason = "it ends early"
            raise ValueError(reason)
        yield data[at : at + size].replace(_SPACE, b" ")
        at += size


def _encoded(path: Path) -> list[bytes]:
    """Those of a tokens.txt, which are in Base64 for this family."""
    return [base64.b64decode(token, validate=True) for token in read_tokens(path)]


def _lines(tokens: list[bytes]) -> Iterator[str]:
    """A tokens.txt; a token that is never said has no bytes, and sherpa-onnx wants some.

    Parts of letters are spelled out: as they are, they could not be handed to Python.
    """
    for number, token in enumerate(tokens):
        try:
            token.decode()
        except UnicodeDecodeError:
            token = "".join(f"<0x{byte:02X}>" for byte in token).encode()  # noqa: PLW2901
        yield f"{base64.b64encode(token or b'?').decode()} {number}\n"
