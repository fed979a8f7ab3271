"""Filter banks."""

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.models import conversion
from sferic.models.graph import FLOAT, Graph
from sferic.speakers import fbank
from sferic.speakers.fbank import BANDS, LENGTH, STEP


def _network() -> onnxruntime.InferenceSession:
    graph = Graph()
    graph.node("Identity", fbank.filter_banks(graph, "samples"), name="bands")
    return conversion.session(
        graph.serialized(
            {"samples": (FLOAT, (1, 1, "samples"))}, {"bands": (FLOAT, (1, BANDS, "frames"))}
        )
    )


NETWORK = _network()


def filter_banks(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the graph says, shape (frames, 80)."""
    found: NDArray[np.float32] = NETWORK.run(None, {"samples": samples[None, None]})[0][0].T
    return found


def tone(hertz: float, seconds: float = 1.0) -> NDArray[np.float32]:
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.sin(2 * np.pi * hertz * times).astype(np.float32)


@pytest.mark.parametrize(("samples", "frames"), [(400, 1), (559, 1), (560, 2)])
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


def test_a_frame_is_what_kaldi_makes_of_it_step_by_step() -> None:
    samples = np.random.default_rng(1).standard_normal(LENGTH)
    frame = samples - samples.mean()
    frame = np.append(frame[0] * 0.03, frame[1:] - 0.97 * frame[:-1])
    power = np.abs(np.fft.rfft(frame * np.hanning(LENGTH) ** 0.85, 512)[:256]) ** 2
    mel = 1127 * np.log(1 + np.arange(256) * 31.25 / 700)
    low, high = 1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + 8000 / 700)
    edges = np.linspace(low, high, 82)
    expected = [
        np.log(power @ np.interp(mel, edges[band : band + 3], [0, 1, 0])) for band in range(BANDS)
    ]
    np.testing.assert_allclose(filter_banks(samples.astype(np.float32))[0], expected, atol=1e-3)
