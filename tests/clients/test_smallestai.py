"""The `smallestai` SDK 5, as published."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest

pytest.importorskip("smallestai", reason="clients have an environment of their own")

from smallestai import AsyncSmallestAI, SmallestAI
from smallestai.core.api_error import ApiError
from smallestai.environment import SmallestAIEnvironment
from smallestai.waves import CloseStream, FinalizeSignal
from smallestai.waves.helpers import stream_speech_to_text
from websockets.exceptions import ConnectionClosed

from acceptance.serving import KEY
from clients import speech
from recordings import plain

PATIENCE_S = 60


def environment(address: str) -> SmallestAIEnvironment:
    base = f"http://{address}"
    return SmallestAIEnvironment(atoms=base, waves=base, waves_ws=f"ws://{address}", payment=base)


def client(address: str, key: str = KEY) -> AsyncSmallestAI:
    return AsyncSmallestAI(environment=environment(address), api_key=key)


@asynccontextmanager
async def opened(address: str, key: str = KEY, **options: Any) -> AsyncIterator[Any]:
    options = {"language": "en", **options}
    async with (
        asyncio.timeout(PATIENCE_S),
        stream_speech_to_text(client(address, key), **options) as socket,
    ):
        yield socket


async def send(socket: Any, audio: bytes, *, paced: bool = False) -> None:
    for chunk in speech.cut(audio):
        await socket.send_audio_chunk_out(chunk)
        if paced:
            await asyncio.sleep(0.1)


async def to_the_end(socket: Any) -> list[Any]:
    """Close the stream, and return what is still said."""
    await socket.send_close_stream(CloseStream(type="close_stream"))
    events = []
    async for event in socket:
        events.append(event)
        if event.is_last:
            break
    return events


def finals(events: Iterable[Any]) -> list[Any]:
    return [event for event in events if event.type == "transcription" and event.is_final]


def text(events: Iterable[Any]) -> list[str]:
    return plain("".join(event.transcript for event in finals(events)))


async def test_partials_come_while_somebody_speaks_and_a_final_at_the_end(address: str) -> None:
    async with opened(address, word_timestamps=True) as socket:
        await send(socket, speech.fox(), paced=True)
        events = await to_the_end(socket)
    partials = [event for event in events if not event.is_final]
    assert partials
    assert all(event.transcript for event in partials)
    assert text(events) == plain(speech.FOX)
    words = [word for final in finals(events) for word in final.words]
    assert plain(" ".join(word.word for word in words)) == plain(speech.FOX)
    assert all(word.start < word.end and word.confidence > 0 for word in words)
    assert {event.session_id for event in events} == {events[0].session_id}
    assert [event.status for event in events] == ["success"] * len(events)


async def test_turns_are_finalized_one_after_the_other(address: str) -> None:
    async with opened(address) as socket:
        for audio, said in ((speech.fox(), speech.FOX), (speech.hello(), speech.HELLO)):
            await send(socket, audio)
            await socket.send_finalize_signal(FinalizeSignal(type="finalize"))
            events = [await socket.recv()]
            while not events[-1].from_finalize:
                events.append(await socket.recv())
            assert text(events) == plain(said)
            assert not events[-1].is_last
        (last,) = await to_the_end(socket)
    assert (last.transcript, last.is_last, last.from_finalize) == ("", True, False)


async def test_speech_is_announced(address: str) -> None:
    async with opened(address, vad_events=True) as socket:
        await send(socket, speech.silence(1) + speech.fox() + speech.silence(1))
        events = await to_the_end(socket)
    kinds = [event.type for event in events]
    assert kinds.index("speech_started") < kinds.index("transcription")
    started, ended = (e for e in events if e.type in ("speech_started", "speech_ended"))
    assert 0.8 < started.timestamp < 1.7 < ended.timestamp


async def test_speakers_are_told_apart(address: str) -> None:
    async with opened(address, diarize=True, word_timestamps=True) as socket:
        await send(socket, speech.two_voices())
        events = await to_the_end(socket)
    # The SDK declares speakers as strings; words with the numbers of the protocol stay plain.
    words = [word for final in finals(events) for word in final.words]
    assert {word["speaker"] for word in words} == {0, 1}
    assert words[0]["speaker"] == words[-1]["speaker"] == 0
    assert all(0 <= word["speaker_confidence"] <= 1 for word in words)


async def test_what_is_private_is_redacted(address: str) -> None:
    async with opened(
        address, redact_pii="true", redact_pci="true", numerals=True, word_timestamps=True
    ) as socket:
        await send(socket, speech.digits())
        events = await to_the_end(socket)
    assert "".join(event.transcript for event in finals(events)).strip(" .") == "[PHONENUMBER_1]"
    assert finals(events)[0].redacted_entities == ["[PHONENUMBER_1]"]
    assert not any("three" in event.transcript.lower() for event in events)


async def test_a_bad_key_is_401(address: str) -> None:
    with pytest.raises(ApiError) as caught:
        async with opened(address, key="wrong"):
            pass
    assert caught.value.status_code == 401


async def test_a_bad_parameter_is_400(address: str) -> None:
    for options in ({"encoding": "mp3"}, {"model": "pulse-pro"}, {"language": "xx"}):
        with pytest.raises(ApiError) as caught:
            async with opened(address, **options):
                pass
        assert caught.value.status_code == 400


async def test_audio_that_cannot_be_decoded_is_an_error_event(address: str) -> None:
    async with opened(address, encoding="opus", sample_rate=48_000) as socket:
        await socket.send_audio_chunk_out(b"\xff\xff no packet at all")
        event = await socket.recv()
        while event.type == "transcription":
            event = await socket.recv()
        assert (event.type, event.status, event.code) == ("error", "error", "undecodable_audio")
        assert "not decodable as opus" in event.message
        with pytest.raises(ConnectionClosed, match="1007"):
            await socket.recv()


async def test_a_session_that_was_cut_off_is_followed_by_another(relay: Any) -> None:
    async with opened(relay.address) as socket:
        await send(socket, speech.hello())
        relay.cut()
        with pytest.raises(ConnectionClosed, match="close frame"):
            await to_the_end(socket)
    async with opened(relay.address) as socket:
        await send(socket, speech.hello())
        assert text(await to_the_end(socket)) == plain(speech.HELLO)
    assert relay.connections == 2


def test_the_blocking_client_does_the_same(address: str) -> None:
    blocking = SmallestAI(environment=environment(address), api_key=KEY)
    with stream_speech_to_text(blocking, language="en", sentence_timestamps=True) as socket:
        sending = threading.Thread(target=blocking_send, args=(socket,))
        sending.start()
        events = []
        for event in socket:
            events.append(event)
            if event.is_last:
                break
        sending.join()
    assert text(events) == plain(speech.FOX)
    (sentence,) = (one for final in finals(events) for one in final.utterances)
    assert plain(sentence.text) == plain(speech.FOX)


def blocking_send(socket: Any) -> None:
    for chunk in speech.cut(speech.fox()):
        socket.send_audio_chunk_out(chunk)
    socket.send_close_stream(CloseStream(type="close_stream"))
