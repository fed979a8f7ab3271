"""Different speech in different languages through one CTranslate2 model, together and alone."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import ctranslate2
import numpy as np
import pytest
import tokenizers

from recordings import Samples, beckett, clip, plain, two_cities
from sferic.audio import SAMPLE_RATE
from sferic.models import ModelStore
from sferic.recognition.claim import AbandonedError, Claim, Rank, awaited
from sferic.recognition.hypothesis import Hypothesis
from sferic.recognition.whisper import loading
from sferic.recognition.whisper.backend import EVEN, Decoded, Request
from sferic.recognition.whisper.ctranslate_backend import CTranslateBackend
from sferic.recognition.whisper.engine import WhisperEngine
from sferic.recognition.whisper.mel import LogMel

T = TypeVar("T")

S = SAMPLE_RATE
MOST = 8
ROOM = 100
PATIENCE_S = 60
SPEECH: dict[str, tuple[str, Samples]] = {
    "fox": ("en", clip("en/quick_brown_fox")[0]),
    "cities": ("en", two_cities()[9 * S : 15 * S]),
    "beckett": ("en", beckett()[: 6 * S]),
    "comptage": ("fr", clip("fr/comptage")[0]),
    "pangrama": ("it", clip("it/pangrama")[0]),
    "murcielago": ("es", clip("es/pangrama")[0]),
}


class Watched:
    """A model of CTranslate2 that is looked over the shoulder.

    Attributes:
        calls: Name and number of windows of each call, in their order.
        failing: Asked for the error of a call for text with so many windows.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.calls: list[tuple[str, int]] = []
        self.failing: Callable[[int], Exception | None] = lambda _: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def encode(self, features: ctranslate2.StorageView) -> Any:
        self.calls.append(("encode", features.shape[0]))
        return self._model.encode(features)

    def detect_language(self, encoded: ctranslate2.StorageView) -> Any:
        self.calls.append(("detect_language", encoded.shape[0]))
        return self._model.detect_language(encoded)

    def generate(self, encoded: ctranslate2.StorageView, prompts: Any, **options: Any) -> Any:
        self.calls.append(("generate", len(prompts)))
        if error := self.failing(len(prompts)):
            raise error
        return self._model.generate(encoded, prompts, **options)


