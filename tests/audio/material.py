"""Speech in every encoding, and the measures the tests share."""

import functools
import importlib.util
import io
import itertools
import struct
import wave
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE, AudioDecoder
from sferic.audio.g711 import ALAW, MULAW
from sferic.audio.ogg import Page, PageReader, checksum

Samples = NDArray[np.float32]

RATES = (8_000, 16_000, 22_050, 24_000, 44_100, 48_000)
OPUS_LOOKAHEAD = 312
"""What libopus adds at the start, in samples at 48 kHz."""

_RECORDING_RATE = 48_000


@functools.cache
def speech(rate: int = SAMPLE_RATE, *, seconds: float = 3.0) -> Samples:
    """The same seconds of a reading, peak 0.8, at any rate."""
    # Found, not imported: the package loads an engine of its own.
    package = importlib.util.find_spec("moonshine_voice")
    assert package is not None
    assert package.origin is not None
    recording = Path(package.origin).parent / "assets" / "two_cities.wav"
    with wave.open(str(recording)) as reader:
        assert (reader.getframerate(), reader.getnchannels()) == (_RECORDING_RATE, 1)
        reader.setpos(_RECORDING_RATE)
        raw = reader.readframes(round(seconds * _RECORDING_RATE))
    samples = np.frombuffer(raw, "<i2").astype(np.float32)
    samples *= 0.8 / np.abs(samples).max()
    if rate == _RECORDING_RATE:
        return samples
    resampled: Samples = soxr.resample(samples, _RECORDING_RATE, rate, quality="VHQ")
    return resampled


def linear16(samples: Samples) -> bytes:
    return np.rint(samples * 32767).astype("<i2").tobytes()


def linear24(samples: Samples) -> bytes:
    words = np.rint(samples.astype(np.float64) * (2**23 - 1)).astype("<i4")
    return words.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def linear32_integers(samples: Samples) -> bytes:
    return np.rint(samples.astype(np.float64) * (2**31 - 1)).astype("<i4").tobytes()


def linear32_floats(samples: Samples) -> bytes:
    return samples.astype("<f4").tobytes()


def alaw(samples: Samples) -> bytes:
    return _companded(samples, ALAW)


def mulaw(samples: Samples) -> bytes:
    return _companded(samples, MULAW)


def _companded(samples: Samples, table: Samples) -> bytes:
    order = np.argsort(table, kind="stable")
    middles = (table[order][1:] + table[order][:-1]) / 2
    return order[np.searchsorted(middles, samples)].astype(np.uint8).tobytes()


def opus_packets(samples: Samples, *, layout: str = "mono", bit_rate: int = 64_000) -> list[bytes]:
    """Packets of 20 ms; `samples` are at 48 kHz, and go to every channel."""
    encoder = av.AudioCodecContext.create("libopus", "w")
    encoder.sample_rate = 48_000
    encoder.layout = layout
    encoder.format = "flt"
    encoder.bit_rate = bit_rate
    encoder.time_base = Fraction(1, 48_000)
    packets = [packet for frame in _frames(samples, layout) for packet in encoder.encode(frame)]
    return [bytes(packet) for packet in [*packets, *encoder.encode(None)]]


def ogg(
    samples: Samples, *, layout: str = "mono", bit_rate: int = 64_000, page_ms: int = 200
) -> bytes:
    """An Ogg Opus stream; `samples` are at 48 kHz, and go to every channel."""
    file = io.BytesIO()
    options = {"page_duration": str(page_ms * 1000)}
    with av.open(file, "w", format="ogg", options=options) as container:
        stream = container.add_stream("libopus", rate=48_000)
        assert isinstance(stream, av.AudioStream)
        stream.layout = layout
        stream.format = "flt"
        stream.bit_rate = bit_rate
        for frame in _frames(samples, layout):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _frames(samples: Samples, layout: str) -> Iterator[av.AudioFrame]:
    channels = av.AudioLayout(layout).nb_channels
    for start in range(0, len(samples), 960):
        block = np.repeat(samples[start : start + 960], channels).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, "flt", layout)
        frame.sample_rate = 48_000
        frame.pts = start
        yield frame


def wav(
    audio: bytes,
    *,
    codec: int = 1,
    bits: int = 16,
    rate: int = SAMPLE_RATE,
    channels: int = 1,
    before: bytes = b"",
    after: bytes = b"",
    length: int | None = None,
    extensible: bool = False,
) -> bytes:
    """A WAV file; `length` is what the data chunk says of itself."""
    frame = channels * bits // 8
    tag = 0xFFFE if extensible else codec
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits)
    if extensible:
        guid = struct.pack("<H", codec) + bytes.fromhex("000000001000800000aa00389b71")
        form += struct.pack("<HHI", 22, bits, 0) + guid
    size = len(audio) if length is None else length
    body = b"WAVE" + chunk(b"fmt ", form) + before + struct.pack("<4sI", b"data", size) + audio
    return struct.pack("<4sI", b"RIFF", (len(body) + len(after)) & 0xFFFF_FFFF) + body + after


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + bytes(len(body) % 2)


def pages_of(stream: bytes) -> list[Page]:
    return list(PageReader().feed(memoryview(stream)))


def written(page: Page) -> bytes:
    """The bytes of a page, with the right checksum."""
    flags = page.continued | page.first << 1 | page.last << 2
    header = struct.pack(
        "<4sBBqIIIB", b"OggS", 0, flags, page.granule, page.serial, page.sequence, 0,
        len(page.lacing),
    )  # fmt: skip
    raw = header + page.lacing + page.body
    return raw[:22] + checksum(raw).to_bytes(4, "little") + raw[26:]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Cuts anywhere; places beyond the end are taken modulo the length."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def joined(blocks: Iterable[Samples]) -> Samples:
    return np.concatenate([*blocks, np.empty(0, np.float32)])


def heard(decoder: AudioDecoder, messages: Iterable[bytes]) -> Samples:
    """Everything a decoder hands out for the messages, the rest at the end included."""
    blocks = [block for message in messages for block in decoder.decode(message)]
    return joined([*blocks, *decoder.flush()])


def lag(reference: Samples, samples: Samples, *, most: int = 400) -> int:
    """By how many samples `samples` come late, by cross-correlation."""
    core = reference[most:-most]
    return int(np.correlate(samples[: len(reference)], core).argmax()) - most


def signal_to_noise(reference: Samples, samples: Samples) -> float:
    """In dB, of the part both have."""
    length = min(len(reference), len(samples))
    noise = samples[:length].astype(np.float64) - reference[:length]
    power = np.square(reference[:length], dtype=np.float64).sum()
    return float(10 * np.log10(power / max(np.square(noise).sum(), 1e-20)))
