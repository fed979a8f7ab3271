"""The protocols of the peers, spoken by stand-ins for their servers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.harness.speech import Utterance
from benchmarks.peers import whisperlive
from benchmarks.peers.ear import Ear, Heard
from benchmarks.peers.errors import PeerError, SessionFailedError, SessionRefusedError
from benchmarks.peers.metering import ChildMeter
from benchmarks.peers.peer import Peer, Recording, Setup
from benchmarks.peers.process import PeerProcess
from benchmarks.peers.whisperlive import WhisperLive
from benchmarks.peers.whisperlivekit import WhisperLiveKit
from sferic.audio import SAMPLE_RATE

SAMPLES = np.arange(-2400, 2400, dtype="<i2")
"""0.3 s."""
ROW = Utterance(audio="en/a/b.wav", lang="en", text="x", duration=0.3, sample_rate=SAMPLE_RATE)

Script = Callable[[ServerConnection], Awaitable[None]]


class Standing(PeerProcess):
    """In place of the process of a server."""

    def __init__(self) -> None:
        self.command: list[str] = []

    def stop(self) -> None:
        pass

    def _failure(self, what: str) -> Any:
        return SessionFailedError(what)


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Standing:
    standing = Standing()

    async def listening(command: list[str], **_: Any) -> Standing:
        standing.command = command
        return standing

    monkeypatch.setattr(PeerProcess, "listening", listening)
    return standing


async def through(
    peer: Peer, script: Script, monkeypatch: pytest.MonkeyPatch
) -> tuple[Heard, PeerError | None]:
    ear = Ear(SAMPLES.tobytes(), ChildMeter())
    async with serve(script, "127.0.0.1", 0, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        monkeypatch.setattr(f"{type(peer).__module__}.free_port", lambda: port)
        await peer.start()
        failure = None
        try:
            await peer.stream(Recording(row=ROW, audio=SAMPLES.tobytes()), ear)
        except PeerError as error:
            failure = error
        await peer.stop()
    return ear.heard(), failure


def setup(tmp_path: Any) -> Setup:
    return Setup(model="whisper-base", weights=tmp_path, threads=2)


@pytest.mark.usefixtures("process")
async def test_whisperlivekit_shows_settled_and_unsettled_text_until_it_is_ready_to_stop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    audio = bytearray()

    async def script(connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "config", "useAudioWorklet": True}))
        async for message in connection:
            assert isinstance(message, bytes)
            audio.extend(message)
            if not message:
                break
        silence = {"speaker": -2, "text": None}
        line = {"speaker": 1, "text": " One two."}
        for update in ({"buffer_transcription": "One"}, {"lines": [silence, line]}):
            await connection.send(json.dumps(update))
        await connection.send(json.dumps({"type": "ready_to_stop"}))

    heard, failure = await through(WhisperLiveKit(setup(tmp_path)), script, monkeypatch)
    assert failure is None
    assert [each.text for each in heard.shown] == ["One", "One two."]
    assert heard.done_s is not None
    assert bytes(audio) == SAMPLES.tobytes()


@pytest.mark.usefixtures("process")
async def test_whisperlivekit_that_hangs_up_has_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.send(json.dumps({"buffer_transcription": "One"}))

    heard, failure = await through(WhisperLiveKit(setup(tmp_path)), script, monkeypatch)
    assert isinstance(failure, SessionFailedError)
    assert heard.text == "One"
    assert heard.done_s is None


async def test_servers_get_the_weights_that_are_there(
    process: Standing, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.close()

    for peer in (WhisperLiveKit(setup(tmp_path)), WhisperLive(setup(tmp_path))):
        await through(peer, script, monkeypatch)
        assert str(tmp_path) in process.command


def segments(*parts: tuple[float, str, bool]) -> str:
    return json.dumps(
        {
            "uid": "u",
            "segments": [
                {"start": f"{start:.3f}", "end": "9", "text": text, "completed": completed}
                for start, text, completed in parts
            ],
        }
    )


@pytest.mark.usefixtures("process")
async def test_whisperlive_is_heard_until_its_text_has_come_to_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    asked: list[dict[str, Any]] = []
    audio = bytearray()

    async def script(connection: ServerConnection) -> None:
        asked.append(json.loads(await connection.recv()))
        await connection.send(json.dumps({"uid": "u", "message": "SERVER_READY"}))
        while len(audio) < 4 * (len(SAMPLES) + 3200):  # the speech, and two pieces of silence
            message = await connection.recv()
            assert isinstance(message, bytes)
            audio.extend(message)
        await connection.send(segments((0.0, " One", False)))
        for _ in range(10):
            await connection.send(segments((0.0, " One.", True), (1.0, " Two", False)))

    heard, failure = await through(WhisperLive(setup(tmp_path)), script, monkeypatch)
    assert failure is None
    assert [each.text for each in heard.shown] == ["One", "One. Two"]
    assert heard.done_s is None
    (request,) = asked
    assert (request["language"], request["use_vad"]) == ("en", True)
    samples = np.frombuffer(bytes(audio), dtype="<f4")
    np.testing.assert_array_equal(samples[: len(SAMPLES)], SAMPLES.astype("<f4") / 32768)
    silence = samples[len(SAMPLES) :]
    assert 0 < np.abs(silence).max() < 0.005


@pytest.mark.usefixtures("process")
async def test_complete_segments_of_whisperlive_stay_when_it_leaves_them_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(json.dumps({"uid": "u", "message": "SERVER_READY"}))
        for _ in range(4):
            await connection.recv()
        await connection.send(segments((0.0, " One.", True), (1.0, " Two.", True)))
        for _ in range(10):
            await connection.send(segments((1.0, " Two.", True), (2.0, " Three", False)))

    heard, _ = await through(WhisperLive(setup(tmp_path)), script, monkeypatch)
    assert heard.text == "One. Two. Three"


@pytest.mark.usefixtures("process")
async def test_whisperlive_that_says_nothing_is_not_listened_to_for_ever(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(whisperlive, "_SILENT_S", 0.0)

    async def script(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(json.dumps({"uid": "u", "message": "SERVER_READY"}))
        await connection.wait_closed()

    async with asyncio.timeout(20):
        heard, failure = await through(WhisperLive(setup(tmp_path)), script, monkeypatch)
    assert failure is None
    assert heard.text == ""


@pytest.mark.usefixtures("process")
async def test_whisperlive_that_is_full_has_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(json.dumps({"uid": "u", "status": "WAIT", "message": 3.2}))
        await connection.wait_closed()

    _, failure = await through(WhisperLive(setup(tmp_path)), script, monkeypatch)
    assert isinstance(failure, SessionRefusedError)
