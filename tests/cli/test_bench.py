import json
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from engines import FakeEngine, FakeVoiceActivity, say, silence
from sferic import cli
from sferic.bench import streams
from sferic.config import Settings
from sferic.errors import InvalidSettingsError, NotServedError, UnreadableRecordingError
from sferic.recognition.recognizer import Recognizer


class Loaded(Recognizer):
    """What the command loads here; it remembers what for."""

    settings: list[Settings]

    @classmethod
    def from_settings(cls, settings: Settings, progress: Any = None) -> "Loaded":
        cls.settings.append(settings)
        return cls(FakeEngine(parallel=2), FakeVoiceActivity())

    def calibrate(self) -> None:
        """Nothing: the sample that it takes is no speech to the fake engine."""


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Settings that a recognizer was loaded with."""
    Loaded.settings = []
    monkeypatch.setattr("sferic.recognition.recognizer.Recognizer", Loaded)
    monkeypatch.setattr(streams, "SETTLE_S", 0.3)
    monkeypatch.setattr(streams, "_SPREAD_S", 0.1)
    return Loaded.settings


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two words and silence, in a WAV file."""
    file = tmp_path / "speech.wav"
    samples = np.concatenate((silence(0.2), say(1, 2), silence(0.3)))
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(np.rint(samples * 32_767).astype("<i2").tobytes())
    return file


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["bench", *arguments], catch_exceptions=False)


def test_the_quick_look_says_what_things_cost(recording: Path, tmp_path: Path) -> None:
    file = tmp_path / "quick.json"
    result = run("--audio", str(recording), "--json", str(file))
    assert result.exit_code == 0
    assert "real-time factor" in result.stdout
    assert "sferic bench --capacity" in result.stdout
    read = json.loads(file.read_text())
    assert read["audio_s"] == pytest.approx(2.5, abs=0.01)
    assert read["setting"]["speech"] == "1 recordings"


def test_the_capacity_is_searched_for_and_told_with_what_a_server_would_take(
    recording: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    found, drawn = tmp_path / "found.json", tmp_path / "found.png"
    result = run(
        "--capacity",
        *("--audio", str(recording), "--up-to", "2", "--seconds", "1"),
        *("--json", str(found), "--plot", str(drawn)),
    )
    assert result.exit_code == 0
    assert "Up to 2 streams in 2 steps: at most 4 s" in " ".join(result.stderr.split())
    assert "Streams held: 2 or more" in result.stdout
    assert "A server on this machine would take" in result.stdout
    read = json.loads(found.read_text())
    assert [step["streams"] for step in read["steps"]] == [1, 2]
    assert read["latency_s"] == 0.7
    assert drawn.read_bytes().startswith(b"\x89PNG")


def test_flags_of_recognition_are_those_of_the_server(
    recording: Path, loaded: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFERIC_THREADS", "2")
    flags = ("--model", "x", "--device", "cpu", "--compute-type", "int8", "--workers", "3")
    assert run("--audio", str(recording), *flags).exit_code == 0
    (settings,) = loaded
    assert (settings.model, settings.device, settings.compute_type) == ("x", "cpu", "int8")
    assert (settings.workers, settings.threads) == (3, 2)
    with pytest.raises(InvalidSettingsError):
        run("--workers", "many")


@pytest.mark.parametrize(
    ("flags", "within"),
    [((), 0.5), (("--latency-ms", "900"), 0.9)],
)
def test_the_latency_is_that_of_the_settings_unless_it_is_given(
    recording: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    within: float,
) -> None:
    monkeypatch.setenv("SFERIC_FINAL_LATENCY_MS", "500")
    file = tmp_path / "found.json"
    search = ("--capacity", "--up-to", "1", "--seconds", "1", "--json", str(file))
    assert run("--audio", str(recording), *search, *flags).exit_code == 0
    assert json.loads(file.read_text())["latency_s"] == within


@pytest.mark.parametrize(
    "flag", [("--seconds", "5"), ("--up-to", "5"), ("--latency-ms", "5"), ("--plot", "x.png")]
)
def test_what_is_for_the_capacity_is_refused_without_it(
    flag: tuple[str, str], loaded: list[Settings]
) -> None:
    result = run(*flag)
    assert result.exit_code == 2
    assert "it is for --capacity" in result.stderr
    assert loaded == []


def test_without_matplotlib_a_plot_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, loaded: list[Settings]
) -> None:
    monkeypatch.setattr("sferic.cli.bench.find_spec", lambda name: None)
    result = run("--capacity", "--plot", "x.png")
    assert result.exit_code == 2
    assert "sferic[benchmark]" in result.stderr
    assert loaded == []


def test_a_file_that_is_no_audio_is_told_before_anything_is_loaded(
    tmp_path: Path, loaded: list[Settings]
) -> None:
    file = tmp_path / "no.wav"
    file.write_text("no audio")
    with pytest.raises(UnreadableRecordingError):
        run("--audio", str(file))
    assert loaded == []


def test_a_language_that_the_model_does_not_know_is_told_before_it_measures(
    recording: Path,
) -> None:
    with pytest.raises(NotServedError):
        run("--capacity", "--audio", str(recording), "--language", "fr")


def test_its_imports_wait_until_it_is_called() -> None:
    import subprocess

    code = "import sys; import sferic.cli; print('sferic.bench.running' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
