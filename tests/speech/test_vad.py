from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audio.material import speech
from sferic.audio import SAMPLE_RATE
from sferic.errors import ModelLoadError
from sferic.models import ModelStore
from sferic.speech.vad import FRAME, VoiceActivity, VoiceActivityModel


@pytest.fixture(scope="module")
def model() -> VoiceActivityModel:
    folder = ModelStore().ensure("silero-vad").folder
    return VoiceActivityModel(folder / "silero_vad_16k_op15.onnx")


def judged(activity: VoiceActivity, blocks: Iterable[NDArray[np.float32]]) -> list[float]:
    return [probability for block in blocks for probability in activity.feed(block)]


def test_speech_is_voiced_and_silence_is_not(model: VoiceActivityModel) -> None:
    activity = model.stream()
    quiet = judged(activity, [np.zeros(SAMPLE_RATE, np.float32)])
    voiced = judged(activity, [speech()])
    assert max(quiet) < 0.1
    assert np.mean(voiced) > 0.8


def test_there_is_a_probability_for_each_whole_frame(model: VoiceActivityModel) -> None:
    activity = model.stream()
    assert judged(activity, [np.zeros(FRAME - 1, np.float32)]) == []
    assert len(judged(activity, [np.zeros(1, np.float32)])) == 1
    assert len(judged(activity, [np.zeros(10 * FRAME + 1, np.float32)])) == 10


@settings(max_examples=20, deadline=None)
@given(places=st.lists(st.integers(0, SAMPLE_RATE), max_size=40))
def test_the_cuts_of_the_blocks_do_not_change_a_probability(
    model: VoiceActivityModel, places: list[int]
) -> None:
    samples = speech()[:SAMPLE_RATE]
    whole = judged(model.stream(), [samples])
    assert judged(model.stream(), np.split(samples, sorted(places))) == whole


def test_streams_of_one_model_do_not_hear_each_other(model: VoiceActivityModel) -> None:
    one, other = model.stream(), model.stream()
    alone = judged(model.stream(), [speech()])
    beside = []
    for block in np.split(speech(), range(700, len(speech()), 700)):
        beside += judged(one, [block])
        judged(other, [-block[::-1]])
    assert beside == alone


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    file = tmp_path / "silero.onnx"
    file.write_bytes(b"no model")
    with pytest.raises(ModelLoadError, match=r"silero\.onnx"):
        VoiceActivityModel(file)
