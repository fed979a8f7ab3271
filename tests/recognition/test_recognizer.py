import asyncio
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engines import FakeEngine, FakeVoiceActivity, Samples, fake_recognizer, names, say, texts
from sferic import Options, Recognizer
from sferic.config import Settings
from sferic.errors import KeywordsNotServedError, ModelLoadError, NotServedError, UnknownModelError
from sferic.models import LocalModel
from sferic.protocol.options import parse_options
from sferic.recognition.engine import Engine
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.recognizer import LONGEST_INTERVAL, PARTIAL_INTERVAL, Work

NOTHING = np.zeros(100, np.float32)


def transcribing(
    engine: Engine, samples: Samples, *, start: int = 0, languages: Sequence[str] = ("en",)
) -> Work:
    return partial(engine.transcribe, samples, languages=languages, start=start)


def test_the_engine_says_what_is_served() -> None:
    with fake_recognizer(FakeEngine(languages=("en", "de", "fr"))) as recognizer:
        assert recognizer.model_name == "fake"
        assert recognizer.languages == ("en", "de", "fr")


def test_a_language_stands_for_what_is_served_of_it() -> None:
    with fake_recognizer(FakeEngine(languages=("en", "de", "hi"))) as recognizer:
        assert recognizer.candidates("de") == ("de",)
        assert set(recognizer.candidates("multi")) == {"en", "de", "hi"}
        assert set(recognizer.candidates("multi-eu")) == {"en", "de"}


def test_a_language_that_is_not_served_is_refused_with_those_that_are() -> None:
    with fake_recognizer() as recognizer, pytest.raises(NotServedError) as caught:
        recognizer.check(Options(language="fr"))
    assert caught.value.problem.parameter == "language"
    assert caught.value.problem.value == "fr"
    assert caught.value.problem.allowed == "de, en"


def test_a_stream_with_keywords_is_refused_where_the_model_makes_nothing_of_them() -> None:
    engine = FakeEngine()
    engine.favours_keywords = False
    wanted = parse_options([("keywords", "Blackwell:2")])
    with fake_recognizer(engine) as recognizer:
        recognizer.check(Options())
        with pytest.raises(KeywordsNotServedError, match=r"keywords .* model fake .* Leave them"):
            recognizer.check(wanted)
    with fake_recognizer() as recognizer:
        recognizer.check(wanted)


async def test_words_come_from_the_engine_off_the_event_loop() -> None:
    engine: Engine = FakeEngine()
    with Recognizer(engine, FakeVoiceActivity()) as recognizer:
        threads: list[threading.Thread] = []

        def work() -> Hypothesis:
            threads.append(threading.current_thread())
            return transcribing(engine, say(1, 2), start=160)()

        hypothesis = await recognizer.final(lambda: work)
        assert texts(hypothesis.words) == names(1, 2)
        assert hypothesis.words[0].start == 160
        draft = await recognizer.draft(lambda: work, since=0.0)
        assert draft == hypothesis
        assert threading.current_thread() not in threads


async def test_finals_go_before_drafts_and_both_before_the_background() -> None:
    engine = FakeEngine()
    engine.running.clear()
    with fake_recognizer(engine) as recognizer:

        def at(start: int) -> Work:
            return transcribing(engine, NOTHING, start=start)

        first = asyncio.create_task(recognizer.final(lambda: at(0)))
        await engine.called(1)
        asked = [
            recognizer.draft(lambda: at(5), since=0.0, background=True),
            recognizer.final(lambda: at(6), background=True),
            recognizer.draft(lambda: at(4), since=2.0),
            recognizer.draft(lambda: at(3), since=1.0),
            recognizer.final(lambda: at(1)),
            recognizer.final(lambda: at(2)),
        ]
        waiting = asyncio.gather(*asked)
        await asyncio.sleep(0)
        assert recognizer.waiting == len(asked)
        engine.running.set()
        await asyncio.gather(first, waiting)
        assert [call.start for call in engine.calls] == [0, 1, 2, 3, 4, 5, 6]


