"""Engines that decode anew each time, with every word known."""

import base64
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engines import texts
from recognition.sherpa import tiny
from recognition.sherpa.loading import offline
from sferic.audio import SAMPLE_RATE
from sferic.languages import CODES
from sferic.recognition.engine import Engine
from sferic.recognition.hypothesis import Word
from sferic.recognition.orthography import FULL
from sferic.recognition.sherpa import offline as offline_module

S = SAMPLE_RATE
TIMED: list[Callable[[Path], Path]] = [tiny.nemo_transducer, tiny.nemo_ctc, tiny.sense_voice]


@pytest.fixture(params=TIMED, ids=lambda make: make.__name__)
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> Engine:
    return offline(request.param(tmp_path / "model"))


def word(text: str, start: float, end: float) -> Word:
    return Word(text=text, start=round(start * S), end=round(end * S), confidence=0.9)


def test_words_have_times_within_a_step_of_the_model(engine: Engine) -> None:
    audio = np.concatenate([tiny.hush(0.5), tiny.spoken(0, 1, 3, 4), tiny.hush(0.5)])
    found = engine.transcribe(audio, languages=["en"], start=5 * S)
    assert texts(found.words) == ["RED", "BLUEISH", "GREEN"]
    assert [word.start / S for word in found.words] == pytest.approx([5.5, 6.0, 7.0], abs=0.1)
    assert found.language == "en"


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.1])
def test_next_to_no_audio_is_no_words_and_no_crash(engine: Engine, seconds: float) -> None:
    assert engine.transcribe(tiny.hush(seconds), languages=["en"]).words == ()


def test_a_prefix_takes_the_place_of_what_is_heard_for_it(engine: Engine) -> None:
    audio = np.concatenate([tiny.hush(0.5), tiny.spoken(0, 1, 4), tiny.hush(0.5)])
    same = [word("Red,", 0.5, 0.8), word("blue", 1.0, 1.3)]
    assert texts(engine.transcribe(audio, languages=["en"], prefix=same).words) == [
        "Red,",
        "blue",
        "GREEN",
    ]
    other = [word("Read", 0.5, 0.8), word("blew", 1.0, 1.4)]
    found = engine.transcribe(audio, languages=["en"], prefix=other)
    assert texts(found.words) == ["Read", "blew", "GREEN"]


def test_what_the_model_says_of_the_language_counts_where_several_are_possible(
    tmp_path: Path,
) -> None:
    audio = np.concatenate([tiny.hush(0.5), tiny.spoken(0, 1), tiny.hush(0.5)])
    told = offline(tiny.sense_voice(tmp_path / "told"))
    assert told.transcribe(audio, languages=["de", "en"]).language == "en"
    silent = offline(tiny.nemo_transducer(tmp_path / "silent"))
    assert silent.transcribe(audio, languages=["de", "en"]).language is None


def test_a_model_with_durations_tells_where_words_end(tmp_path: Path) -> None:
    engine = offline(tiny.nemo_transducer(tmp_path / "model"))
    audio = np.concatenate([tiny.hush(0.5), tiny.tone(0), tiny.hush(0.5)])
    [red] = engine.transcribe(audio, languages=["en"]).words
    assert (red.end - red.start) / S == pytest.approx(0.08)


def test_letters_make_words_where_a_space_is_a_token(tmp_path: Path) -> None:
    engine = offline(tiny.omnilingual_ctc(tmp_path / "model"), languages=None)
    assert set(engine.languages) == set(CODES)
    audio = np.concatenate([tiny.hush(0.5), tiny.spoken(0, 1, 3, 4, 2), tiny.hush(0.5)])
    found = engine.transcribe(audio, languages=["or"]).words
    assert texts(found) == ["rb", "gi"]
    assert [word.start / S for word in found] == pytest.approx([0.5, 2.0], abs=0.05)


def test_without_times_words_are_spread_over_what_is_loud(tmp_path: Path) -> None:
    engine = offline(tiny.moonshine(tmp_path / "model"))
    audio = np.concatenate([tiny.hush(2), tiny.spoken(0, 4, gap=0.0), tiny.hush(2)])
    red, green = engine.transcribe(audio, languages=["en"]).words
    assert (red.text, green.text) == ("RED", "GREEN")
    assert red.start / S == pytest.approx(2.0, abs=0.05)
    assert 2.1 < green.start / S < 2.5


def test_moonshine_of_the_package_index_hears_real_speech(tmp_path: Path) -> None:
    moonshine_voice = pytest.importorskip("moonshine_voice")
    assets = Path(moonshine_voice.__file__).parent / "assets"
    from recordings import BECKETT, beckett, error_rate

    engine = offline(assets / "tiny-en")
    found = engine.transcribe(beckett(), languages=["en"])
    assert engine.writing == FULL
    assert error_rate(BECKETT, " ".join(texts(found.words))) < 0.25


def test_tokens_that_are_parts_of_letters_are_put_together(tmp_path: Path) -> None:
    moonshine_voice = pytest.importorskip("moonshine_voice")
    from sferic.recognition.sherpa import moonshine_v2

    path = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en" / "tokenizer.bin"
    tokens: list[bytes] = []
    moonshine_v2._read(path, tokens)
    lines = [base64.b64decode(line.split()[0]) for line in moonshine_v2._lines(tokens)]
    assert len(lines) == 32768
    assert lines[tokens.index(b"\xe5")] == b"<0xE5>"
    assert all(line.decode() for line in lines)


def test_words_are_taken_from_the_text_where_tokens_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unreadable:
        text, timestamps = "red green", [0.0]

        @property
        def tokens(self) -> list[str]:
            return [b"\xe5".decode()]

    assert offline_module._texts(Unreadable()) == ([" red", " green"], [])
