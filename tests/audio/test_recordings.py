import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from sferic.audio.recordings import Recording
from sferic.errors import UnreadableRecordingError

RATE = 16_000
LENGTH_S = 3.0
BURST_S = 2.0
"""Where a burst of sound begins in every recording here."""

KINDS = [
    ("wav", "pcm_s16le", 16_000, "mono"),
    ("wav", "pcm_s16le", 44_100, "stereo"),
    ("wav", "pcm_u8", 11_025, "mono"),
    ("wav", "pcm_f32le", 96_000, "mono"),
    ("aiff", "pcm_s24be", 48_000, "stereo"),
    ("flac", "flac", 22_050, "mono"),
    ("mp3", "mp3", 44_100, "stereo"),
    ("mp4", "aac", 44_100, "stereo"),
    ("matroska", "aac", 48_000, "5.1"),
    ("ogg", "libopus", 48_000, "mono"),
    ("webm", "libopus", 48_000, "stereo"),
    ("mpegts", "mp2", 48_000, "stereo"),
]


class Pipe:
    """Bytes that cannot be sought in, and come a few at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, 1000))


def sound(rate: int) -> NDArray[np.float32]:
    """Silence with a burst in it."""
    at = np.arange(round(LENGTH_S * rate)) / rate
    burst = (at >= BURST_S) & (at < BURST_S + 0.2)
    return (0.5 * np.sin(2 * np.pi * 440 * at) * burst).astype(np.float32)


def encode(
    container: str,
    codec: str,
    rate: int,
    layout: str,
    *,
    late: float = 0.0,
    without: tuple[float, float] = (0.0, 0.0),
    data: NDArray[np.float32] | None = None,
) -> bytes:
    """A recording, perhaps begun late, perhaps without the packets of some stretch of time."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        for frame in frames(stream, sound(rate) if data is None else data, rate, layout):
            for packet in stream.encode(frame):
                assert packet.pts is not None
                assert packet.time_base is not None
                at = float(packet.pts * packet.time_base)
                if not without[0] <= at < without[1]:
                    shift = round(late / packet.time_base)
                    packet.pts += shift
                    if packet.dts is not None:
                        packet.dts += shift
                    out.mux(packet)
    return file.getvalue()


def frames(
    stream: av.AudioStream, samples: NDArray[np.float32], rate: int, layout: str
) -> Iterator[AudioFrame | None]:
    channels = len(av.AudioLayout(layout).channels)
    whole = AudioFrame.from_ndarray(np.tile(samples, (channels, 1)), format="fltp", layout=layout)
    whole.sample_rate = rate
    whole.time_base = Fraction(1, rate)
    whole.pts = 0
    fitting = av.AudioResampler(
        format=stream.codec_context.format,
        layout=layout,
        rate=rate,
        frame_size=stream.codec_context.frame_size or 1024,
    )
    yield from fitting.resample(whole)
    yield from fitting.resample(None)
    yield None


def heard(recording: Recording, seconds: float = 0.25) -> NDArray[np.float32]:
    data = b"".join(recording.blocks(seconds))
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32_768)


def burst(samples: NDArray[np.float32]) -> float:
    """Where the first sound begins, in seconds."""
    return int(np.argmax(np.abs(samples) > 0.1)) / RATE


@pytest.mark.parametrize(("container", "codec", "rate", "layout"), KINDS)
def test_any_recording_keeps_its_clock(container: str, codec: str, rate: int, layout: str) -> None:
    with Recording(io.BytesIO(encode(container, codec, rate, layout))) as recording:
        samples = heard(recording)
        assert recording.damaged == 0
    assert len(samples) / RATE == pytest.approx(LENGTH_S, abs=0.06)
    assert burst(samples) == pytest.approx(BURST_S, abs=0.02)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.1)


# The table of contents of an MP4 stands at its end.
@pytest.mark.parametrize(
    ("container", "codec", "rate", "layout"), [kind for kind in KINDS if kind[0] != "mp4"]
)
def test_a_pipe_is_read_like_a_file(container: str, codec: str, rate: int, layout: str) -> None:
    with Recording(Pipe(encode(container, codec, rate, layout))) as recording:
        samples = heard(recording)
    # Of an MP3 in a pipe, the padding at its end is not known.
    assert len(samples) / RATE == pytest.approx(LENGTH_S, abs=0.06)
    assert burst(samples) == pytest.approx(BURST_S, abs=0.02)


@pytest.mark.parametrize("seconds", [0.01, 0.25, 10.0])
def test_blocks_are_as_long_as_asked(seconds: float) -> None:
    with Recording(io.BytesIO(encode("flac", "flac", 44_100, "mono"))) as recording:
        lengths = [len(block) / 2 / RATE for block in recording.blocks(seconds)]
    assert lengths[:-1] == [pytest.approx(seconds)] * (len(lengths) - 1)
    assert lengths[-1] <= seconds
    assert sum(lengths) == pytest.approx(LENGTH_S, abs=0.01)


