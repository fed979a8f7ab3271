"""Two models in one process, each for its languages, and one that is broken."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import websockets

from acceptance.serving import KEY, ServerProcess
from recordings import clip, error_rate

HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("server")
    broken = folder / "broken"
    broken.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (broken / name).write_bytes(b"nothing")
    routes = f"en=whisper-tiny.en,hi={broken},multi-eu=whisper-base"
    with ServerProcess(folder, SFERIC_ROUTE=routes, SFERIC_DIARIZATION="off") as running:
        yield running


async def transcript(server: ServerProcess, name: str, language: str) -> tuple[str, str | None]:
    """What is heard in a clip, and in which language."""
    samples, _ = clip(name)
    data = np.rint(samples * 32_767).astype("<i2").tobytes()
    url = f"{server.url}?language={language}&numerals=false"
    async with websockets.connect(url, additional_headers=HEADERS) as connection:
        for at in range(0, len(data), 3200):
            await connection.send(data[at : at + 3200])
        await connection.send(json.dumps({"type": "finalize"}))
        finals = [
            message
            async for message in map_json(connection)
            if message["type"] == "transcription" and message["is_final"]
        ]
    heard = [final for final in finals if final["transcript"]]
    return " ".join(final["transcript"] for final in heard), heard[0]["language"] if heard else None


async def map_json(connection: websockets.ClientConnection) -> AsyncIterator[dict[str, Any]]:
    async for text in connection:
        yield json.loads(text)


async def test_two_models_serve_two_languages_at_once(server: ServerProcess) -> None:
    asked = [("en/quick_brown_fox", "en"), ("fr/comptage", "fr"), ("fr/comptage", "multi")]
    answers = await asyncio.gather(*(transcript(server, *each) for each in asked))
    for (name, language), (text, told) in zip(asked, answers, strict=True):
        assert error_rate(clip(name)[1], text) < 0.6, (name, text)
        assert told == (name[:2] if language == "multi" else language)


async def test_what_no_model_serves_is_refused_before_the_upgrade(server: ServerProcess) -> None:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(f"{server.url}?language=ta", additional_headers=HEADERS)
    response = caught.value.response
    body = json.loads(response.body)
    assert (response.status_code, body["code"]) == (400, "language_not_served")
    assert "`sferic models pull " in body["message"]
    assert "--route ta=" in body["message"]


async def test_a_broken_model_is_told_and_others_are_unharmed(server: ServerProcess) -> None:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(f"{server.url}?language=hi", additional_headers=HEADERS)
    response = caught.value.response
    body = json.loads(response.body)
    assert (response.status_code, body["code"]) == (503, "model_failed")
    assert "Retry-After" in response.headers
    assert "the model broken cannot be loaded" in "".join(server.output)
    assert (await transcript(server, "en/quick_brown_fox", "en"))[0]


def test_the_languages_are_listed_with_their_models(server: ServerProcess) -> None:
    address = server.url.replace("ws://", "http://").partition("/waves")[0] + "/v1/languages"
    body = httpx.get(address).json()
    models = {row["code"]: row["model"] for row in body["languages"]}
    assert models["en"] == "whisper-tiny.en"
    assert models["de"] == "whisper-base"
    (german,) = (row for row in body["languages"] if row["code"] == "de")
    assert german["quality"]["wer"] > 0
    assert "ta" in body["not_served"]
