"""The command from its arguments to its output, with a recognizer that needs no weights."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cli.serving import Serving
from engines import FakeEngine, fake_recognizer, linear16, say, silence
from server.harness import KEY
from sferic import cli
from sferic.audio.recordings import Recording
from sferic.cli.microphone import Microphone
from sferic.cli.sources import Block
from sferic.errors import UnreadableRecordingError
from sferic.models import DEFAULT_MODEL, ModelStore
from sferic.protocol.options import Options
from sferic.recognition.recognizer import Recognizer

SPEECH = linear16(silence(0.5), say(1, 2), silence(1.0), say(3), silence(1.0))
"""Two segments."""


class Ended:
    """What a run of the command left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err


Run = Callable[..., Ended]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    fake = FakeEngine()

    def load(*arguments: Any, **options: Any) -> Recognizer:
        loaded.append((*arguments, options["device"]))
        return fake_recognizer(fake)

    loaded: list[Any] = []
    fake.loaded = loaded  # type: ignore[attr-defined]
    monkeypatch.setattr(Recognizer, "load", load)
    return fake


@pytest.fixture
def run(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    for name in ("SFERIC_URL", "SFERIC_KEY", "SFERIC_MODEL", "SFERIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def run_command(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["sferic", "transcribe", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, *capsys.readouterr())

    return run_command


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write(tmp_path / "speech.wav", SPEECH)


def write(path: Path, samples: bytes) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(samples)
    return path


# In this process


def test_every_final_is_a_line(run: Run, recording: Path, engine: FakeEngine) -> None:
    ended = run(recording)
    assert (ended.code, ended.out, ended.err) == (0, "w1 w2\nw3\n", "")
    assert engine.closed


def test_several_recordings_follow_each_other_with_one_model(
    run: Run, recording: Path, engine: FakeEngine
) -> None:
    assert run(recording, recording).out == "w1 w2\nw3\n" * 2
    assert len(engine.loaded) == 1  # type: ignore[attr-defined]


def test_the_model_is_the_one_that_was_asked_for(
    run: Run, recording: Path, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFERIC_MODEL", "from-the-environment")
    run(recording)
    run(recording, "--model", "from-a-flag", "--device", "cpu")
    assert engine.loaded == [  # type: ignore[attr-defined]
        ("from-the-environment", "auto"),
        ("from-a-flag", "cpu"),
    ]


def test_json_is_a_message_a_line(run: Run, recording: Path) -> None:
    lines = run(recording, "--json", "--vad-events").out.splitlines()
    messages = [json.loads(line) for line in lines]
    assert {"speech_started", "speech_ended", "transcription"} == {one["type"] for one in messages}
    finals = [one for one in messages if one.get("is_final")]
    assert [one["transcript"] for one in finals] == ["w1 w2", "w3", ""]
    assert [one["is_last"] for one in finals] == [False, False, True]
    assert finals[0]["words"][0]["start"] == pytest.approx(0.5, abs=0.02)


def test_subtitles_have_the_clock_of_the_recording(run: Run, recording: Path) -> None:
    first, second = run(recording, "--format", "srt").out.strip().split("\n\n")
    assert first.splitlines()[0::2] == ["1", "w1 w2"]
    assert first.splitlines()[1].startswith("00:00:00,5")
    assert second.splitlines()[0::2] == ["2", "w3"]
    assert second.splitlines()[1].startswith("00:00:02,5")


def test_options_reach_the_stream(run: Run, recording: Path, engine: FakeEngine) -> None:
    assert run(recording, "--max-words", "1", "--language", "de").out == "w1\nw2\nw3\n"
    assert engine.calls[-1].languages == ("de",)


def test_standard_input_may_be_raw_samples(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()

    def send() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(SPEECH)

    threading.Thread(target=send).start()
    with os.fdopen(reading, "rb") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        assert run("-", "--sample-rate", "16000").out == "w1 w2\nw3\n"


def test_real_time_is_kept_when_asked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real_sleep(0)

    monkeypatch.setattr("sferic.cli.streaming.asyncio.sleep", sleep)
    short = write(tmp_path / "short.wav", linear16(say(1), silence(1.0)))
    assert run(short, "--realtime").out == "w1\n"
    assert len(slept) == 15
    assert 1.0 < slept[-1] < 1.5


# Output files


def test_the_name_of_the_output_says_the_format(run: Run, recording: Path, tmp_path: Path) -> None:
    for name, beginning in [
        ("a.srt", "1\n00:00:00"),
        ("a.vtt", "WEBVTT\n\n"),
        ("a.txt", "w1 w2\nw3\n"),
        ("a.jsonl", '{"type":"transcription"'),
    ]:
        ended = run(recording, "-o", tmp_path / name)
        assert (ended.code, ended.out, ended.err) == (0, "", "")
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


def test_a_folder_gets_a_file_for_each_recording(run: Run, recording: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.wav", linear16(say(7), silence(1.0)))
    folder = tmp_path / "subtitles"
    folder.mkdir()
    assert run(recording, other, "--format", "vtt", "-o", folder).code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["other.vtt", "speech.vtt"]
    assert "w7" in (folder / "other.vtt").read_text(encoding="utf-8")


def test_a_file_is_left_alone_when_nothing_comes(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("precious", encoding="utf-8")
    assert run(tmp_path / "nowhere.wav", "-o", kept).code == 1
    assert kept.read_text(encoding="utf-8") == "precious"


def test_an_output_that_cannot_be_written_is_told(
    run: Run, recording: Path, tmp_path: Path
) -> None:
    ended = run(recording, "-o", tmp_path / "nowhere" / "a.txt")
    assert ended.code == 1
    assert "No such file or directory" in ended.err
    assert "Traceback" not in ended.err


# What goes wrong


def test_a_recording_that_fails_does_not_stop_the_next(
    run: Run, recording: Path, tmp_path: Path
) -> None:
    ended = run(tmp_path / "nowhere.wav", recording, __file__)
    assert (ended.code, ended.out) == (1, "w1 w2\nw3\n")
    first, second = ended.err.splitlines()
    assert first == f"sferic: {tmp_path / 'nowhere.wav'}: No such file or directory"
    assert second.startswith(f"sferic: {__file__}: it is no audio or video")


def test_no_model_is_loaded_for_nothing(run: Run, tmp_path: Path, engine: FakeEngine) -> None:
    assert run(tmp_path / "nowhere.wav").code == 1
    assert engine.loaded == []  # type: ignore[attr-defined]


def test_all_bad_parameters_are_told(run: Run, recording: Path) -> None:
    ended = run(recording, "--sample-rate", "1", "--max-words", "no", "--language", "xx")
    assert ended.code == 2
    assert [line.split("=")[0] for line in ended.err.splitlines()[1:]] == [
        "  - sample_rate",
        "  - language",
        "  - max_words",
    ]


def test_a_language_that_the_model_does_not_know_is_wrong_use(run: Run, recording: Path) -> None:
    ended = run(recording, recording, "--language", "fi")
    assert ended.code == 2
    assert ended.err.count("language=fi is not served by the model fake") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a file"),
        (("--microphone", "a.wav"), "not both"),
        (("-", "-"), "only once"),
        (("a.wav", "--json", "--format", "srt"), "at once"),
        (("a.wav", "b.wav", "--format", "srt"), "--output"),
        (("a.wav", "--format", "srt", "--no-word-timestamps"), "times of words"),
        (("a.wav", "--url", "ws://x", "--model", "y"), "--url"),
        (("a.wav", "b.wav", "-o", "a.txt"), "no folder"),
        (("x/a.wav", "y/a.mp3", "-o", "."), "several recordings"),
        (("a.wav", "--format", "doc"), "doc"),
        (("a.wav", "--url", "localhost"), "ws://HOST:PORT"),
    ],
)
def test_wrong_use_is_told(
    run: Run,
    arguments: tuple[str, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.wav", SPEECH)
    ended = run(*arguments)
    assert ended.code == 2
    assert told in " ".join(ended.err.replace("│", " ").split())


def test_a_recording_is_not_overwritten_by_its_transcript(run: Run, recording: Path) -> None:
    before = recording.read_bytes()
    assert run(recording, "-o", recording).code == 2
    assert recording.read_bytes() == before


def test_a_failure_in_the_middle_leaves_what_came_before(
    run: Run, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blocks(self: Recording, seconds: float) -> Iterator[bytes]:
        yield SPEECH
        raise UnreadableRecordingError("it breaks off")

    monkeypatch.setattr(Recording, "blocks", blocks)
    ended = run(recording)
    assert (ended.code, ended.out) == (1, "w1 w2\nw3\n")
    assert ended.err == f"sferic: {recording}: it breaks off\n"


def test_the_reader_of_the_output_may_leave(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", "sferic", "transcribe", "--help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert ended.stderr == b""


# Ctrl-C


def test_the_first_interrupt_ends_the_audio_and_shows_its_end(
    run: Run, tmp_path: Path, engine: FakeEngine
) -> None:
    long = write(tmp_path / "long.wav", linear16(*[say(1, 2), silence(1.0)] * 200))

    def interrupt() -> None:
        asyncio.run(engine.called(3))
        os.kill(os.getpid(), signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    ended = run(long, long, "--json", "--realtime")
    interrupting.join()
    assert ended.code == 130
    assert "Ctrl-C again" in ended.err
    last = json.loads(ended.out.splitlines()[-1])
    assert last["is_last"] is True
    assert ended.out.count('"is_last":true') == 1


def test_the_second_interrupt_gives_up(run: Run, recording: Path, engine: FakeEngine) -> None:
    engine.running.clear()

    def interrupt() -> None:
        asyncio.run(engine.called(1))
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(0.2)
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(0.2)
        engine.running.set()

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    ended = run(recording, "--json")
    interrupting.join()
    assert ended.code == 130
    assert '"is_last":true' not in ended.out
    assert "Traceback" not in ended.err


def test_interrupting_the_microphone_is_its_normal_end(
    run: Run, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Speaking(Microphone):
        def __init__(self) -> None:
            self._stopped = self._lost = False

        def options(self, asked: Options) -> Options:
            return asked

        def blocks(self, seconds: float) -> Iterator[Block]:
            yield Block(linear16(say(1, 2)), 1.0)
            os.kill(os.getpid(), signal.SIGINT)
            while not self._stopped:
                time.sleep(0.01)

    monkeypatch.setattr("sferic.cli.microphone.Microphone", Speaking)
    ended = run("--microphone")
    assert (ended.code, ended.out) == (0, "w1 w2\n")


# Through a server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    with Serving(tmp_path) as serving:
        yield serving


def test_a_server_recognises_instead(
    run: Run, recording: Path, server: Serving, engine: FakeEngine
) -> None:
    ended = run(recording, "--url", server.url, "--key", KEY, "--max-words", 9, "--no-format")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == f"something-private {len(SPEECH)}\n"
    (stream,) = server.recognizer.streams
    assert stream.audio == len(SPEECH)
    assert (stream.options.max_words, stream.options.format) == (9, False)
    assert engine.loaded == []  # type: ignore[attr-defined]


def test_address_and_key_may_stand_in_the_environment(
    run: Run, recording: Path, server: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFERIC_URL", server.url)
    monkeypatch.setenv("SFERIC_KEY", KEY)
    assert run(recording, "--json").out.count('"is_last":true') == 1


def test_a_wrong_key_has_an_exit_code_of_its_own(
    run: Run, recording: Path, server: Serving
) -> None:
    ended = run(recording, recording, "--url", server.url, "--key", "wrong")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.count("the key is unknown or was revoked") == 1
    assert "SFERIC_KEY" in ended.err


def test_no_server_has_an_exit_code_of_its_own(run: Run, recording: Path) -> None:
    ended = run(recording, "--url", "ws://127.0.0.1:1")
    assert (ended.code, ended.out) == (4, "")
    assert "nothing listens there" in ended.err


def test_a_full_server_is_none_for_now(run: Run, recording: Path, tmp_path: Path) -> None:
    with Serving(tmp_path, max_sessions=1) as serving:
        serving.occupy()
        ended = run(recording, "--url", serving.url, "--key", KEY)
    assert ended.code == 4
    assert "Try again in" in ended.err


def test_a_server_that_leaves_early_leaves_what_it_said(
    run: Run, recording: Path, server: Serving
) -> None:
    server.recognizer.finishing.clear()

    async def leave() -> None:
        stream = await server.recognizer.stream()
        await stream.heard.wait()
        await asyncio.sleep(0.1)
        server.server.stop(force=True)

    asyncio.run_coroutine_threadsafe(leave(), server.loop)
    ended = run(recording, "--url", server.url, "--key", KEY, "--json")
    assert ended.code == 1
    assert '"is_final":false' in ended.out
    assert "ended the session early (1012" in ended.err


def test_parameters_that_only_the_server_knows_are_told_by_it(
    run: Run, recording: Path, server: Serving
) -> None:
    ended = run(recording, "--url", f"{server.url}/?max_words=0&vad_threshold=9", "--key", KEY)
    assert ended.code == 2
    assert ended.err.count("\n  - ") == 2


# With real speech and the default model

with_model = pytest.mark.skipif(
    not ModelStore().installed(DEFAULT_MODEL), reason="the model is not here"
)


@pytest.fixture
def dickens() -> Path:
    found = find_spec("moonshine_voice")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0], "assets", "two_cities.wav")


@with_model
def test_real_speech_becomes_subtitles_that_can_be_read(dickens: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "sferic", "transcribe", str(dickens), "--format", "srt"],
        env={name: value for name, value in os.environ.items() if name != "SFERIC_URL"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    cues = [cue.splitlines() for cue in ended.stdout.strip().split("\n\n")]
    assert [cue[0] for cue in cues] == [str(number) for number in range(1, len(cues) + 1)]
    times = [time for cue in cues for time in cue[1].split(" --> ")]
    assert times == sorted(times)
    assert times[-1] < "00:00:45,000"
    lines = [line for cue in cues for line in cue[2:]]
    assert max(map(len, lines)) <= 42
    text = " ".join(lines).lower()
    assert text.startswith("it was the best of times, it was the worst of times")
    assert text.endswith("comparison only.")
