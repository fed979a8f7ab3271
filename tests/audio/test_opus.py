import numpy as np
import pytest

from audio.material import (
    OPUS_LOOKAHEAD,
    Samples,
    heard,
    joined,
    lag,
    linear16,
    ogg,
    opus_packets,
    signal_to_noise,
    speech,
    wav,
)
from sferic.audio.opus import LONGEST_PACKET, OpusDecoder, packet_duration
from sferic.errors import UndecodableAudioError


def toc(config: int, code: int) -> bytes:
    return bytes([config << 3 | code])


@pytest.mark.parametrize(
    ("config", "milliseconds"),
    [
        (0, 10), (1, 20), (2, 40), (3, 60), (11, 60),
        (12, 10), (13, 20), (14, 10), (15, 20),
        (16, 2.5), (17, 5), (18, 10), (19, 20), (31, 20),
    ],
)  # fmt: skip
def test_the_first_byte_says_how_long_a_packet_is(config: int, milliseconds: float) -> None:
    assert packet_duration(toc(config, 0) + b"x") == milliseconds * 48
    assert packet_duration(toc(config, 1) + b"xx") == 2 * milliseconds * 48
    assert packet_duration(toc(config, 2) + b"\1xx") == 2 * milliseconds * 48
    assert packet_duration(toc(config, 3) + b"\x83xxx") == 3 * milliseconds * 48


def test_what_is_no_packet_has_no_duration() -> None:
    assert packet_duration(b"") == 0
    assert packet_duration(toc(1, 3)) == 0
    assert packet_duration(toc(1, 3) + b"\0") == 0


@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_speech_comes_through_late_by_the_look_ahead_of_the_encoder(layout: str) -> None:
    packets = opus_packets(speech(48_000), layout=layout)
    decoder = OpusDecoder()
    samples = heard(decoder, packets)
    late = OPUS_LOOKAHEAD // 3
    assert abs(lag(speech(), samples) - late) <= 1
    assert signal_to_noise(speech(), samples[late:]) > 18
    assert len(samples) == decoder.position == len(packets) * 320


def test_stereo_is_mixed_down() -> None:
    packets = opus_packets(speech(48_000), layout="stereo")
    mono = heard(OpusDecoder(), opus_packets(speech(48_000)))
    assert signal_to_noise(mono, heard(OpusDecoder(), packets)) > 15


def test_an_empty_message_is_nothing() -> None:
    decoder = OpusDecoder()
    assert list(decoder.decode(b"")) == []
    assert decoder.position == 0


def test_packets_of_one_byte_take_their_time() -> None:
    decoder = OpusDecoder()
    packets = opus_packets(speech(48_000))[:20]
    before = joined(block for packet in packets for block in decoder.decode(packet))
    after = joined(block for _ in range(50) for block in decoder.decode(packets[-1][:1]))
    rest = joined(decoder.flush())
    assert len(before) + len(after) + len(rest) == decoder.position == 70 * 320
    assert np.abs(rest).max() < 0.05, "concealment does not fade out"


def test_a_flush_in_mid_stream_leaves_no_seam() -> None:
    packets = opus_packets(speech(48_000))
    whole = heard(OpusDecoder(), packets)
    decoder = OpusDecoder()
    blocks: list[Samples] = []
    for number, packet in enumerate(packets):
        blocks += decoder.decode(packet)
        if number % 40 == 30:
            blocks += decoder.flush()
            assert sum(map(len, blocks)) == decoder.position
    flushed = joined([*blocks, *decoder.flush()])
    assert len(flushed) == len(whole)
    assert signal_to_noise(whole, flushed) > 25


@pytest.mark.parametrize(
    "message",
    [
        b"\xff\xff\xff\xff",
        toc(1, 1) + b"odd",
        toc(3, 3) + b"\x03xxxxxx",
        toc(1, 3) + b"\0",
        toc(19, 0) + bytes(1_300),
        toc(19, 3) + b"\x41" + b"\xff" * LONGEST_PACKET,
    ],
)
def test_a_damaged_packet_is_an_error(message: bytes) -> None:
    decoder = OpusDecoder()
    packets = opus_packets(speech(48_000))[:10]
    before = joined(block for packet in packets for block in decoder.decode(packet))
    assert len(before) > 0
    with pytest.raises(UndecodableAudioError, match=r"opus: a packet of \d+ bytes is damaged"):
        list(decoder.decode(message))
    assert decoder.position == 3_200


@pytest.mark.parametrize(
    ("message", "name"),
    [(ogg(speech(48_000)[:9_600]), "an Ogg stream"), (wav(linear16(speech())), "a WAV file")],
)
def test_a_container_is_an_error_that_names_it(message: bytes, name: str) -> None:
    with pytest.raises(UndecodableAudioError, match=name):
        list(OpusDecoder().decode(message))
