import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.harness.errors import (
    ManifestError,
    NothingSelectedError,
    SpeechMissingError,
    UnknownFilterError,
)
from benchmarks.harness.speech import Utterance, load_utterances, pcm, select, speech_folder


def utterance(audio: str = "en/set/a.wav", **changes: Any) -> Utterance:
    fields: dict[str, Any] = {
        "audio": audio,
        "lang": audio[:2],
        "text": "one two",
        "duration": 2.0,
        "sample_rate": 16000,
        "kind": "read",
    }
    return Utterance(**(fields | changes))


def write_wav(path: Path, samples: np.ndarray[Any, Any], rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


@pytest.mark.parametrize("named", [None, "nowhere"])
def test_where_speech_is_missing_the_error_names_the_variable(
    named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if named is None:
        monkeypatch.delenv("SFERIC_SPEECH", raising=False)
    else:
        monkeypatch.setenv("SFERIC_SPEECH", str(tmp_path / named))
    with pytest.raises(SpeechMissingError, match="SFERIC_SPEECH"):
        speech_folder()


def test_a_manifest_is_read_with_the_places_of_its_recordings(tmp_path: Path) -> None:
    row = {
        "audio": "de/css10/a.wav",
        "lang": "de",
        "text": "ja",
        "duration": 1.5,
        "sample_rate": 22050,
        "kind": "read",
        "source": "somebody/css10 a.wav",
        "license": "CC0",
        "note": "not needed",
    }
    write_wav(tmp_path / row["audio"], np.zeros(10), 22050)  # type: ignore[operator]
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(json.dumps(row) + "\n\n", encoding="utf-8")
    (found,) = load_utterances(manifest)
    assert (found.lang, found.collection, found.path.is_file()) == ("de", "css10", True)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 1"),
        ('{"audio": "a"}', "missing required field"),
        (
            '{"audio": "gone.wav", "lang": "en", "text": "", "duration": 1, "sample_rate": 8000}',
            "there is no gone.wav",
        ),
    ],
)
def test_a_bad_line_of_a_manifest_is_named(tmp_path: Path, line: str, reason: str) -> None:
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(line, encoding="utf-8")
    with pytest.raises(ManifestError, match=reason):
        load_utterances(manifest)


def test_marks_of_annotators_are_not_part_of_what_was_said() -> None:
    spoken = utterance("fr/sppas_cid/a.flac", text="quoi + et puis <à,là> @ je mett(r)ais * ‹ça›  ")
    assert spoken.reference == "quoi et puis à je mettrais ça"


def test_marks_stay_in_the_text_of_other_collections() -> None:
    assert utterance(text="two + two is <four>").reference == "two + two is <four>"


def test_words_in_brackets_are_spoken() -> None:
    assert utterance(text="sure (they said) yes").reference == "sure they said yes"


def test_synthetic_speech_is_never_selected() -> None:
    chosen = select([utterance(), utterance(kind="tts")])
    assert len(chosen.utterances) == chosen.synthetic == 1


def test_filters_leave_out_and_count() -> None:
    rows = [
        utterance("en/a/1.wav"),
        utterance("en/a/2.wav", duration=40.0),
        utterance("en/b/3.wav"),
        utterance("fr/a/4.wav"),
        utterance("or/a/5.wav"),
    ]
    chosen = select(
        rows, languages=["en", "or"], sources=["a"], served=["en", "fr"], max_seconds=28
    )
    assert [row.audio for row in chosen.utterances] == ["en/a/1.wav"]
    assert (chosen.longer, chosen.unserved, chosen.seconds) == (1, 1, 2.0)


def test_a_limit_takes_evenly_from_the_whole() -> None:
    rows = [utterance(f"en/set/{number}.wav") for number in range(100)]
    chosen = select(rows, limit=4)
    assert [Path(row.audio).stem for row in chosen.utterances] == ["0", "25", "50", "75"]


def test_a_filter_that_matches_nothing_says_what_there_is() -> None:
    with pytest.raises(UnknownFilterError, match="no language xx; it has en, fr"):
        select([utterance(), utterance("fr/a/1.wav")], languages=["en", "xx"])
    with pytest.raises(UnknownFilterError, match="no source other; it has set"):
        select([utterance()], sources=["other"])


def test_when_nothing_is_left_the_error_says_why() -> None:
    with pytest.raises(NothingSelectedError, match="1 are synthetic, 1 are too long"):
        select([utterance(kind="tts"), utterance(duration=30.0)], max_seconds=28)


@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_recordings_are_decoded_to_the_rate_that_is_sent(tmp_path: Path, rate: int) -> None:
    tone = 8000 * np.sin(np.arange(22050) * 2 * np.pi * 440 / 22050)
    write_wav(tmp_path / "tone.wav", tone, 22050)
    samples = np.frombuffer(pcm(tmp_path / "tone.wav", rate), dtype="<i2")
    assert abs(len(samples) - rate) <= rate // 500
    assert np.abs(samples).max() == pytest.approx(8000, rel=0.05)
