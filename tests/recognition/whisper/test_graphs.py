"""The graphs of a small model beside the same model in NumPy."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from recognition.whisper import reference, tiny
from sferic.models.conversion import UnreadableWeightsError
from sferic.recognition.whisper import graphs
from sferic.recognition.whisper.weights import Weights

Array = NDArray[Any]
LAYERS = range(tiny.LAYERS)
CROSSED = [f"cross_{kind}_{layer}" for layer in LAYERS for kind in ("key", "value")]
UNPUNISHED = np.zeros(len(tiny.TOKENS), np.float32)
TOKENS = [tiny.START, tiny.ENGLISH, tiny.TRANSCRIBE, tiny.NO_TIMES, 11, 7, 3, 250, 11, 80]


class Net(msgspec.Struct, frozen=True):
    """Both graphs of a model, and what it is made of."""

    encoder: onnxruntime.InferenceSession
    decoder: onnxruntime.InferenceSession
    variables: tiny.Variables

    def encode(self, features: Array) -> dict[str, Array]:
        answers = self.encoder.run(CROSSED, {"features": features[None]})
        return dict(zip(CROSSED, answers, strict=True))

    def exact(self, features: Array) -> dict[str, Array]:
        return reference.cross(self.variables, features, tiny.HEADS)

    def decode(
        self,
        tokens: Sequence[int],
        crossed: dict[str, Array],
        *,
        past: dict[str, Array] | None = None,
        targets: Sequence[int] | None = None,
        rows: Sequence[int] = (),
        penalties: Array = UNPUNISHED,
    ) -> dict[str, Array]:
        past = past or nothing()
        before = past["past_key_0"].shape[2]
        places = np.arange(before, before + len(tokens))
        later = np.arange(before + len(tokens)) > places[:, None]
        inputs = crossed | past
        inputs["tokens"] = np.array([tokens])
        inputs["places"] = places[None]
        inputs["targets"] = np.array([targets or tokens])
        inputs["rows"] = np.array(rows, np.int64)
        inputs["penalties"] = penalties
        inputs["mask"] = np.where(later, np.float32(-1e9), np.float32(0))[None, None]
        names = [output.name for output in self.decoder.get_outputs()]
        return dict(zip(names, self.decoder.run(names, inputs), strict=True))


def nothing() -> dict[str, Array]:
    empty = np.zeros((1, tiny.HEADS, 0, tiny.WIDTH // tiny.HEADS), np.float32)
    return {f"past_{kind}_{layer}": empty for layer in LAYERS for kind in ("key", "value")}


def longer(past: dict[str, Array], answer: dict[str, Array]) -> dict[str, Array]:
    return {
        name: np.concatenate((array, answer[name.removeprefix("past_")]), axis=2)
        for name, array in past.items()
    }


def made(folder: Path, *, quantized: bool) -> Net:
    variables = tiny.write(folder)
    weights = Weights(folder / "model.bin")
    decoder = graphs.decoder(
        weights,
        quantized=quantized,
        alignment_heads=tiny.ALIGNMENT_HEADS,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    run = ["CPUExecutionProvider"]
    return Net(
        onnxruntime.InferenceSession(graphs.encoder(weights, quantized=quantized), options, run),
        onnxruntime.InferenceSession(decoder, options, run),
        {name: values.astype(np.float64) for name, values in variables.items()},
    )


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Net:
    return made(tmp_path_factory.mktemp("single"), quantized=False)


@pytest.fixture(scope="module")
def rounded(tmp_path_factory: pytest.TempPathFactory) -> Net:
    return made(tmp_path_factory.mktemp("rounded"), quantized=True)


def features(frames: int) -> NDArray[np.float32]:
    return np.random.default_rng(frames).standard_normal((tiny.BANDS, frames)).astype(np.float32)


def relative(found: Array, exact: Array) -> float:
    """Root of the mean square error, as a part of that of the exact answer."""
    return float(np.sqrt(np.mean((found - exact) ** 2) / np.mean(exact**2)))


@pytest.mark.parametrize("frames", [2, 42, 120])
def test_the_encoder_is_whispers(net: Net, frames: int) -> None:
    exact = net.exact(features(frames))
    for name, found in net.encode(features(frames)).items():
        turned = found[0].swapaxes(-1, -2) if "key" in name else found[0]
        np.testing.assert_allclose(turned, exact[name], atol=1e-4)


def test_the_decoder_is_whispers(net: Net) -> None:
    exact, attentions = reference.decode(net.variables, TOKENS, net.exact(features(60)), tiny.HEADS)
    rows = [0, 3, 9]
    answer = net.decode(TOKENS, net.encode(features(60)), rows=rows)
    np.testing.assert_allclose(answer["row_logits"][0], exact[rows], atol=1e-4)
    looked_at = np.stack([attentions[layer][head] for layer, head in sorted(tiny.ALIGNMENT_HEADS)])
    np.testing.assert_allclose(answer["attention"][0], looked_at, atol=1e-4)


def test_the_decoder_says_what_comes_next_and_how_likely_it_and_the_target_are(net: Net) -> None:
    exact, _ = reference.decode(net.variables, TOKENS, net.exact(features(60)), tiny.HEADS)
    penalties = UNPUNISHED.copy()
    penalties[[*tiny.SUPPRESSED]], penalties[80] = -np.inf, 3
    likely = reference.log_softmax(exact + penalties)
    targets = [*TOKENS[1:], tiny.END]
    crossed = net.encode(features(60))
    answer = net.decode(TOKENS, crossed, targets=targets, penalties=penalties)
    assert answer["best"][0].tolist() == likely.argmax(axis=-1).tolist()
    np.testing.assert_allclose(answer["best_score"][0], likely.max(axis=-1), atol=1e-4)
    expected = likely[range(len(targets)), targets]
    np.testing.assert_allclose(answer["target_score"][0], expected, atol=1e-4)
    assert np.isneginf(answer["target_score"][0][targets.index(tiny.SUPPRESSED[0])])


@settings(deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1).filter(lambda cuts: sum(cuts) <= len(TOKENS)))
def test_tokens_may_be_shown_in_any_portions(net: Net, cuts: list[int]) -> None:
    crossed = net.encode(features(60))
    count = sum(cuts)
    at_once = net.decode(TOKENS[:count], crossed, rows=[count - 1])
    past, shown = nothing(), 0
    for cut in cuts:
        answer = net.decode(TOKENS[shown : shown + cut], crossed, past=past, rows=[cut - 1])
        rows = slice(shown, shown + cut)
        np.testing.assert_array_equal(answer["best"][0], at_once["best"][0, rows])
        for name in ("best_score", "target_score"):
            np.testing.assert_allclose(answer[name][0], at_once[name][0, rows], atol=1e-4)
        attention = at_once["attention"][0][:, rows]
        np.testing.assert_allclose(answer["attention"][0], attention, atol=1e-4)
        past, shown = longer(past, answer), shown + cut
    np.testing.assert_allclose(answer["row_logits"], at_once["row_logits"], atol=1e-4)


@pytest.mark.parametrize("make", ["net", "rounded"])
def test_what_comes_later_changes_nothing_before(make: str, request: pytest.FixtureRequest) -> None:
    net: Net = request.getfixturevalue(make)
    crossed = net.encode(features(60))
    alone = net.decode(TOKENS[:5], crossed, rows=[4])
    padded = net.decode([*TOKENS[:5], 200, 0, tiny.END], crossed, rows=[4])
    for name in ("best_score", "target_score"):
        np.testing.assert_allclose(padded[name][0, :5], alone[name][0], atol=1e-4)
    np.testing.assert_allclose(padded["row_logits"], alone["row_logits"], atol=1e-4)
    np.testing.assert_allclose(padded["attention"][0][:, :5], alone["attention"][0], atol=1e-4)


def test_in_eight_bits_it_is_nearly_the_same(net: Net, rounded: Net) -> None:
    exact, near = net.encode(features(60)), rounded.encode(features(60))
    for name in CROSSED:
        assert relative(near[name], exact[name]) < 0.03
    rows = range(len(TOKENS))
    whole = net.decode(TOKENS, exact, rows=rows), rounded.decode(TOKENS, near, rows=rows)
    assert relative(whole[1]["row_logits"], whole[0]["row_logits"]) < 0.05
    assert relative(whole[1]["attention"], whole[0]["attention"]) < 0.05


def test_shapes_say_what_there_is_of_everything(net: Net) -> None:
    (taken,) = net.encoder.get_inputs()
    assert taken.shape == [1, tiny.BANDS, "frames"]
    given_out = {output.name: output.shape for output in net.decoder.get_outputs()}
    assert given_out["row_logits"] == [1, "rows", len(tiny.TOKENS)]
    taken_in = {array.name: array.shape for array in net.decoder.get_inputs()}
    assert taken_in["past_key_0"] == [1, tiny.HEADS, "past", tiny.WIDTH // tiny.HEADS]


@pytest.mark.parametrize(
    ("flag", "value"), [("decoder/activation", 0), ("decoder/pre_norm", 0), ("decoder/alibi", 1)]
)
def test_decoders_of_another_kind_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: str, value: int
) -> None:
    tiny.write(tmp_path)
    weights = Weights(tmp_path / "model.bin")
    number: Callable[..., int] = weights.number
    monkeypatch.setattr(
        weights, "number", lambda name, *rest: value if name == flag else number(name, *rest)
    )
    with pytest.raises(UnreadableWeightsError, match=f"{flag.removeprefix('decoder/')} {value}"):
        graphs.decoder(weights, quantized=True, alignment_heads=[(0, 0)])
