import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from audio.material import speech
from sferic.audio import SAMPLE_RATE
from sferic.recognition.whisper.mel import HOP, LogMel


@pytest.mark.parametrize("bands", [80, 128])
@pytest.mark.parametrize("seconds", [0.02, 0.5, 2.99])
def test_it_agrees_with_the_extractor_of_faster_whisper(bands: int, seconds: float) -> None:
    samples = speech()[: round(seconds * SAMPLE_RATE)]
    length = 4 * SAMPLE_RATE
    padded = np.pad(samples, (0, length - len(samples)))
    theirs = FeatureExtractor(feature_size=bands)(padded, padding=0)
    ours = LogMel(bands)(samples, length)
    assert ours.shape == (1, bands, length // HOP)
    assert ours.dtype == np.float32
    assert ours.flags.c_contiguous
    np.testing.assert_allclose(ours[0], theirs[:, : length // HOP], atol=2e-3)


def test_audio_that_fills_its_window_needs_no_padding() -> None:
    samples = speech()[: 2 * SAMPLE_RATE]
    theirs = FeatureExtractor()(samples, padding=HOP)[:, : 2 * SAMPLE_RATE // HOP]
    ours = LogMel()(samples, 2 * SAMPLE_RATE)[0]
    # The last frame looks past the end: they mirror the audio there, silence is what follows here.
    np.testing.assert_allclose(ours[:, :-2], theirs[:, :-2], atol=2e-3)


def test_silence_has_features_too() -> None:
    features = LogMel()(np.zeros(SAMPLE_RATE, np.float32), 2 * SAMPLE_RATE)
    assert np.isfinite(features).all()
    assert np.ptp(features) == 0
