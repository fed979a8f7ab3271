"""The Python client of the specification itself, with another address."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from acceptance.serving import KEY, ServerProcess
from audio import material
from recordings import clip, plain

SEED = Path(__file__).parents[3] / "shared" / "seed" / "lightning-get_text.txt"
ADDRESS = "wss://api.smallest.ai/waves/v1/lightning/get_text"

LIBROSA = '''
"""Enough of librosa for the client: it is not installed here."""
import wave
import numpy as np

def load(path, *, sr, mono):
    with wave.open(str(path)) as reader:
        assert mono and reader.getframerate() == sr and reader.getnchannels() == 1
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    return samples.astype(np.float32) / 32768, sr
'''


@pytest.mark.skipif(not SEED.exists(), reason="the specification is not beside this checkout")
def test_the_client_of_the_specification_gets_its_transcript(
    server: ServerProcess, tmp_path: Path
) -> None:
    specification = SEED.read_text(encoding="utf-8")
    client = specification[specification.index("import asyncio\nimport json\nimport argparse") :]
    assert client.count(ADDRESS) == 1
    (tmp_path / "client.py").write_text(client.replace(ADDRESS, server.url), encoding="utf-8")
    (tmp_path / "librosa.py").write_text(LIBROSA, encoding="utf-8")
    samples, said = clip("en/quick_brown_fox")
    (tmp_path / "fox.wav").write_bytes(material.wav(material.linear16(samples)))

    finished = subprocess.run(
        [sys.executable, "client.py", "fox.wav", "--api-key", KEY],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    messages = received(finished.stdout)
    assert [message["is_last"] for message in messages].index(True) == len(messages) - 1
    finals = [message["transcript"] for message in messages if message["is_final"]]
    assert plain(" ".join(finals)) == plain(said)
    assert any(not message["is_final"] for message in messages)


def received(output: str) -> list[dict[str, Any]]:
    decoder = json.JSONDecoder()
    parts = output.split("Received: ")[1:]
    return [decoder.raw_decode(part)[0] for part in parts]
