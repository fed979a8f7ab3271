"""One stream end to end, with an engine whose every word is known."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from audio import material
from engines import (
    GERMAN,
    Call,
    FakeEngine,
    FakeVoiceActivity,
    Samples,
    cut,
    fake_recognizer,
    linear16,
    names,
    say,
    silence,
    texts,
)
from sferic import Options, Session
from sferic.audio import SAMPLE_RATE
from sferic.errors import NotServedError, SessionClosedError, UndecodableAudioError
from sferic.protocol.dialects import LIGHTNING, PULSE, Dialect
from sferic.protocol.messages import (
    Message,
    Pong,
    SpeechEnded,
    SpeechStarted,
    Transcription,
)
from sferic.recognition.claim import Rank
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.recognizer import LONGEST_INTERVAL, Recognizer
from sferic.session import _HUSH, BUFFERED_SECONDS

S = SAMPLE_RATE
PATIENCE_S = 30
CHUNK = 3200
"""Bytes of 100 ms."""
INTERVAL = 48 * S // 100
"""Speech, in samples, between two partials here; the engine takes no time, so it stays at that."""
HUSH = silence(_HUSH / S)
"""Silence in which a final is decided early; with the gap behind a word it ends nothing yet."""
PATIENT = Options(endpointing=False, eou_timeout_ms=10_000)
"""So that a test that feeds in steps is not taken for a client that has fallen silent."""


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest_asyncio.fixture(autouse=True)
async def recognizer(engine: FakeEngine) -> AsyncIterator[Recognizer]:
    """A recognizer; at the end no session may have left anything in it, or any task."""
    before = asyncio.all_tasks()
    recognizer = fake_recognizer(engine, partial_interval=INTERVAL / S)
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield recognizer
            assert recognizer.waiting == 0
            assert asyncio.all_tasks() <= before | {asyncio.current_task()}
    finally:
        engine.running.set()
        await asyncio.to_thread(recognizer.close)


async def converse(session: Session, chunks: Iterable[bytes]) -> list[Message]:
    """Feed, finish, and return everything that was said."""
    async with session, asyncio.timeout(PATIENCE_S):
        feeding = asyncio.create_task(feed(session, chunks))
        messages: list[Message] = []
        await read(session, messages)
        await feeding
    return messages


async def read(session: Session, messages: list[Message]) -> None:
    """Add everything that is said to the messages."""
    async for message in session:
        messages.append(message)  # noqa: PERF401  # an error comes after the first of them


async def feed(session: Session, chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        await session.feed(chunk)
    await session.finish()


async def said(
    recognizer: Recognizer, *parts: Samples, chunk: int = CHUNK, **options: Any
) -> list[Message]:
    session = Session(Options(**options), recognizer=recognizer)
    return await converse(session, cut(linear16(*parts), chunk))


def finals(messages: Iterable[Message]) -> list[Transcription]:
    return [message for message in transcriptions(messages) if message.is_final]


def partials(messages: Iterable[Message]) -> list[Transcription]:
    return [message for message in transcriptions(messages) if not message.is_final]


def transcriptions(messages: Iterable[Message]) -> list[Transcription]:
    return [message for message in messages if isinstance(message, Transcription)]


def heard(messages: Iterable[Message]) -> list[str]:
    """The words of all finals."""
    return [word for final in finals(messages) for word in final.transcript.split()]


def word_times(messages: Iterable[Message]) -> list[tuple[str, float, float]]:
    return [
        (word.word, word.start, word.end)
        for final in finals(messages)
        if final.words is not UNSET
        for word in final.words
    ]


# Partials and finals


async def test_partials_turn_into_a_final(recognizer: Recognizer) -> None:
    async with Session(PATIENT, recognizer=recognizer) as session:
        reading = aiter(session)
        await session.feed(linear16(say(1, 2)))
        first = await anext(reading)
        await session.feed(linear16(say(3, 4), silence(11)))
        await session.finish()
        *between, final, last = transcriptions([message async for message in reading])
    assert isinstance(first, Transcription)
    assert first.transcript == first.transcription == "w1 w2"
    assert all(not message.is_final for message in (first, *between))
    assert final.transcript == final.transcription == "w1 w2 w3 w4"
    assert (final.is_final, final.is_last) == (True, False)
    assert (last.transcript, last.is_last) == ("", True)


async def test_only_the_last_message_is_the_last(recognizer: Recognizer) -> None:
    messages = await said(recognizer, say(1), silence(1), say(2), silence(1), say(3))
    assert heard(messages) == names(1, 2, 3)
    assert [message.is_last for message in transcriptions(messages)][:-1].count(True) == 0
    assert isinstance(messages[-1], Transcription)
    assert messages[-1].is_last


async def test_each_turn_is_a_final_with_words_at_their_place_in_the_stream(
    recognizer: Recognizer,
) -> None:
    messages = await said(recognizer, silence(2), say(1, 2), silence(3), say(3), silence(1))
    assert [final.transcript for final in finals(messages)] == ["w1 w2", "w3", ""]
    assert word_times(messages) == [("w1", 2.0, 2.4), ("w2", 2.5, 2.9), ("w3", 6.0, 6.4)]


async def test_words_come_before_the_end_of_the_audio(recognizer: Recognizer) -> None:
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(say(1, 2), silence(1)))
        async for message in session:
            if isinstance(message, Transcription) and message.is_final:
                assert message.transcript == "w1 w2"
                return


async def test_a_partial_is_due_for_every_interval_of_speech_on_an_idle_machine(
    recognizer: Recognizer,
) -> None:
    audio = linear16(say(*range(20), gap=0))
    async with Session(PATIENT, recognizer=recognizer) as session:
        reading = aiter(session)
        for number, chunk in enumerate(cut(audio, 2 * INTERVAL)[:15]):
            await session.feed(chunk)
            message = await anext(reading)
            assert isinstance(message, Transcription)
            assert not message.is_final
            assert len(message.transcript.split()) >= number


async def test_a_partial_comes_no_more_often(recognizer: Recognizer, engine: FakeEngine) -> None:
    speech = say(*range(20), gap=0)
    messages = await said(recognizer, speech, chunk=640)
    drafts = engine.calls_of(draft=True)
    assert drafts
    assert all(draft.end >= number * INTERVAL for number, draft in enumerate(drafts, 1))
    assert len(partials(messages)) <= len(speech) // INTERVAL


async def test_partials_are_fewer_when_the_engine_is_slow(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(say(*range(8))))
        await engine.called(1)
        await session.feed(linear16(say(*range(8, 16))))
        await session.finish()
        await session._tasks[0]  # everything has been listened to
        engine.running.set()
        messages = [message async for message in session]
    assert heard(messages) == names(*range(16))
    assert len(engine.calls_of(draft=True)) == 1
    assert partials(messages) == []


async def test_a_busy_machine_makes_fewer_partials_and_the_same_finals(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    for _ in range(300):
        recognizer.usage.partial(1.0, since=1.0)
    assert recognizer.cadence == LONGEST_INTERVAL
    messages = await said(recognizer, say(*range(20), gap=0), silence(1), chunk=640)
    drafts = engine.calls_of(draft=True)
    assert drafts
    assert all(draft.end >= number * LONGEST_INTERVAL * S for number, draft in enumerate(drafts, 1))
    assert heard(messages) == names(*range(20))


async def test_somebody_who_speaks_haltingly_has_partials_as_often_on_a_busy_machine(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    for _ in range(300):
        recognizer.usage.partial(1.0, since=1.0)
    async with Session(PATIENT, recognizer=recognizer) as session:
        for chunk in cut(linear16(say(*range(16), gap=S // 2)), 1600):
            await session.feed(chunk)
            await listened(session)
            await until(lambda: not session._draft_due())
    ends = [draft.end / S for draft in engine.calls_of(draft=True)]
    assert len(ends) > 5
    # A pause may begin before it is time.
    assert all(later - end < LONGEST_INTERVAL + 0.7 for end, later in pairwise(ends))


async def test_of_one_stream_one_partial_waits_at_most_and_it_covers_the_newest_audio(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    speech = say(*range(20), gap=0)
    async with Session(PATIENT, recognizer=recognizer) as session, occupied(recognizer, engine):
        for chunk in cut(linear16(speech), CHUNK):
            await session.feed(chunk)
            assert recognizer.waiting <= 1
        await listened(session)
        await until(lambda: recognizer.waiting == 1)
        engine.running.set()
        [shown] = partials([await anext(aiter(session))])
    assert shown.transcript.split() == names(*range(20))
    [draft] = engine.calls_of(draft=True)
    assert (draft.start, draft.end) == (0, len(speech))


async def test_the_stream_that_has_spoken_longest_without_a_partial_has_the_next(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with (
        Session(PATIENT, recognizer=recognizer) as served,
        Session(PATIENT, recognizer=recognizer) as forgotten,
    ):
        await served.feed(linear16(say(1, 2, gap=0)))
        assert partials([await anext(aiter(served))])
        async with occupied(recognizer, engine):
            await served.feed(linear16(say(3, 4, gap=0)))
            await until(lambda: recognizer.waiting == 1)
            await forgotten.feed(linear16(say(5, 6, gap=0)))
            await until(lambda: recognizer.waiting == 2)
            engine.running.set()
            for session in (served, forgotten):
                assert partials([await anext(aiter(session))])
    heard_in_turn = [texts(call.heard) for call in engine.calls[2:]]
    assert heard_in_turn == [names(5, 6), names(1, 2, 3, 4)]


async def test_a_final_overtakes_the_partials_of_all_streams(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(Session(PATIENT, recognizer=recognizer))
            for _ in range(5)
        ]
        async with occupied(recognizer, engine):
            for number, session in enumerate(sessions):
                await session.feed(linear16(say(2 * number, 2 * number + 1, gap=0)))
            await until(lambda: recognizer.waiting == 5)
            await sessions[-1].finalize()
            await until(lambda: finals_that_wait(recognizer) == 1)
            engine.running.set()
            assert heard([await anext(aiter(sessions[-1]))]) == names(8, 9)
            assert [call.draft for call in engine.calls[:2]] == [False, False]
        for session in sessions[:-1]:
            assert partials([await anext(aiter(session))])
    assert [call.draft for call in engine.calls] == [False, False, True, True, True, True]


async def test_a_partial_that_turns_out_to_be_nothing_is_replaced_by_an_empty_final(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.changes_its_mind = True
    async with Session(recognizer=recognizer) as session:
        reading = aiter(session)
        await session.feed(linear16(say(1, 2)))
        partial = await anext(reading)
        await session.feed(linear16(silence(1)))
        final = await anext(reading)
    assert isinstance(partial, Transcription)
    assert isinstance(final, Transcription)
    assert (partial.transcript, partial.is_final) == ("w1 w2", False)
    assert (final.transcript, final.is_final) == ("", True)


@pytest.mark.parametrize("early", [False, True])
async def test_a_partial_whose_speech_has_ended_meanwhile_does_not_empty_the_one_before(
    recognizer: Recognizer, early: bool
) -> None:
    async with Session(PATIENT, recognizer=recognizer) as session:
        reading = aiter(session)
        await session.feed(linear16(say(1, 2, gap=0)))
        assert partials([await anext(reading)])
        session._segmenter.flush(session._hearing.timeline.end)
        await session._draft(early=early)
        await session.finish()
        assert partials([message async for message in reading]) == []


async def test_speech_without_words_says_nothing(recognizer: Recognizer) -> None:
    [last] = await said(recognizer, say(1, length=1900), silence(1), say(1, length=1900))
    assert isinstance(last, Transcription)
    assert (last.transcript, last.is_last) == ("", True)


# Long speech


async def test_long_speech_is_cut_into_finals_that_lose_and_double_no_word(
    recognizer: Recognizer,
) -> None:
    messages = await said(recognizer, say(*range(150), gap=0))
    assert heard(messages) == names(*range(150))
    assert len(finals(messages)) >= 3
    assert [start for _, start, _ in word_times(messages)] == [
        round(0.4 * number, 2) for number in range(150)
    ]


async def test_without_finalize_on_words_long_speech_is_one_final(recognizer: Recognizer) -> None:
    messages = await said(recognizer, say(*range(100), gap=0), finalize_on_words=False)
    [final] = finals(messages)
    assert final.transcript.split() == names(*range(100))


async def test_speech_without_any_end_is_cut_all_the_same(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sferic.session.MOST_WORDS", 60)
    messages = await said(recognizer, say(*range(250), gap=0), finalize_on_words=False)
    counts = [len(final.transcript.split()) for final in finals(messages)]
    assert heard(messages) == names(*range(250))
    assert len(counts) > 1
    assert all(60 <= count < 150 for count in counts[:-1])


async def test_partials_of_long_speech_show_all_that_is_not_final_yet(
    recognizer: Recognizer,
) -> None:
    options = msgspec.structs.replace(PATIENT, finalize_on_words=False)
    async with Session(options, recognizer=recognizer) as session:
        feeding = asyncio.create_task(slowly(session, linear16(say(*range(80), gap=0))))
        messages = [message async for message in session]
        await feeding
    shown = [message.transcript.split() for message in partials(messages)]
    assert all(words == names(*range(len(words))) for words in shown)
    assert len(shown[-1]) > 70
    assert len(finals(messages)) == 1


async def slowly(session: Session, audio: bytes) -> None:
    """Feed 480 ms at a time, with time for an answer in between."""
    for chunk in cut(audio, 2 * INTERVAL):
        await session.feed(chunk)
        await asyncio.sleep(0.01)
    await session.finish()


@pytest.mark.parametrize("most", [1, 3, 10])
async def test_no_final_has_more_words_than_asked_for(recognizer: Recognizer, most: int) -> None:
    messages = await said(recognizer, say(*range(25)), silence(1), say(30), max_words=most)
    counts = [len(final.transcript.split()) for final in finals(messages)]
    assert max(counts) == most
    assert heard(messages) == names(*range(25), 30)


async def test_a_count_of_words_ends_a_segment_while_somebody_speaks(
    recognizer: Recognizer,
) -> None:
    audio = linear16(say(*range(40), gap=0))
    options = msgspec.structs.replace(PATIENT, max_words=5)
    async with Session(options, recognizer=recognizer) as session:
        reading = aiter(session)
        for chunk in cut(audio, 2 * INTERVAL):
            await session.feed(chunk)
            message = await anext(reading)
            assert isinstance(message, Transcription)
            if message.is_final:
                assert message.transcript.split() == names(*range(5))
                return
    pytest.fail("no final came")


# Endpoints


async def test_without_endpointing_only_the_longer_silence_ends_a_segment(
    recognizer: Recognizer,
) -> None:
    turns = say(1), silence(0.6), say(2), silence(0.9), say(3)
    assert [f.transcript for f in finals(await said(recognizer, *turns))] == ["w1", "w2", "w3"]
    longer = finals(await said(recognizer, *turns, endpointing=False))
    assert [final.transcript for final in longer] == ["w1 w2", "w3"]


async def test_a_client_that_falls_silent_without_sending_gets_its_final(
    recognizer: Recognizer,
) -> None:
    async with Session(Options(endpointing_timeout=100), recognizer=recognizer) as session:
        reading = aiter(session)
        for chunk in cut(linear16(say(1, 2)), CHUNK):
            await session.feed(chunk)
        messages = [await anext(reading)]
        while len(heard(messages)) < 2:
            messages.append(await anext(reading))
        assert heard(messages) == names(1, 2)
        await session.feed(linear16(say(3)))
        await session.finish()
        rest = [message async for message in session]
    assert word_times(rest) == [("w3", 1.0, 1.4)]


async def test_a_network_that_holds_audio_back_for_a_moment_tears_no_segment(
    recognizer: Recognizer,
) -> None:
    audio = linear16(say(*range(6), gap=0))
    async with Session(Options(endpointing_timeout=100), recognizer=recognizer) as session:
        for half in (audio[: len(audio) // 2], audio[len(audio) // 2 :]):
            for chunk in cut(half, 640):
                await session.feed(chunk)
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.4)
        await session.finish()
        messages = [message async for message in session]
    assert [final.transcript for final in finals(messages)] == [" ".join(names(*range(6)))]


async def test_what_else_a_silent_client_says_does_not_put_off_its_final(
    recognizer: Recognizer,
) -> None:
    async def chatter(session: Session) -> None:
        while True:
            await session.send(Pong())
            await asyncio.sleep(0.02)

    async with Session(Options(endpointing_timeout=100), recognizer=recognizer) as session:
        for chunk in cut(linear16(say(1, 2)), CHUNK):
            await session.feed(chunk)
        chattering = asyncio.create_task(chatter(session))
        final = await anext(
            message
            async for message in session
            if isinstance(message, Transcription) and message.is_final
        )
        chattering.cancel()
    assert final.transcript == "w1 w2"


async def test_a_short_message_goes_to_a_worker_once(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trips = 0
    hear = recognizer.hear

    async def counted(work: Callable[[], Any]) -> Any:
        nonlocal trips
        trips += 1
        return await hear(work)

    monkeypatch.setattr(recognizer, "hear", counted)
    async with Session(recognizer=recognizer) as session:
        for number in (1, 2, 3):
            await session.feed(linear16(silence(0.1)))
            await settled(lambda: session.audio_seconds)
            assert trips == number


async def test_audio_that_waits_is_no_silence(recognizer: Recognizer) -> None:
    messages = await said(recognizer, say(*range(40)), endpointing_timeout=200)
    assert len(finals(messages)) == 1


# Finals decided early: somebody has gone quiet, and perhaps said all there was to say


async def test_an_endpoint_is_answered_with_what_was_decided_when_speech_paused(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with Session(recognizer=recognizer) as session:
        reading = aiter(session)
        await session.feed(linear16(say(1), HUSH))
        early = await anext(reading)
        await session.feed(linear16(silence(0.5)))
        final = await anext(reading)
    assert isinstance(early, Transcription)
    assert isinstance(final, Transcription)
    assert (early.transcript, early.is_final) == ("w1", False)
    assert (final.transcript, final.is_final) == ("w1", True)
    [call] = engine.calls
    assert not call.draft


async def test_a_finalize_in_a_pause_is_answered_with_what_was_decided_too(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with Session(PATIENT, recognizer=recognizer) as session:
        reading = aiter(session)
        await session.feed(linear16(say(1), HUSH))
        await anext(reading)
        await session.finalize()
        assert heard([await anext(reading)]) == names(1)
        await session.feed(linear16(say(3), HUSH))
        await anext(reading)
        await session.finish()
        messages = [message async for message in reading]
    at = round(0.5 + len(HUSH) / S, 2)
    assert word_times(messages) == [("w3", at, at + 0.4)]
    assert [call.draft for call in engine.calls] == [False, False]


async def test_speech_that_goes_on_is_decoded_anew(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with Session(PATIENT, recognizer=recognizer) as session:
        reading = aiter(session)
        spoken: list[list[str]] = []
        for number in range(4):
            await session.feed(linear16(say(number), HUSH))
            message = await anext(reading)
            assert isinstance(message, Transcription)
            spoken.append(message.transcript.split())
        await session.feed(linear16(say(4)))
        await session.finish()
        messages = [message async for message in reading]
    assert spoken == [names(*range(count)) for count in (1, 2, 3, 4)]
    assert heard(messages) == names(*range(5))
    assert [call.start for call in engine.calls_of(draft=False)] == [0] * 5


async def test_a_pause_is_decided_once(recognizer: Recognizer, engine: FakeEngine) -> None:
    async with Session(PATIENT, recognizer=recognizer) as session:
        await session.feed(linear16(say(1), HUSH))
        await engine.called(1)
        for _ in range(20):
            await session.feed(linear16(silence(0.1)))
            await listened(session)
        await session.finish()
        assert heard([message async for message in session]) == names(1)
    assert len(engine.calls) == 1


async def test_an_endpoint_waits_for_what_is_just_being_decided(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(say(1), HUSH))
        await engine.called(1)
        await session.feed(linear16(silence(0.5)))
        await settled(lambda: len(session._jobs))
        assert session._jobs
        assert recognizer.waiting == 0
        assert len(engine.calls) == 1
        engine.running.set()
        assert heard([await anext(aiter(session))]) == names(1)
    assert len(engine.calls) == 1


async def test_what_waits_to_be_decided_early_makes_room_for_the_final(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with Session(recognizer=recognizer) as session, occupied(recognizer, engine):
        await session.feed(linear16(say(1), HUSH))
        await until(lambda: recognizer.waiting == 1)
        assert finals_that_wait(recognizer) == 0
        await session.feed(linear16(silence(0.5)))
        await until(lambda: finals_that_wait(recognizer) == 1)
        assert recognizer.waiting == 1
        engine.running.set()
        assert heard([await anext(aiter(session))]) == names(1)
    assert len(engine.calls) == 2


async def test_a_final_that_waits_for_the_one_before_it_is_late_by_that(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    recognizer.usage.final(9.0)  # nothing is decided early
    async with Session(recognizer=recognizer) as session, occupied(recognizer, engine):
        await session.feed(linear16(say(1), silence(0.7), say(2), silence(0.7)))
        await until(lambda: finals_that_wait(recognizer) == 1)
        await settled(lambda: session.audio_seconds)
        await asyncio.sleep(0.05)
        engine.running.set()
        await session.finish()
        assert heard([message async for message in session]) == names(1, 2)
    first, second = recognizer.usage.answers()
    assert min(first.took, second.took) >= 0.05


async def test_a_machine_that_has_no_time_to_spare_decides_nothing_early(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    for _ in range(10):
        recognizer.usage.final(3.0)
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(say(1), HUSH))
        await settled(lambda: session.audio_seconds)
        assert engine.calls == []
        await session.feed(linear16(silence(0.5)))
        assert heard([await anext(aiter(session))]) == names(1)
    assert len(engine.calls) == 1


async def test_of_audio_that_came_faster_than_it_was_spoken_nothing_is_decided_early(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(silence(15), say(1), HUSH))
        await settled(lambda: session.audio_seconds)
        assert engine.calls == []
        await session.finish()
        assert heard([message async for message in session]) == names(1)
    assert len(engine.calls) == 1


async def test_audio_that_came_faster_than_it_was_spoken_waits_for_what_is_live(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with (
        Session(recognizer=recognizer) as live,
        Session(recognizer=recognizer) as quick,
        occupied(recognizer, engine),
    ):
        for session, parts in (
            (quick, (silence(15), say(1), silence(1))),
            (live, (say(2), silence(1))),
        ):
            await session.feed(linear16(*parts))
            await listened(session)
            assert session._jobs
        await until(lambda: finals_that_wait(recognizer) == 1 and recognizer.waiting == 2)
        engine.running.set()
        for session, word in ((quick, 1), (live, 2)):
            assert heard([await anext(aiter(session))]) == names(word)
    assert [texts(call.heard) for call in engine.calls[1:]] == [names(2), names(1)]


async def test_without_partials_there_are_finals_only_and_nothing_is_decoded_twice() -> None:
    engine = FakeEngine()
    recognizer = fake_recognizer(engine, partial_interval=0)
    async with Session(recognizer=recognizer) as session:
        reading = aiter(session)
        await session.feed(linear16(say(*range(5)), HUSH))
        await settled(lambda: session.audio_seconds)
        assert engine.calls == []
        await session.feed(linear16(say(5, 6), silence(1), say(7)))
        await session.finish()
        messages = [message async for message in reading]
    await asyncio.to_thread(recognizer.close)
    assert partials(messages) == []
    assert [final.transcript.split() for final in finals(messages)] == [names(*range(7)), names(7)]
    assert [call.draft for call in engine.calls] == [False, False]


async def test_an_error_in_what_is_decided_early_is_told_to_the_reader(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.failure = OSError("it is a test")
    async with Session(PATIENT, recognizer=recognizer) as session:
        await session.feed(linear16(say(1), HUSH))
        with pytest.raises(OSError, match="a test"):
            await read(session, [])
    assert [call.draft for call in engine.calls] == [False]


# Finalize and finish


async def test_a_finalize_is_answered_at_its_place(recognizer: Recognizer) -> None:
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(say(1, 2)))
        await session.finalize()
        await session.feed(linear16(say(3, 4)))
        await session.finalize()
        await session.feed(linear16(silence(0.5), say(5)))
        await session.finish()
        messages = [message async for message in session]
    assert [final.transcript for final in finals(messages)] == ["w1 w2", "w3 w4", "w5"]
    assert word_times(messages)[2:] == [("w3", 1.0, 1.4), ("w4", 1.5, 1.9), ("w5", 2.5, 2.9)]


async def test_only_the_final_that_answers_a_finalize_says_so(recognizer: Recognizer) -> None:
    options = Options(max_words=2)
    async with Session(options, recognizer=recognizer, dialect=PULSE) as session:
        await session.feed(linear16(say(1), silence(1), say(2, 3, 4, gap=0)))
        await session.finalize()
        await session.finalize()
        await session.feed(linear16(say(5)))
        await session.finish()
        messages = finals([message async for message in session])
    assert [(final.transcript, final.from_finalize) for final in messages] == [
        ("w1 ", False),
        ("w2 w3 ", False),
        ("w4 ", True),
        ("", True),
        ("w5 ", False),
    ]


async def test_a_finalize_with_nothing_pending_is_answered_too(recognizer: Recognizer) -> None:
    async with Session(recognizer=recognizer) as session:
        for _ in range(3):
            await session.finalize()
        await session.feed(linear16(silence(1)))
        await session.finalize()
        await session.finish()
        messages = finals([message async for message in session])
    assert [(message.transcript, message.is_last) for message in messages] == [("", False)] * 4 + [
        ("", True)
    ]


async def test_a_finalize_between_silence_and_endpoint_gives_one_final(
    recognizer: Recognizer,
) -> None:
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(say(1), silence(0.4)))
        await session.finalize()
        await session.feed(linear16(silence(2)))
        await session.finish()
        messages = finals([message async for message in session])
    assert [message.transcript for message in messages] == ["w1", ""]


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
async def test_finalizing_again_and_again_does_not_move_the_clock(
    recognizer: Recognizer, rate: int
) -> None:
    # Levels survive resampling; a word of 0.4 s every second.
    second = np.concatenate([np.full(rate * 2 // 5, 0.3), np.zeros(rate * 3 // 5)])
    audio = np.rint(second * 32_767).astype("<i2").tobytes()
    async with Session(Options(sample_rate=rate), recognizer=recognizer) as session:
        for _ in range(20):
            await session.feed(audio[: rate + 2])
            await session.finalize()
            await session.feed(audio[rate + 2 :])
        await session.finish()
        messages = [message async for message in session]
    assert session.audio_seconds == 20
    times = word_times(messages)
    assert [word for word, _, _ in times] == names(100) * 20
    for number, (_, start, end) in enumerate(times):
        assert start == pytest.approx(number, abs=0.02)
        assert end == pytest.approx(number + 0.4, abs=0.02)


async def test_finishing_without_audio_is_one_empty_last_message(recognizer: Recognizer) -> None:
    [message] = await converse(Session(recognizer=recognizer), [])
    assert isinstance(message, Transcription)
    assert (message.transcript, message.is_final, message.is_last) == ("", True, True)
    assert (message.words, message.language, message.languages) == ((), "en", ("en",))


async def test_after_the_end_nothing_is_taken(recognizer: Recognizer) -> None:
    async with Session(recognizer=recognizer) as session:
        await session.finish()
        with pytest.raises(SessionClosedError):
            await session.feed(b"12")
        with pytest.raises(SessionClosedError):
            await session.finalize()
        await session.finish()
        assert len([message async for message in session]) == 1
        assert [message async for message in session] == []


async def test_an_empty_message_is_nothing(recognizer: Recognizer) -> None:
    messages = await converse(Session(recognizer=recognizer), [b"", linear16(say(1)), b""])
    assert heard(messages) == names(1)


async def test_a_message_of_the_owner_comes_at_its_place_in_the_audio(
    recognizer: Recognizer,
) -> None:
    async with Session(Options(vad_events=True), recognizer=recognizer) as session:
        await session.feed(linear16(silence(1), say(1)))
        await session.send(Pong())
        await session.feed(linear16(silence(1)))
        await session.finish()
        kinds = [type(message) async for message in session]
    events = [kind for kind in kinds if kind is not Transcription]
    assert events == [SpeechStarted, Pong, SpeechEnded]


# What messages carry


async def test_the_transcript_so_far_and_its_sentences(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.closes = True
    options = {"full_transcript": True, "sentence_timestamps": True}
    messages = await said(recognizer, say(1, 2), silence(1), say(3), silence(1), **options)
    assert [final.full_transcript for final in finals(messages)] == [
        "w1 w2.",
        "w1 w2. w3.",
        "w1 w2. w3.",
    ]
    last = finals(messages)[-1]
    assert last.utterances is not UNSET
    assert [(said.text, said.start, said.end) for said in last.utterances] == [
        ("w1 w2.", 0.0, 0.9),
        ("w3.", 2.0, 2.4),
    ]


async def test_without_word_timestamps_there_are_no_words(recognizer: Recognizer) -> None:
    messages = await said(recognizer, say(1, 2), word_timestamps=False)
    assert all(message.words is UNSET for message in transcriptions(messages))
    assert heard(messages) == names(1, 2)


async def test_every_message_carries_the_session(recognizer: Recognizer) -> None:
    session = Session(Options(vad_events=True), recognizer=recognizer, session_id="mine")
    messages = await converse(session, [linear16(say(1, 2), silence(1))])
    assert {getattr(message, "session_id", None) for message in messages} == {"mine"}
    assert Session().session_id != Session().session_id


async def test_languages_are_detected_and_told_in_order(recognizer: Recognizer) -> None:
    parts = say(GERMAN, GERMAN + 1), silence(1), say(1), silence(1), say(GERMAN), silence(1)
    messages = finals(await said(recognizer, *parts, language="multi"))
    assert [message.language for message in messages] == ["de", "en", "de", None]
    assert [message.languages for message in messages] == [
        ("de",),
        ("de", "en"),
        ("de", "en"),
        ("de", "en"),
    ]
    assert all(message.language is UNSET for message in partials(messages))


async def test_a_segment_in_two_languages_is_in_the_one_that_most_of_it_is_in(
    recognizer: Recognizer,
) -> None:
    # A pause that ends a piece, and not the segment, comes after much speech.
    numbers = range(GERMAN, GERMAN + 30)
    parts = say(*numbers), silence(0.55), say(1, 2), silence(1)
    asked: dict[str, Any] = {
        "language": "multi",
        "finalize_on_words": False,
        "endpointing_timeout": 900,
    }
    first, *_ = finals(await said(recognizer, *parts, **asked))
    assert first.language == "de"
    assert first.languages == ("de", "en")


async def test_a_pinned_language_is_not_detected(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    messages = finals(await said(recognizer, say(GERMAN), silence(1), language="en"))
    assert {message.language for message in messages} == {"en"}
    assert {call.languages for call in engine.calls} == {("en",)}


async def test_speech_is_announced_before_its_transcripts_and_ends_before_the_last(
    recognizer: Recognizer,
) -> None:
    messages = await said(recognizer, silence(0.64), say(1), silence(1), say(2), vad_events=True)
    events = [message for message in messages if not isinstance(message, Transcription)]
    assert [type(event) for event in events] == [SpeechStarted, SpeechEnded] * 2
    times = [getattr(event, "timestamp", None) for event in events]
    assert times == pytest.approx([0.64, 1.04, 2.14, 2.54], abs=0.032)
    assert isinstance(messages[0], SpeechStarted)
    assert isinstance(messages[-1], Transcription)


async def test_speech_still_open_at_the_end_is_announced_as_ended(recognizer: Recognizer) -> None:
    messages = await said(recognizer, say(1, gap=0), vad_events=True)
    assert isinstance(messages[-1], Transcription)
    [ended] = [message for message in messages if isinstance(message, SpeechEnded)]
    assert ended.timestamp == 0.4


def told(messages: Iterable[Message]) -> list[object]:
    """What is announced, and at its place what finals say."""
    return [
        message.transcript
        if isinstance(message, Transcription)
        else (message.type, round(message.timestamp, 1))
        for message in messages
        if isinstance(message, SpeechStarted | SpeechEnded)
        or (isinstance(message, Transcription) and message.is_final)
    ]


async def test_where_turns_are_told_their_end_comes_after_what_was_said(
    recognizer: Recognizer,
) -> None:
    audio = linear16(say(1), silence(0.4), say(2), silence(1), say(3), silence(1))
    options = Options(vad_events=True)
    session = Session(options, recognizer=recognizer, dialect=PULSE)
    assert told(await converse(session, cut(audio, CHUNK))) == [
        ("speech_started", 0.0),
        "w1 w2 ",
        ("speech_ended", 1.3),
        ("speech_started", 2.4),
        "w3 ",
        ("speech_ended", 2.8),
        "",
    ]
    assert told(await said(recognizer, say(1), silence(0.4), say(2), vad_events=True)) == [
        ("speech_started", 0.0),
        ("speech_ended", 0.4),
        ("speech_started", 0.9),
        ("speech_ended", 1.3),
        "w1 w2",
    ]


async def test_a_finalize_ends_a_turn_and_what_goes_on_is_another(recognizer: Recognizer) -> None:
    options = Options(vad_events=True)
    async with Session(options, recognizer=recognizer, dialect=PULSE) as session:
        await session.feed(linear16(say(1, 2, gap=0)))
        await session.finalize()
        await session.feed(linear16(say(3, 4, gap=0)))
        await session.finish()
        messages = [message async for message in session]
    assert told(messages) == [
        ("speech_started", 0.0),
        "w1 w2 ",
        ("speech_ended", 0.8),
        ("speech_started", 0.8),
        ("speech_ended", 1.6),
        "w3 w4 ",
    ]


@pytest.mark.parametrize("most", [None, 1])
async def test_turns_that_come_at_once_are_told_in_order(
    recognizer: Recognizer, most: int | None
) -> None:
    options = Options(vad_events=True, max_words=most)
    session = Session(options, recognizer=recognizer, dialect=PULSE)
    messages = told(await converse(session, [linear16(*turns(30))]))
    kinds = ["".join(map(str, one[:1])) if isinstance(one, tuple) else "text" for one in messages]
    assert kinds[:-1] == ["speech_started", "text", "speech_ended"] * 30


async def test_speech_is_not_announced_unasked(recognizer: Recognizer) -> None:
    assert transcriptions(messages := await said(recognizer, say(1), silence(1))) == messages


# Bounds


async def test_feeding_waits_while_seconds_of_audio_wait(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    async with Session(recognizer=recognizer) as session:
        feeding = asyncio.create_task(feed(session, cut(linear16(*turns(300)), CHUNK)))
        await settled(lambda: session.audio_seconds)
        assert not feeding.done()
        assert session.working
        assert session.buffered_bytes <= BUFFERED_SECONDS * 2 * S
        assert kept(session) < 60 * S
        engine.running.set()
        messages = [message async for message in session]
        await feeding
    assert heard(messages) == names(*range(300))


async def test_a_stalled_reader_stops_the_input_and_loses_nothing(recognizer: Recognizer) -> None:
    async with Session(Options(vad_events=True), recognizer=recognizer) as session:
        feeding = asyncio.create_task(feed(session, cut(linear16(*turns(300)), CHUNK)))
        await settled(lambda: session.audio_seconds)
        assert not feeding.done()
        assert len(session._outbox._items) <= 65
        assert session.buffered_bytes <= BUFFERED_SECONDS * 2 * S
        assert kept(session) < 60 * S
        messages = [message async for message in session]
        await feeding
    assert heard(messages) == names(*range(300))


async def test_a_flood_of_finalizes_is_bounded(recognizer: Recognizer) -> None:
    async def flood(session: Session) -> None:
        for _ in range(2000):
            await session.finalize()

    async with Session(recognizer=recognizer) as session:
        flooding = asyncio.create_task(flood(session))
        await settled(lambda: session.buffered_bytes)
        assert not flooding.done()
        assert len(session._jobs) < 10
        flooding.cancel()


async def test_it_is_working_until_everything_is_answered(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with Session(recognizer=recognizer) as session:
        assert not session.working
        engine.running.clear()
        await session.feed(linear16(say(1)))
        await session.finalize()
        await engine.called(1)
        await settled(lambda: session.buffered_bytes)
        assert session.working
        engine.running.set()
        reading = aiter(session)
        assert heard([await anext(reading)]) == names(1)
        while session.working:  # noqa: ASYNC110  # nobody else asks for an event
            await asyncio.sleep(0.01)


async def test_an_unread_partial_is_replaced_not_kept(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    async with Session(PATIENT, recognizer=recognizer) as session:
        audio = linear16(say(*range(40), gap=0))
        for number, chunk in enumerate(cut(audio, 2 * INTERVAL)[:30]):
            await session.feed(chunk)
            await engine.called(number + 1)
        assert len(session._outbox._items) <= 2


async def test_hours_of_silence_keep_no_audio(recognizer: Recognizer) -> None:
    async with Session(recognizer=recognizer) as session:
        for _ in range(20):
            await session.feed(linear16(silence(30)))
        await session.finalize()
        async for message in session:
            assert isinstance(message, Transcription)
            break
        assert kept(session) < S
        assert len(session._hearing.timeline._samples) < 20 * S
        assert not session.working


async def test_ten_minutes_in_one_message_are_heard_whole(recognizer: Recognizer) -> None:
    messages = await said(recognizer, *turns(400), chunk=10**9)
    assert heard(messages) == names(*range(400))


# Ends that nobody planned


async def test_leaving_in_mid_decode_leaves_nothing_behind(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(say(1, 2), silence(1), say(3, 4)))
        await engine.called(1)
    assert recognizer.waiting == 0
    assert all(task.done() for task in session._tasks)
    begun = len(engine.calls)
    engine.running.set()
    assert heard(await said(recognizer, say(5))) == names(5)
    assert all(call.end == len(say(5)) for call in engine.calls[begun:])


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize(
    "parts",
    [
        (say(1, 2, gap=0),),
        (say(1), HUSH),
        (say(1), HUSH, silence(0.5)),
        (say(1), silence(1)),
    ],
    ids=["a partial", "an early final", "a final decided early", "a final"],
)
async def test_leaving_in_the_middle_leaves_nothing_in_the_queue(
    recognizer: Recognizer, engine: FakeEngine, parts: tuple[Samples, ...], begun: bool
) -> None:
    async with AsyncExitStack() as stack:
        if not begun:
            await stack.enter_async_context(occupied(recognizer, engine))
        engine.running.clear()
        before = asyncio.all_tasks()
        async with Session(recognizer=recognizer) as session:
            for part in parts:
                await session.feed(linear16(part))
            await settled(lambda: (session.audio_seconds, len(session._jobs), len(engine.calls)))
            assert recognizer.waiting == (0 if begun else 1)
        assert recognizer.waiting == 0
        assert asyncio.all_tasks() == before
        calls = len(engine.calls)
        assert calls == 1
        engine.running.set()
    assert heard(await said(recognizer, say(5))) == names(5)
    assert {*texts(word for call in engine.calls[calls:] for word in call.heard)} == {"w5"}


async def test_leaving_lets_go_who_feeds_and_who_reads(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    messages: list[Message] = []
    async with Session(recognizer=recognizer) as session:
        feeding = asyncio.create_task(feed(session, cut(linear16(*turns(100)), CHUNK)))
        reading = asyncio.create_task(read(session, messages))
        await engine.called(1)
    with pytest.raises(SessionClosedError):
        await feeding
    await reading
    assert messages == []


async def test_a_reader_that_stops_in_the_middle_leaves_nothing_behind(
    recognizer: Recognizer,
) -> None:
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(say(*range(10))))
        async for _ in session:
            break


def damaged(audio: bytes) -> bytes:
    """A WAV that changes its format after the audio."""
    form = material.wav(b"", rate=8000)[12:36]
    return material.wav(audio) + form


@pytest.mark.parametrize("chunk", [10**9, 3200, 999])
async def test_what_came_before_undecodable_audio_is_delivered_first(
    recognizer: Recognizer, chunk: int
) -> None:
    audio = damaged(linear16(say(1, 2), silence(1), say(3, 4)))
    messages: list[Message] = []
    async with Session(recognizer=recognizer) as session:
        feeding = asyncio.create_task(feed(session, cut(audio, chunk)))
        with pytest.raises(UndecodableAudioError, match="changes its format"):
            await read(session, messages)
        with pytest.raises(SessionClosedError):
            await session.feed(b"12")
        await asyncio.wait([feeding])
    assert heard(messages) == names(1, 2, 3, 4)
    assert not any(message.is_last for message in transcriptions(messages))


async def test_audio_that_turns_out_undecodable_at_the_end_is_told(recognizer: Recognizer) -> None:
    async with Session(Options(encoding="ogg_opus"), recognizer=recognizer) as session:
        await session.finalize()
        await session.feed(b"no Ogg here")
        await session.finish()
        reading = aiter(session)
        answer = await anext(reading)
        assert isinstance(answer, Transcription)
        with pytest.raises(UndecodableAudioError):
            await anext(reading)


@pytest.mark.parametrize("parts", [(say(1, 2), silence(1)), (say(*range(5)),)])
async def test_an_engine_that_fails_is_told_to_the_reader(
    recognizer: Recognizer, engine: FakeEngine, parts: tuple[Samples, ...]
) -> None:
    engine.failure = OSError("it is a test")
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(*parts))
        with pytest.raises(OSError, match="a test"):
            await read(session, [])
        with pytest.raises(SessionClosedError):
            await session.feed(b"12")


async def test_voice_activity_that_fails_is_told_to_the_reader(recognizer: Recognizer) -> None:
    assert isinstance(recognizer.voice_activity, FakeVoiceActivity)
    recognizer.voice_activity.failure = OSError("it is a test")
    async with Session(recognizer=recognizer) as session:
        await session.feed(linear16(say(1)))
        with pytest.raises(OSError, match="a test"):
            await read(session, [])


async def test_a_recognizer_that_is_closed_under_a_session_is_told_to_the_reader(
    recognizer: Recognizer, engine: FakeEngine
) -> None:
    engine.running.clear()
    async with Session(recognizer=recognizer) as session, Session(recognizer=recognizer) as other:
        await session.feed(linear16(say(1), silence(1)))
        await engine.called(1)
        await other.feed(linear16(say(1), silence(1)))
        await settled(lambda: recognizer.waiting)
        closing = asyncio.create_task(asyncio.to_thread(recognizer.close))
        with pytest.raises(RuntimeError, match="closed"):
            await read(other, [])
        engine.running.set()
        await closing


# Models


async def test_a_language_that_is_not_served_is_refused(recognizer: Recognizer) -> None:
    with pytest.raises(NotServedError, match="language=fr"):
        async with Session(Options(language="fr"), recognizer=recognizer):
            pass


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_session_without_a_recognizer_has_its_own_and_closes_it(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    engine = FakeEngine()
    monkeypatch.setattr(Recognizer, "load", lambda **_: fake_recognizer(engine))
    session = Session(Options(language=language))
    if language == "en":
        assert heard(await converse(session, [linear16(say(1))])) == names(1)
    else:
        with pytest.raises(NotServedError):
            await converse(session, [])
    assert engine.closed


async def test_sessions_side_by_side_do_not_mix(recognizer: Recognizer) -> None:
    numbers = [range(first, first + 20) for first in range(0, 100, 20)]
    spoken = await asyncio.gather(
        *(said(recognizer, say(*mine), silence(1), say(*mine)) for mine in numbers)
    )
    for mine, messages in zip(numbers, spoken, strict=True):
        assert heard(messages) == names(*mine, *mine)


class Dawdler(FakeEngine):
    """Takes now more and now less time, so that streams get mixed up if they can."""

    def __init__(self, *, parallel: int) -> None:
        super().__init__(parallel=parallel)
        self._chance = random.Random(2)

    def transcribe(self, *arguments: Any, **options: Any) -> Hypothesis:
        time.sleep(self._chance.random() * 0.004)
        return super().transcribe(*arguments, **options)


class Speaker:
    """Somebody with words of their own, in one language, in turns of a few words."""

    def __init__(self, number: int) -> None:
        self._chance = random.Random(number)
        self.german = number % 2 == 1
        first, size = (GERMAN + 25 * (number // 2), 25) if self.german else (30 * number, 60)
        vocabulary = range(first, first + size)
        self.vocabulary = {*names(*vocabulary)}
        self.turns = [
            [self._chance.choice(vocabulary) for _ in range(self._chance.randint(1, 12))]
            for _ in range(5)
        ]
        self.language = self._chance.choice(["de", "multi"] if self.german else ["en", "multi"])

    @property
    def words(self) -> list[str]:
        return names(*(number for turn in self.turns for number in turn))

    @property
    def audio(self) -> bytes:
        parts = [
            part
            for turn in self.turns
            for part in (say(*turn), silence(self._chance.uniform(0.2, 1.5)))
        ]
        return linear16(*parts)

    async def listened_to(
        self, recognizer: Recognizer, *, patience: int | None = None
    ) -> list[Message]:
        """What is said about it; somebody without much patience leaves after a few messages."""
        messages: list[Message] = []
        options = Options(language=self.language)
        async with Session(options, recognizer=recognizer) as session:
            speaking = asyncio.create_task(self._speak(session))
            async for message in session:
                messages.append(message)
                if len(messages) == patience:
                    break
        await asyncio.gather(speaking, return_exceptions=patience is not None)
        return messages

    async def _speak(self, session: Session) -> None:
        audio = self.audio
        at = 0
        while at < len(audio):
            size = self._chance.choice([1, 99, 640, 3200, 20_001])
            await session.feed(audio[at : at + size])
            at += size
            await asyncio.sleep(self._chance.choice([0, 0, 0.001]))
        await session.finish()


async def test_sixteen_streams_side_by_side_hear_each_its_own_words_in_its_own_language() -> None:
    engine = Dawdler(parallel=3)
    recognizer = fake_recognizer(engine)
    speakers = [Speaker(number) for number in range(16)]
    impatient = {2: 1, 7: 2, 8: 4, 13: 3}
    async with asyncio.timeout(PATIENCE_S):
        spoken = await asyncio.gather(
            *(
                speaker.listened_to(recognizer, patience=impatient.get(number))
                for number, speaker in enumerate(speakers)
            )
        )
    assert recognizer.waiting == 0
    await asyncio.to_thread(recognizer.close)
    for number, (speaker, messages) in enumerate(zip(speakers, spoken, strict=True)):
        own = "de" if speaker.german else "en"
        if number in impatient:
            assert heard(messages) == speaker.words[: len(heard(messages))]
        else:
            assert heard(messages) == speaker.words
        for message in transcriptions(messages):
            assert {*message.transcript.split()} <= speaker.vocabulary
            assert message.is_final or message.transcript
        assert {final.language for final in finals(messages)} <= {own, None}
    assert len(engine.calls_of(draft=True)) > 20
    assert_that_no_call_mixes(engine.calls, speakers)


def assert_that_no_call_mixes(calls: Iterable[Call], speakers: Iterable[Speaker]) -> None:
    """Every call of the engine is about the words of one speaker, in languages of theirs."""
    for call in calls:
        about = {*texts((*call.heard, *call.prefix, *call.context, *call.guess))}
        if about:
            [speaker] = [speaker for speaker in speakers if about & speaker.vocabulary]
            assert about <= speaker.vocabulary
            codes = ("en", "de") if speaker.language == "multi" else (speaker.language,)
            assert {*call.languages} <= {*codes}


# Anything


PART = st.one_of(
    st.integers(1, 12).map(lambda count: ("speech", count)),
    st.integers(1, 90).map(lambda count: ("unbroken", count)),
    st.integers(0, 50).map(lambda tenths: ("silence", tenths)),
    st.just(("finalize", 0)),
)


@settings(max_examples=25, deadline=None)
@given(
    script=st.lists(PART, max_size=8),
    chunk=st.sampled_from([640, 999, 3200, 10**9]),
    options=st.fixed_dictionaries(
        {
            "endpointing_timeout": st.sampled_from([100, 300, 600]),
            "finalize_on_words": st.booleans(),
            "max_words": st.sampled_from([None, None, 2, 7]),
        }
    ),
    parallel=st.integers(1, 3),
    partial_interval=st.sampled_from([0, 0.3, 0.48]),
    dialect=st.sampled_from([LIGHTNING, PULSE]),
)
def test_whatever_is_said_no_word_is_lost_doubled_or_moved(
    *,
    script: list[tuple[str, int]],
    chunk: int,
    options: dict[str, Any],
    parallel: int,
    partial_interval: float,
    dialect: Dialect,
) -> None:
    expected: list[tuple[str, float]] = []
    steps: list[Samples | None] = []
    at = number = 0
    for what, count in script:
        match what:
            case "silence":
                part = silence(count / 10)
            case "finalize":
                steps.append(None)
                continue
            case _:
                gap = 0 if what == "unbroken" else 1600
                mine = range(number, number + count)
                part = say(*mine, gap=gap)
                expected += [
                    (f"w{word}", round((at + i * (6400 + gap)) / S, 2))
                    for i, word in enumerate(mine)
                ]
                number += count
        steps.append(part)
        at += len(part)

    async def run() -> list[Message]:
        recognizer = fake_recognizer(
            FakeEngine(parallel=parallel), partial_interval=partial_interval
        )
        try:
            async with (
                asyncio.timeout(PATIENCE_S),
                Session(
                    Options(vad_events=True, **options), recognizer=recognizer, dialect=dialect
                ) as session,
            ):
                feeding = asyncio.create_task(follow(session))
                messages = [message async for message in session]
                await feeding
                assert recognizer.waiting == 0
                return messages
        finally:
            await asyncio.to_thread(recognizer.close)

    async def follow(session: Session) -> None:
        for step in steps:
            if step is None:
                await session.finalize()
            else:
                for data in cut(linear16(step), chunk):
                    await session.feed(data)
        await session.finish()

    messages = asyncio.run(run())
    assert [(word, start) for word, start, _ in word_times(messages)] == expected
    last = messages[-1]
    assert isinstance(last, Transcription)
    assert last.is_last
    assert_that_speech_begins_before_it_ends(messages)
    if dialect is PULSE:
        answers = [final for final in finals(messages) if final.from_finalize]
        assert len(answers) == script.count(("finalize", 0))
        assert_that_turns_hold_their_transcripts(messages)


def assert_that_speech_begins_before_it_ends(messages: Iterable[Message]) -> None:
    told = [m for m in messages if isinstance(m, SpeechStarted | SpeechEnded)]
    assert [type(one) for one in told] == [SpeechStarted, SpeechEnded] * (len(told) // 2)
    times = [one.timestamp for one in told]
    assert times == sorted(times)


def assert_that_turns_hold_their_transcripts(messages: Iterable[Message]) -> None:
    """Nothing with text is said between turns, but for the last transcript."""
    speaking = False
    for message in messages:
        match message:
            case SpeechStarted():
                speaking = True
            case SpeechEnded():
                speaking = False
            case Transcription(transcript=text, is_last=False) if text:
                assert speaking


def turns(count: int) -> list[Samples]:
    """Words, each a turn of its own."""
    return [part for number in range(count) for part in (say(number), silence(1))]


def kept(session: Session) -> int:
    timeline = session._hearing.timeline
    return timeline.end - timeline.start


async def settled(progress: Callable[[], object]) -> None:
    """Wait until something has not changed for a while."""
    before: object = None
    while (now := progress()) != before:
        before = now
        await asyncio.sleep(0.2)


async def listened(session: Session) -> None:
    """Wait until all that was fed has been heard."""
    await until(lambda: not (session.buffered_bytes or session._taking))


async def until(condition: Callable[[], object]) -> None:
    """Wait for what nobody else asks for an event of."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


def finals_that_wait(recognizer: Recognizer) -> int:
    return len(recognizer._scheduler._waiting[Rank.FINAL])


@asynccontextmanager
async def occupied(recognizer: Recognizer, engine: FakeEngine) -> AsyncIterator[None]:
    """Keep the one thread busy until the engine runs."""
    engine.running.clear()
    nothing = silence(1)
    other = asyncio.create_task(
        recognizer.final(lambda: partial(engine.transcribe, nothing, languages=["en"]))
    )
    await engine.called(1)
    try:
        yield
    finally:
        engine.running.set()
        await other
