"""The engine with its real weights, on a few short clips."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recordings import beckett, clip, plain
from sferic.audio import SAMPLE_RATE
from sferic.errors import ModelLoadError
from sferic.models import ModelStore
from sferic.recognition.hypothesis import Word
from sferic.recognition.whisper import WhisperEngine

S = SAMPLE_RATE


@pytest.fixture(scope="module")
def engine() -> Iterator[WhisperEngine]:
    found = ModelStore().ensure("whisper-base")
    engine = WhisperEngine(found.folder, name=found.name)
    yield engine
    engine.close()


def heard(words: tuple[Word, ...]) -> list[str]:
    return plain(" ".join(word.text for word in words))


def test_it_knows_its_languages(engine: WhisperEngine) -> None:
    assert engine.name == "whisper-base"
    assert {"en", "de", "hi", "ta"} <= set(engine.languages)


def test_words_come_with_times_and_confidences(engine: WhisperEngine) -> None:
    samples, text = clip("en/quick_brown_fox")
    words = engine.transcribe(samples, languages=["en"], start=S).words
    assert heard(words) == plain(text)
    edges = [edge for word in words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert S <= edges[0] <= S + S // 2
    assert 2.2 * S <= edges[-1] - S <= len(samples)
    assert all(0.5 < word.confidence <= 1 for word in words)


def test_fast_speech_is_not_cut_short(engine: WhisperEngine) -> None:
    for name, language, last in (("pt/contagem", "pt", "dez"), ("fr/comptage", "fr", "10")):
        samples, _ = clip(name)
        assert heard(engine.transcribe(samples, languages=[language]).words)[-1] == last


def test_a_prefix_begins_the_answer(engine: WhisperEngine) -> None:
    samples, text = clip("en/quick_brown_fox")
    whole = engine.transcribe(samples, languages=["en"]).words
    again = engine.transcribe(samples, languages=["en"], prefix=whole[:4]).words
    assert heard(again) == plain(text)
    assert [word.text for word in again[:4]] == [word.text for word in whole[:4]]


def test_what_was_said_before_is_no_part_of_the_answer(engine: WhisperEngine) -> None:
    samples, text = clip("en/quick_brown_fox")
    before = [
        Word(text=name, start=0, end=0, confidence=1) for name in ("Once", "upon", "a", "time")
    ]
    words = engine.transcribe(samples, languages=["en"], context=before, draft=True).words
    assert heard(words) == plain(text)


def test_the_language_is_told_apart_among_those_that_are_allowed(engine: WhisperEngine) -> None:
    samples, _ = clip("it/pangrama")
    assert engine.transcribe(samples, languages=["en", "fr", "it"]).language == "it"
    assert engine.transcribe(samples, languages=["en", "de"]).language in ("en", "de")


def test_next_to_no_audio_is_no_words(engine: WhisperEngine) -> None:
    assert engine.transcribe(np.zeros(0, np.float32), languages=["en"]).words == ()
    assert engine.transcribe(np.zeros(100, np.float32), languages=["en", "de"]).words == ()


def test_silence_is_no_words(engine: WhisperEngine) -> None:
    assert engine.transcribe(np.zeros(3 * S, np.float32), languages=["en"]).words == ()


def test_short_sentences_are_not_repeated(engine: WhisperEngine) -> None:
    # In windows of their own length these sent the decoder into loops.
    samples = beckett()
    assert heard(engine.transcribe(samples[: 3 * S], languages=["en"]).words) == [
        "ever",
        "tried",
        "ever",
        "failed",
    ]


def test_the_longest_audio_fits(engine: WhisperEngine) -> None:
    samples = np.zeros(engine.longest, np.float32)
    samples[: len(beckett())] = beckett()
    assert heard(engine.transcribe(samples, languages=["en"]).words)[-1] == "better"


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=str(tmp_path)):
        WhisperEngine(tmp_path)
