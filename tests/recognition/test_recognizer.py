import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engines import FakeEngine, FakeVoiceActivity, fake_recognizer, names, say, texts
from sferic import Options, Recognizer
from sferic.errors import ModelLoadError, NotServedError, UnknownModelError
from sferic.models import LocalModel
from sferic.recognition.engine import Engine


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


async def test_words_come_from_the_engine_off_the_event_loop() -> None:
    engine: Engine = FakeEngine()
    with Recognizer(engine, FakeVoiceActivity()) as recognizer:
        hypothesis = await recognizer.transcribe(say(1, 2), languages=["en"], start=160)
        assert texts(hypothesis.words) == names(1, 2)
        assert hypothesis.words[0].start == 160


async def test_hearing_does_not_wait_for_recognition() -> None:
    engine = FakeEngine()
    engine.running.clear()
    with fake_recognizer(engine) as recognizer:
        decoding = asyncio.create_task(
            recognizer.transcribe(np.zeros(100, np.float32), languages=["en"])
        )
        await engine.called(1)
        name = await recognizer.hear(lambda: threading.current_thread().name)
        assert name.startswith("hearing")
        engine.running.set()
        await decoding


def test_closing_closes_the_engine_and_ends_the_threads() -> None:
    engine = FakeEngine(parallel=3)
    before = threading.active_count()
    recognizer = fake_recognizer(engine)
    assert threading.active_count() >= before + 3
    recognizer.close()
    assert engine.closed
    assert threading.active_count() == before


def test_a_model_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownModelError, match="no-such-model"):
        Recognizer.load("no-such-model")


def test_a_model_that_does_something_else_is_refused(tmp_path: Path) -> None:
    store: Any = SimpleNamespace(
        ensure=lambda name, _: LocalModel(
            name=name, family="silero-vad", folder=tmp_path, languages=()
        )
    )
    with pytest.raises(ModelLoadError, match="silero-vad does not turn speech into words"):
        Recognizer.load("silero-vad", store=store)
