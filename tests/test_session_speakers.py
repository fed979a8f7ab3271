"""Who speaks, through a whole session: a voice is how loud its words are."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from msgspec import UNSET

from engines import FakeEngine, FakeVoiceActivity, Samples, linear16, silence
from engines import say as say_slowly
from sferic import Options, Session
from sferic.audio import SAMPLE_RATE
from sferic.errors import OptionsError, SpeakersNotServedError
from sferic.protocol.messages import Transcription
from sferic.protocol.options import parse_options
from sferic.recognition.recognizer import Recognizer
from sferic.speakers.diarization import Diarization
from speakers.loudness import LoudnessNetworks

LOW, HIGH = (1, 2, 3, 4, 5), (201, 202, 203, 204, 205)
"""Words of one voice and of another."""
PATIENCE_S = 30


@pytest.fixture
def networks() -> LoudnessNetworks:
    return LoudnessNetworks()


@pytest_asyncio.fixture
async def recognizer(networks: LoudnessNetworks) -> AsyncIterator[Recognizer]:
    recognizer = Recognizer(
        FakeEngine(), FakeVoiceActivity(), diarization=Diarization(networks), partial_interval=0.3
    )
    yield recognizer
    await asyncio.to_thread(recognizer.close)


async def heard(
    recognizer: Recognizer, *parts: Samples, options: Options | None = None
) -> list[Transcription]:
    options = options or Options(diarize=True, numerals="false")
    async with asyncio.timeout(PATIENCE_S), Session(options, recognizer=recognizer) as session:
        await session.feed(linear16(*parts))
        await session.finish()
        return [message async for message in session if isinstance(message, Transcription)]


def say(*numbers: int) -> Samples:
    """Words without pauses that would end a turn."""
    return say_slowly(*numbers, gap=SAMPLE_RATE // 20)


def speakers(message: Transcription) -> list[object]:
    assert message.words is not UNSET
    return [word.speaker for word in message.words]


async def test_every_word_of_a_final_has_a_speaker_and_those_of_partials_have_none(
    recognizer: Recognizer,
) -> None:
    messages = await heard(recognizer, say(*LOW), silence(1), say(*HIGH), silence(1), say(*LOW))
    finals = [message for message in messages if message.is_final and message.words]
    assert [speakers(final) for final in finals] == [[0] * 5, [1] * 5, [0] * 5]
    sure = [word.speaker_confidence for final in finals for word in final.words or ()]
    assert all(isinstance(one, float) and 0 < one <= 1 for one in sure)
    partials = [message for message in messages if not message.is_final]
    assert all(speaker is UNSET for partial in partials for speaker in speakers(partial))


async def test_utterances_end_where_the_speaker_changes(recognizer: Recognizer) -> None:
    options = Options(diarize=True, numerals="false", sentence_timestamps=True)
    messages = await heard(recognizer, say(*LOW), say(*HIGH), options=options)
    (final,) = [message for message in messages if message.is_final and message.words]
    assert final.utterances is not UNSET
    assert [(each.text, each.speaker) for each in final.utterances] == [
        ("W1 w2 w3 w4 w5", 0),
        ("W201 w202 w203 w204 w205", 1),
    ] or [each.speaker for each in final.utterances] == [0, 1]


async def test_without_the_option_nothing_is_looked_at(
    recognizer: Recognizer, networks: LoudnessNetworks
) -> None:
    messages = await heard(recognizer, say(*LOW), options=Options())
    assert all(speaker is UNSET for message in messages for speaker in speakers(message))
    assert not networks.segmented


async def test_what_it_takes_counts_for_what_streams_need(recognizer: Recognizer) -> None:
    await heard(recognizer, say(*LOW))
    assert recognizer.usage.hearing > 0


async def test_a_network_that_fails_ends_the_session_as_other_failures_do(
    recognizer: Recognizer, networks: LoudnessNetworks
) -> None:
    networks.failure = RuntimeError("broken")
    with pytest.raises(RuntimeError, match="broken"):
        await heard(recognizer, say(*LOW), silence(1))


async def test_without_models_a_stream_that_asks_is_refused() -> None:
    with Recognizer(FakeEngine(), FakeVoiceActivity(), undiarized="they are out") as bare:
        bare.check(Options())
        with pytest.raises(
            SpeakersNotServedError, match="diarize=true is not served: they are out"
        ):
            bare.check(Options(diarize=True))
        with pytest.raises(SpeakersNotServedError):
            async with Session(Options(diarize=True), recognizer=bare):
                pass


def test_there_cannot_be_fewer_speakers_at_most_than_at_least() -> None:
    with pytest.raises(OptionsError, match=r"min_speakers=3 .* at most max_speakers, which is 2"):
        parse_options([("min_speakers", "3"), ("max_speakers", "2")])


@pytest.mark.parametrize(
    ("options", "telephone"),
    [
        (Options(), False),
        (Options(sample_rate=8000), True),
        (Options(encoding="mulaw"), True),
        (Options(encoding="alaw", sample_rate=16000), True),
        (Options(sample_rate=44100), False),
    ],
)
def test_the_form_of_the_audio_says_whether_it_is_a_telephone(
    options: Options, telephone: bool
) -> None:
    assert options.telephone is telephone