def test_the_duration_is_known_before_it_is_decoded() -> None:
    with Recording(io.BytesIO(encode("flac", "flac", 44_100, "mono"))) as recording:
        assert recording.duration == pytest.approx(LENGTH_S, abs=0.01)


def test_what_was_not_recorded_is_silence() -> None:
    data = encode("webm", "libopus", 48_000, "mono", without=(0.5, 1.5))
    with Recording(io.BytesIO(data)) as recording:
        samples = heard(recording)
    assert burst(samples) == pytest.approx(BURST_S, abs=0.03)
    assert len(samples) / RATE == pytest.approx(LENGTH_S, abs=0.06)


def test_a_track_that_begins_after_the_video_begins_with_silence() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width = video.height = 16
        video.pix_fmt = "yuv420p"
        audio = out.add_stream("flac", rate=RATE, layout="mono")
        for number in range(40):
            picture = av.VideoFrame(16, 16, "yuv420p")
            picture.pts = number
            out.mux(video.encode(picture))
        out.mux(video.encode(None))
        for frame in frames(audio, sound(RATE), RATE, "mono"):
            for packet in audio.encode(frame):
                assert packet.pts is not None
                packet.pts = packet.dts = packet.pts + RATE
                out.mux(packet)
    with Recording(io.BytesIO(file.getvalue())) as recording:
        assert burst(heard(recording)) == pytest.approx(BURST_S + 1, abs=0.03)


def test_a_recording_whose_clock_does_not_begin_at_zero_does_here() -> None:
    data = encode("mpegts", "mp2", 48_000, "mono", late=7000.0)
    with Recording(io.BytesIO(data)) as recording:
        assert burst(heard(recording)) == pytest.approx(BURST_S, abs=0.03)


def test_recordings_that_were_joined_follow_each_other() -> None:
    data = encode("ogg", "libopus", 48_000, "mono")
    with Recording(io.BytesIO(data + data)) as recording:
        samples = heard(recording)
    assert len(samples) / RATE == pytest.approx(2 * LENGTH_S, abs=0.1)
    assert burst(samples) == pytest.approx(BURST_S, abs=0.03)
    assert burst(samples[round(LENGTH_S * RATE) :]) == pytest.approx(BURST_S, abs=0.1)


def test_damage_costs_what_is_damaged_and_no_more() -> None:
    data = bytearray(encode("mp4", "aac", 44_100, "mono"))
    middle = len(data) // 4
    data[middle : middle + 500] = bytes(500)
    with Recording(io.BytesIO(bytes(data))) as recording:
        samples = heard(recording)
    assert burst(samples) == pytest.approx(BURST_S, abs=0.03)


def test_a_file_that_breaks_off_gives_what_it_has() -> None:
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, 3 * RATE).astype(np.float32)
    data = encode("flac", "flac", RATE, "mono", data=noise)
    with Recording(io.BytesIO(data[: len(data) // 2])) as recording:
        assert len(heard(recording)) / RATE == pytest.approx(LENGTH_S / 2, abs=0.3)


class Failing(Pipe):
    def read(self, size: int, /) -> bytes:
        if not (data := super().read(size)):
            raise OSError(5, "Input/output error")
        return data


def test_an_error_while_reading_comes_after_what_was_read() -> None:
    data = encode("wav", "pcm_s16le", RATE, "mono", data=np.zeros(60 * RATE, np.float32))
    with Recording(Failing(data)) as recording:
        blocks = recording.blocks(0.1)
        got = sum(len(block) for block in islice(blocks, 600))
        with pytest.raises(UnreadableRecordingError, match="Input/output error"):
            next(blocks)
    assert got / 2 / RATE == pytest.approx(60)


def test_an_error_at_the_start_is_told() -> None:
    with pytest.raises(UnreadableRecordingError, match="Input/output error"):
        Recording(Failing(b"RIFF"))


@pytest.mark.parametrize(
    "data", [b"", b"a", b"This is a text. " * 1000, b"RIFF\0\0\0\0WAVEfmt ", bytes(100_000)]
)
def test_what_is_no_audio_is_told(data: bytes) -> None:
    with pytest.raises(UnreadableRecordingError, match="no audio"):
        Recording(io.BytesIO(data))


def test_a_video_without_sound_is_told() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width = video.height = 16
        video.pix_fmt = "yuv420p"
        out.mux(video.encode(av.VideoFrame(16, 16, "yuv420p")))
        out.mux(video.encode(None))
    with pytest.raises(UnreadableRecordingError, match="no audio track"):
        Recording(io.BytesIO(file.getvalue()))


def test_a_list_of_other_files_opens_none_of_them(tmp_path: Path) -> None:
    other = tmp_path / "other.wav"
    other.write_bytes(encode("wav", "pcm_s16le", RATE, "mono"))
    playlists = [
        f"ffconcat version 1.0\nfile {other}\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:3,\nfile://{other}\n#EXT-X-ENDLIST\n",
    ]
    for playlist in playlists:
        with pytest.raises(UnreadableRecordingError):
            heard(Recording(io.BytesIO(playlist.encode())))
