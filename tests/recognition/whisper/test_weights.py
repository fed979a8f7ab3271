"""Reading model.bin, as CTranslate2 writes it and as nobody should."""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recognition.whisper import tiny
from sferic.errors import ModelLoadError
from sferic.models.conversion import UnreadableWeightsError
from sferic.recognition.whisper.engine import WhisperEngine
from sferic.recognition.whisper.weights import Weights

FLOAT32, BFLOAT16, UNHEARD_OF = 0, 5, 6

Variable = tuple[str, int, NDArray[Any]]


def written(
    variables: Iterable[Variable],
    aliases: Iterable[tuple[str, str]] = (),
    *,
    version: int = 6,
    specification: str = "WhisperSpec",
) -> bytes:
    variables, aliases = [*variables], [*aliases]
    parts = [
        struct.pack("<I", version),
        named(specification),
        struct.pack("<II", 3, len(variables)),
    ]
    for name, kind, values in variables:
        parts += [named(name), struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)]
        parts += [struct.pack("<BI", kind, values.nbytes), values.tobytes()]
    parts.append(struct.pack("<I", len(aliases)))
    parts += [named(name) for pair in aliases for name in pair]
    return b"".join(parts)


def named(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def read(folder: Path, content: bytes) -> Weights:
    file = folder / "model.bin"
    file.write_bytes(content)
    return Weights(file)


VALUES = np.arange(-6, 6, dtype=np.float32).reshape(4, 3)
SMALL = written([("a/layer_0/weight", FLOAT32, VALUES)], [("b", "a/layer_0/weight")])


@pytest.mark.parametrize(
    ("quantization", "error"),
    [(None, 0), ("float16", 1e-3), ("int16", 1e-3), ("int8", 5e-3), ("int8_float16", 5e-3)],
)
def test_every_number_format_reads_as_single_precision(
    tmp_path: Path, quantization: str | None, error: float
) -> None:
    variables = tiny.write(tmp_path, quantization=quantization)
    weights = Weights(tmp_path / "model.bin")
    for name, values in variables.items():
        assert weights.shape(name) == values.shape
        assert weights[name].dtype == np.float32
        np.testing.assert_allclose(weights[name], values, atol=error, err_msg=name)


def test_bfloat16_reads_as_single_precision(tmp_path: Path) -> None:
    upper_half = (VALUES.view(np.uint32) >> 16).astype(np.uint16)
    weights = read(tmp_path, written([("a", BFLOAT16, upper_half)]))
    np.testing.assert_array_equal(weights["a"], VALUES)


@pytest.mark.parametrize("quantization", [None, "int16", "int8"])
def test_blocks_are_the_rows_of_the_whole(tmp_path: Path, quantization: str | None) -> None:
    tiny.write(tmp_path, quantization=quantization)
    weights = Weights(tmp_path / "model.bin")
    for name in ("decoder/embeddings/weight", "decoder/position_encodings/encodings"):
        whole = np.full(weights.shape(name), np.nan, np.float32)
        for rows, values in weights.blocks(name):
            assert np.isnan(whole[rows]).all()
            whole[rows] = values
        np.testing.assert_array_equal(whole, weights[name])


@pytest.mark.parametrize("quantization", [None, "int8"])
def test_a_name_may_stand_for_another(tmp_path: Path, quantization: str | None) -> None:
    tiny.write(tmp_path, quantization=quantization)
    weights = Weights(tmp_path / "model.bin")
    np.testing.assert_array_equal(
        weights["decoder/projection/weight"], weights["decoder/embeddings/weight"]
    )
    assert weights.shape("decoder/projection/weight") == (len(tiny.TOKENS), tiny.WIDTH)


def test_what_is_read_is_nobody_elses(tmp_path: Path) -> None:
    weights = read(tmp_path, SMALL)
    weights["b"][:] = 0
    np.testing.assert_array_equal(weights["b"], VALUES)


def test_numbers_and_layers(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    weights = Weights(tmp_path / "model.bin")
    assert weights.number("decoder/num_heads") == tiny.HEADS
    assert weights.number("decoder/num_horns", 3) == 3
    assert weights.layers("encoder") == weights.layers("decoder") == tiny.LAYERS


def test_a_variable_that_is_not_there_is_named(tmp_path: Path) -> None:
    weights = read(tmp_path, SMALL)
    with pytest.raises(UnreadableWeightsError, match=r"model\.bin lacks encoder/conv1/weight"):
        weights["encoder/conv1/weight"]
    with pytest.raises(UnreadableWeightsError, match="decoder/num_heads"):
        weights.number("decoder/num_heads")


@given(st.integers(0, len(SMALL) - 1))
def test_no_beginning_of_a_file_passes_for_the_whole(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    with pytest.raises(UnreadableWeightsError, match=r"model\.bin is not a complete"):
        read(tmp_path_factory.getbasetemp(), SMALL[:length])


@pytest.mark.parametrize(
    "content",
    [
        written([], version=5),
        written([], specification="TransformerSpec"),
        written([("a", UNHEARD_OF, VALUES)]),
        written([], [("a", "b")]),
        b"version https://git-lfs.github.com/spec/v1\n" * 99,
        bytes(1000),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableWeightsError):
        read(tmp_path, content)


def test_an_engine_names_the_folder_of_weights_that_nothing_reads(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    weights = tmp_path / "model.bin"
    weights.write_bytes(weights.read_bytes()[:100_000])
    with pytest.raises(ModelLoadError, match=str(tmp_path)):
        WhisperEngine(tmp_path, device="cpu")


@given(st.integers(0, len(SMALL) - 1), st.integers(0, 255))
def test_a_damaged_file_is_refused_or_read_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    damaged = bytearray(SMALL)
    damaged[place] = byte
    try:
        weights = read(tmp_path_factory.getbasetemp(), bytes(damaged))
        assert weights["b"].dtype == np.float32
    except UnreadableWeightsError:
        assert bytes(damaged) != SMALL
