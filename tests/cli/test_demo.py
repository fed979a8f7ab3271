"""`make demo` from the server it finds to the transcript."""

import os
import subprocess
import sys
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from cli.serving import Serving
from server.harness import KEY
from sferic.cli import demo
from sferic.errors import RefusedError
from sferic.models import DEFAULT_MODEL, ModelStore
from sferic.server.run import listen


def free_port() -> int:
    listener = listen("127.0.0.1", 0)[0]
    port = int(listener.getsockname()[1])
    listener.close()
    return port


def test_a_server_that_is_named_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFERIC_URL", "wss://elsewhere")
    monkeypatch.setenv("SFERIC_KEY", "k")
    with ExitStack() as stack:
        assert demo._server(stack) == ("wss://elsewhere", "k")


def test_a_server_that_takes_the_development_key_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SFERIC_URL", raising=False)
    monkeypatch.setattr(demo, "development_key", lambda: (KEY, True))
    with Serving(tmp_path) as serving, ExitStack() as stack:
        monkeypatch.setenv("SFERIC_PORT", serving.url.rpartition(":")[2])
        assert demo._server(stack) == (serving.url, KEY)


def test_a_server_that_does_not_is_somebody_elses(tmp_path: Path) -> None:
    with Serving(tmp_path) as serving:
        assert not demo._is_ours(serving.url, "another")
    assert not demo._is_ours(f"ws://127.0.0.1:{free_port()}", KEY)


def test_a_full_server_is_told(tmp_path: Path) -> None:
    with Serving(tmp_path, max_sessions=1) as serving:
        serving.occupy()
        with pytest.raises(RefusedError, match="server_full"):
            demo._is_ours(serving.url, KEY)


@pytest.mark.skipif(not ModelStore().installed(DEFAULT_MODEL), reason="the model is not here")
def test_without_a_server_one_is_started_for_the_recording(tmp_path: Path) -> None:
    found = find_spec("moonshine_voice")
    assert found is not None
    assert found.submodule_search_locations
    recording = Path(found.submodule_search_locations[0], "assets", "beckett.wav")
    kept = {name: os.environ[name] for name in os.environ if not name.startswith("SFERIC_")}
    if "SFERIC_MODELS" in os.environ:
        kept["SFERIC_MODELS"] = os.environ["SFERIC_MODELS"]
    ended = subprocess.run(
        [sys.executable, "-m", "sferic.cli.demo", str(recording)],
        env={**kept, "XDG_DATA_HOME": str(tmp_path), "SFERIC_PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "fail better" in ended.stdout.lower()
    assert "starting one for the demo" in ended.stderr
