"""Real servers with models out of a folder: they say nothing sensible, but all the way through."""

import asyncio
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import websockets

from acceptance.serving import KEY, ServerProcess
from engines import cut, linear16
from recognition.sherpa import tiny
from recordings import two_cities
from sferic.audio import SAMPLE_RATE

S = SAMPLE_RATE
WORDS = {"red", "blue", "i", "green", "grey"}


@pytest.fixture(params=[tiny.zipformer, tiny.nemo_streaming_ctc, tiny.nemo_transducer])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    make: Callable[[Path], Path] = request.param
    return make(tmp_path / "tones-en")


async def test_a_folder_with_a_model_is_served(folder: Path, tmp_path: Path) -> None:
    speech = two_cities()[: 10 * S]
    with ServerProcess(tmp_path, SFERIC_MODEL=str(folder), SFERIC_DIARIZATION="off") as server:
        url = f"{server.url}?language=en&word_timestamps=true"
        headers = {"Authorization": f"Bearer {KEY}"}
        async with asyncio.timeout(60), websockets.connect(url, additional_headers=headers) as live:
            for data in cut(linear16(speech[: 3 * S]), 3200):
                await live.send(data)
            partial: dict[str, Any] = {"is_final": False, "transcript": ""}
            while not partial["transcript"]:
                partial = json.loads(await live.recv())
            assert not partial["is_final"]
            for data in cut(linear16(speech[3 * S :], np.zeros(S, np.float32)), 3200):
                await live.send(data)
            await live.send(json.dumps({"type": "close_stream"}))
            finals = [json.loads(message) async for message in live]
        finals = [message for message in finals if message["is_final"]]
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(
                f"{server.url}?language=de", additional_headers=headers
            ).__aenter__()
    assert server.code == 0, "".join(server.output)
    assert refused.value.response.status_code == 400
    words = [word for final in finals for word in final["words"]]
    assert len(words) > 10
    assert {word["word"].rstrip(".").lower().replace("ish", "") for word in words} <= WORDS | {""}
    assert all(a["end"] <= b["start"] for a, b in itertools.pairwise(words))
    assert words[0]["start"] >= 0
    assert words[-1]["end"] <= 11
    assert finals[0]["transcript"][0].isupper()
    assert finals[-1]["is_last"]
    assert "".join(server.output).count("Traceback") == 0
