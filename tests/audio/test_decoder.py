"""What holds for every encoding alike."""

import dataclasses
import tracemalloc
from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from audio import material
from audio.material import RATES, Samples, cut, cut_at, heard, joined, lag, signal_to_noise, speech
from sferic.audio import SAMPLE_RATE, AudioDecoder, Encoding, open_decoder
from sferic.errors import UndecodableAudioError

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)

PCM: dict[str, tuple[Encoding, Callable[[Samples], bytes], int, float]] = {
    "linear16": ("linear16", material.linear16, 2, 45),
    "linear32, integer": ("linear32", material.linear32_integers, 4, 45),
    "linear32, float": ("linear32", material.linear32_floats, 4, 45),
    "alaw": ("alaw", material.alaw, 1, 30),
    "mulaw": ("mulaw", material.mulaw, 1, 30),
}
"""Encoding, encoder, bytes a sample, and the least signal-to-noise ratio in dB."""

OPUS = material.opus_packets(speech(48_000))
OGG = material.ogg(speech(48_000))


def reference(rate: int) -> Samples:
    """What can be left of the speech after that rate."""
    if rate >= SAMPLE_RATE:
        return speech()
    back: Samples = soxr.resample(speech(rate), rate, SAMPLE_RATE, quality="VHQ")
    return back


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", PCM)
def test_every_encoding_at_every_rate_gives_the_same_speech(name: str, rate: int) -> None:
    encoding, encode, width, least = PCM[name]
    decoder = open_decoder(encoding, rate)
    samples = heard(decoder, cut(encode(speech(rate)), rate // 50 * width))
    expected = reference(rate)
    assert len(samples) == decoder.position == len(speech(rate)) * SAMPLE_RATE // rate
    assert lag(expected, samples) == 0
    assert signal_to_noise(expected[:-300], samples) > (least if rate >= SAMPLE_RATE else 25)


@pytest.mark.parametrize(("encoding", "messages"), [("opus", OPUS), ("ogg_opus", [OGG])])
@pytest.mark.parametrize("rate", RATES)
def test_the_declared_rate_says_nothing_about_opus(
    encoding: Encoding, messages: list[bytes], rate: int
) -> None:
    np.testing.assert_array_equal(
        heard(open_decoder(encoding, rate), messages),
        heard(open_decoder(encoding, SAMPLE_RATE), messages),
    )


@pytest.mark.parametrize("name", PCM)
@settings(max_examples=15, deadline=None)
@given(rate=st.sampled_from(RATES), places=st.lists(st.integers(0, 2**20), max_size=20))
def test_the_cuts_do_not_change_a_sample(name: str, rate: int, places: list[int]) -> None:
    encoding, encode, _, _ = PCM[name]
    data = encode(speech(rate)[: rate // 2])
    np.testing.assert_array_equal(
        heard(open_decoder(encoding, rate), [data]),
        heard(open_decoder(encoding, rate), cut_at(data, places)),
    )


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", PCM)
def test_a_flush_in_mid_stream_neither_drifts_nor_clicks(name: str, rate: int) -> None:
    encoding, encode, width, _ = PCM[name]
    messages = cut(encode(speech(rate)), rate // 50 * width)
    whole = heard(open_decoder(encoding, rate), messages)
    decoder = open_decoder(encoding, rate)
    blocks: list[Samples] = []
    for number, message in enumerate(messages):
        blocks += decoder.decode(message)
        if number in {0, 3, 40, 41, 90}:
            blocks += decoder.flush()
            assert sum(map(len, blocks)) == decoder.position
    flushed = joined([*blocks, *decoder.flush()])
    assert len(flushed) == len(whole)
    assert signal_to_noise(whole, flushed) > 25


@pytest.mark.parametrize("encoding", ["linear16", "linear32", "alaw", "mulaw"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_ten_minutes_in_one_message_take_no_more_memory_than_a_few_seconds(
    encoding: Encoding, rate: int
) -> None:
    width = {"linear16": 2, "linear32": 4}.get(encoding, 1)
    message = bytes(600 * rate * width)
    decoder = open_decoder(encoding, rate)
    tracemalloc.start()
    try:
        count = 0
        for block in decoder.decode(memoryview(message)):
            assert 0 < len(block) <= SAMPLE_RATE
            count += len(block)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    count += len(joined(decoder.flush()))
    assert count == decoder.position == 600 * SAMPLE_RATE
    assert peak < 2**21


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_nothing_gives_nothing(encoding: Encoding) -> None:
    decoder = open_decoder(encoding, 44_100)
    assert len(heard(decoder, [b"", b""])) == 0
    assert decoder.position == 0


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=40, deadline=None)
@given(
    data=st.binary(max_size=3_000),
    places=st.lists(st.integers(0, 2**20), max_size=10),
    rate=st.sampled_from(RATES),
)
def test_random_bytes_are_audio_or_undecodable(
    encoding: Encoding, data: bytes, places: list[int], rate: int
) -> None:
    exercise(open_decoder(encoding, rate), cut_at(data, places))


@settings(max_examples=60, deadline=None)
@given(
    flips=st.lists(st.tuples(st.integers(0, 2**20), st.integers(1, 255)), max_size=12),
    size=st.integers(50, 5_000),
)
def test_a_damaged_ogg_stream_is_audio_or_undecodable(
    flips: list[tuple[int, int]], size: int
) -> None:
    damaged = bytearray(OGG)
    for place, change in flips:
        damaged[place % len(damaged)] ^= change
    exercise(open_decoder("ogg_opus", 16_000), cut(bytes(damaged), size))


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, 17),
    flips=st.lists(st.tuples(st.integers(0, 2**20), st.integers(1, 255)), min_size=1, max_size=12),
)
def test_damage_that_the_checksum_does_not_show_is_audio_or_undecodable(
    number: int, flips: list[tuple[int, int]]
) -> None:
    pages = material.pages_of(OGG)
    body = bytearray(pages[number].body)
    for place, change in flips:
        body[place % len(body)] ^= change
    pages[number] = dataclasses.replace(pages[number], body=bytes(body))
    exercise(open_decoder("ogg_opus", 16_000), [b"".join(map(material.written, pages))])


@settings(max_examples=60, deadline=None)
@given(
    number=st.integers(0, 20),
    flips=st.lists(st.tuples(st.integers(0, 2**20), st.integers(1, 255)), min_size=1, max_size=12),
)
def test_a_damaged_opus_packet_is_audio_or_undecodable(
    number: int, flips: list[tuple[int, int]]
) -> None:
    packets = [bytearray(packet) for packet in OPUS[:25]]
    for place, change in flips:
        packets[number][place % len(packets[number])] ^= change
    exercise(open_decoder("opus", 16_000), [bytes(packet) for packet in packets])


@settings(max_examples=60, deadline=None)
@given(
    header=st.binary(max_size=80),
    flips=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 255)), max_size=4),
    size=st.integers(1, 300),
)
def test_a_damaged_wav_header_is_audio_or_undecodable(
    header: bytes, flips: list[tuple[int, int]], size: int
) -> None:
    file = bytearray(material.wav(material.linear16(speech()[:2_000]), before=header))
    for place, change in flips:
        file[place % len(file)] ^= change
    exercise(open_decoder("linear16", 16_000), cut(bytes(file), size))


def exercise(decoder: AudioDecoder, messages: list[bytes]) -> None:
    """Whatever comes is fit for what follows, and the count is right, or the error is the one."""
    count = position = 0
    try:
        for message in messages:
            for block in decoder.decode(message):
                assert position <= decoder.position
                position = decoder.position
                assert block.dtype == np.float32
                assert block.ndim == 1
                assert 0 < len(block) <= SAMPLE_RATE
                assert np.isfinite(block).all()
                assert np.abs(block).max() <= 1
                count += len(block)
            assert count <= decoder.position
        count += len(joined(decoder.flush()))
        assert count == decoder.position
    except UndecodableAudioError:
        pass
