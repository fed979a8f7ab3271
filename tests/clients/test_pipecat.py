"""`pipecat-ai` 1.14, its `SmallestSTTService`, as published."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

pytest.importorskip("pipecat", reason="clients have an environment of their own")

from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    STTUpdateSettingsFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.smallest.stt import SmallestSTTService
from pipecat.tests.utils import QueuedFrameProcessor
from pipecat.workers.runner import WorkerRunner

from acceptance.serving import KEY
from clients import speech
from recordings import SAMPLE_RATE, plain

PATIENCE_S = 60


class Talk:
    """A pipeline with nothing but the service in it."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.heard: asyncio.Queue[Frame] = asyncio.Queue()
        self.errors: asyncio.Queue[Frame] = asyncio.Queue()
        down, up = FrameDirection.DOWNSTREAM, FrameDirection.UPSTREAM
        before = QueuedFrameProcessor(queue=self.errors, queue_direction=up)
        after = QueuedFrameProcessor(queue=self.heard, queue_direction=down)
        self.worker = PipelineWorker(
            Pipeline([before, service, after]),
            cancel_on_idle_timeout=False,
            enable_rtvi=False,
            params=PipelineParams(audio_in_sample_rate=SAMPLE_RATE),
        )

    async def say(self, audio: bytes, *, paced: bool = False) -> None:
        await self.worker.queue_frame(VADUserStartedSpeakingFrame())
        for chunk in speech.cut(audio):
            frame = InputAudioRawFrame(audio=chunk, sample_rate=SAMPLE_RATE, num_channels=1)
            await self.worker.queue_frame(frame)
            if paced:
                await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Pipecat's own voice activity detection says that the turn is over."""
        await self.worker.queue_frame(VADUserStoppedSpeakingFrame())

    async def turn(self) -> list[Any]:
        """The transcripts up to the next final."""
        frames: list[Any] = []
        while not frames or not isinstance(frames[-1], TranscriptionFrame):
            frame = await self.heard.get()
            if isinstance(frame, TranscriptionFrame | InterimTranscriptionFrame):
                frames.append(frame)
        return frames

    def connected(self) -> asyncio.Event:
        """An event for the next connection: pipecat drops what is said before there is one."""
        connected = asyncio.Event()

        async def note(_: Any) -> None:
            connected.set()

        self.service.add_event_handler("on_connected", note)
        return connected

    async def error(self) -> str:
        while True:
            frame = await self.errors.get()
            if isinstance(frame, ErrorFrame):
                return str(frame.error)


@asynccontextmanager
async def talk(
    address: str, key: str = KEY, *, encoding: str = "linear16", **settings: Any
) -> AsyncIterator[Talk]:
    service = SmallestSTTService(
        api_key=key,
        base_url=f"ws://{address}",
        encoding=encoding,
        settings=SmallestSTTService.Settings(**settings),
    )
    made = Talk(service)
    started = asyncio.Event()

    async def begin(*_: Any) -> None:
        started.set()

    made.worker.add_event_handler("on_pipeline_started", begin)
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(made.worker)
    running = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await started.wait()
            yield made
            await made.worker.queue_frame(EndFrame())
            await running
    finally:
        if not running.done():
            await made.worker.cancel()
            with suppress(asyncio.CancelledError):
                await running


def text(frames: Iterable[Any]) -> list[str]:
    return plain(" ".join(frame.text for frame in frames if isinstance(frame, TranscriptionFrame)))


async def test_partials_come_while_somebody_speaks_and_a_final_when_they_stop(
    address: str,
) -> None:
    async with talk(address, word_timestamps=True) as conversation:
        await conversation.say(speech.fox(), paced=True)
        await conversation.stop()
        frames = await conversation.turn()
    assert [frame for frame in frames if isinstance(frame, InterimTranscriptionFrame)]
    assert text(frames) == plain(speech.FOX)
    assert (frames[-1].language, frames[-1].result["from_finalize"]) == ("en", True)
    assert plain(" ".join(w["word"] for w in frames[-1].result["words"])) == plain(speech.FOX)


async def test_one_turn_follows_another(address: str) -> None:
    async with talk(address, endpointing=False) as conversation:
        for audio, said in ((speech.fox(), speech.FOX), (speech.hello(), speech.HELLO)) * 2:
            await conversation.say(audio)
            await conversation.stop()
            assert text(await conversation.turn()) == plain(said)


async def test_without_a_word_of_pipecat_silence_ends_a_turn(address: str) -> None:
    async with talk(address) as conversation:
        await conversation.say(speech.hello() + speech.silence(2))
        frames = await conversation.turn()
    assert text(frames) == plain(speech.HELLO)
    assert frames[-1].result["from_finalize"] is False


async def test_speakers_are_told_apart(address: str) -> None:
    async with talk(address, diarize=True, word_timestamps=True, endpointing=False) as conversation:
        await conversation.say(speech.two_voices())
        await conversation.stop()
        frames = await conversation.turn()
        while not frames[-1].result["from_finalize"]:
            frames += await conversation.turn()
    finals = [frame for frame in frames if isinstance(frame, TranscriptionFrame)]
    words = [word for final in finals for word in final.result["words"]]
    assert {word["speaker"] for word in words} == {0, 1}


async def test_what_is_private_is_redacted(address: str) -> None:
    async with talk(address, redact_pii=True, redact_pci=True) as conversation:
        await conversation.say(speech.digits())
        await conversation.stop()
        frames = await conversation.turn()
    assert frames[-1].text.strip(".") == "[PHONENUMBER_1]"
    assert frames[-1].result["redacted_entities"] == ["[PHONENUMBER_1]"]
    assert not any("three" in frame.text.lower() for frame in frames)


async def test_a_change_of_settings_connects_anew_and_goes_on(relay: Any) -> None:
    async with talk(relay.address) as conversation:
        await conversation.say(speech.hello())
        await conversation.stop()
        assert text(await conversation.turn()) == plain(speech.HELLO)
        connected = conversation.connected()
        delta = SmallestSTTService.Settings(word_timestamps=True)
        await conversation.worker.queue_frame(STTUpdateSettingsFrame(delta=delta))
        await connected.wait()
        await conversation.say(speech.fox())
        await conversation.stop()
        frames = await conversation.turn()
    assert relay.connections == 2
    assert text(frames) == plain(speech.FOX)
    assert frames[-1].result["words"]


async def test_a_connection_that_is_lost_is_made_again(relay: Any) -> None:
    async with talk(relay.address) as conversation:
        await conversation.say(speech.hello())
        await conversation.stop()
        assert text(await conversation.turn()) == plain(speech.HELLO)
        connected = conversation.connected()
        relay.cut()
        await connected.wait()
        await conversation.say(speech.fox())
        await conversation.stop()
        assert text(await conversation.turn()) == plain(speech.FOX)
    assert relay.connections == 2


@pytest.mark.parametrize(
    ("options", "status"),
    [({"key": "wrong"}, "401"), ({"encoding": "mp3"}, "400"), ({"language": "xx"}, "400")],
)
async def test_what_is_refused_has_its_status(
    address: str, options: dict[str, Any], status: str
) -> None:
    async with talk(address, **options) as conversation:
        assert f"HTTP {status}" in await conversation.error()
