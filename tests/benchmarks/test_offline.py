from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import offline
from benchmarks.harness.errors import OfflineFailedError
from benchmarks.harness.offline import Job, OfflineWhisper, Transcript


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    (made / "model.bin").write_bytes(b"weights")
    return made


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "a.wav"
    file.write_bytes(b"sound")
    return file


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Jobs that reached the process, which there is none of."""
    jobs: list[Job] = []

    def answer(_: Any, job: Job) -> Transcript:
        jobs.append(job)
        return Transcript(text=f"text {len(jobs)}", language="en", cpu_s=1.0)

    monkeypatch.setattr(offline, "_ask", answer)
    monkeypatch.setattr(OfflineWhisper, "_start", lambda _: None)
    return jobs


def transcribe(folder: Path, recording: Path, cache: Path | None, language: str = "en") -> str:
    with OfflineWhisper(folder, device="cpu", cache=cache) as whisper:
        return whisper.transcribe(Job(path=str(recording), language=language)).text


def test_every_run_measures_for_itself_unless_told_otherwise(
    folder: Path, recording: Path, asked: list[Job]
) -> None:
    assert transcribe(folder, recording, None) == "text 1"
    assert transcribe(folder, recording, None) == "text 2"


def test_a_cache_recalls_what_the_same_weights_made_of_the_same_sound(
    folder: Path, recording: Path, asked: list[Job], tmp_path: Path
) -> None:
    cache = tmp_path / "cache.json"
    assert transcribe(folder, recording, cache) == "text 1"
    assert transcribe(folder, recording, cache) == "text 1"
    assert len(asked) == 1


def test_other_sound_weights_or_language_are_not_recalled(
    folder: Path, recording: Path, asked: list[Job], tmp_path: Path
) -> None:
    cache = tmp_path / "cache.json"
    transcribe(folder, recording, cache)
    transcribe(folder, recording, cache, language="de")
    recording.write_bytes(b"other sound")
    transcribe(folder, recording, cache)
    (folder / "model.bin").write_bytes(b"other weights")
    transcribe(folder, recording, cache)
    assert len(asked) == 4


def test_a_process_that_ends_is_an_error_that_names_the_recording(
    tmp_path: Path, recording: Path
) -> None:
    whisper = OfflineWhisper(tmp_path / "no model here", device="cpu")
    with whisper, pytest.raises(OfflineFailedError, match=r"a\.wav"):
        whisper.transcribe(Job(path=str(recording), language="en"))
