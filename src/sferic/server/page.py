"""The page to try the server on: its files, and what they have to know of this server."""

import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sferic import languages
from sferic.config import Settings
from sferic.errors import ModelError, NotServedError
from sferic.protocol.dialects import LIGHTNING
from sferic.protocol.options import Options, OptionSpec, rows
from sferic.protocol.reference import TITLES
from sferic.protocol.values import Choice, Flag, Fraction, Kind, Switch, Whole
from sferic.server.backend import Engine, Recognizer
from sferic.server.minting import Minting

_FOLDER = "web"
_INDEX = "index.html"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; media-src blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "microphone=(self), display-capture=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class _File(msgspec.Struct, frozen=True):
    content: bytes
    media_type: str
    tag: str


class Page:
    """Serves the page. Its files are read once; nothing of a request gets into them.

    Args:
        settings: For the name of the model.
        engine: Has the recognizer, once it is loaded.
        minting: Knows whether the page needs a key.
        endpoint: The path of live sessions.
    """

    def __init__(
        self, settings: Settings, engine: Engine, minting: Minting, *, endpoint: str
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._minting = minting
        self._endpoint = endpoint
        self._files = dict(_files())

    def routes(self) -> list[BaseRoute]:
        """Return where it is served."""
        return [
            Route("/", self.index),
            Route("/page/settings.json", self.settings),
            Route("/page/{name}", self.file),
        ]

    async def index(self, request: Request) -> Response:
        """Serve the page itself."""
        return _answer(self._files[_INDEX], request)

    async def file(self, request: Request) -> Response:
        """Serve one of its files."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        return _answer(file, request)

    async def settings(self, request: Request) -> Response:
        """Say what this server is and has: the page is built from that."""
        recognizer = self._engine.recognizer
        described = {
            "version": metadata.version("sferic"),
            "model": Path(self._settings.model).name,
            "ready": recognizer is not None,
            "keyless": self._minting.may_do_without_a_key(request),
            "endpoint": self._endpoint,
            "languages": _languages(recognizer),
            "titles": dict(TITLES),
            "options": [_described(spec, recognizer) for spec in rows(LIGHTNING)],
        }
        return JSONResponse(described, headers={"Cache-Control": "no-store"})


def _files() -> Iterator[tuple[str, _File]]:
    for entry in resources.files(__package__).joinpath(_FOLDER).iterdir():
        content = entry.read_bytes()
        kind = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
        media_type = {"application/javascript": "text/javascript"}.get(kind, kind)
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        yield entry.name, _File(content, f"{media_type}; charset=utf-8", tag)


def _answer(file: _File, request: Request) -> Response:
    headers = {**_HEADERS, "ETag": file.tag}
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, headers=headers, media_type=file.media_type)


def _languages(recognizer: Recognizer | None) -> list[dict[str, Any]]:
    """Codes and aggregates that are served; all there are while that is not known."""
    names: Mapping[str, str] = {
        **languages.CODES,
        **{name: _aggregate(name) for name in languages.AGGREGATES},
    }
    return [
        {"code": code, "name": name, "detected": languages.is_aggregate(code)}
        for code, name in names.items()
        if _served(recognizer, Options(language=code))
    ]


def _aggregate(name: str) -> str:
    count = len(languages.AGGREGATES[name])
    return f"Any of {count} ({name})"


def _described(spec: OptionSpec, recognizer: Recognizer | None) -> dict[str, Any]:
    asks_for_speakers = spec.name == "diarize"
    available = spec.available and not (
        asks_for_speakers and not _served(recognizer, Options(diarize=True))
    )
    return {
        "name": spec.name,
        "group": spec.group,
        "doc": spec.doc,
        "default": spec.write(spec.default),
        "available": available,
        **_shape(spec.kind),
    }


def _shape(kind: Kind) -> dict[str, Any]:
    """What kind of control fits the values."""
    match kind:
        case Flag():
            return {"kind": "flag", "values": ["true", "false"]}
        case Switch(third=third):
            return {"kind": "choice", "values": ["true", "false", third]}
        case Choice(values=values):
            return {"kind": "choice", "values": [str(value) for value in values]}
        case Whole(minimum=minimum, maximum=maximum):
            return {"kind": "number", "minimum": minimum, "maximum": maximum, "step": 1}
        case Fraction(above=above, below=below):
            return {"kind": "number", "minimum": above, "maximum": below, "step": "any"}
        case _:
            return {"kind": "text", "allowed": kind.allowed}


def _served(recognizer: Recognizer | None, options: Options) -> bool:
    if recognizer is None:
        return True
    try:
        recognizer.check(options)
    except (ModelError, NotServedError):
        return False
    return True
