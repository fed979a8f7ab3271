"""A hub on this machine that does what real ones do on bad days, and a small model to fetch."""

import hashlib
import random
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from sferic.models.catalogue import HubSource, Model, ModelFile, Source
from sferic.models.store import ModelStore

MakeStore = Callable[..., ModelStore]
MakeWheel = Callable[..., Path]

CONTENTS = {
    "config.json": b'{"alignment_heads": []}',
    "model.bin": random.Random(4).randbytes(300_000),
}
REVISION = "0" * 40
PREFIX = f"/someone/tiny/resolve/{REVISION}/"


@dataclass
class Answer:
    """How the hub answers one GET."""

    status: int | None = None
    body: bytes | None = None
    dies_after: int | None = None
    stalls_after: int | None = None
    ignores_range: bool = False
    no_length: bool = False


@dataclass
class Request:
    method: str
    path: str
    range: str | None
    authorization: str | None


@dataclass
class FakeHub:
    """Serves `files`; `plan` holds what happens to the next requests for a path."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    plan: dict[str, list[Answer]] = field(default_factory=dict)
    storage: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Path to the address it is redirected to and the digest that is announced."""
    requests: list[Request] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)
    stalled: threading.Event = field(default_factory=threading.Event)

    def gets(self, name: str) -> list[Request]:
        return [r for r in self.requests if r.method == "GET" and r.path == PREFIX + name]

    def will(self, name: str, *answers: Answer) -> None:
        self.plan[PREFIX + name] = list(answers)


class Handler(BaseHTTPRequestHandler):
    """Answers for one FakeHub, which a subclass names."""

    protocol_version = "HTTP/1.1"
    hub: ClassVar[FakeHub]

    def log_message(self, *args: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._note()
        self._empty(200 if self.path in {*self.hub.files, *self.hub.storage} else 404)

    def do_GET(self) -> None:
        self._note()
        if self.path in self.hub.storage:
            address, digest = self.hub.storage[self.path]
            self._empty(302, {"Location": address, "X-Linked-Etag": f'"{digest}"'})
            return
        planned = self.hub.plan.get(self.path)
        answer = planned.pop(0) if planned else Answer()
        body = self.hub.files.get(self.path) if answer.body is None else answer.body
        if answer.status or body is None:
            self._empty(answer.status or 404)
        else:
            self._send(answer, body)

    def _note(self) -> None:
        headers = self.headers
        self.hub.requests.append(
            Request(self.command, self.path, headers["Range"], headers["Authorization"])
        )

    def _empty(self, status: int, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, answer: Answer, body: bytes) -> None:
        start = 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        if asked and not answer.ignores_range:
            start = int(asked[1])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        rest = body[start:]
        if not answer.no_length:
            self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.close_connection = answer.no_length or answer.dies_after is not None
        with suppress(OSError):
            if answer.stalls_after is not None:
                self.wfile.write(rest[: answer.stalls_after])
                self.hub.stalled.set()
                self.hub.go_on.wait(30)
                rest = rest[answer.stalls_after :]
            self.wfile.write(rest[: answer.dies_after])


def tiny_model(
    *sources: Source, name: str = "tiny", pinned: bool = True, requires: tuple[str, ...] = ()
) -> Model:
    """A model of two small files."""
    files = tuple(
        ModelFile(
            name=file,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest() if pinned else None,
        )
        for file, content in CONTENTS.items()
    )
    return Model(
        name=name,
        family="ctranslate2-whisper",
        languages=("en",),
        licence="MIT",
        files=files,
        sources=sources or (HubSource(repository="someone/tiny", revision=REVISION),),
        requires=requires,
    )
