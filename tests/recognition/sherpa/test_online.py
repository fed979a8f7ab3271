"""Streaming engines, with every word known."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from engines import Samples, texts
from recognition.sherpa import tiny
from recognition.sherpa.loading import streaming
from sferic.audio import SAMPLE_RATE
from sferic.recognition.calibration import calibrate
from sferic.recognition.engine import StreamingEngine
from sferic.recognition.hardware import Machine
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.orthography import Writing

S = SAMPLE_RATE
Make = Callable[[Path], Path]
KINDS: list[Make] = [
    tiny.zipformer,
    tiny.nemo_streaming_transducer,
    tiny.nemo_streaming_ctc,
]


@pytest.fixture(params=KINDS, ids=lambda make: make.__name__)
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> StreamingEngine:
    return streaming(request.param(tmp_path / "model"))


def heard(
    engine: StreamingEngine,
    *parts: Samples,
    languages: Sequence[str] = ("en",),
    start: int = 0,
    hotwords: Sequence[tuple[str, float]] = (),
) -> Hypothesis:
    """What is heard in audio, and in the silence that has to follow."""
    decoding = engine.open(languages=languages, start=start, hotwords=hotwords)
    for part in (*parts, np.zeros(engine.flush, np.float32)):
        decoding.accept(part)
        while engine.advance([decoding]):
            pass
    return decoding.hypothesis()


def test_words_have_times_within_a_step_of_the_model(engine: StreamingEngine) -> None:
    audio = np.append(tiny.hush(0.5), tiny.spoken(0, 1, 3, 4))
    found = heard(engine, audio, start=5 * S).words
    assert texts(found) == ["RED", "BLUEISH", "GREEN"]
    expected = [5.5, 6.0, 7.0]
    times = [word.start / S for word in found]
    assert times == pytest.approx(expected, abs=0.08)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert all(0.8 < word.confidence <= 1 for word in found)


def test_it_does_not_matter_how_the_audio_comes(engine: StreamingEngine) -> None:
    audio = np.append(tiny.hush(0.3), tiny.spoken(0, 4, 1, 5))
    whole = heard(engine, audio)
    assert heard(engine, *np.array_split(audio, 17)) == whole


def test_a_word_comes_out_within_the_flush(engine: StreamingEngine) -> None:
    decoding = engine.open(languages=["en"])
    decoding.accept(np.append(tiny.hush(1), tiny.tone(0)))
    while engine.advance([decoding]):
        pass
    decoding.accept(np.zeros(engine.flush, np.float32))
    while engine.advance([decoding]):
        pass
    assert texts(decoding.hypothesis().words) == ["RED"]


def test_the_last_word_may_go_on_and_has_not_settled(engine: StreamingEngine) -> None:
    found = heard(engine, tiny.hush(0.3), tiny.spoken(0, 4, 1))
    assert (len(found.words), found.settled) == (3, 2)


def test_streams_that_are_decoded_together_hear_what_each_hears_alone(
    engine: StreamingEngine,
) -> None:
    said = [(0, 1, 4), (4, 5), (2, 3, 0, 1), (), (5,)]
    audio = [np.append(tiny.hush(0.1 * n), tiny.spoken(*tones)) for n, tones in enumerate(said)]
    alone = [heard(engine, samples) for samples in audio]
    decodings = [engine.open(languages=["en"]) for _ in said]
    for decoding, samples in zip(decodings, audio, strict=True):
        decoding.accept(np.append(samples, np.zeros(engine.flush, np.float32)))
    sizes = []
    while advanced := engine.advance(decodings):
        sizes.append(len(advanced))
    assert [decoding.hypothesis() for decoding in decodings] == alone
    assert sizes[0] == len(said)


def test_a_new_decoding_knows_nothing_of_the_last(engine: StreamingEngine) -> None:
    first = heard(engine, tiny.hush(0.3), tiny.tone(0, 1.0))
    assert heard(engine, tiny.hush(0.3), tiny.tone(0, 1.0)) == first
    assert texts(first.words) == ["RED"]


def test_nothing_is_decoded_before_there_is_audio(engine: StreamingEngine) -> None:
    decoding = engine.open(languages=["en"])
    assert engine.advance([decoding]) == []
    assert decoding.hypothesis() == Hypothesis(language="en")


def test_what_it_costs_is_measured(engine: StreamingEngine) -> None:
    costs = calibrate(engine, Machine(workers=2, cores=2), interval=0.5)
    assert 0 < costs.partial < 1
    assert 0 < costs.final < 1


def test_a_model_that_writes_in_one_case_and_without_stops_says_so(
    engine: StreamingEngine,
) -> None:
    assert engine.writing == Writing(capitals=False, punctuation=False)


def test_a_model_with_prompts_is_told_the_language(tmp_path: Path) -> None:
    engine = streaming(tiny.nemo_streaming_transducer(tmp_path / "model", prompted=True))
    audio = np.append(tiny.hush(0.3), tiny.spoken(0, 1))
    assert texts(heard(engine, audio).words) == ["RED", "BLUE"]
    german = heard(engine, audio, languages=["de"])
    assert (texts(german.words), german.language) == (["ISH", "GREEN"], "de")


def test_a_language_that_the_model_tells_is_no_word(tmp_path: Path) -> None:
    tokens = ("<de-DE>", *tiny.TOKENS[1:])
    engine = streaming(tiny.zipformer(tmp_path / "model", tokens=tokens))
    found = heard(engine, tiny.hush(0.3), tiny.spoken(1, 0, 4), languages=["en", "de"])
    assert (texts(found.words), found.language) == (["BLUE", "GREEN"], "de")


def test_hotwords_make_a_word_likelier_where_the_model_can_take_them(tmp_path: Path) -> None:
    folder = tiny.zipformer(tmp_path / "model", doubt=True)
    engine = streaming(folder)
    audio = np.append(tiny.hush(0.3), tiny.spoken(0, 4))
    assert texts(heard(engine, audio).words) == ["RED", "GREEN"]
    assert texts(heard(engine, audio, hotwords=[("GREY", 3.0)]).words) == ["RED", "GREEN"]
    tiny.write_pieces(folder)
    engine = streaming(folder)
    found = heard(engine, audio, hotwords=[("GREY", 3.0)])
    assert (texts(found.words), found.settled) == (["RED", "GREY"], 0)
    assert texts(heard(engine, audio).words) == ["RED", "GREEN"]
    assert texts(heard(engine, audio, hotwords=[("RED/: x", 1.0)]).words) == ["RED", "GREEN"]


def test_hotwords_are_of_no_harm_to_models_that_cannot_take_them(tmp_path: Path) -> None:
    for make in (tiny.nemo_streaming_transducer, tiny.nemo_streaming_ctc):
        engine = streaming(make(tmp_path / make.__name__))
        audio = np.append(tiny.hush(0.3), tiny.spoken(0, 4))
        found = heard(engine, audio, hotwords=[("GREY", 3.0)])
        assert texts(found.words) == ["RED", "GREEN"]
