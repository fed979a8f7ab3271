import asyncio
import threading
from pathlib import Path

import httpx
import pytest

from fakes import FakeRecognizer, FakeStream, fake_backend
from server.harness import KEY, Start, until
from sferic.config import Settings
from sferic.errors import ModelLoadError
from sferic.models import DEFAULT_MODEL
from sferic.server.app import create_app
from sferic.server.backend import Backend, Recognizer


async def test_health_is_200_and_ready_503_until_the_model_is_loaded(start: Start) -> None:
    recognizer = FakeRecognizer()
    may_load, loaded = threading.Event(), asyncio.Event()

    def load(_: Settings) -> Recognizer:
        may_load.wait(10)
        return recognizer

    backend = Backend(load=load, open=lambda options, *_: FakeStream(options, recognizer))
    running = await start(ready=False, backend=backend)
    running.services.engine.on_ready = loaded.set
    assert (await running.get("/health")).json() == {"status": "ok"}
    answer = await running.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert int(answer.headers["Retry-After"]) > 0
    may_load.set()
    await loaded.wait()
    answer = await running.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    running.server.stop()
    assert running.task is not None
    await running.task
    assert recognizer.closed


async def test_a_model_that_cannot_be_loaded_is_logged_and_sessions_are_refused(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    def load(_: Settings) -> Recognizer:
        raise ModelLoadError(Path("folder"), "it is a test")

    backend = Backend(load=load, open=fake_backend().open)
    running = await start(ready=False, backend=backend)
    await until(lambda: running.services.engine.error is not None)
    assert "no sessions can be served: the model in folder does not load" in caplog.text
    answer = await running.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "model_failed")
    assert (await running.refused()).body["code"] == "model_failed"
    assert (await running.get("/health")).status_code == 200


async def test_a_recognizer_that_was_given_stays_the_givers(start: Start) -> None:
    running = await start()
    running.server.stop()
    assert running.task is not None
    await running.task
    assert not running.recognizer.closed


async def test_the_live_paths_are_described_at_the_address_they_were_asked_for(
    start: Start,
) -> None:
    running = await start()
    answer = await running.get("/asyncapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    described = answer.json()
    assert described["servers"]["this"]["host"] == f"127.0.0.1:{running.port}"
    assert described["servers"]["this"]["protocol"] == "ws"
    for channel in described["channels"].values():
        assert (await running.get(channel["address"])).status_code == 426
    headers = {"X-Forwarded-Proto": "https", "Host": "stt.example.com"}
    answer = await running.get("/asyncapi.json", headers=headers)
    assert answer.json()["servers"]["this"]["host"] == "stt.example.com"
    assert answer.json()["servers"]["this"]["protocol"] == "wss"


@pytest.mark.parametrize("path", ["/nothing", "/metrics", "/docs", "/waves/v1/lightning/"])
async def test_what_is_not_there_is_404_in_json(start: Start, path: str) -> None:
    running = await start()
    answer = await running.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_another_method_is_405_in_json(start: Start) -> None:
    running = await start()
    async with httpx.AsyncClient() as client:
        answer = await client.delete(f"http://127.0.0.1:{running.port}/health")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


async def test_a_plain_request_to_the_endpoint_is_told_to_upgrade(start: Start) -> None:
    running = await start()
    answer = await running.get("/waves/v1/lightning/get_text")
    assert (answer.status_code, answer.json()["code"]) == (426, "upgrade_required")
    assert answer.headers["Upgrade"] == "websocket"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {KEY}"}],
)
async def test_metrics_are_for_those_who_have_their_token(
    start: Start, headers: dict[str, str]
) -> None:
    running = await start(metrics_token="token")
    answer = await running.get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert "sferic" not in answer.text.replace("sferic metrics", "")
    answer = await running.get("/metrics", headers={"Authorization": "Bearer token"})
    assert answer.status_code == 200
    assert "sferic_sessions_open 0.0" in answer.text


async def test_apps_share_nothing(start: Start) -> None:
    one, other = await start(api_keys=("one",)), await start(api_keys=("other",))
    async with one.connect(key="one"):
        assert (await other.refused(key="one")).status == 401
        assert other.services.metrics._opened._value.get() == 0
    assert one.services.metrics.registry is not other.services.metrics.registry


def test_an_app_is_made_without_a_loop_and_touches_no_disk(tmp_path: Path) -> None:
    create_app(Settings(key_database=str(tmp_path / "x" / "keys.db")))
    assert not (tmp_path / "x").exists()


def test_the_default_of_the_setting_is_the_default_model() -> None:
    assert Settings().model == DEFAULT_MODEL


async def test_languages_are_listed(start: Start) -> None:
    running = await start()
    body = (await running.get("/v1/languages")).json()
    assert [(row["code"], row["model"]) for row in body["languages"]] == [("en", "fake")]
    assert body["not_served"] == ["de"]