@pytest.fixture(scope="module")
def engine() -> Iterator[WhisperEngine]:
    """The default model in 8 bits with one lane for batches of eight."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "_ONNX_TYPES", {})
        folder = ModelStore().ensure("whisper-base").folder
        engine = WhisperEngine(folder, device="cpu", workers=MOST, batch=MOST)
    yield engine
    engine.close()


@pytest.fixture
def backend(engine: WhisperEngine) -> CTranslateBackend:
    assert isinstance(engine._backend, CTranslateBackend)
    return engine._backend


@pytest.fixture
def watched(backend: CTranslateBackend, monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched(backend._model)
    monkeypatch.setattr(backend, "_model", watched)
    return watched


@pytest.fixture(autouse=True)
def nothing_is_left(backend: CTranslateBackend) -> Iterator[None]:
    yield
    assert backend._batcher.waiting == 0
    assert backend._batcher._free == 1
    backend._batcher._most = MOST


def come(backend: CTranslateBackend, calls: Sequence[Callable[[], T]]) -> list[Future[T]]:
    """Let threads come, one after the other, while the lane is taken; then free it."""
    batcher = backend._batcher
    batcher._free = 0
    futures = []
    with ThreadPoolExecutor(len(calls)) as threads:
        for count, call in enumerate(calls, start=1):
            futures.append(threads.submit(call))
            deadline = time.monotonic() + PATIENCE_S
            while batcher.waiting < count:
                assert time.monotonic() < deadline
                time.sleep(0.001)
        with batcher._lock:
            batcher._free = 1
            batcher._appoint()
    return futures


def together(backend: CTranslateBackend, calls: Sequence[Callable[[], T]]) -> list[T]:
    return [future.result() for future in come(backend, calls)]


def special(engine: WhisperEngine, *names: str) -> list[int]:
    found = [engine._vocabulary.token_to_id(f"<|{name}|>") for name in names]
    return [token for token in found if token is not None]


def request(engine: WhisperEngine, language: str, **how: Any) -> Request:
    start = special(engine, "startoftranscript", language, "transcribe", "notimestamps")
    options: dict[str, Any] = {"start": start, "room": ROOM} | how
    return Request(**options)


def features(samples: Samples) -> Any:
    return LogMel()(samples, 8 * S)


def decoding(engine: WhisperEngine, name: str, **how: Any) -> Callable[[], Decoded]:
    language, samples = SPEECH[name]
    backend = engine._backend
    return lambda: backend.decode(
        backend.encode(features(samples)), request(engine, language, **how)
    )


def assert_alike(one: Decoded, other: Decoded) -> None:
    assert list(one.tokens) == list(other.tokens)
    np.testing.assert_array_equal(one.starts, other.starts)
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-3)
    assert one.log_probability == pytest.approx(other.log_probability, abs=1e-3)
    assert one.no_speech == pytest.approx(other.no_speech, abs=1e-4)


def test_each_hears_together_with_others_what_it_hears_alone(
    engine: WhisperEngine, backend: CTranslateBackend, watched: Watched
) -> None:
    alone = [decoding(engine, name)() for name in SPEECH]
    watched.calls.clear()
    side_by_side = together(backend, [decoding(engine, name) for name in SPEECH])
    assert watched.calls == [("encode", len(SPEECH)), ("generate", len(SPEECH))]
    for one, other in zip(side_by_side, alone, strict=True):
        assert_alike(one, other)
    assert len({tuple(decoded.tokens) for decoded in alone}) == len(SPEECH)


def test_texts_of_which_different_parts_are_known_go_together(
    engine: WhisperEngine, backend: CTranslateBackend, watched: Watched
) -> None:
    names = ["fox", "comptage", "cities"]
    whole = [decoding(engine, name)() for name in names]
    begun = [
        decoding(engine, name, known=list(decoded.tokens[:count]))
        for name, decoded, count in zip(names, whole, [0, 7, 3], strict=True)
    ]
    alone = [call() for call in begun]
    watched.calls.clear()
    for one, other, all_of_it in zip(together(backend, begun), alone, whole, strict=True):
        assert_alike(one, other)
        assert list(one.tokens) == list(all_of_it.tokens)
    assert watched.calls[-1] == ("generate", 3)


def test_room_is_that_of_each_text(engine: WhisperEngine, backend: CTranslateBackend) -> None:
    names = ["fox", "comptage", "cities"]
    whole = [decoding(engine, name)() for name in names]
    known = list(whole[1].tokens[:5])
    calls = [
        decoding(engine, "fox", room=3),
        decoding(engine, "comptage", known=known, room=4),
        decoding(engine, "cities"),
    ]
    alone = [call() for call in calls]
    side_by_side = together(backend, calls)
    for one, other, decoded, count in zip(alone, side_by_side, whole, [3, 9, ROOM], strict=True):
        assert list(one.tokens) == list(other.tokens) == list(decoded.tokens[:count])
        assert one.log_probability == pytest.approx(other.log_probability, abs=0.1)
        np.testing.assert_array_equal(one.starts, other.starts)


def test_languages_are_told_apart_together(
    engine: WhisperEngine, backend: CTranslateBackend, watched: Watched
) -> None:
    codes = ["de", "en", "es", "fr", "it"]
    calls = [
        partial(
            backend.likelihoods,
            backend.encode(features(samples)),
            special(engine, *codes),
        )
        for _, samples in SPEECH.values()
    ]
    found = [codes[int(np.argmax(likely))] for likely in together(backend, calls)]
    assert found == [code for code, _ in SPEECH.values()]
    assert watched.calls == [("encode", len(SPEECH)), ("detect_language", len(SPEECH))]


def test_a_window_that_is_encoded_already_joins_those_that_are_not(
    engine: WhisperEngine, backend: CTranslateBackend, watched: Watched
) -> None:
    alone = [decoding(engine, name)() for name in ("fox", "pangrama", "cities")]
    windows = [backend.encode(features(SPEECH[name][1])) for name in ("fox", "pangrama")]
    tokens = special(engine, "en", "it")
    asked = [partial(backend.likelihoods, window, tokens) for window in windows]
    assert [int(np.argmax(likely)) for likely in together(backend, asked)] == [0, 1]
    watched.calls.clear()
    calls: list[Callable[[], Decoded]] = [
        partial(backend.decode, windows[0], request(engine, "en")),
        partial(backend.decode, windows[1], request(engine, "it")),
        decoding(engine, "cities"),
    ]
    for one, other in zip(together(backend, calls), alone, strict=True):
        assert_alike(one, other)
    assert watched.calls == [("encode", 1), ("generate", 3)]


def test_options_that_hold_for_a_whole_batch_are_not_mixed(
    engine: WhisperEngine, backend: CTranslateBackend, watched: Watched
) -> None:
    before = special(engine, "startofprev") + engine._vocabulary.encode(" Once upon a time").ids
    digits = sorted(engine._digit_tokens)
    calls = [
        decoding(engine, "fox"),
        decoding(engine, "comptage", forbidden=digits),
        decoding(engine, "cities", before=before),
        decoding(engine, "comptage"),
        decoding(engine, "murcielago", forbidden=digits),
    ]
    alone = [call() for call in calls]
    watched.calls.clear()
    for one, other in zip(together(backend, calls), alone, strict=True):
        assert_alike(one, other)
    assert [count for name, count in watched.calls if name == "generate"] == [2, 2, 1]
    assert not {*digits} & {*alone[1].tokens, *alone[4].tokens}
    assert {*digits} & {*alone[3].tokens}


@pytest.mark.parametrize(
    ("message", "sizes"),
    [("no kernel", [3, 1, 1, 1]), ("CUDA failed with error out of memory", [3, 1, 1, 1])],
)
def test_where_a_batch_fails_each_is_heard_alone(
    engine: WhisperEngine,
    backend: CTranslateBackend,
    watched: Watched,
    message: str,
    sizes: list[int],
) -> None:
    calls = [decoding(engine, name) for name in ("fox", "comptage", "pangrama")]
    alone = [call() for call in calls]
    watched.calls.clear()
    watched.failing = lambda size: RuntimeError(message) if size > 1 else None
    for one, other in zip(together(backend, calls), alone, strict=True):
        assert_alike(one, other)
    assert [count for name, count in watched.calls if name == "generate"] == sizes
    assert backend._batcher.most == (1 if "memory" in message else MOST)


# Through the engine


def finals(engine: WhisperEngine, **how: Any) -> list[Callable[[], Hypothesis]]:
    return [
        partial(engine.transcribe, samples, languages=[language], **how)
        for language, samples in SPEECH.values()
    ]


def assert_same_words(one: Hypothesis, other: Hypothesis) -> None:
    assert one.language == other.language
    assert [(word.text, word.start, word.end) for word in one.words] == [
        (word.text, word.start, word.end) for word in other.words
    ]


@pytest.mark.parametrize("draft", [False, True])
def test_streams_side_by_side_have_the_words_they_have_alone(
    engine: WhisperEngine, backend: CTranslateBackend, watched: Watched, draft: bool
) -> None:
    calls = finals(engine, draft=draft)
    alone = [call() for call in calls]
    watched.calls.clear()
    for one, other in zip(together(backend, calls), alone, strict=True):
        assert_same_words(one, other)
    assert max(size for name, size in watched.calls if name == "generate") >= 3
    (fox, *_) = alone
    assert plain(" ".join(word.text for word in fox.words)) == plain(clip("en/quick_brown_fox")[1])


def test_streams_whose_language_is_open_keep_theirs(
    engine: WhisperEngine, backend: CTranslateBackend
) -> None:
    calls = [
        partial(engine.transcribe, samples, languages=["en", "es", "fr", "it"])
        for _, samples in SPEECH.values()
    ]
    alone = [call() for call in calls]
    for one, other in zip(together(backend, calls), alone, strict=True):
        assert_same_words(one, other)
    assert [hypothesis.language for hypothesis in alone] == [code for code, _ in SPEECH.values()]


def test_finals_are_decoded_before_drafts_that_came_earlier(
    engine: WhisperEngine, backend: CTranslateBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[int] = []
    run = backend._run

    def noting(jobs: Sequence[Any]) -> Any:
        order.append(jobs[0].window.frames)
        return run(jobs)

    monkeypatch.setattr(backend._batcher, "_work", noting)
    short, long = SPEECH["fox"][1], two_cities()[: 9 * S]
    partly = Claim(rank=Rank.PARTIAL)
    draft = partial(engine.transcribe, short, languages=["en"], draft=True, claim=partly)
    final = partial(engine.transcribe, long, languages=["en"])
    together(backend, [draft, draft, final])
    assert order == [1200, 400]


def test_a_stream_that_is_gone_is_not_decoded_and_troubles_nobody(
    engine: WhisperEngine, backend: CTranslateBackend, watched: Watched
) -> None:
    language, samples = SPEECH["fox"]
    stays = partial(engine.transcribe, SPEECH["comptage"][1], languages=["fr"])
    expected = stays()
    watched.calls.clear()
    with awaited() as claim:
        leaves = partial(engine.transcribe, samples, languages=[language], claim=claim)
        batcher = backend._batcher
        batcher._free = 0
        threads = ThreadPoolExecutor(2)
        left = threads.submit(leaves)
        while not batcher.waiting:
            time.sleep(0.001)
    with batcher._lock:
        batcher._free = 1
    assert_same_words(threads.submit(stays).result(PATIENCE_S), expected)
    with pytest.raises(AbandonedError):
        left.result(PATIENCE_S)
    assert [count for name, count in watched.calls if name == "generate"] == [1]
    with pytest.raises(AbandonedError):
        leaves()
    threads.shutdown()


@pytest.mark.parametrize(
    ("seconds", "window"), [(1, 8), (6, 8), (6.5, 12), (9, 12), (12, 16), (27, 30)]
)
def test_windows_have_one_of_a_few_lengths_whoever_else_is_there(
    engine: WhisperEngine, monkeypatch: pytest.MonkeyPatch, seconds: float, window: int
) -> None:
    frames: list[int] = []
    encode = engine._backend.encode

    def noting(mel: Samples, claim: Claim) -> Any:
        frames.append(mel.shape[-1])
        return encode(mel, claim)

    monkeypatch.setattr(engine._backend, "encode", noting)
    engine.transcribe(two_cities()[: int(seconds * S)], languages=["en"])
    assert frames[0] == window * 100


def test_lanes_side_by_side_hear_the_same() -> None:
    folder = ModelStore().ensure("whisper-tiny.en").folder
    vocabulary = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    backend = CTranslateBackend(
        folder, vocabulary, device="cpu", compute_type="int8", workers=4, batch=2
    )
    found = [
        vocabulary.token_to_id(f"<|{name}|>") for name in ("startoftranscript", "notimestamps")
    ]
    start = [token for token in found if token is not None]

    def hear(second: int) -> list[int]:
        window = backend.encode(features(two_cities()[second * S : (second + 4) * S]))
        return [*backend.decode(window, Request(start=start, room=ROOM)).tokens]

    seconds = range(0, 40, 4)
    alone = [hear(second) for second in seconds]
    with ThreadPoolExecutor(6) as threads:
        assert [*threads.map(hear, seconds)] == alone
    backend.close()


def test_without_batches_a_window_is_as_long_as_it_need_be() -> None:
    folder = ModelStore().ensure("whisper-tiny.en").folder
    vocabulary = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    backend = CTranslateBackend(folder, vocabulary, device="cpu", compute_type="int8")
    assert backend.grid == EVEN
    backend.close()
