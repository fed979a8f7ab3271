"""Voice activity with Silero VAD (MIT, https://github.com/snakers4/silero-vad)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.errors import ModelLoadError

FRAME = 512
"""Samples the model judges at once, 32 ms."""

_CONTEXT = 64
_RATE = np.array(SAMPLE_RATE, dtype=np.int64)


class VoiceActivityModel:
    """The network, shared by all streams; `stream()` gives each its own state.

    Args:
        path: silero_vad_16k_op15.onnx or a file of the same interface.

    Raises:
        ModelLoadError: ONNX Runtime rejects the file.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._network = onnxruntime.InferenceSession(
                str(path), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise ModelLoadError(path, str(error)) from error

    def stream(self) -> "VoiceActivity":
        """Voice activity of one stream, from its first sample."""
        return VoiceActivity(self)

    def judge(
        self, frame: NDArray[np.float32], state: NDArray[np.float32]
    ) -> tuple[float, NDArray[np.float32]]:
        """Probability of speech in a frame with its context, shape (1, 576), and the next state."""
        output, state = self._network.run(None, {"input": frame, "state": state, "sr": _RATE})
        return float(output[0, 0]), state


class VoiceActivity:
    """Judges one stream frame by frame, whatever the cuts of its blocks."""

    def __init__(self, model: VoiceActivityModel) -> None:
        self._model = model
        self._state: NDArray[np.float32] = np.zeros((2, 1, 128), np.float32)
        self._frame: NDArray[np.float32] = np.zeros((1, _CONTEXT + FRAME), np.float32)
        self._filled = 0

    def feed(self, samples: NDArray[np.float32]) -> Iterator[float]:
        """Take samples of any number and yield the probability of each frame they complete."""
        at = 0
        while at < len(samples):
            taken = min(FRAME - self._filled, len(samples) - at)
            into = _CONTEXT + self._filled
            self._frame[0, into : into + taken] = samples[at : at + taken]
            self._filled += taken
            at += taken
            if self._filled == FRAME:
                probability, self._state = self._model.judge(self._frame, self._state)
                self._frame[0, :_CONTEXT] = self._frame[0, -_CONTEXT:]
                self._filled = 0
                yield probability
