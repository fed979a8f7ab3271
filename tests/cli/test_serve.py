import asyncio
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets
from typer.testing import CliRunner, Result

from fakes import FakeRecognizer, fake_backend
from sferic.cli import app, serve
from sferic.config import TABLE
from sferic.errors import InvalidSettingsError, ModelLoadError, NoKeysError, PortInUseError
from sferic.server import backend, keys
from sferic.server.backend import Backend
from sferic.server.run import listen


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in (None, "sferic", "uvicorn", "websockets")]
    before = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SFERIC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(keys, "data_folder", lambda: tmp_path / "data")
    monkeypatch.setattr(backend, "default_backend", lambda _: fake_backend(FakeRecognizer()))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["serve", *arguments], catch_exceptions=False)


@pytest.fixture
def stops_when_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    announce = serve._announce

    def announce_and_stop(url: str, page: str, key: str | None) -> None:
        announce(url, page, key)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(serve, "_announce", announce_and_stop)


def test_without_a_key_it_refuses_to_start_and_says_how_to_make_one() -> None:
    with pytest.raises(NoKeysError, match="sferic keys create"):
        run("--port", "0")


@pytest.mark.usefixtures("stops_when_ready")
def test_with_a_stored_key_it_starts_and_does_not_print_it() -> None:
    _, key = keys.KeyDatabase().create()
    result = run("--port", "0")
    assert result.exit_code == 0
    assert "--key YOUR_KEY FILE" in result.output
    assert key not in result.output


@pytest.mark.usefixtures("stops_when_ready")
def test_with_a_key_in_the_environment_it_needs_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFERIC_API_KEYS", "some-key")
    result = run("--port", "0")
    assert result.exit_code == 0
    assert "some-key" not in result.output
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("stops_when_ready")
def test_dev_prints_the_url_the_same_key_at_every_start_and_one_line_to_try() -> None:
    result = run("--dev", "--port", "0")
    found = re.search(
        r"  WebSocket  (ws://127\.0\.0\.1:\d+/waves/v1/lightning/get_text)\n"
        r"  Page       http://127\.0\.0\.1:\d+/\n"
        r"  Key        (sferic_\S+)  \(.*\n"
        r"  Try it     (\S+) transcribe --url (\S+) --key (\S+) FILE\n",
        result.output,
    )
    assert found
    assert found[1] == found[4]
    assert found[2] == found[5]
    assert found[2] in run("--dev", "--port", "0").output


@pytest.mark.usefixtures("stops_when_ready")
def test_dev_listens_on_loopback_whatever_else_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SFERIC_HOST", "0.0.0.0")
    result = run("--dev", "--port", "0")
    assert "listens on 127.0.0.1, not on 0.0.0.0" in result.output
    assert "ws://127.0.0.1:" in result.output


def test_a_port_in_use_is_told_before_any_model_is_loaded() -> None:
    (taken,) = listen("127.0.0.1", 0)
    with taken, pytest.raises(PortInUseError):
        run("--dev", "--port", str(taken.getsockname()[1]))


def test_a_model_that_does_not_load_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: object) -> FakeRecognizer:
        raise ModelLoadError(Path("folder"), "it is a test")

    failing = Backend(load=load, open=fake_backend().open)
    monkeypatch.setattr(backend, "default_backend", lambda _: failing)
    with pytest.raises(ModelLoadError):
        run("--dev", "--port", "0")


def test_all_wrong_settings_are_listed() -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        run("--port", "http", "--device", "tpu", "--idle-timeout-s", "-1")
    assert len(caught.value.problems) == 3


def test_every_setting_but_secrets_has_a_flag() -> None:
    result = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, ["serve", "--help"])
    assert result.exit_code == 0
    for spec in TABLE:
        flag = "--" + spec.name.replace("_", "-")
        assert (flag in result.output) == (not spec.secret)


def test_what_serve_imports_before_it_has_work_to_do_is_little() -> None:
    heavy = "sqlalchemy starlette uvicorn numpy ctranslate2 av onnxruntime prometheus_client"
    code = (
        "import sys; import sferic.cli; "
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_url_that_is_shown_can_be_connected_to() -> None:
    assert serve._reachable("0.0.0.0") == "127.0.0.1"
    assert serve._reachable("::") == "[::1]"
    assert serve._reachable("fe80::1") == "[fe80::1]"
    assert serve._reachable("stt.example.com") == "stt.example.com"


def test_the_line_to_try_calls_the_program_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/sferic/__main__.py", "serve"])
    assert serve._program() == "python -m sferic"


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_a_real_process_serves_and_ends_in_order_at_sigterm(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from fakes import FakeRecognizer, fake_backend\n"
        "from sferic.server import backend\n"
        "recognizer = []\n"
        "def made(_):\n"
        "    recognizer.append(FakeRecognizer())\n"
        "    return fake_backend(recognizer[0])\n"
        "backend.default_backend = made\n"
        "from sferic.cli import main\n"
        "main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(program), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "SFERIC_API_KEYS": "secret-key",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "XDG_DATA_HOME": str(tmp_path),
        },
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "Sferic is ready.\n"
        url = process.stdout.readline().split()[1]

        async def talk() -> list[dict[str, object]]:
            headers = {"Authorization": "Bearer secret-key"}
            async with websockets.connect(
                url + "?external_session_id=call-7&x=secret-in-the-query",
                additional_headers=headers,
            ) as connection:
                await connection.send(bytes(16_000))
                await connection.recv()
                process.send_signal(signal.SIGTERM)
                messages = [json.loads(message) async for message in connection]
            assert connection.close_code == 1012
            return messages

        with pytest.raises(websockets.ConnectionClosedError):
            asyncio.run(talk())
        _, log = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "session=sess_0 key=static-1" in log
    assert "code=1012" in log
    assert "secret" not in log
