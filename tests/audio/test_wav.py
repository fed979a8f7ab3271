import struct

import pytest

from audio.material import chunk, cut, wav
from sferic.audio.wav import WavFormat, WavParser
from sferic.errors import UndecodableAudioError

AUDIO = bytes(range(1, 121))


def parsed(*messages: bytes) -> tuple[WavFormat | None, bytes]:
    parser = WavParser()
    found = [piece for message in messages for piece in parser.feed(memoryview(message))]
    return (found[0][0] if found else None), b"".join(audio for _, audio in found)


@pytest.mark.parametrize("size", [1, 2, 7, 13, 1_000])
def test_the_header_may_be_cut_anywhere(size: int) -> None:
    file = wav(AUDIO, rate=22_050, channels=2, before=chunk(b"LIST", b"INFOabc"))
    form, audio = parsed(*cut(file, size))
    assert form is not None
    assert (form.sample_rate, form.channels, form.frame_size) == (22_050, 2, 4)
    assert audio == AUDIO


def test_chunks_around_the_audio_are_skipped() -> None:
    file = wav(
        AUDIO,
        before=chunk(b"LIST", b"odd") + chunk(b"JUNK", bytes(5_000)),
        after=chunk(b"LIST", b"INFO") + chunk(b"id3 ", bytes(99)),
    )
    assert parsed(file)[1] == AUDIO


@pytest.mark.parametrize("length", [0, 0xFFFF_FFFF])
def test_a_length_that_was_never_filled_in_means_until_the_end(length: int) -> None:
    assert parsed(wav(AUDIO, length=length))[1] == AUDIO


def test_audio_cut_short_of_its_length_is_all_there_is() -> None:
    assert parsed(wav(AUDIO, length=1_000_000))[1] == AUDIO


def test_a_frame_cut_off_by_the_length_is_dropped() -> None:
    assert parsed(wav(AUDIO, channels=2, length=119, after=b"\0"))[1] == AUDIO[:116]


@pytest.mark.parametrize(
    ("codec", "bits", "name"),
    [
        (1, 8, "8-bit PCM"),
        (1, 16, "16-bit PCM"),
        (1, 24, "24-bit PCM"),
        (1, 20, "24-bit PCM"),
        (1, 32, "32-bit PCM"),
        (3, 32, "32-bit float"),
        (3, 64, "64-bit float"),
        (6, 8, "A-law"),
        (7, 8, "mu-law"),
    ],
)
@pytest.mark.parametrize("extensible", [False, True])
def test_sample_formats_are_told_by_codec_and_bits(
    codec: int, bits: int, name: str, extensible: bool
) -> None:
    form, _ = parsed(wav(AUDIO, codec=codec, bits=bits, extensible=extensible))
    assert form is not None
    assert form.sample_format.name == name


def test_a_second_wav_of_the_same_format_goes_on() -> None:
    assert parsed(wav(AUDIO) + wav(AUDIO))[1] == AUDIO + AUDIO


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (wav(AUDIO, codec=0x11, bits=4), "IMA ADPCM"),
        (wav(AUDIO, codec=0x1234), "codec 0x1234"),
        (wav(AUDIO, bits=12, codec=3), "12 bits"),
        (wav(AUDIO, channels=0), "0 channels"),
        (wav(AUDIO, channels=300), "300 channels"),
        (wav(AUDIO, rate=0), "0 Hz"),
        (wav(AUDIO, rate=4_000_000), "4000000 Hz"),
        (wav(AUDIO) + wav(AUDIO, rate=8_000), "changes its format"),
        (wav(AUDIO) + b"RIFF\0\0\0\0AVI ", "another kind"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", AUDIO), "no fmt chunk"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", b"short"), "5 bytes"),
        (b"RIFF\0\0\0\0WAVE" + struct.pack("<4sI", b"JUNK", 2**31), "16 MiB"),
        (b"RIFF\0\0\0\0AVI LIST", "no RIFF/WAVE header"),
    ],
)
def test_what_cannot_be_read_is_named(file: bytes, reason: str) -> None:
    with pytest.raises(UndecodableAudioError, match=reason):
        parsed(file)