async def test_hearing_does_not_wait_for_recognition() -> None:
    engine = FakeEngine()
    engine.running.clear()
    with fake_recognizer(engine) as recognizer:
        decoding = asyncio.create_task(recognizer.final(lambda: transcribing(engine, NOTHING)))
        await engine.called(1)
        name = await recognizer.hear(lambda: threading.current_thread().name)
        assert name.startswith("hearing")
        engine.running.set()
        await decoding


async def test_closing_closes_the_engine_and_ends_the_threads() -> None:
    engine = FakeEngine(parallel=3)
    engine.running.clear()
    before = threading.active_count()
    recognizer = fake_recognizer(engine)
    decoding = [
        asyncio.create_task(recognizer.final(lambda: transcribing(engine, NOTHING)))
        for _ in range(3)
    ]
    await engine.called(3)
    assert await recognizer.hear(threading.active_count) >= before + 4
    engine.running.set()
    await asyncio.gather(*decoding)
    await asyncio.get_running_loop().shutdown_default_executor()
    recognizer.close()
    assert engine.closed
    assert threading.active_count() == before


# How busy it is


async def test_what_is_decoded_is_measured() -> None:
    engine = FakeEngine()
    with fake_recognizer(engine) as recognizer:
        usage = recognizer.usage
        assert (usage.busy, usage.finals_a_second, usage.speaking) == (0, 0, 0)
        expected = usage.costs
        await recognizer.final(lambda: transcribing(engine, NOTHING))
        assert usage.finals_a_second > 0
        assert usage.busy > 0
        assert usage.speaking == 0
        assert usage.costs.final < expected.final
        assert usage.costs.partial == expected.partial
        await recognizer.draft(lambda: transcribing(engine, NOTHING), since=0.0)
        assert usage.speaking > 0
        assert usage.costs.partial < expected.partial


async def test_what_is_decoded_is_measured_even_if_it_fails() -> None:
    engine = FakeEngine()
    engine.failure = OSError("it is a test")
    with fake_recognizer(engine) as recognizer:
        with pytest.raises(OSError, match="a test"):
            await recognizer.final(lambda: transcribing(engine, NOTHING))
        assert recognizer.usage.finals_a_second > 0


def test_partials_come_as_often_as_was_asked_for_and_seldomer_under_load() -> None:
    with fake_recognizer() as idle:
        assert idle.cadence == PARTIAL_INTERVAL
    with fake_recognizer(partial_interval=0.7) as busy:
        assert busy.cadence == 0.7
        for _ in range(200):
            busy.usage.partial(1.0, since=1.0)
        assert busy.cadence == LONGEST_INTERVAL


def test_an_interval_longer_than_the_longest_under_load_stands() -> None:
    with fake_recognizer(partial_interval=4.0) as recognizer:
        for _ in range(200):
            recognizer.usage.partial(1.0, since=1.0)
        assert recognizer.cadence == 4.0


def test_an_interval_of_nothing_is_no_partials() -> None:
    with fake_recognizer(partial_interval=0) as recognizer:
        assert recognizer.cadence is None


@pytest.mark.parametrize(("milliseconds", "interval"), [(0, None), (300, 0.3), (2500, 2.5)])
def test_the_interval_is_a_setting(
    milliseconds: int, interval: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(model: str, *, partial_interval: float, **_: object) -> Recognizer:
        return fake_recognizer(partial_interval=partial_interval)

    monkeypatch.setattr(Recognizer, "load", load)
    settings = Settings(partial_interval_ms=milliseconds, diarization="off")
    with Recognizer.from_settings(settings) as recognizer:
        assert recognizer.cadence == interval


# Models


def test_a_model_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownModelError, match="no-such-model"):
        Recognizer.load("no-such-model")


def test_a_model_that_does_something_else_is_refused(tmp_path: Path) -> None:
    store: Any = SimpleNamespace(
        conversions=tmp_path,
        ensure=lambda name, _: LocalModel(
            name=name, family="silero-vad", folder=tmp_path, languages=()
        ),
    )
    with pytest.raises(ModelLoadError, match="silero-vad does not turn speech into words"):
        Recognizer.load("silero-vad", store=store)
