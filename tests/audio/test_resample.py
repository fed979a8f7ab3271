import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from audio.material import RATES, Samples, joined, lag, signal_to_noise, speech
from sferic.audio import SAMPLE_RATE
from sferic.audio.resample import Resampler

ODD_RATES = (4_000, 11_025, 32_000, 44_101, 96_000)


def resampled(samples: Samples, rate: int, *, size: int, flush_after: frozenset[int]) -> Samples:
    """Runs a stream through in messages of `size` samples, flushing after some of them."""
    resampler = Resampler(rate)
    blocks: list[Samples] = []
    for number, start in enumerate(range(0, len(samples), size)):
        blocks += resampler.push(samples[start : start + size])
        if number in flush_after:
            blocks += resampler.flush()
            assert sum(map(len, blocks)) == resampler.position
        assert sum(map(len, blocks)) <= resampler.position
    blocks += resampler.flush()
    assert sum(map(len, blocks)) == resampler.position == len(samples) * SAMPLE_RATE // rate
    return joined(blocks)


def tone(frequency: int, rate: int) -> Samples:
    """One second at half of full scale."""
    phase = 2 * np.pi * frequency * np.arange(rate) / rate
    wave: Samples = (np.sin(phase) / 2).astype(np.float32)
    return wave


@pytest.mark.parametrize("rate", [*RATES, *ODD_RATES])
def test_speech_comes_through_in_place(rate: int) -> None:
    samples = speech(rate)
    reference = soxr.resample(samples, rate, SAMPLE_RATE, quality="VHQ")
    streamed = resampled(samples, rate, size=rate // 50, flush_after=frozenset())
    assert lag(reference, streamed) == 0
    # The reference takes what comes after the end for silence.
    assert signal_to_noise(reference[:-300], streamed) > 40


@pytest.mark.parametrize("frequency", [50, 1_000, 3_400])
def test_the_telephone_band_is_doubled_cleanly(frequency: int) -> None:
    doubled = joined(Resampler(8_000).push(tone(frequency, 8_000)))
    ideal = tone(frequency, SAMPLE_RATE)
    assert signal_to_noise(ideal[1_000:-1_000], doubled[1_000:]) > 85


def test_what_is_above_the_new_band_does_not_fold_back() -> None:
    resampler = Resampler(48_000)
    assert np.abs(joined(resampler.push(tone(9_000, 48_000)))[1_000:]).max() < 1e-4


@pytest.mark.parametrize("rate", [*RATES, *ODD_RATES])
def test_a_flush_in_mid_stream_leaves_no_seam(rate: int) -> None:
    samples = speech(rate)
    size = rate // 50
    flushes = frozenset({0, 1, 2, 20, 21, 50, 73, 100, 149})
    whole = resampled(samples, rate, size=size, flush_after=frozenset())
    flushed = resampled(samples, rate, size=size, flush_after=flushes)

    error = np.abs(flushed - whole)
    near = np.zeros(len(whole), np.bool_)
    for number in flushes:
        seam = (number + 1) * size * SAMPLE_RATE // rate
        near[max(0, seam - max(100, 100 * SAMPLE_RATE // rate)) : seam] = True
    assert error[~near].max() < 1e-4, "the flush is heard more than 6 ms before it, or after it"
    assert error.max() < 0.15
    assert signal_to_noise(whole, flushed) > 25


def test_a_flush_with_nothing_new_hands_out_nothing() -> None:
    resampler = Resampler(44_100)
    assert list(resampler.flush()) == []
    joined(resampler.push(speech(44_100)[:1_000]))
    assert len(joined(resampler.flush())) > 0
    assert list(resampler.flush()) == []


@pytest.mark.parametrize(("rate", "milliseconds"), [(8_000, 4), (44_100, 45), (48_000, 40)])
def test_little_is_held_back(rate: int, milliseconds: int) -> None:
    resampler = Resampler(rate)
    handed_out = 0
    for start in range(0, rate, rate // 50):
        handed_out += len(joined(resampler.push(speech(rate)[start : start + rate // 50])))
        assert resampler.position - handed_out <= milliseconds * SAMPLE_RATE // 1000


def test_16_khz_passes_untouched_and_at_once() -> None:
    resampler = Resampler(SAMPLE_RATE)
    np.testing.assert_array_equal(joined(resampler.push(speech())), speech())
    assert list(resampler.flush()) == []


@pytest.mark.parametrize("rate", RATES)
def test_full_scale_stays_within_full_scale(rate: int) -> None:
    square = np.sign(np.sin(2 * np.pi * 441 * np.arange(rate) / rate)).astype(np.float32)
    streamed = resampled(square, rate, size=rate // 50, flush_after=frozenset({7}))
    assert np.abs(streamed).max() <= 1


def test_blocks_are_one_second_at_most() -> None:
    blocks = list(Resampler(8_000).push(np.zeros(80_000, np.float32)))
    assert [len(block) for block in blocks[:-1]] == [SAMPLE_RATE] * 9


def test_the_clock_counts_the_input() -> None:
    resampler = Resampler(44_100)
    joined(resampler.push(np.zeros(441, np.float32)))
    assert resampler.position == 160
    joined(resampler.push(np.zeros(1, np.float32)))
    assert resampler.position == 160
    joined(resampler.push(np.zeros(2, np.float32)))
    assert resampler.position == 161


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([*RATES, *ODD_RATES]),
    steps=st.lists(st.tuples(st.integers(0, 4_000), st.booleans()), max_size=12),
)
def test_a_flush_anywhere_makes_the_count_exact(rate: int, steps: list[tuple[int, bool]]) -> None:
    resampler = Resampler(rate)
    samples = speech(rate)
    handed_out = 0
    for count, flush in steps:
        handed_out += len(joined(resampler.push(samples[:count])))
        assert handed_out <= resampler.position
        if flush:
            handed_out += len(joined(resampler.flush()))
            assert handed_out == resampler.position
