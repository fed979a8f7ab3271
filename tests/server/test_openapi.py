"""The document says what the server does: it is asked all that the document allows, and more."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from fakes import FakeRecognizer, fake_backend
from server.harness import KEY, PromptServer
from sferic.config import Settings
from sferic.protocol import openapi
from sferic.protocol.dialects import RECORDED_DIALECTS
from sferic.protocol.options import rows
from sferic.server.app import create_app
from sferic.server.run import listen

SCHEMA = schemathesis.openapi.from_dict(openapi.document("http://127.0.0.1"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server in a thread of its own: schemathesis waits for answers."""
    folder: Path = tmp_path_factory.mktemp("server")
    recognizer = FakeRecognizer()
    app = create_app(
        Settings(
            api_keys=(KEY,),
            key_database=str(folder / "keys.db"),
            job_database=str(folder / "jobs.db"),
            spool_folder=str(folder / "spool"),
        ),
        recognizer,
        backend=fake_backend(recognizer),
    )
    sockets = listen("127.0.0.1", 0)
    server = PromptServer(app)
    started = threading.Event()

    async def serve() -> None:
        serving = asyncio.create_task(server.serve(sockets))
        await server.up.wait()
        started.set()
        await asyncio.to_thread(stop.wait)
        server.stop()
        await serving

    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(10)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_server_answers_as_the_document_says(case: Any, address: str) -> None:
    excluded: Any = [schemathesis.checks.CHECKS.get_one("positive_data_acceptance")]
    case.call_and_validate(
        base_url=address,
        headers={"Authorization": f"Bearer {KEY}"},
        # What is well said may still be a language that no model serves, an address that is not
        # there, or a recording that is none.
        excluded_checks=excluded,
    )


def test_every_option_of_a_path_is_in_the_document() -> None:
    document = msgspec.json.decode(msgspec.json.encode(openapi.document("http://a")))
    for dialect in RECORDED_DIALECTS:
        for path in dialect.paths:
            said = [one["name"] for one in document["paths"][path]["post"]["parameters"]]
            assert said == [spec.name for spec in rows(dialect) if spec.available]
