import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from fakes import FakeRecognizer, fake_backend
from server.harness import KEY, SECRETS, PromptServer, Running, Start
from sferic.config import Settings
from sferic.server.app import create_app
from sferic.server.backend import Backend
from sferic.server.pace import FlowLimits
from sferic.server.run import listen


@pytest_asyncio.fixture
async def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Start]:
    """Start servers; at the end, none of their tasks may be left."""
    monkeypatch.setattr("sferic.server.keyring.MISS_PAUSE_S", 0.01)
    # Uvicorn looks every 0.1 s whether everything has ended; over all tests that adds up.
    prompt = {**vars(asyncio), "sleep": lambda seconds: asyncio.sleep(min(seconds, 0.002))}
    monkeypatch.setattr("uvicorn.server.asyncio", SimpleNamespace(**prompt))
    before = asyncio.all_tasks()
    started: list[Running] = []

    async def start_server(
        *,
        limits: FlowLimits | None = None,
        tls: ssl.SSLContext | None = None,
        backend: Backend | None = None,
        recognizer: FakeRecognizer | None = None,
        ready: bool = True,
        development_key: str | None = None,
        **changes: Any,
    ) -> Running:
        settings = Settings(
            **{
                "api_keys": (KEY,),
                "key_database": str(tmp_path / "keys.db"),
                "job_database": str(tmp_path / "jobs.db"),
                "spool_folder": str(tmp_path / "spool"),
                "drain_timeout_s": 0.5,
                **changes,
            }
        )
        recognizer = recognizer or FakeRecognizer()
        app = create_app(
            settings,
            recognizer if ready else None,
            backend=backend or fake_backend(recognizer),
            development_key=development_key,
        )
        sockets = listen("127.0.0.1", 0)
        server = PromptServer(app, limits=limits, tls=tls)
        port = sockets[0].getsockname()[1]
        running = Running(server, app.state.services, port, "s" if tls else "")
        running.recognizer = recognizer
        running.task = asyncio.create_task(server.serve(sockets))
        started.append(running)
        await server.up.wait()
        return running

    yield start_server
    for running in started:
        if not running.server.should_exit:
            running.server.stop()
        assert running.task is not None
        await asyncio.wait_for(running.task, 10)
        assert running.services.read_ahead.held == 0
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left


@pytest.fixture(autouse=True)
def _no_secret_in_any_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    for name in ("websockets.client", "httpcore", "httpx"):
        caplog.set_level(logging.WARNING, logger=name)
    caplog.set_level(logging.DEBUG)
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    text = "\n".join(caplog.handler.format(record) for record in records)
    for secret in SECRETS:
        assert secret not in text
