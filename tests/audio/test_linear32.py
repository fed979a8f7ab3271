import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.material import (
    Samples,
    cut,
    cut_at,
    heard,
    joined,
    linear32_floats,
    linear32_integers,
    signal_to_noise,
    speech,
)
from sferic.audio.linear32 import Linear32Decoder

NAN, INFINITY = float("nan"), float("inf")


def noise(count: int, *, seed: int = 1) -> Samples:
    return np.random.default_rng(seed).uniform(-1, 1, count).astype(np.float32)


def tone(count: int, *, peak: float) -> Samples:
    wave: Samples = (peak * np.sin(2 * np.pi * 200 * np.arange(count) / 16_000)).astype(np.float32)
    return wave


SOUNDS = {
    "speech": speech(),
    "quiet speech": speech() * np.float32(1e-3),
    "speech near the 16-bit floor": np.rint(speech() * 40).astype(np.float32) / 32_768,
    "full-scale noise": noise(16_000),
    "clipped": np.clip(speech() * 50, -1, 1),
    "a tone at a third": tone(16_000, peak=0.33),
    "a tone at a half": tone(16_000, peak=0.5),
    "a tone at two thirds": tone(16_000, peak=0.66),
    "a square wave at a half": np.sign(tone(16_000, peak=1)) / 2,
    "a square wave at 0.45": np.sign(tone(16_000, peak=1)) * np.float32(0.45),
}


@pytest.mark.parametrize("sound", SOUNDS)
@pytest.mark.parametrize("silence", [0, 5_000])
def test_integers_and_floats_are_told_apart(sound: str, silence: int) -> None:
    samples = np.concatenate([np.zeros(silence, np.float32), SOUNDS[sound]])
    for kind, encode in (("integer", linear32_integers), ("float", linear32_floats)):
        decoder = Linear32Decoder(16_000)
        decoded = heard(decoder, cut(encode(samples), 1_280))
        assert decoder.detected == kind
        np.testing.assert_allclose(decoded, samples, atol=1e-6)


def test_integers_that_fill_only_the_upper_16_or_24_bits_are_integers() -> None:
    for kept in (0xFFFF_0000, 0xFFFF_FF00):
        words = np.frombuffer(linear32_integers(speech()), "<u4") & np.uint32(kept)
        decoder = Linear32Decoder(16_000)
        assert signal_to_noise(speech(), heard(decoder, [words.tobytes()])) > 60
        assert decoder.detected == "integer"


def test_floats_with_nan_and_infinities_are_floats() -> None:
    samples = speech().copy()
    samples[::3] = NAN
    samples[1::7] = INFINITY
    samples[2::7] = -INFINITY
    decoder = Linear32Decoder(16_000)
    decoded = heard(decoder, cut(linear32_floats(samples), 640))
    assert decoder.detected == "float"
    expected = np.clip(np.where(np.isnan(samples), 0, samples), -1, 1)
    np.testing.assert_array_equal(decoded, expected)


def test_floats_that_overshoot_are_clipped() -> None:
    decoder = Linear32Decoder(16_000)
    decoded = heard(decoder, [linear32_floats(speech() * 2)])
    assert decoder.detected == "float"
    np.testing.assert_array_equal(decoded, np.clip(speech() * 2, -1, 1))


def test_digital_silence_is_handed_out_at_once_and_tells_nothing() -> None:
    decoder = Linear32Decoder(16_000)
    assert len(joined(decoder.decode(bytes(4 * 50_000)))) == 50_000
    assert decoder.detected is None


@pytest.mark.parametrize("word", [b"\0\0\xc0\x7f", b"\0\0\x80\xff", b"\0\0\0\x80"])
def test_what_could_be_both_decides_nothing_and_is_not_held_for_ever(word: bytes) -> None:
    decoder = Linear32Decoder(16_000)
    handed_out = len(joined(decoder.decode(word * 80_000)))
    assert decoder.position - handed_out < 32_000
    joined(decoder.decode(linear32_integers(speech())))
    assert decoder.detected == "integer"


def test_a_click_before_long_silence_is_not_held_for_ever() -> None:
    decoder = Linear32Decoder(16_000)
    click = linear32_integers(np.array([0.01], np.float32))
    handed_out = len(joined(decoder.decode(click + bytes(4 * 40_000))))
    assert handed_out >= 32_000


def test_undecided_audio_counts_in_the_clock() -> None:
    decoder = Linear32Decoder(48_000)
    assert list(decoder.decode(linear32_floats(speech(48_000)[:480]))) == []
    assert decoder.detected is None
    assert decoder.position == 160


def test_a_flush_decodes_what_is_held_by_what_was_seen() -> None:
    for kind, encode in (("integer", linear32_integers), ("float", linear32_floats)):
        decoder = Linear32Decoder(16_000)
        start = speech()[8_000:8_400]
        assert list(decoder.decode(encode(start))) == []
        np.testing.assert_allclose(joined(decoder.flush()), start, atol=1e-6)
        assert decoder.detected == kind


def test_a_flush_too_early_does_not_settle_the_question() -> None:
    decoder = Linear32Decoder(16_000)
    misleading = linear32_integers(np.full(3, 0.45, np.float32))
    joined([*decoder.decode(misleading), *decoder.flush()])
    guess = decoder.detected
    decoded = joined(decoder.decode(linear32_integers(speech())))
    assert (guess, decoder.detected) == ("float", "integer")
    np.testing.assert_allclose(decoded, speech(), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    places=st.lists(st.integers(0, 2**20), max_size=30),
    lead=st.integers(0, 3_000),
    mixed=st.floats(0, 1),
)
def test_the_cuts_do_not_change_the_decision(places: list[int], lead: int, mixed: float) -> None:
    count = round(mixed * 4_000)
    data = b"\0\0\0\0" * lead
    data += linear32_floats(speech()[:count]) + linear32_integers(speech()[count:8_000])
    whole, in_pieces = Linear32Decoder(16_000), Linear32Decoder(16_000)
    np.testing.assert_array_equal(heard(whole, [data]), heard(in_pieces, cut_at(data, places)))
    assert whole.detected == in_pieces.detected
