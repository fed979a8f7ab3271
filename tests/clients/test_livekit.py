"""`livekit-plugins-smallestai` 1.8 with `livekit-agents`, as published."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import pytest
import pytest_asyncio

pytest.importorskip("livekit.plugins.smallestai", reason="clients have an environment of their own")

import aiohttp
from livekit import rtc
from livekit.agents import APIConnectOptions, APIStatusError
from livekit.agents.stt import SpeechEvent, SpeechEventType
from livekit.plugins import smallestai

from acceptance.serving import KEY
from clients import speech
from recordings import SAMPLE_RATE, plain

PATIENCE_S = 60
Make = Callable[..., Any]

START, END = SpeechEventType.START_OF_SPEECH, SpeechEventType.END_OF_SPEECH
INTERIM, FINAL = SpeechEventType.INTERIM_TRANSCRIPT, SpeechEventType.FINAL_TRANSCRIPT


@pytest_asyncio.fixture
async def make(address: str) -> AsyncIterator[Make]:
    """Make the plugin, pointed at the server."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(PATIENCE_S):

        def made(*, at: str = address, key: str = KEY, **options: Any) -> Any:
            return smallestai.STT(
                api_key=key, base_url=f"http://{at}/waves/v1", http_session=session, **options
            )

        yield made


def push(stream: Any, audio: bytes) -> None:
    for chunk in speech.cut(audio):
        stream.push_frame(
            rtc.AudioFrame(
                data=chunk,
                sample_rate=SAMPLE_RATE,
                num_channels=1,
                samples_per_channel=len(chunk) // 2,
            )
        )


async def up_to(stream: Any, kind: SpeechEventType) -> list[SpeechEvent]:
    """What is said up to the first event of a kind."""
    events: list[SpeechEvent] = []
    while not events or events[-1].type != kind:
        events.append(await anext(stream))
    return events


async def to_the_end(stream: Any) -> list[SpeechEvent]:
    stream.end_input()
    return [event async for event in stream]


def text(events: Iterable[SpeechEvent], kind: SpeechEventType = FINAL) -> list[str]:
    return plain(" ".join(e.alternatives[0].text for e in events if e.type == kind))


async def test_a_turn_has_a_start_partials_a_final_and_an_end(make: Make) -> None:
    async with make().stream() as stream:
        for chunk in speech.cut(speech.fox() + speech.silence(1)):
            push(stream, chunk)
            await asyncio.sleep(0.1)
        events = await up_to(stream, END)
        rest = await to_the_end(stream)
    kinds = [event.type for event in events]
    assert kinds[0] == START
    assert INTERIM in kinds
    assert text(events) == plain(speech.FOX)
    assert not {START, INTERIM, FINAL} & {event.type for event in rest}


@pytest.mark.parametrize(
    ("options", "count"),
    # What is only `[...]` has no letter, and the plugin leaves it out.
    [({}, 3), ({"itn_normalize": True}, 3), ({"redact_pii": True}, 2)],
)
async def test_a_turn_whose_last_words_are_held_back_ends_after_them(
    make: Make, options: dict[str, Any], count: int
) -> None:
    async with make(**options).stream() as stream:
        push(stream, speech.hello() + speech.digits() + speech.silence(4))
        events = await to_the_end(stream)
    assert text(events)[:2] == plain(speech.HELLO)
    assert len(text(events)) == count
    edges = [event.type for event in events if event.type in (START, END)]
    assert edges == [START, END] * (len(edges) // 2)
    kinds = [event.type for event in events if event.type in (FINAL, END)]
    assert kinds[-1] == END


async def test_a_flush_is_answered_with_the_final_of_the_turn(make: Make) -> None:
    async with make(endpointing_timeout_ms=5000).stream() as stream:
        for audio, said in ((speech.fox(), speech.FOX), (speech.hello(), speech.HELLO)):
            push(stream, audio)
            stream.flush()
            events = await up_to(stream, FINAL)
            assert text(events) == plain(said)
            words = events[-1].alternatives[0].words
            assert plain(" ".join(words)) == plain(said)
            assert events[-1].alternatives[0].confidence > 0.3
        rest = await to_the_end(stream)
    assert text(rest) == []


async def test_long_speech_comes_as_several_finals(make: Make) -> None:
    async with make(max_words=3).stream() as stream:
        for _ in range(2):
            push(stream, speech.fox() + speech.silence(1))
        events = await to_the_end(stream)
    assert text(events) == 2 * plain(speech.FOX)
    turn = [START, FINAL, FINAL, FINAL, END]
    assert [e.type for e in events if e.type in (START, FINAL, END)] == 2 * turn


async def test_speakers_are_told_apart(make: Make) -> None:
    async with make(diarize=True).stream() as stream:
        push(stream, speech.two_voices())
        events = await to_the_end(stream)
    speakers = [e.alternatives[0].speaker_id for e in events if e.type == FINAL]
    assert speakers[0] == "S0"
    assert set(speakers) <= {"S0", "S1"}


async def test_what_is_private_is_redacted(make: Make) -> None:
    async with make(redact_pii=True, redact_pci=True, sentence_timestamps=True).stream() as stream:
        push(stream, speech.digits())
        events = await to_the_end(stream)
    (final,) = (event.alternatives[0] for event in events if event.type == FINAL)
    assert final.metadata["redacted_entities"] == ["[PHONENUMBER_1]"]
    assert final.text.strip(".") == "[PHONENUMBER_1]"
    assert [one["text"].strip(".") for one in final.metadata["utterances"]] == ["[PHONENUMBER_1]"]


async def test_a_change_of_options_connects_anew_and_goes_on(make: Make, relay: Any) -> None:
    stt = make(at=relay.address)
    async with stt.stream() as stream:
        push(stream, speech.hello())
        stream.flush()
        assert text(await up_to(stream, FINAL)) == plain(speech.HELLO)
        stt.update_options(itn_normalize=True)
        while relay.connections < 2:  # noqa: ASYNC110  # the plugin does not say so
            await asyncio.sleep(0.01)
        push(stream, speech.fox())
        events = await to_the_end(stream)
    assert text(events) == plain(speech.FOX)


async def test_a_connection_that_is_lost_is_made_again(make: Make, relay: Any) -> None:
    async with make(at=relay.address).stream() as stream:
        push(stream, speech.hello())
        stream.flush()
        assert text(await up_to(stream, FINAL)) == plain(speech.HELLO)
        relay.cut()
        while relay.connections < 2:  # noqa: ASYNC110  # the plugin does not say so
            await asyncio.sleep(0.01)
        push(stream, speech.fox())
        events = await to_the_end(stream)
    assert text(events) == plain(speech.FOX)


@pytest.mark.parametrize(
    ("options", "status"),
    [({"key": "wrong"}, 401), ({"encoding": "mp3"}, 400), ({"language": "xx"}, 400)],
)
async def test_what_is_refused_has_its_status(
    make: Make, options: dict[str, Any], status: int
) -> None:
    async with make(**options).stream(conn_options=APIConnectOptions(max_retry=0)) as stream:
        push(stream, speech.hello())
        with pytest.raises(APIStatusError) as caught:
            await to_the_end(stream)
    assert caught.value.status_code == status


async def test_a_session_may_pause(make: Make) -> None:
    async with make(keepalive_interval=0.1).stream() as stream:
        push(stream, speech.hello())
        stream.flush()
        await up_to(stream, FINAL)
        await asyncio.sleep(1)
        push(stream, speech.fox())
        assert text(await to_the_end(stream)) == plain(speech.FOX)
