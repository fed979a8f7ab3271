"""Which backend a model gets, and what happens where the first choice does not work."""

from pathlib import Path

import ctranslate2
import msgspec
import numpy as np
import pytest

from recognition.whisper import tiny
from sferic.errors import ModelLoadError
from sferic.models import graph
from sferic.models.conversion import REJECTIONS
from sferic.recognition.whisper import conversion, loading
from sferic.recognition.whisper.backend import Backend, Request
from sferic.recognition.whisper.ctranslate_backend import CTranslateBackend
from sferic.recognition.whisper.engine import WhisperEngine
from sferic.recognition.whisper.loading import load_backend
from sferic.recognition.whisper.onnx_backend import OnnxBackend

FEATURES = np.random.default_rng(4).standard_normal((1, tiny.BANDS, 60)).astype(np.float32)
REQUEST = Request(start=(tiny.START, tiny.ENGLISH, tiny.TRANSCRIBE, tiny.NO_TIMES), room=6)


def load(folder: Path, compute_type: str = "auto") -> Backend:
    return load_backend(folder, tiny.vocabulary(), gpu=False, compute_type=compute_type)


def decoded(backend: Backend) -> list[int]:
    return [*backend.decode(backend.encode(FEATURES), REQUEST).tokens]


@pytest.mark.parametrize(
    ("compute_type", "kind"),
    [
        ("auto", OnnxBackend),
        ("int8", OnnxBackend),
        ("float32", OnnxBackend),
        ("default", CTranslateBackend),
    ],
)
def test_a_cpu_gets_graphs_in_the_number_formats_that_they_have(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, compute_type: str, kind: type
) -> None:
    tiny.write(tmp_path)
    assert isinstance(load(tmp_path, compute_type), kind)
    assert not caplog.messages


def test_both_backends_answer_alike(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    theirs = CTranslateBackend(tmp_path, tiny.vocabulary(), device="cpu", compute_type="float32")
    ours = load(tmp_path, "float32")
    one, other = (backend.decode(backend.encode(FEATURES), REQUEST) for backend in (ours, theirs))
    assert one.tokens == other.tokens
    assert one.log_probability == pytest.approx(other.log_probability, abs=1e-4)
    assert one.no_speech == pytest.approx(other.no_speech, abs=1e-5)
    assert (ours.bands, ours.multilingual) == (theirs.bands, theirs.multilingual)


def test_neither_decodes_what_is_forbidden(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    theirs = CTranslateBackend(tmp_path, tiny.vocabulary(), device="cpu", compute_type="float32")
    ours = load(tmp_path, "float32")
    forbidden: set[int] = set()
    for _ in range(4):
        request = msgspec.structs.replace(REQUEST, forbidden=[*forbidden])
        one, other = (
            [*backend.decode(backend.encode(FEATURES), request).tokens]
            for backend in (ours, theirs)
        )
        assert one == other
        assert one
        assert not forbidden & {*one}
        forbidden |= {*one}


def test_ctranslate2_takes_what_cannot_be_made_into_graphs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny.write(tmp_path, width=96)
    backend = load(tmp_path)
    assert isinstance(backend, CTranslateBackend)
    (warning,) = caplog.messages
    assert str(tmp_path) in warning
    assert "multiple of 128" in warning
    assert decoded(backend)


@pytest.mark.parametrize("rejection", REJECTIONS)
def test_ctranslate2_takes_what_onnx_runtime_does_not_run(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    rejection: type[Exception],
) -> None:
    tiny.write(tmp_path)
    expected = decoded(load(tmp_path, "float32"))

    def refused(*_: object) -> None:
        raise rejection("no kernel for MatMulNBits on this CPU")

    monkeypatch.setattr(conversion, "_session", refused)
    backend = load(tmp_path, "float32")
    assert isinstance(backend, CTranslateBackend)
    assert "no kernel for MatMulNBits on this CPU" in caplog.text
    assert decoded(backend) == expected


def test_ctranslate2_takes_what_memory_cannot_hold_as_graphs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.write(tmp_path)
    monkeypatch.setattr(graph, "_LARGEST", 10_000)
    assert isinstance(load(tmp_path), CTranslateBackend)
    assert "2 GB" in caplog.text


def test_an_engine_tells_which_folder_neither_takes(tmp_path: Path) -> None:
    tiny.write(tmp_path)
    (tmp_path / "model.bin").write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(ModelLoadError, match=str(tmp_path)):
        WhisperEngine(tmp_path, device="cpu")


def test_an_engine_loads_a_model_of_ones_own(tmp_path: Path) -> None:
    tiny.write(tmp_path / "mine")
    engine = WhisperEngine(tmp_path / "mine", device="cpu", conversions=tmp_path / "converted")
    assert engine.name == "mine"
    assert engine.languages == ("en",)
    assert [*(tmp_path / "converted").glob("mine-*/int8-*/encoder.onnx")]
    engine.close()


@pytest.mark.parametrize(
    ("supported", "taken"), [({"float16", "float32"}, "float16"), ({"int8", "float32"}, "float32")]
)
def test_a_gpu_gets_half_precision_where_it_computes_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, supported: set[str], taken: str
) -> None:
    asked: list[dict[str, object]] = []

    def backend(*_: object, **how: object) -> None:
        asked.append(how)

    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda device: supported)
    monkeypatch.setattr(loading, "CTranslateBackend", backend)
    load_backend(tmp_path, tiny.vocabulary(), gpu=True, workers=16, batch=8)
    [how] = asked
    assert how == {"device": "cuda", "compute_type": taken, "workers": 16, "threads": 1, "batch": 8}
