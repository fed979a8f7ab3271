from collections.abc import Callable

import numpy as np
import pytest

from audio.material import (
    Samples,
    alaw,
    chunk,
    cut,
    heard,
    joined,
    lag,
    linear16,
    linear24,
    linear32_floats,
    linear32_integers,
    mulaw,
    ogg,
    signal_to_noise,
    speech,
    wav,
)
from sferic.audio.linear16 import Linear16Decoder
from sferic.errors import UndecodableAudioError


def words(*samples: int) -> bytes:
    return np.array(samples, "<i2").tobytes()


def test_a_sample_split_across_two_frames_is_joined() -> None:
    samples = heard(Linear16Decoder(16_000), [b"\x00", b"\x40\x00", b"\xc0", b"\xff"])
    np.testing.assert_array_equal(samples, np.array([0.5, -0.5], np.float32))


def test_an_odd_byte_at_a_flush_waits_for_its_other_half() -> None:
    decoder = Linear16Decoder(16_000)
    assert len(joined(decoder.decode(b"\x00\x40\x00"))) == 1
    assert list(decoder.flush()) == []
    np.testing.assert_array_equal(joined(decoder.decode(b"\xc0")), np.array([-0.5], np.float32))


def test_an_empty_message_is_nothing() -> None:
    decoder = Linear16Decoder(16_000)
    assert list(decoder.decode(b"")) == []
    assert decoder.position == 0


@pytest.mark.parametrize("size", [1, 77, 640, 100_000])
def test_a_wav_header_decides_about_rate_and_channels(size: int) -> None:
    left = speech(48_000)
    stereo = np.stack([left, np.zeros_like(left)], axis=1).reshape(-1)
    file = wav(linear16(stereo), rate=48_000, channels=2, before=chunk(b"LIST", b"INFO"))
    messages = cut(file, size) if size > 1 else [*cut(file[:400], 1), file[400:]]
    samples = heard(Linear16Decoder(8_000), messages)
    assert len(samples) == len(speech())
    assert lag(speech(), samples) == 0
    assert signal_to_noise(speech() * np.float32(0.5), samples) > 40


@pytest.mark.parametrize(
    ("codec", "bits", "encode", "least"),
    [
        (1, 24, linear24, 110),
        (1, 32, linear32_integers, 120),
        (3, 32, linear32_floats, 120),
        (3, 64, lambda samples: samples.astype("<f8").tobytes(), 120),
        (6, 8, alaw, 30),
        (7, 8, mulaw, 30),
        (1, 8, lambda samples: np.rint(samples * 127 + 128).astype(np.uint8).tobytes(), 20),
    ],
)
def test_every_sample_format_of_a_wav_is_read(
    codec: int, bits: int, encode: Callable[[Samples], bytes], least: float
) -> None:
    file = wav(encode(speech()), codec=codec, bits=bits)
    samples = heard(Linear16Decoder(16_000), cut(file, 999))
    assert signal_to_noise(speech(), samples) > least


def test_the_clock_of_a_wav_is_its_own() -> None:
    decoder = Linear16Decoder(8_000)
    heard(decoder, [wav(bytes(2 * 44_100), rate=44_100, after=chunk(b"LIST", bytes(1_000)))])
    assert decoder.position == 16_000


@pytest.mark.parametrize("head", [b"R", b"RI", b"RIFF", b"RIFFabcdWAVe", b"ID3\x03x", b"OggS\0\0"])
def test_audio_that_begins_almost_like_a_header_is_audio(head: bytes) -> None:
    data = head + words(*range(1_000, 1_100)) + bytes(len(head) % 2)
    expected = np.frombuffer(data, "<i2") / np.float32(32_768)
    for size in (1, 2, 3, 50, 1_000):
        np.testing.assert_array_equal(heard(Linear16Decoder(16_000), cut(data, size)), expected)


def test_a_stream_that_ends_like_a_header_that_begins_is_audio() -> None:
    decoder = Linear16Decoder(16_000)
    assert list(decoder.decode(b"RIFF")) == []
    assert decoder.position == 0
    assert len(joined(decoder.flush())) == decoder.position == 2
    assert len(joined(decoder.decode(b"\0\0\0\0WAVE"))) == 4


def test_a_header_later_in_the_stream_is_audio() -> None:
    file = wav(words(1, 2, 3))
    assert len(heard(Linear16Decoder(16_000), [words(5), file])) == 1 + len(file) // 2


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (ogg(speech(48_000)[:48_000]), "an Ogg stream"),
        (bytes.fromhex("1a45dfa39f4286810142f7810142f281"), "a WebM or Matroska file"),
        (b"fLaC\0\0\0\x22\x10\0\x10\0", "a FLAC file"),
        (wav(bytes(100), codec=0x55), "MP3"),
    ],
)
@pytest.mark.parametrize("size", [1, 1_000])
def test_another_container_is_an_error_that_names_it(stream: bytes, reason: str, size: int) -> None:
    with pytest.raises(UndecodableAudioError, match=f"linear16.*{reason}"):
        heard(Linear16Decoder(16_000), cut(stream[:200], size))


def test_samples_before_the_error_in_a_message_are_not_lost() -> None:
    decoder = Linear16Decoder(16_000)
    got: list[Samples] = []
    with pytest.raises(UndecodableAudioError):
        got.extend(decoder.decode(wav(words(1, 2, 3)) + wav(b"", rate=8_000)))
    assert len(joined(got)) == decoder.position == 3
