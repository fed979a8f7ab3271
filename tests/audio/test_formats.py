import io
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from audio.material import linear16, speech
from sferic.audio.formats import STRANGERS
from sferic.audio.recordings import Recording
from sferic.errors import UnreadableRecordingError


@pytest.fixture
def visited() -> Iterator[tuple[str, list[bool]]]:
    """An address, and whether anybody came."""
    visits: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)

        def listen() -> None:
            try:
                server.accept()[0].close()
                visits.append(True)
            except TimeoutError:
                pass

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/a.ts", visits
        thread.join()
    assert not visits


def recorded(file: Path, container: str, codec: str, *, video: bool = False) -> bytes:
    with av.open(str(file), "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=16_000)
        samples = np.frombuffer(linear16(speech(seconds=1)), "<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 16_000
        if video:
            picture: Any = out.add_stream("mpeg4", rate=10)
            picture.width = picture.height = 64
            picture.pix_fmt = "yuv420p"
            image = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            out.mux([*picture.encode(image), *picture.encode(None)])
        resampled = av.AudioResampler(stream.format, stream.layout, stream.rate).resample(frame)
        for one in (*resampled, None):
            out.mux(stream.encode(one))
    return file.read_bytes()


@pytest.mark.parametrize(
    ("container", "codec"),
    [("wav", "pcm_s16le"), ("mp3", "mp3"), ("flac", "flac"), ("ogg", "libopus"), ("adts", "aac")],
)
def test_files_that_hold_speech_are_read(tmp_path: Path, container: str, codec: str) -> None:
    if codec == "mp3":
        codec = "libmp3lame"
    data = recorded(tmp_path / "file", container, codec)
    with Recording(io.BytesIO(data), options=STRANGERS) as recording:
        samples = sum(len(block) for block in recording.blocks()) // 2
    assert abs(samples - 16_000) < 2_500


def test_the_sound_of_a_film_is_read_and_its_pictures_are_not(tmp_path: Path) -> None:
    data = recorded(tmp_path / "file", "mp4", "aac", video=True)
    with Recording(io.BytesIO(data), options=STRANGERS) as recording:
        assert sum(len(block) for block in recording.blocks()) > 30_000


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{url}'\n",
        "ffconcat version 1.0\nfile '/etc/passwd'\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="audio/mp4">'
        "<Representation><BaseURL>{url}</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=audio 5004 RTP/AVP 0\na=rtpmap:0 PCMU/8000\n",
        "[playlist]\nFile1={url}\nNumberOfEntries=1\n",
    ],
)
def test_files_that_point_at_others_are_refused_and_nothing_is_visited(
    text: str, visited: tuple[str, list[bool]]
) -> None:
    data = text.replace("{url}", visited[0]).encode()
    with pytest.raises(UnreadableRecordingError):
        Recording(io.BytesIO(data), options=STRANGERS)


def test_a_film_whose_sound_lies_in_another_file_has_none(tmp_path: Path) -> None:
    other = tmp_path / "other.mov"
    recorded(other, "mov", "pcm_s16le")
    data = recorded(tmp_path / "file.mov", "mov", "pcm_s16le")
    at = data.index(b"dref")
    # The data reference becomes one to a file, as an alias of QuickTime names it.
    name = str(other).encode()
    alias = bytearray(150) + b"\0\x02" + len(name).to_bytes(2, "big") + name + b"\xff\xff\0\0"
    entry = (12 + len(alias)).to_bytes(4, "big") + b"alis" + bytes(4) + bytes(alias)
    assert data[at + 12 : at + 24] == b"\0\0\0\x0curl \0\0\0\x01"
    changed = io.BytesIO(data[: at + 12] + entry + data[at + 24 :])
    with pytest.raises(UnreadableRecordingError):
        list(Recording(changed, options=STRANGERS).blocks())


def test_channels_can_be_kept_apart() -> None:
    left, right = speech(seconds=1), np.zeros(16_000, np.float32)
    both = np.stack([left, right], axis=1).reshape(-1)
    data = np.rint(both * 32767).astype("<i2").tobytes()
    head = (
        b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    )
    head += (1).to_bytes(2, "little") + (2).to_bytes(2, "little") + (16_000).to_bytes(4, "little")
    head += (64_000).to_bytes(4, "little") + (4).to_bytes(2, "little") + (16).to_bytes(2, "little")
    file = io.BytesIO(head + b"data" + len(data).to_bytes(4, "little") + data)
    with Recording(file, split=True, options=STRANGERS) as recording:
        assert recording.channels == 2
        samples = np.frombuffer(b"".join(recording.blocks()), "<i2").reshape(-1, 2)
    np.testing.assert_array_equal(samples[:, 0], np.rint(left * 32767).astype(np.int16))
    assert not samples[:, 1].any()
