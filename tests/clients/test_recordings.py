"""What the clients do with whole recordings."""

from typing import Any

import pytest

pytest.importorskip("smallestai", reason="clients have an environment of their own")

import aiohttp
from livekit import rtc
from livekit.agents import APIConnectOptions, APIStatusError
from livekit.plugins import smallestai as plugin
from smallestai import AsyncSmallestAI, SmallestAI
from smallestai.core.api_error import ApiError
from smallestai.environment import SmallestAIEnvironment

from acceptance.serving import KEY
from clients import speech
from recordings import SAMPLE_RATE, plain


def environment(address: str) -> SmallestAIEnvironment:
    base = f"http://{address}"
    return SmallestAIEnvironment(atoms=base, waves=base, waves_ws=f"ws://{address}", payment=base)


async def transcribed(address: str, audio: bytes, *, key: str = KEY, **options: Any) -> Any:
    client = AsyncSmallestAI(environment=environment(address), api_key=key, max_retries=0)
    options = {"model": "pulse", "language": "en", **options}
    return await client.waves.speech_to_text.transcribe(request=speech.wav(audio), **options)


async def test_the_sdk_transcribes_a_recording(address: str) -> None:
    answer = await transcribed(address, speech.fox(), word_timestamps=True)
    assert answer.status == "success"
    assert plain(answer.transcription) == plain(speech.FOX)
    assert plain(" ".join(word.word for word in answer.words)) == plain(speech.FOX)
    assert all(0 <= word.start < word.end <= answer.audio_length for word in answer.words)


async def test_its_speakers_have_names(address: str) -> None:
    answer = await transcribed(address, speech.two_voices(), word_timestamps=True, diarize=True)
    assert {word.speaker for word in answer.words} == {"speaker_0", "speaker_1"}


async def test_what_is_private_is_redacted(address: str) -> None:
    answer = await transcribed(address, speech.digits(), redact_pii="true", redact_pci="true")
    assert answer.transcription.strip(".") == "[PHONENUMBER_1]"


def test_the_blocking_sdk_transcribes_too(address: str) -> None:
    client = SmallestAI(environment=environment(address), api_key=KEY)
    answer = client.waves.speech_to_text.transcribe(
        model="pulse", language="en", request=speech.wav(speech.hello())
    )
    assert plain(answer.transcription) == plain(speech.HELLO)


@pytest.mark.parametrize(
    ("options", "status"), [({"key": "wrong"}, 401), ({"language": "xx"}, 400)]
)
async def test_what_is_refused_has_its_status(
    address: str, options: dict[str, Any], status: int
) -> None:
    with pytest.raises(ApiError) as caught:
        await transcribed(address, speech.hello(), **options)
    assert caught.value.status_code == status


def frame(audio: bytes) -> Any:
    return rtc.AudioFrame(
        data=audio, sample_rate=SAMPLE_RATE, num_channels=1, samples_per_channel=len(audio) // 2
    )


async def test_livekit_recognizes_a_buffer(address: str) -> None:
    async with aiohttp.ClientSession() as session:
        stt = plugin.STT(api_key=KEY, base_url=f"http://{address}/waves/v1", http_session=session)
        event = await stt.recognize(frame(speech.fox()))
    (said,) = event.alternatives
    assert plain(said.text) == plain(speech.FOX)
    assert plain(" ".join(said.words)) == plain(speech.FOX)
    assert said.language == "en"
    assert 0 <= said.start_time < said.end_time


async def test_livekit_is_told_of_a_bad_key(address: str) -> None:
    async with aiohttp.ClientSession() as session:
        base = f"http://{address}/waves/v1"
        stt = plugin.STT(api_key="wrong", base_url=base, http_session=session)
        with pytest.raises(APIStatusError) as caught:
            await stt.recognize(frame(speech.hello()), conn_options=APIConnectOptions(max_retry=0))
    assert caught.value.status_code == 401
