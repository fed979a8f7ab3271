"""The real weights on real speech, beside CTranslate2 and beside themselves."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
from numpy.typing import NDArray

from recordings import beckett, clip, plain, two_cities
from sferic.audio import SAMPLE_RATE
from sferic.models import ModelStore
from sferic.recognition.whisper.backend import MOST_TOKENS, Backend, Decoded, Request
from sferic.recognition.whisper.ctranslate_backend import CTranslateBackend
from sferic.recognition.whisper.mel import LogMel
from sferic.recognition.whisper.onnx_backend import OnnxBackend

S = SAMPLE_RATE
ROOM = 100
NEAR = 5
"""Steps in 0.1 s."""

Samples = NDArray[np.float32]


def said(name: str) -> tuple[str, Samples]:
    """Language and samples of a clip."""
    return name[:2], clip(name)[0]


CLIPS = {
    "fox": said("en/quick_brown_fox"),
    "cities": ("en", two_cities()[9 * S : 15 * S]),
    "beckett": ("en", beckett()[: 6 * S]),
    "comptage": said("fr/comptage"),
    "pangrama": said("it/pangrama"),
}


class Listener:
    """A backend with the clips, each of which it encodes once."""

    def __init__(self, backend: Backend, vocabulary: tokenizers.Tokenizer) -> None:
        self.backend = backend
        self.vocabulary = vocabulary
        self._encoded: dict[str, Any] = {}

    def special(self, *names: str) -> tuple[int, ...]:
        found = (self.vocabulary.token_to_id(f"<|{name}|>") for name in names)
        tokens = tuple(token for token in found if token is not None)
        assert len(tokens) == len(names)
        return tokens

    def encode(self, name: str) -> Any:
        if name not in self._encoded:
            self._encoded[name] = self.backend.encode(features(CLIPS[name][1]))
        return self._encoded[name]

    def start(self, language: str) -> tuple[int, ...]:
        spoken = (language, "transcribe") if self.backend.multilingual else ()
        return self.special("startoftranscript", *spoken, "notimestamps")

    def decode(self, name: str, **how: Any) -> Decoded:
        request: dict[str, Any] = {"start": self.start(CLIPS[name][0]), "room": ROOM} | how
        return self.backend.decode(self.encode(name), Request(**request))


def features(samples: Samples) -> NDArray[np.float32]:
    return LogMel()(samples, max(8 * S, -(-(len(samples) + 2 * S) // 320) * 320))


def folder_and_vocabulary(model: str) -> tuple[Path, tokenizers.Tokenizer]:
    folder = ModelStore().ensure(model).folder
    return folder, tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.fixture(scope="module")
def ours() -> Iterator[Listener]:
    """The default model as it is in use, in 8 bits."""
    folder, vocabulary = folder_and_vocabulary("whisper-base")
    backend = OnnxBackend(folder, vocabulary, conversions=ModelStore().conversions)
    yield Listener(backend, vocabulary)
    backend.close()


@pytest.fixture(scope="module")
def theirs() -> Iterator[Listener]:
    folder, vocabulary = folder_and_vocabulary("whisper-base")
    backend = CTranslateBackend(folder, vocabulary, device="cpu", compute_type="int8")
    yield Listener(backend, vocabulary)
    backend.close()


@pytest.fixture(scope="module")
def exact() -> Iterator[Listener]:
    """A small model of English alone, in single precision."""
    folder, vocabulary = folder_and_vocabulary("whisper-tiny.en")
    backend = OnnxBackend(folder, vocabulary, quantized=False)
    yield Listener(backend, vocabulary)
    backend.close()


@pytest.fixture(scope="module")
def theirs_exact() -> Iterator[Listener]:
    folder, vocabulary = folder_and_vocabulary("whisper-tiny.en")
    backend = CTranslateBackend(folder, vocabulary, device="cpu", compute_type="float32")
    yield Listener(backend, vocabulary)
    backend.close()


@pytest.mark.parametrize("name", ["fox", "cities", "beckett"])
def test_it_hears_what_ctranslate2_hears(
    exact: Listener, theirs_exact: Listener, name: str
) -> None:
    one, other = exact.decode(name), theirs_exact.decode(name)
    assert list(one.tokens) == list(other.tokens)
    assert one.starts.shape == other.starts.shape == (len(one.tokens) + 1,)
    assert np.mean(np.abs(one.starts - other.starts) <= NEAR) > 0.9
    # CTranslate2 leaves the end out of the alternatives to a token, and counts it in the mean.
    assert np.median(np.abs(one.probabilities - other.probabilities)) < 0.01
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=0.2)
    assert one.log_probability == pytest.approx(other.log_probability, abs=0.05)
    assert one.no_speech == pytest.approx(other.no_speech, abs=1e-3)


def test_in_eight_bits_it_hears_the_same(ours: Listener, theirs: Listener) -> None:
    one, other = ours.decode("fox"), theirs.decode("fox")
    assert list(one.tokens) == list(other.tokens)
    assert np.mean(np.abs(one.starts - other.starts) <= NEAR) > 0.9
    assert np.mean(np.abs(one.probabilities - other.probabilities) < 0.1) > 0.9
    assert one.log_probability == pytest.approx(other.log_probability, abs=0.1)


@pytest.mark.parametrize("name", ["fox", "comptage", "pangrama"])
def test_it_tells_languages_apart(ours: Listener, theirs: Listener, name: str) -> None:
    languages = ours.special("de", "en", "es", "fr", "it")
    one, other = (
        listener.backend.likelihoods(listener.encode(name), languages)
        for listener in (ours, theirs)
    )
    assert one == pytest.approx(other, abs=0.1)
    assert sum(one) == pytest.approx(1)
    assert languages[int(np.argmax(one))] == ours.special(CLIPS[name][0])[0]


def test_what_is_known_begins_the_text(exact: Listener) -> None:
    whole = exact.decode("fox")
    rest = exact.decode("fox", known=whole.tokens[:4])
    assert rest.tokens == whole.tokens
    np.testing.assert_allclose(rest.starts, whole.starts, atol=1)
    # The first token of a text may be any but a few; one that is known may be any.
    np.testing.assert_allclose(rest.probabilities[1:], whole.probabilities[1:], atol=1e-3)


def changed(tokens: Sequence[int], others: Sequence[int]) -> list[list[int]]:
    """Guesses that are more or less wrong."""
    middle = len(tokens) // 2
    return [
        [*tokens],
        [*tokens[:middle]],
        [*tokens, *others],
        [*others, *tokens],
        [*tokens[:middle], *others[:2], *tokens[middle:]],
        [*tokens[: middle - 2], *tokens[middle:]],
        [tokens[middle]] * 60,
    ]


@pytest.mark.parametrize(("name", "other"), [("fox", "beckett"), ("cities", "fox")])
def test_no_guess_changes_what_it_hears(exact: Listener, name: str, other: str) -> None:
    plainly, others = exact.decode(name), exact.decode(other)
    for guess in changed(plainly.tokens, others.tokens):
        guessed = exact.decode(name, guess=guess)
        assert guessed.tokens == plainly.tokens
        np.testing.assert_allclose(guessed.probabilities, plainly.probabilities, atol=1e-3)
        np.testing.assert_allclose(guessed.starts, plainly.starts, atol=1)
        assert guessed.log_probability == pytest.approx(plainly.log_probability, abs=1e-3)


def test_nor_does_one_in_eight_bits_where_the_text_is_clear(ours: Listener) -> None:
    # Rounding depends on what is shown at once: words that are a toss-up may turn out otherwise.
    plainly, others = ours.decode("fox"), ours.decode("beckett")
    for guess in changed(plainly.tokens, others.tokens):
        guessed = ours.decode("fox", guess=guess)
        assert guessed.tokens == plainly.tokens
        np.testing.assert_allclose(guessed.probabilities, plainly.probabilities, atol=0.1)
        np.testing.assert_allclose(guessed.starts, plainly.starts, atol=NEAR)


def test_what_was_said_before_is_no_part_of_the_answer(ours: Listener) -> None:
    before = (*ours.special("startofprev"), *ours.vocabulary.encode(" Once upon a time").ids)
    alone, behind = ours.decode("fox"), ours.decode("fox", before=before)
    assert behind.tokens == alone.tokens
    np.testing.assert_allclose(behind.starts, alone.starts, atol=NEAR)


def test_room_is_for_what_is_not_known(ours: Listener) -> None:
    whole = ours.decode("fox")
    assert ours.decode("fox", room=3).tokens == whole.tokens[:3]
    known = whole.tokens[:4]
    assert ours.decode("fox", known=known, room=2).tokens == whole.tokens[:6]
    assert ours.decode("fox", known=known, room=0).tokens == known


@pytest.mark.parametrize("count", [430, MOST_TOKENS])
def test_texts_end_where_the_model_has_no_more_places(ours: Listener, count: int) -> None:
    before = (*ours.special("startofprev"), *[11] * 60)
    decoded = ours.decode("fox", before=before, known=[11] * count, room=900)
    assert decoded.tokens[:430] == [11] * 430
    assert len(decoded.tokens) + len(ours.start("en")) <= MOST_TOKENS


def test_two_streams_at_once_hear_what_each_hears_alone(ours: Listener) -> None:
    names = ["beckett", "fox"]
    alone = [ours.decode(name) for name in names]

    def listen(name: str) -> Decoded:
        return Listener(ours.backend, ours.vocabulary).decode(name)

    with ThreadPoolExecutor(2) as pool:
        together = [*pool.map(listen, names * 2)]
    for one, other in zip(together, alone * 2, strict=True):
        assert one.tokens == other.tokens
        np.testing.assert_array_equal(one.starts, other.starts)
        np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_silence_is_no_speech(ours: Listener) -> None:
    encoded = ours.backend.encode(features(np.zeros(3 * S, np.float32)))
    decoded = ours.backend.decode(encoded, Request(start=ours.start("en"), room=ROOM))
    assert decoded.no_speech > 0.5


def test_a_model_of_english_alone_hears_english(exact: Listener) -> None:
    folder, vocabulary = folder_and_vocabulary("whisper-tiny.en")
    backend = OnnxBackend(folder, vocabulary, conversions=ModelStore().conversions)
    rounded = Listener(backend, vocabulary)
    for listener in (exact, rounded):
        assert not listener.backend.multilingual
        heard = vocabulary.decode([*listener.decode("fox").tokens])
        assert plain(heard) == plain(clip("en/quick_brown_fox")[1])
    backend.close()
