"""Graphs that are made once and kept, and everything that may be wrong with the place for them."""

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from recognition.whisper import tiny
from sferic.models import ModelStore, graph
from sferic.recognition.whisper import conversion
from sferic.recognition.whisper.conversion import Sessions, Source, sessions

FILES = ["decoder.onnx", "decoder.weights", "encoder.onnx", "encoder.weights"]


@pytest.fixture
def model(tmp_path: Path) -> Source:
    tiny.write(tmp_path / "models" / "tiny")
    return Source(folder=tmp_path / "models" / "tiny", quantized=True)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "models" / "converted"


def start(model: Source, kept: Path | None) -> Sessions:
    return sessions(model, threads=1, conversions=kept)


def heard(opened: Sessions) -> NDArray[np.float32]:
    """What encoder and decoder make of some features and tokens."""
    encoder, decoder = opened
    features = np.random.default_rng(3).standard_normal((1, tiny.BANDS, 40)).astype(np.float32)
    names = [output.name for output in encoder.get_outputs()]
    inputs = dict(zip(names, encoder.run(names, {"features": features}), strict=True))
    for name in names:
        empty = np.zeros((1, tiny.HEADS, 0, tiny.WIDTH // tiny.HEADS), np.float32)
        inputs[name.replace("cross", "past")] = empty
    numbers = np.arange(4)[None]
    inputs |= dict.fromkeys(("tokens", "places", "targets"), numbers)
    inputs |= {"rows": numbers[0], "mask": np.zeros((1, 1, 4, 4), np.float32)}
    inputs["penalties"] = np.zeros(len(tiny.TOKENS), np.float32)
    logits: NDArray[np.float32] = decoder.run(["row_logits"], inputs)[0]
    return logits


def conversions(kept: Path) -> list[str]:
    return sorted(path.name for path in kept.glob("*/*"))


def made_again(monkeypatch: pytest.MonkeyPatch) -> list[Source]:
    """The models that are converted from now on."""
    made: list[Source] = []
    makers = conversion._makers

    def counted(source: Source) -> Any:
        made.append(source)
        return makers(source)

    monkeypatch.setattr(conversion, "_makers", counted)
    return made


def test_a_second_start_converts_nothing(
    model: Source, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = made_again(monkeypatch)
    first, second = start(model, kept), start(model, kept)
    assert made == [model]
    np.testing.assert_array_equal(heard(first), heard(second))
    (place,) = kept.glob("*/*")
    assert sorted(path.name for path in place.iterdir()) == FILES


def test_files_answer_as_memory_does(model: Source, kept: Path) -> None:
    np.testing.assert_array_equal(heard(start(model, kept)), heard(start(model, None)))


def test_the_folder_of_the_model_is_left_alone(model: Source, kept: Path) -> None:
    before = {path: path.read_bytes() for path in model.folder.iterdir()}
    start(model, kept)
    assert {path: path.read_bytes() for path in model.folder.iterdir()} == before


def newer_weights(folder: Path) -> None:
    weights = folder / "model.bin"
    later = weights.stat().st_mtime + 2
    os.utime(weights, (later, later))


def other_config(folder: Path) -> None:
    (folder / "config.json").write_text('{"suppress_ids": [1]}')


@pytest.mark.parametrize("change", [newer_weights, other_config])
def test_a_model_that_changed_is_converted_again_and_the_old_conversion_goes(
    model: Source, kept: Path, change: Callable[[Path], None]
) -> None:
    start(model, kept)
    (before,) = conversions(kept)
    change(model.folder)
    start(model, kept)
    (after,) = conversions(kept)
    assert before != after


def test_what_other_code_made_is_not_used(
    model: Source, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(model, kept)
    monkeypatch.setattr(conversion, "_MAKERS", conversion._MAKERS[:1])
    made = made_again(monkeypatch)
    start(model, kept)
    assert made == [model]


def test_number_formats_and_models_of_the_same_name_lie_side_by_side(
    model: Source, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Source(folder=tmp_path / "elsewhere" / "tiny", quantized=True)
    tiny.write(other.folder)
    exact = Source(folder=model.folder, quantized=False)
    for source in (model, exact, other):
        start(source, kept)
    assert len(conversions(kept)) == 3
    made = made_again(monkeypatch)
    for source in (model, exact, other):
        start(source, kept)
    assert made == []


def test_models_may_move_together_with_their_conversions(
    model: Source, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(model, kept)
    (tmp_path / "models").rename(tmp_path / "moved")
    made = made_again(monkeypatch)
    moved = Source(folder=tmp_path / "moved" / "tiny", quantized=True)
    start(moved, tmp_path / "moved" / "converted")
    assert made == []


def cut(place: Path) -> None:
    weights = place / "decoder.weights"
    os.truncate(weights, weights.stat().st_size // 2)


def emptied(place: Path) -> None:
    (place / "encoder.onnx").write_bytes(b"")


def overwritten(place: Path) -> None:
    (place / "encoder.onnx").write_bytes(b"no graph" * 100)


def lost(place: Path) -> None:
    (place / "decoder.onnx").unlink()


@pytest.mark.parametrize("damage", [cut, emptied, overwritten, lost])
def test_a_damaged_conversion_is_made_again(
    model: Source, kept: Path, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    expected = heard(start(model, kept))
    (place,) = kept.glob("*/*")
    damage(place)
    np.testing.assert_array_equal(heard(start(model, kept)), expected)
    (warning,) = caplog.messages
    assert f"{place} does not load and is made again" in warning
    caplog.clear()
    start(model, kept)
    assert not caplog.messages


def test_without_a_place_for_it_the_conversion_stays_in_memory(
    model: Source, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "models" / "a file"
    blocked.touch()
    np.testing.assert_array_equal(heard(start(model, blocked)), heard(start(model, None)))
    (warning,) = caplog.messages
    assert f"{blocked} cannot be written" in warning


def test_on_a_full_disk_nothing_is_left_behind(
    model: Source,
    kept: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add = graph.ConstantsFile.add

    def full(file: graph.ConstantsFile, values: NDArray[Any]) -> dict[str, str]:
        if file._stream.tell() > 100_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return add(file, values)

    monkeypatch.setattr(graph.ConstantsFile, "add", full)
    np.testing.assert_array_equal(heard(start(model, kept)), heard(start(model, None)))
    assert conversions(kept) == []
    assert "No space left" in caplog.text


def test_two_that_convert_at_once_do_not_collide(
    model: Source, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both_at_work = threading.Barrier(2, timeout=20)
    makers = conversion._makers

    def together(source: Source) -> Any:
        both_at_work.wait()
        return makers(source)

    monkeypatch.setattr(conversion, "_makers", together)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: heard(start(model, kept)), range(2))
    np.testing.assert_array_equal(one, other)
    (place,) = conversions(kept)
    assert place.startswith("int8-")


def test_what_a_process_that_died_had_begun_is_removed_in_the_end(
    model: Source, kept: Path
) -> None:
    start(model, kept)
    (place,) = kept.glob("*/*")
    old, young = place.with_name(".new-1-old"), place.with_name(".new-2-young")
    for folder in (old, young):
        folder.mkdir()
        (folder / "encoder.weights").touch()
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    newer_weights(model.folder)
    start(model, kept)
    assert not old.exists()
    assert young.exists()


def test_conversions_may_be_deleted_at_any_time(model: Source, kept: Path) -> None:
    opened = start(model, kept)
    expected = heard(opened)
    shutil.rmtree(kept)
    np.testing.assert_array_equal(heard(opened), expected)
    np.testing.assert_array_equal(heard(start(model, kept)), expected)


def test_a_model_whose_makers_knew_less_of_it_is_converted_too(model: Source, kept: Path) -> None:
    (model.folder / "config.json").write_text(
        '{"suppress_ids": null, "suppress_ids_begin": null, "alignment_heads": null}'
    )
    _, decoder = start(model, kept)
    shapes = {output.name: output.shape for output in decoder.get_outputs()}
    assert shapes["attention"] == [1, tiny.HEADS * tiny.LAYERS // 2, "tokens", "steps"]


def test_conversions_lie_beside_the_models_and_are_none_of_them(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    assert store.conversions.parent == store.root
    assert store.conversions.name not in store.catalogue
