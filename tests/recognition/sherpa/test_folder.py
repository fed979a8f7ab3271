"""Folders that are not what they should be: sherpa-onnx would end the process with most of them."""

import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest

from recognition.sherpa import tiny
from recognition.sherpa.loading import loaded
from sferic.errors import MissingExtraError, ModelFileMissingError, ModelLoadError
from sferic.models import ModelStore

Make = Callable[[Path], Path]


def without(file: Path, key: str) -> None:
    """Take a key out of the metadata."""
    model = onnx.load(file)
    kept = [entry for entry in model.metadata_props if entry.key != key]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, file)


@pytest.mark.parametrize(
    ("make", "file", "key"),
    [
        (tiny.zipformer, "encoder.int8.onnx", "num_encoder_layers"),
        (tiny.zipformer, "decoder.onnx", "context_size"),
        (tiny.nemo_streaming_transducer, "encoder.int8.onnx", "pred_hidden"),
        (tiny.nemo_streaming_ctc, "model.int8.onnx", "cache_last_time_dim2"),
        (tiny.nemo_transducer, "encoder.int8.onnx", "vocab_size"),
        (tiny.nemo_ctc, "model.int8.onnx", "vocab_size"),
        (tiny.sense_voice, "model.int8.onnx", "neg_mean"),
    ],
)
def test_metadata_that_is_missing_is_named_with_its_file(
    tmp_path: Path, make: Make, file: str, key: str
) -> None:
    folder = make(tmp_path / "model")
    without(folder / file, key)
    with pytest.raises(ModelLoadError, match=f"{file} lacks the metadata {key}"):
        loaded(folder)


@pytest.mark.parametrize("make", [tiny.zipformer, tiny.nemo_ctc, tiny.moonshine])
def test_a_file_that_ends_early_is_named(tmp_path: Path, make: Make) -> None:
    folder = make(tmp_path / "model")
    file = min(folder.glob("*.onnx"))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ModelLoadError, match=f"{file.name} is damaged"):
        loaded(folder)


def test_a_placeholder_of_git_lfs_is_told_from_a_damaged_file(tmp_path: Path) -> None:
    folder = tiny.zipformer(tmp_path / "model")
    (folder / "encoder.int8.onnx").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ModelLoadError, match=r"encoder\.int8\.onnx is only a placeholder.*git lfs"):
        loaded(folder)


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        ("<blk> 0\nA 2\n", "not numbered from 0 on"),
        ("", "not numbered"),
        ("<blk> 0\nsomething else\n", "line 2 of tokens.txt is no token with its number"),
    ],
)
def test_tokens_that_are_none_are_refused(tmp_path: Path, tokens: str, message: str) -> None:
    folder = tiny.zipformer(tmp_path / "model")
    (folder / "tokens.txt").write_text(tokens)
    with pytest.raises(ModelLoadError, match=message):
        loaded(folder)


def test_tokens_of_another_model_are_refused(tmp_path: Path) -> None:
    folder = tiny.nemo_streaming_transducer(tmp_path / "model")
    tiny.write_tokens(folder, [*tiny.TOKENS, "▁MORE", "<blk>"])
    with pytest.raises(ModelLoadError, match="has 8 tokens where the model has 7"):
        loaded(folder)


@pytest.mark.parametrize("make", [tiny.nemo_streaming_transducer, tiny.nemo_ctc])
def test_tokens_without_a_blank_are_refused(tmp_path: Path, make: Make) -> None:
    folder = make(tmp_path / "model")
    tiny.write_tokens(folder, [*tiny.TOKENS, "x"])
    with pytest.raises(ModelLoadError, match="has no <blk>"):
        loaded(folder)


def test_a_joiner_with_durations_that_nothing_announces_is_refused(tmp_path: Path) -> None:
    folder = tiny.nemo_transducer(tmp_path / "model")
    without(folder / "encoder.int8.onnx", "url")
    with pytest.raises(ModelLoadError, match="has 12 outputs where 7 tokens are"):
        loaded(folder)


def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = tiny.zipformer(tmp_path / "model")
    model = onnx.load(folder / "encoder.int8.onnx")
    next(entry for entry in model.metadata_props if entry.key == "T").value = "many"
    onnx.save(model, folder / "encoder.int8.onnx")
    with pytest.raises(ModelLoadError, match="says T='many'"):
        loaded(folder)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = tiny.zipformer(tmp_path / "model")
    (folder / "tokens.txt").unlink()
    with pytest.raises(ModelFileMissingError, match=r"tokens\.txt"):
        loaded(folder)


def test_what_is_no_kind_that_is_known_is_told_with_those_that_are(tmp_path: Path) -> None:
    folder = tiny.zipformer(tmp_path / "model")
    (folder / "joiner.int8.onnx").unlink()
    with pytest.raises(ModelLoadError, match=r"no kind that is known here.*sherpa-zipformer"):
        loaded(folder)


def test_what_sherpa_rejects_is_told_with_the_folder(tmp_path: Path) -> None:
    folder = tiny.zipformer(tmp_path / "model")
    (folder / "joiner.int8.onnx").write_bytes(tiny.unrunnable())
    with pytest.raises(ModelLoadError, match="NoSuchOperator"):
        loaded(folder)


def test_languages_are_those_that_a_file_says_or_the_model_or_the_name(tmp_path: Path) -> None:
    named = tiny.zipformer(tmp_path / "zipformer-EN-de-20M")
    assert loaded(named, languages=None).languages == ("en", "de")
    (named / "sferic.toml").write_text('languages = ["hi", "or"]')
    assert loaded(named, languages=None).languages == ("hi", "or")
    told = tiny.nemo_streaming_transducer(tmp_path / "nemotron", prompted=True)
    assert loaded(told, languages=None).languages == ("de", "en")


def test_a_folder_that_says_nothing_of_languages_is_refused_with_what_to_do(
    tmp_path: Path,
) -> None:
    folder = tiny.zipformer(tmp_path / "model")
    with pytest.raises(ModelLoadError, match=r"write them into .*sferic\.toml"):
        loaded(folder, languages=None)
    (folder / "sferic.toml").write_text('languages = ["klingon"]')
    with pytest.raises(ModelLoadError, match="has to be a list of codes"):
        loaded(folder, languages=None)
    (folder / "sferic.toml").write_text("languages = [")
    with pytest.raises(ModelLoadError, match=r"sferic\.toml cannot be read"):
        loaded(folder, languages=None)


def test_the_store_takes_a_folder_with_onnx_files_and_leaves_its_family_to_others(
    tmp_path: Path,
) -> None:
    folder = tiny.nemo_ctc(tmp_path / "indic-hi")
    found = ModelStore(tmp_path / "store").resolve(folder)
    assert (found.name, found.family, found.languages) == ("indic-hi", None, None)


def test_without_sherpa_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny.zipformer(tmp_path / "model")
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sferic\[sherpa\]'"):
        loaded(folder)


def test_a_gpu_that_is_asked_for_needs_a_sherpa_that_was_built_for_it(tmp_path: Path) -> None:
    folder = tiny.zipformer(tmp_path / "model")
    with pytest.raises(ModelLoadError, match="built for CPUs only"):
        loaded(folder, device="cuda")
