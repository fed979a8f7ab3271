"""The engine with its real weights, on a few short clips."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recordings import Samples, beckett, clip, plain
from sferic.audio import SAMPLE_RATE
from sferic.errors import ModelLoadError
from sferic.models import ModelStore
from sferic.recognition.claim import AbandonedError, Claim
from sferic.recognition.hypothesis import Word
from sferic.recognition.whisper import engine as engine_module
from sferic.recognition.whisper.backend import EVEN, Decoded
from sferic.recognition.whisper.engine import (
    WhisperEngine,
    _draft_window,
    _final_window,
    _most_tokens,
    _Pass,
    _spelled,
)
from sferic.recognition.whisper.mel import HOP

S = SAMPLE_RATE


@pytest.fixture(scope="module")
def engine() -> Iterator[WhisperEngine]:
    store = ModelStore()
    found = store.ensure("whisper-base")
    engine = WhisperEngine(found.folder, name=found.name, conversions=store.conversions)
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


NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def test_without_digits_numbers_are_words(engine: WhisperEngine) -> None:
    samples, _ = clip("en/counting")
    assert heard(engine.transcribe(samples, languages=["en"]).words)[0] == "1"
    for draft in (False, True):
        words = engine.transcribe(samples, languages=["en"], digits=False, draft=draft).words
        assert heard(words) == NUMBERS
        assert all(word.confidence > 0.1 for word in words)


@pytest.mark.parametrize(
    ("name", "last"), [("es/conteo", "diez"), ("fr/comptage", "dix"), ("it/conteggio", "dieci")]
)
def test_nor_has_another_language_digits_then(engine: WhisperEngine, name: str, last: str) -> None:
    samples, _ = clip(name)
    found = heard(engine.transcribe(samples, languages=[name[:2]], digits=False).words)
    assert len(found) == 10
    assert found[-1] == last
    assert not any(letter.isdigit() for word in found for letter in word)


def test_digits_of_an_earlier_text_do_not_come_back(engine: WhisperEngine) -> None:
    samples, _ = clip("en/counting")
    texts = ["One,", "2,", "3,", "4,", "5,"]
    early = [Word(text=text, start=0, end=S, confidence=1) for text in texts]
    guessed = engine.transcribe(
        samples, languages=["en"], guess=early, trusted=len(early), digits=False
    )
    begun = engine.transcribe(samples, languages=["en"], prefix=early, digits=False)
    assert heard(guessed.words) == heard(begun.words) == NUMBERS


def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=str(tmp_path)):
        WhisperEngine(tmp_path)


# Which window is decoded


class Passes:
    """Answers of the decoder by the seconds of its window, instead of decoding."""

    def __init__(self, **answers: _Pass) -> None:
        self.answers = {int(name.strip("s")): answer for name, answer in answers.items()}
        self.windows: list[int] = []

    def __call__(self, task: object, window: int, *, judge_silence: bool = True) -> _Pass:
        self.windows.append(window // S)
        return self.answers[window // S]


def answer(
    text: str, *, sure: float = -0.2, suspect: bool = False, no_speech: float = 0.0
) -> _Pass:
    words = tuple(Word(text=name, start=0, end=S, confidence=1) for name in text.split())
    return _Pass(
        words=words, language="en", log_probability=sure, no_speech=no_speech, suspect=suspect
    )


FINE = answer("fine")
LOOP = answer("loop loop", suspect=True)


@pytest.mark.parametrize(
    ("passes", "windows", "text"),
    [
        (Passes(s8=FINE), [8], "fine"),
        (Passes(s8=LOOP, s15=FINE), [8, 15], "fine"),
        (Passes(s8=LOOP, s15=LOOP, s30=FINE), [8, 15, 30], "fine"),
        (Passes(s8=answer("doubt", sure=-1.5), s15=FINE), [8, 15], "fine"),
        (Passes(s8=answer("doubt", sure=-1.5), s15=answer("more", sure=-2)), [8, 15], "doubt"),
        (Passes(s8=LOOP, s15=LOOP, s30=answer("b", sure=-0.1, suspect=True)), [8, 15, 30], "b"),
        (Passes(s8=answer("hm", sure=-1.5, no_speech=0.9), s15=answer("", sure=-3)), [8, 15], ""),
        (Passes(s8=answer("bye", sure=-2, no_speech=0.4), s15=answer("", sure=-3)), [8, 15], ""),
    ],
)
def test_a_longer_window_is_tried_while_the_answer_looks_wrong(
    engine: WhisperEngine,
    monkeypatch: pytest.MonkeyPatch,
    passes: Passes,
    windows: list[int],
    text: str,
) -> None:
    monkeypatch.setattr(engine, "_decode", passes)
    hypothesis = engine.transcribe(np.zeros(S, np.float32), languages=["en"])
    assert passes.windows == windows
    reason = "broken" if passes.answers[8].suspect else "unlikely"
    assert hypothesis.again == (reason if len(windows) > 1 else None)
    assert " ".join(word.text for word in hypothesis.words) == text


def test_no_longer_window_is_tried_for_somebody_who_has_gone(
    engine: WhisperEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows: list[int] = []
    encode = engine._backend.encode

    def noting(features: Samples, claim: Claim) -> Any:
        windows.append(features.shape[-1] * HOP // S)
        return encode(features, claim)

    monkeypatch.setattr(engine._backend, "encode", noting)
    monkeypatch.setattr(_Pass, "worth_another", lambda *_: True)
    asked = iter([True, True, False])
    with pytest.raises(AbandonedError):
        engine.transcribe(
            clip("en/quick_brown_fox")[0], languages=["en"], claim=Claim(wanted=lambda: next(asked))
        )
    assert windows == [8, 15]


def test_a_draft_is_one_pass(engine: WhisperEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = Passes(s4=LOOP)
    monkeypatch.setattr(engine, "_decode", passes)
    engine.transcribe(np.zeros(S, np.float32), languages=["en"], draft=True)
    assert passes.windows == [4]


@pytest.mark.parametrize(
    ("said", "echo", "windows"),
    [
        ("Lock the door.", " Lock the door. Lock the door.", 1),
        ("Lock the door.", "", 3),
        ("Six nine six nine go.", " Go. Go.", 3),
    ],
)
def test_an_endless_answer_looks_wrong_unless_nothing_but_echo_made_it_so(
    engine: WhisperEngine, monkeypatch: pytest.MonkeyPatch, said: str, echo: str, windows: int
) -> None:
    tokenizer = engine._tokenizer("en")
    real, more = tokenizer.encode(" " + said), tokenizer.encode(echo)
    monkeypatch.setattr(engine_module, "_most_tokens", lambda *_: len(real) + len(more))
    encoded: list[int] = []
    monkeypatch.setattr(engine._backend, "encode", lambda mel, _: encoded.append(mel.shape[-1]))
    starts = [*range(0, 10 * len(real) + 1, 10), *[10 * len(real)] * len(more)]
    decoded = Decoded(
        tokens=[*real, *more],
        probabilities=np.ones(len(real) + len(more), np.float32),
        starts=np.array(starts),
        log_probability=-0.1,
        no_speech=0.0,
    )
    monkeypatch.setattr(engine._backend, "decode", lambda *_: decoded)
    words = engine.transcribe(np.zeros(5 * S, np.float32), languages=["en"]).words
    assert " ".join(word.text for word in words) == said
    assert len(encoded) == windows


@pytest.mark.parametrize("length", [HOP, 5 * S + 1, 6 * S + 777, 27 * S + 1, 30 * S])
def test_a_window_is_one_that_the_encoder_takes(length: int) -> None:
    for window in (_final_window(length, EVEN), _draft_window(length, EVEN)):
        assert length <= window <= WhisperEngine.longest
        assert window % EVEN == 0


# Tokens to words


@pytest.mark.parametrize(
    ("language", "text", "seconds"),
    [
        ("en", clip("en/counting")[1], 2.9),
        ("pl", clip("pl/liczenie")[1], 3.9),
        ("hi", clip("hi/pangrama")[1], 4.5),
        ("te", "నమస్కారం, నేను ఈ రోజు మీతో మాట్లాడాలనుకుంటున్నాను.", 3.5),
    ],
)
def test_there_is_room_for_what_can_be_said_in_any_script(
    engine: WhisperEngine, language: str, text: str, seconds: float
) -> None:
    needed = len(engine._tokenizer(language).encode(" " + text))
    assert needed < _most_tokens(round(seconds * S), language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Well, it's 3.5 per cent; isn't it?"),
        ("es", "¿Qué tal, amigo? ¡Muy bien!"),
        ("fr", "Aujourd'hui, c'est l'été."),
        ("hi", "नमस्ते, दुनिया।"),
        ("de", "„Grüß Gott“ (sagte er) – und ging."),
    ],
)
def test_words_are_spelled_as_the_text_has_them(
    engine: WhisperEngine, language: str, text: str
) -> None:
    tokenizer = engine._tokenizer(language)
    tokens = tokenizer.encode(" " + text)
    words = _spelled(tokens, tokenizer, np.linspace(0.5, 1, len(tokens), dtype=np.float32))
    expected = [word for word in text.split() if any(letter.isalnum() for letter in word)]
    assert [word for word, *_ in words] == expected
    places = [place for _, first, last, _ in words for place in (first, last)]
    assert places == sorted(places)
    assert all(0.5 <= sure <= 1 for *_, sure in words)


def test_punctuation_alone_is_no_word(engine: WhisperEngine) -> None:
    tokenizer = engine._tokenizer("en")
    tokens = tokenizer.encode(" ... ! –")
    assert _spelled(tokens, tokenizer, np.ones(len(tokens), np.float32)) == []
