"""Filter banks."""

import numpy as np
import pytest

from sferic.audio import SAMPLE_RATE
from sferic.speakers.fbank import BANDS, LENGTH, STEP, filter_banks


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.sin(2 * np.pi * hertz * times).astype(np.float32)


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (399, 0), (400, 1), (559, 1), (560, 2)])
def test_a_frame_is_25_ms_every_10_ms(samples: int, frames: int) -> None:
    assert (LENGTH, STEP) == (400, 160)
    assert filter_banks(np.zeros(samples, np.float32)).shape == (frames, BANDS)


def test_a_higher_tone_is_in_a_higher_band() -> None:
    bands = [int(filter_banks(tone(hertz)).mean(axis=0).argmax()) for hertz in (200, 1000, 4000)]
    # 1127 ln(1 + f / 700) spread over 80 triangles from 20 Hz to 8 kHz.
    assert bands == [6, 27, 60]


def test_loudness_is_the_same_in_all_bands_and_at_all_times() -> None:
    noise = np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    louder = filter_banks(10 * noise) - filter_banks(noise)
    np.testing.assert_allclose(louder, 2 * np.log(10), atol=1e-3)


def test_silence_and_a_constant_are_finite() -> None:
    for samples in (np.zeros(1000, np.float32), np.ones(1000, np.float32)):
        assert np.isfinite(filter_banks(samples)).all()
