"""Products with weights, rounded or not, and where constants go."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from recognition.whisper import tiny
from sferic.models import graph as graphs
from sferic.models.conversion import UnreadableWeightsError
from sferic.models.graph import FLOAT, ConstantsFile, Graph
from sferic.recognition.whisper.building import Product, by_block, by_row, rounded, single
from sferic.recognition.whisper.weights import Weights

NAME = "decoder/layer_0/ffn/linear_0/weight"
SHAPE = (2 * tiny.WIDTH, tiny.WIDTH)


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    tiny.write(tmp_path)
    return Weights(tmp_path / "model.bin")


def product_graph(weights: Weights, product: Product, constants: ConstantsFile | None) -> bytes:
    graph = Graph(constants)
    scale = np.linspace(0.5, 2, SHAPE[0], dtype=np.float32)
    y = product(graph, "x", weights, NAME, scale)
    graph.node("Identity", y, name="y")
    shapes = {"x": (FLOAT, (1, "n", SHAPE[1]))}
    return graph.serialized(shapes, {"y": (FLOAT, (1, "n", SHAPE[0]))})


def run(graph: bytes | str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["y"], {"x": x[None]})[0][0], np.float32)


@pytest.mark.parametrize(("product", "error"), [(single, 1e-5), (by_row, 0.03), (by_block, 0.03)])
@pytest.mark.parametrize("rows", [1, 7, 200])
def test_products_are_what_they_round(
    weights: Weights, product: Product, error: float, rows: int
) -> None:
    x = np.random.default_rng(2).standard_normal((rows, SHAPE[1])).astype(np.float32)
    x *= np.linspace(0.01, 10, rows, dtype=np.float32)[:, None]
    scale = np.linspace(0.5, 2, SHAPE[0], dtype=np.float32)
    exact = x @ weights[NAME].T * scale
    off = np.abs(run(product_graph(weights, product, None), x) - exact)
    # Each row has a scale of its own, so that a loud one does not drown the others.
    assert (off.max(axis=1) <= error * np.abs(exact).max(axis=1)).all()


@pytest.mark.parametrize("product", [single, by_row, by_block])
def test_nothing_times_weights_is_nothing(weights: Weights, product: Product) -> None:
    x = np.zeros((3, SHAPE[1]), np.float32)
    assert not run(product_graph(weights, product, None), x).any()


@pytest.mark.parametrize("block", [tiny.WIDTH, 32])
def test_rounding_is_off_by_half_a_step_at_most(weights: Weights, block: int) -> None:
    scales, values = rounded(weights, NAME, block=block)
    assert scales.shape == (SHAPE[0], SHAPE[1] // block)
    assert np.abs(values.astype(int)).max() == 127
    back = (values.reshape(*scales.shape, block) * scales[..., None]).reshape(SHAPE)
    steps = np.repeat(scales, block, axis=1)
    assert (np.abs(back - weights[NAME]) <= steps * 0.5001).all()


def test_rows_of_zeros_stay_zeros(tmp_path: Path) -> None:
    values = tiny.write(tmp_path, blank=NAME)
    assert not values[NAME].any()
    scales, small = rounded(Weights(tmp_path / "model.bin"), NAME, block=32)
    assert not small.any()
    assert np.isfinite(scales).all()


def test_a_depth_that_cannot_be_split_is_refused(weights: Weights) -> None:
    with pytest.raises(UnreadableWeightsError, match="multiple of 50"):
        rounded(weights, NAME, block=50)


def test_constants_in_a_file_are_the_same_as_in_the_graph(weights: Weights, tmp_path: Path) -> None:
    x = np.ones((2, SHAPE[1]), np.float32)
    with ConstantsFile(tmp_path / "product.weights") as constants:
        graph = product_graph(weights, by_row, constants)
    (tmp_path / "product.onnx").write_bytes(graph)
    inside = product_graph(weights, by_row, None)
    assert len(graph) < len(inside) / 8
    np.testing.assert_array_equal(run(str(tmp_path / "product.onnx"), x), run(inside, x))


def test_constants_in_a_file_can_be_mapped_one_by_one(tmp_path: Path) -> None:
    arrays = [np.arange(size, dtype=np.float32) for size in (1500, 3, 2048)]
    file = tmp_path / "some.weights"
    with ConstantsFile(file) as constants:
        places = [constants.add(array) for array in arrays]
    content = file.read_bytes()
    for array, place in zip(arrays, places, strict=True):
        assert place["location"] == file.name
        offset = int(place["offset"])
        assert offset % 4096 == 0
        assert content[offset : offset + int(place["length"])] == array.tobytes()


def test_more_than_a_graph_can_hold_is_refused(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "_LARGEST", 10_000)
    with pytest.raises(UnreadableWeightsError, match="2 GB"):
        product_graph(weights, single, None)
    with ConstantsFile(tmp_path / "product.weights") as constants:
        assert product_graph(weights, single, constants)
