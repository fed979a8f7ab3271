import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sferic import cli
from sferic.errors import (
    ModelFileMissingError,
    ModelStorageError,
    SfericError,
    UnknownModelError,
)
from sferic.models import ModelStore, load_catalogue
from sferic.recognition import hardware

run = CliRunner()


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SFERIC_MODELS", str(tmp_path))
    return tmp_path


def install(root: Path, name: str) -> Path:
    """Files of the right sizes; their contents are zeros."""
    folder = root / name
    folder.mkdir()
    for file in load_catalogue()[name].files:
        with (folder / file.name).open("wb") as stream:
            stream.truncate(file.size)
    return folder


def end(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command as the shell does; its exit code."""
    monkeypatch.setattr(sys, "argv", ["sferic", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_the_list_shows_what_there_is_and_what_is_here(root: Path) -> None:
    install(root, "silero-vad")
    lines = run.invoke(cli.app, ["models", "list"]).stdout.splitlines()
    rows = {line.split()[0]: line for line in lines if line.strip()}
    assert rows["whisper-base"].split()[1:8] == [
        "(default)",
        "147.9",
        "MB",
        "31",
        "MIT",
        "no",
        "hub",
    ]
    assert rows["silero-vad"].split()[1:6] == ["1.3", "MB", "any", "MIT", "yes"]
    assert str(root) in lines[-1]


def test_the_list_is_also_json(root: Path) -> None:
    folder = install(root, "silero-vad")
    rows = json.loads(run.invoke(cli.app, ["models", "list", "--json"]).stdout)
    assert [row["name"] for row in rows] == [model.name for model in load_catalogue()]
    assert rows[0]["installed"] is False
    assert rows[0]["path"] is None
    found = {row["name"]: row["path"] for row in rows}
    assert found["silero-vad"] == str(folder)


def test_the_path_is_printed_alone(root: Path) -> None:
    folder = install(root, "silero-vad")
    result = run.invoke(cli.app, ["models", "path", "silero-vad"])
    assert (result.exit_code, result.stdout) == (0, f"{folder}\n")


def test_pull_fetches_the_default_model_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pulled: list[str] = []

    def pull(self: ModelStore, name: str, progress: object) -> Path:
        pulled.append(name)
        return tmp_path / name

    monkeypatch.setattr(ModelStore, "pull", pull)
    result = run.invoke(cli.app, ["models", "pull"])
    assert result.stdout == f"whisper-base: {tmp_path}/whisper-base\n"
    run.invoke(cli.app, ["models", "pull", "whisper-small", "silero-vad"])
    assert pulled == ["whisper-base", "whisper-small", "silero-vad"]


def test_a_wrong_name_is_told_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelStore, "pull", None)
    result = run.invoke(cli.app, ["models", "pull", "silero-vad", "whisper-huge"])
    assert isinstance(result.exception, UnknownModelError)


def test_an_interrupted_pull_says_that_it_can_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(self: ModelStore, name: str, progress: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(ModelStore, "pull", interrupt)
    assert end(monkeypatch, "models", "pull") == 130
    assert "goes on from here" in capsys.readouterr().err


def test_verify_names_damaged_files_and_how_to_repair_them(root: Path) -> None:
    install(root, "silero-vad")
    result = run.invoke(cli.app, ["models", "verify"])
    assert result.exit_code == 1
    line = "silero-vad/silero_vad_16k_op15.onnx: damaged (digest pinned by the catalogue)\n"
    assert result.stdout == line
    assert result.stderr == "To repair: sferic models pull silero-vad\n"


def test_verify_of_a_model_that_is_not_here_fails(root: Path) -> None:
    result = run.invoke(cli.app, ["models", "verify", "whisper-tiny.en"])
    assert result.exit_code == 1
    assert "whisper-tiny.en/model.bin: missing" in result.stdout


def test_verify_of_nothing_says_so(root: Path) -> None:
    result = run.invoke(cli.app, ["models", "verify"])
    assert (result.exit_code, result.stdout) == (0, f"No model in {root}\n")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownModelError("x", ["y"]), 2),
        (ModelStorageError(Path("/x"), "the disk is full"), 1),
    ],
)
def test_an_expected_error_is_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: SfericError,
    code: int,
) -> None:
    def fail(self: ModelStore, name: str) -> Path:
        raise error

    monkeypatch.setattr(ModelStore, "path", fail)
    assert end(monkeypatch, "models", "path", "x") == code
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", f"sferic: {error}\n")


def test_a_wrong_flag_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert end(monkeypatch, "models", "list", "--no-such-flag") == 2


def test_a_reader_that_had_enough_gets_no_complaint() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-c", "from sferic.cli import main; main()", "models", "list"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert ended.stderr == b""


def test_recommend_says_what_to_run_and_which_figures_are_estimates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    arguments = ["models", "recommend", "--languages", "en,or", "--memory", "16", "--device", "cpu"]
    result = run.invoke(cli.app, arguments)
    assert result.exit_code == 0
    rows = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line.strip()}
    assert rows["whisper-base"][1:] == ["en", "en", "18", "426.0", "MB", "16", "no"]
    assert rows["whisper-small"][1:] == ["en", "?", "~959.3", "MB", "~4", "no"]
    assert rows["zipformer-en"][-2:] == ["?", "no"]
    assert "Run: sferic serve --model whisper-small" in result.stdout
    assert "sferic serve --model omnilingual-ctc (en, or)" in result.stdout


def test_recommend_says_what_nobody_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    arguments = ["models", "recommend", "--languages", "or,en", "--memory", "0.5"]
    result = run.invoke(cli.app, [*arguments, "--device", "cpu"])
    assert "Run: sferic serve --model whisper-base" in result.stdout
    assert "No model that fits serves: or" in result.stdout


def test_recommend_takes_no_language_that_there_is_not() -> None:
    result = run.invoke(cli.app, ["models", "recommend", "--languages", "en,xx"])
    assert result.exit_code == 2
    assert "xx" in result.stderr


def test_lock_writes_down_what_is_here_unless_it_is_damaged(root: Path) -> None:
    result = run.invoke(cli.app, ["models", "lock"])
    assert (result.exit_code, result.stdout.split()[0]) == (0, "0")
    assert json.loads((root / "sferic-models.lock").read_text()) == {"models": {}}
    install(root, "silero-vad")
    result = run.invoke(cli.app, ["models", "lock", "silero-vad"])
    assert isinstance(result.exception, ModelFileMissingError)
