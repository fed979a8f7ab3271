"""Keywords with the engine's real weights, on both of its backends."""

from collections.abc import Iterator

import pytest

from recordings import beckett, clip
from sferic.audio import SAMPLE_RATE
from sferic.models import ModelStore
from sferic.recognition.claim import AbandonedError, Claim
from sferic.recognition.keywords import Keywords
from sferic.recognition.whisper.engine import WhisperEngine

MISHEARD = Keywords.of([("murciélago", 2), ("Blackwell", 3)])


@pytest.fixture(scope="module", params=["int8", "int16"], ids=["ONNX Runtime", "CTranslate2"])
def engine(request: pytest.FixtureRequest) -> Iterator[WhisperEngine]:
    store = ModelStore()
    folder = store.ensure("whisper-base").folder
    engine = WhisperEngine(folder, compute_type=request.param, conversions=store.conversions)
    yield engine
    engine.close()


def test_a_keyword_takes_the_place_of_what_was_misheard(engine: WhisperEngine) -> None:
    samples, _ = clip("es/pangrama")
    before = engine.transcribe(samples, languages=["es"]).words
    assert [word.text for word in before[2:4]] == ["Murcia", "Lago,"]
    after = engine.transcribe(samples, languages=["es"], keywords=MISHEARD).words
    assert [word.text for word in after[1:4]] == [before[1].text, "murciélago,", before[4].text]
    edges = (before[2].start, before[3].end)
    assert (after[2].start, after[2].end) == pytest.approx(edges, abs=SAMPLE_RATE // 20)
    assert 0 < after[2].confidence <= 1


def test_drafts_are_as_they_would_be_without(engine: WhisperEngine) -> None:
    samples, _ = clip("es/pangrama")
    before = engine.transcribe(samples, languages=["es"], draft=True)
    assert engine.transcribe(samples, languages=["es"], draft=True, keywords=MISHEARD) == before


def test_words_that_begin_the_answer_stay(engine: WhisperEngine) -> None:
    samples, _ = clip("es/pangrama")
    before = engine.transcribe(samples, languages=["es"]).words
    after = engine.transcribe(samples, languages=["es"], prefix=before[:4], keywords=MISHEARD)
    assert [word.text for word in after.words[:4]] == [word.text for word in before[:4]]


def test_speech_without_them_is_as_it_would_be(engine: WhisperEngine) -> None:
    before = engine.transcribe(beckett(), languages=["en"])
    assert engine.transcribe(beckett(), languages=["en"], keywords=MISHEARD) == before


def test_nothing_is_weighed_for_nobody(engine: WhisperEngine) -> None:
    samples, _ = clip("es/pangrama")
    asked = iter([True])
    claim = Claim(wanted=lambda: next(asked, False))
    with pytest.raises(AbandonedError):
        engine.transcribe(samples, languages=["es"], keywords=MISHEARD, claim=claim)
