"""What of a stream's words a session shows, and when: redaction and numbers that go on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from msgspec import UNSET

from audio import material
from engines import FakeEngine, Samples, cut, fake_recognizer, linear16, names, say, silence
from sferic import Options, Session
from sferic.audio import SAMPLE_RATE
from sferic.errors import UndecodableAudioError
from sferic.protocol.dialects import PULSE
from sferic.protocol.messages import Message, SpeechEnded, Transcription
from sferic.recognition.recognizer import Recognizer
from sferic.text.stage import NUMBER_PATIENCE, REDACTION_PATIENCE, TextStage
from text.stages import FakeNumerals, FakeRedactor

S = SAMPLE_RATE
PATIENCE_S = 30
SO, IT, FOUR, TWO, SEVEN, EIGHT = range(10, 16)
SIEBEN = 500
SCRIPT = {
    SO: "so",
    IT: "it",
    FOUR: "four",
    TWO: "two",
    SEVEN: "seven",
    EIGHT: "eight",
    SIEBEN: "sieben",
}


@pytest.fixture
def engine() -> FakeEngine:
    engine = FakeEngine()
    engine.script = SCRIPT
    return engine


@pytest_asyncio.fixture(autouse=True)
async def recognizer(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Recognizer]:
    """A recognizer, and sessions whose redaction and numerals can be foreseen."""
    monkeypatch.setattr("sferic.session.TextStage.of", staged)
    recognizer = fake_recognizer(engine, partial_interval=0.48)
    async with asyncio.timeout(PATIENCE_S):
        yield recognizer
    await asyncio.to_thread(recognizer.close)


def staged(
    *, redact_pii: bool, redact_pci: bool, no_format_delay: bool, numerals: str, **_: object
) -> TextStage:
    writes = numerals != "false"
    return TextStage(
        redactor=FakeRedactor() if redact_pii or redact_pci else None,
        numerals=FakeNumerals() if writes else None,
        draft_numerals=FakeNumerals() if writes else None,
        hold_numbers=not no_format_delay,
    )


async def said(
    recognizer: Recognizer, *parts: Samples | None, chunk: int = 3200, **options: Any
) -> list[Transcription]:
    """Everything that is said of parts, where None is a `finalize`."""
    async with Session(Options(**options), recognizer=recognizer) as session:

        async def speak() -> None:
            for part in parts:
                if part is None:
                    await session.finalize()
                    continue
                for data in cut(linear16(part), chunk):
                    await session.feed(data)
            await session.finish()

        speaking = asyncio.create_task(speak())
        messages = [message async for message in session]
        await speaking
    return [message for message in messages if isinstance(message, Transcription)]


def finals(messages: list[Transcription]) -> list[str]:
    return [message.transcript for message in messages if message.is_final]


def times(message: Transcription) -> list[tuple[str, float, float]]:
    assert message.words is not UNSET
    return [(word.word, word.start, word.end) for word in message.words]


# What waits


async def test_a_number_that_goes_on_after_an_endpoint_is_one_number(
    recognizer: Recognizer,
) -> None:
    messages = await said(recognizer, say(IT, FOUR), silence(0.8), say(TWO, SO), silence(1))
    assert finals(messages) == ["it", "42 so", ""]
    assert times(messages[-2])[0] == ("42", 0.5, 2.2)


async def test_a_number_waits_for_a_limited_silence_only(recognizer: Recognizer) -> None:
    limit = NUMBER_PATIENCE / S
    messages = await said(recognizer, say(IT, FOUR), silence(limit + 0.1), say(TWO, SO), silence(1))
    assert finals(messages) == ["it", "4", "2 so", ""]


@pytest.mark.parametrize(
    ("pause", "told"),
    [
        pytest.param(
            NUMBER_PATIENCE / S + 0.1,
            ["started", "it ", "4 ", "ended", "started", "2 so ", "ended", ""],
            id="it waits in vain",
        ),
        pytest.param(
            0.8, ["started", "it ", "ended", "started", "42 so ", "ended", ""], id="it goes on"
        ),
    ],
)
async def test_a_turn_whose_number_waits_ends_after_it_or_when_the_next_begins(
    recognizer: Recognizer, pause: float, told: list[str]
) -> None:
    options = Options(vad_events=True)
    async with Session(options, recognizer=recognizer, dialect=PULSE) as session:
        for data in cut(linear16(say(IT, FOUR), silence(pause), say(TWO, SO), silence(1)), 3200):
            await session.feed(data)
        await session.finish()
        messages = [message async for message in session]
    assert [
        message.transcript if isinstance(message, Transcription) else message.type[7:]
        for message in messages
        if not isinstance(message, Transcription) or message.is_final
    ] == told


async def test_a_turn_whose_number_waits_ends_before_the_last_transcript(
    recognizer: Recognizer,
) -> None:
    options = Options(vad_events=True)
    async with Session(options, recognizer=recognizer, dialect=PULSE) as session:
        await session.feed(linear16(say(IT, FOUR), silence(0.8)))
        await session.finish()
        *_, before, last = [message async for message in session]
    assert isinstance(before, SpeechEnded)
    assert isinstance(last, Transcription)
    assert last.transcript == "4 "


async def test_what_may_be_redacted_waits_longer_and_is_masked_at_the_limit(
    recognizer: Recognizer,
) -> None:
    limit = REDACTION_PATIENCE / S
    early = await said(
        recognizer, say(IT, SEVEN), silence(limit - 0.3), say(EIGHT, SO), redact_pci=True
    )
    late = await said(
        recognizer, say(IT, SEVEN), silence(limit + 0.1), say(EIGHT, SO), redact_pci=True
    )
    assert finals(early) == ["it", "[PIN_1] so"]
    assert finals(late) == ["it", "[...]", "[PIN_1] so"]


async def test_an_endpoint_that_comes_late_anyway_holds_nothing_back(
    recognizer: Recognizer,
) -> None:
    messages = await said(
        recognizer, say(IT, FOUR), silence(3), endpointing=False, eou_timeout_ms=2000
    )
    assert finals(messages) == ["it 4", ""]


async def test_a_client_that_sends_nothing_is_silent_too(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sferic.session._HICCUP", 0.1)
    monkeypatch.setattr("sferic.session._MOST_ALLOWANCE", 0.0)
    monkeypatch.setattr("sferic.text.stage.REDACTION_PATIENCE", S // 5)
    options = Options(redact_pci=True, endpointing_timeout=100)
    loop = asyncio.get_running_loop()
    async with Session(options, recognizer=recognizer) as session:
        await session.feed(linear16(say(IT, SEVEN)))
        began = loop.time()
        reading = aiter(session)
        answers: list[str] = []
        while len(answers) < 2:
            message = await anext(reading)
            assert isinstance(message, Transcription)
            if message.is_final:
                answers.append(message.transcript)
        assert answers == ["it", "[...]"]
        assert loop.time() - began >= 0.1 + 0.2


async def test_a_segment_whose_words_all_wait_goes_on_in_the_next(recognizer: Recognizer) -> None:
    messages = await said(recognizer, say(FOUR), silence(0.8), say(TWO, SO), silence(1))
    assert finals(messages) == ["42 so", ""]


async def test_a_finalize_is_answered_with_all_there_is(recognizer: Recognizer) -> None:
    messages = await said(
        recognizer, say(IT, FOUR), None, None, say(SEVEN), None, say(SO), redact_pci=True
    )
    assert finals(messages) == ["it 4", "", "[...]", "so"]


async def test_the_last_final_holds_nothing_back(recognizer: Recognizer) -> None:
    messages = await said(recognizer, say(IT, SEVEN), silence(1), redact_pci=True)
    assert finals(messages) == ["it", "[...]"]
    assert messages[-1].is_last


async def test_undecodable_audio_does_not_lose_what_waits(recognizer: Recognizer) -> None:
    changed = material.wav(b"", rate=8000)[12:36]
    heard: list[Message] = []
    async with Session(recognizer=recognizer) as session:
        await session.feed(material.wav(linear16(say(IT, FOUR), silence(0.8))) + changed)
        with pytest.raises(UndecodableAudioError):
            await read(session, heard)
    assert finals([one for one in heard if isinstance(one, Transcription)]) == ["it", "4"]


async def test_without_format_delay_a_final_says_all(recognizer: Recognizer) -> None:
    messages = await said(
        recognizer, say(IT, FOUR), silence(0.8), say(TWO, SO), silence(1), no_format_delay=True
    )
    assert finals(messages) == ["it 4", "2 so", ""]


async def test_a_number_is_not_split_where_long_speech_is_cut(recognizer: Recognizer) -> None:
    before, after = range(100, 140), range(200, 212)
    words = [*before, *([FOUR, TWO] * 4), *after]
    messages = await said(recognizer, say(*words, gap=0), max_words=44)
    assert " ".join(finals(messages)).split() == [
        *names(*before),
        "42424242",
        *names(*after),
    ]
    assert len([text for text in finals(messages) if text]) > 1


async def test_words_of_two_languages_in_one_segment_are_read_each_by_its_own_rules(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    redactor = FakeRedactor()
    monkeypatch.setattr("sferic.session.TextStage.of", lambda **_: TextStage(redactor=redactor))
    german, english = range(520, 550), range(100, 130)
    messages = await said(
        recognizer,
        say(*german, gap=0),
        silence(0.35),
        say(*english, gap=0),
        language="multi",
        finalize_on_words=False,
        redact_pii=True,
    )
    assert " ".join(finals(messages)).split() == names(*german, *english)
    assert {"de", "en"} <= {*redactor.languages}


# Partials


async def test_with_redaction_partials_show_settled_words_only_and_never_what_is_masked(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    words = [IT, SO, SEVEN, EIGHT, SO, IT, SO, IT, FOUR]
    shown = await grown(recognizer, engine, words, redact_pii=True)
    # The end may be quicker than the last of them.
    assert shown[:7] == [
        "it",
        "it so",
        "it so [...]",
        "it so [...]",
        "it so [PIN_1] so",
        "it so [PIN_1] so it",
        "it so [PIN_1] so it so",
    ]
    assert "it so seven" in await grown(recognizer, engine, words)


async def grown(
    recognizer: Recognizer, engine: FakeEngine, words: list[int], **options: Any
) -> list[str]:
    """The partials of words that come one by one; a word is settled when the next has come."""
    heard: list[Message] = []
    drafts = len(engine.calls)
    patient = Options(endpointing=False, eou_timeout_ms=10_000, **options)
    async with Session(patient, recognizer=recognizer) as session:
        reading = asyncio.create_task(read(session, heard))
        for word in words:
            await session.feed(linear16(say(word, length=9600)))
            await engine.called(drafts := drafts + 1)
        await session.finish()
        await reading
    said = [message for message in heard if isinstance(message, Transcription)]
    return [message.transcript for message in said if not message.is_final]


async def read(session: Session, messages: list[Message]) -> None:
    async for message in session:
        messages.append(message)  # noqa: PERF401  # an error comes after the first of them


async def test_redacted_entities_are_told_on_every_transcription(recognizer: Recognizer) -> None:
    messages = await said(recognizer, say(SEVEN, SO, IT, SO), silence(1), redact_pii=True)
    assert [message.redacted_entities for message in messages if message.is_final] == [
        ("[PIN_1]",),
        (),
    ]
    assert all(message.redacted_entities is not UNSET for message in messages)
    plain = await said(recognizer, say(SEVEN, SO, IT, SO), silence(1))
    assert all(message.redacted_entities is UNSET for message in plain)


# Options


@pytest.mark.parametrize(
    ("options", "digits"),
    [({}, True), ({"numerals": "true"}, True), ({"numerals": "false"}, False)],
)
async def test_the_engine_is_told_whether_it_may_write_digits(
    recognizer: Recognizer, engine: FakeEngine, options: dict[str, Any], digits: bool
) -> None:
    await said(recognizer, say(IT, FOUR, SO, IT), silence(1), chunk=640, **options)
    assert {call.digits for call in engine.calls} == {digits}
    assert {call.draft for call in engine.calls} == {True, False}


async def test_without_format_numbers_are_as_they_were_spoken(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    messages = await said(recognizer, say(IT, FOUR, SO), format=False, numerals="true")
    assert finals(messages) == ["it four so"]
    assert {call.digits for call in engine.calls} == {False}
