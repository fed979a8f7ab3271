"""Fixtures for the models: a hub, a store, packages."""

import ssl
import threading
import zipfile
from collections.abc import Iterator, Mapping
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from models.fakehub import CONTENTS, PREFIX, FakeHub, Handler, MakeStore, MakeWheel, tiny_model
from sferic.models import http
from sferic.models.catalogue import Catalogue, Model
from sferic.models.store import ModelStore


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub with the tiny model, which HF_ENDPOINT points at."""
    fake = FakeHub()
    handler = type("HandlerOfHub", (Handler,), {"hub": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    fake.files = {PREFIX + name: content for name, content in CONTENTS.items()}
    monkeypatch.setenv("HF_ENDPOINT", fake.url)
    yield fake
    fake.go_on.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the machine, and no patience."""
    for name in ("HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE", "SFERIC_MODELS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    # Reading them takes longer than all the rest of a fetch here.
    monkeypatch.setattr(http, "_certificates", lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    monkeypatch.setattr(http, "_PAUSE", 0.001)
    monkeypatch.setattr(http, "_ANSWER_WITHIN", 2.0)
    monkeypatch.setattr(http, "_STALLED_AFTER", 2.0)


@pytest.fixture
def make_store(tmp_path: Path) -> MakeStore:
    """Make a store that knows the given models, the tiny one by default."""

    def make(*models: Model) -> ModelStore:
        return ModelStore(tmp_path / "models", catalogue=Catalogue(models or (tiny_model(),)))

    return make


@pytest.fixture
def make_wheel(tmp_path: Path) -> MakeWheel:
    """Write a wheel that pip takes."""

    def make(name: str, members: Mapping[str, bytes], *, version: str = "1.0") -> Path:
        shelf = tmp_path / "shelf"
        shelf.mkdir(exist_ok=True)
        package = name.replace("-", "_")
        path = shelf / f"{package}-{version}-py3-none-any.whl"
        info = f"{package}-{version}.dist-info"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
            archive.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            )
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        return path

    return make
