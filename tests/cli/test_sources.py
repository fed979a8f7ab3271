import io
import os
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from sferic.cli.sources import RawAudio, RecordedAudio, Source, open_file
from sferic.errors import UnreadableRecordingError
from sferic.protocol.options import Options

SAMPLES = (np.arange(16_000) % 2000).astype("<i2").tobytes()
MULAW = Options(encoding="mulaw", sample_rate=8000)


def wav(samples: bytes = SAMPLES) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(samples)
    return file.getvalue()


def read(source: Source) -> bytes:
    return b"".join(block.data for block in source.blocks(0.1))


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A pipe that is standard input; the end to write to."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as replaced:
        monkeypatch.setattr("sys.stdin", replaced)
        yield writing


def send(pipe: int, data: bytes) -> None:
    """Write it all from another thread, and close the pipe."""

    def write() -> None:
        with os.fdopen(pipe, "wb") as out:
            out.write(data)

    threading.Thread(target=write, daemon=True).start()


def test_a_file_is_decoded_whatever_raw_samples_would_be(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav())
    for raw in (None, MULAW):
        with closing(open_file(str(path), raw=raw)) as source:
            assert isinstance(source, RecordedAudio)
            assert source.duration == 1.0
            assert source.options(MULAW) == Options()
            assert read(source) == SAMPLES
            assert source.notes() == []


def test_raw_samples_are_sent_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"\x55" * 8123)
    with closing(open_file(str(path), raw=MULAW)) as source:
        assert isinstance(source, RawAudio)
        assert source.options(Options(language="de")) == Options(
            language="de", encoding="mulaw", sample_rate=8000
        )
        blocks = list(source.blocks(0.5))
    assert [len(block.data) for block in blocks] == [4000, 4000, 123]
    assert blocks[0].seconds == 0.5


def test_raw_samples_nobody_described_are_no_audio(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"\x55" * 8000)
    with pytest.raises(UnreadableRecordingError):
        open_file(str(path))


@pytest.mark.parametrize("encoding", ["opus", "ogg_opus"])
def test_packets_without_a_container_cannot_be_told_apart(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"\x55" * 8000)
    with pytest.raises(UnreadableRecordingError, match=f"no {encoding}"):
        open_file(str(path), raw=Options(encoding=encoding))  # type: ignore[arg-type]


def test_a_container_comes_through_a_pipe(stdin: int) -> None:
    send(stdin, wav())
    with closing(open_file("-", raw=MULAW)) as source:
        assert source.name == "standard input"
        assert read(source) == SAMPLES


def test_raw_samples_come_through_a_pipe(stdin: int) -> None:
    send(stdin, SAMPLES)
    with closing(open_file("-", raw=Options())) as source:
        assert read(source) == SAMPLES


def test_raw_samples_are_given_as_soon_as_they_come(stdin: int) -> None:
    os.write(stdin, SAMPLES[:100])
    with closing(open_file("-", raw=Options())) as source:
        blocks = source.blocks(1.0)
        got = b""
        while len(got) < 100:
            got += next(blocks).data
        assert got == SAMPLES[:100]
        os.close(stdin)
        assert list(blocks) == []


def test_waiting_for_a_pipe_ends_when_it_is_stopped(stdin: int) -> None:
    os.write(stdin, SAMPLES[:100])
    with closing(open_file("-", raw=Options())) as source:
        threading.Timer(0.1, source.stop).start()
        began = time.monotonic()
        assert read(source) == SAMPLES[:100]
        assert time.monotonic() - began < 2
    os.close(stdin)


def test_an_mp4_comes_through_a_pipe_though_its_contents_stand_at_its_end(stdin: int) -> None:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mov") as out:
        stream = out.add_stream("pcm_s16le", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(SAMPLES, np.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = 16_000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    send(stdin, file.getvalue())
    with closing(open_file("-")) as source:
        assert read(source) == SAMPLES


def test_stopping_ends_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(SAMPLES * 100))
    with closing(open_file(str(path))) as source:
        blocks = source.blocks(0.1)
        next(blocks)
        source.stop()
        assert list(blocks) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nowhere.wav", "No such file"), (".", "Is a directory"), ("empty", "it is empty")],
)
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").touch()
    with pytest.raises(UnreadableRecordingError, match=reason):
        open_file(name)


def test_a_terminal_is_no_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as replaced:
        monkeypatch.setattr("sys.stdin", replaced)
        with pytest.raises(UnreadableRecordingError, match="--microphone"):
            open_file("-")
    os.close(controller)


def test_a_name_is_a_path_and_never_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a:b.wav").write_bytes(wav())
    with closing(open_file("a:b.wav")) as source:
        assert read(source) == SAMPLES
    with pytest.raises(UnreadableRecordingError, match="No such file"):
        open_file("http://127.0.0.1/a.wav")
