from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sferic.models.graph import FLOAT, Graph
from sferic.models.onnx_header import NotOnnxError, read_header


def write(path: Path) -> Path:
    graph = Graph()
    weights = graph.constant(np.ones((300, 7), np.float32))
    graph.node("MatMul", "x", weights, name="y")
    model = onnx.load_from_string(
        graph.serialized({"x": (FLOAT, ("N", 300))}, {"y": (FLOAT, ("N", 7))})
    )
    model.metadata_props.add(key="T", value="45")
    model.metadata_props.add(key="empty", value="")
    onnx.save(model, path)
    return path


def test_a_header_has_metadata_and_the_shapes_of_inputs_and_outputs(tmp_path: Path) -> None:
    header = read_header(write(tmp_path / "m.onnx"))
    assert header.metadata == {"T": "45", "empty": ""}
    assert header.inputs == {"x": (None, 300)}
    assert header.outputs == {"y": (None, 7)}


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"hello", b"\x00" * 100, b"\xff" * 100, b"<html></html>"):
        (tmp_path / "m.onnx").write_bytes(content)
        with pytest.raises(NotOnnxError):
            read_header(tmp_path / "m.onnx")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(share=st.floats(0, 0.95))
def test_a_model_that_ends_in_its_weights_is_refused(tmp_path: Path, share: float) -> None:
    whole = write(tmp_path / "m.onnx").read_bytes()
    (tmp_path / "part.onnx").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(NotOnnxError):
        read_header(tmp_path / "part.onnx")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "any.onnx").write_bytes(content)
    with pytest.raises(NotOnnxError):
        read_header(tmp_path / "any.onnx")
