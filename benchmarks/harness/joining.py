"""Long streams with known text, made of recordings with short pauses or none between them."""

import random
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.live import quiet
from benchmarks.harness.speech import Utterance, pcm
from sferic.audio import SAMPLE_RATE

Joint: TypeAlias = Literal["pauses", "run-on"]
"""How recordings follow each other."""

PAUSES_S: dict[Joint, tuple[float, float]] = {"pauses": (0.15, 0.7), "run-on": (0.0, 0.08)}
"""Shortest and longest pause between two recordings."""

_FRAME = SAMPLE_RATE // 100
_MARGIN_S = 0.05
"""Kept around the sound of a recording."""
_DEPTH_DB = 35.0
"""How far below the loudest part of a recording its sound reaches."""
_ABOVE_NOISE_DB = 6.0
"""How far above its noise."""
_LEVEL = 2000.0
"""Root mean square of the loudest part, in steps of 16 bits: -24 dBFS."""
_PCM_MOST = 32_767
_SAMPLE_BYTES = 2


class Part(NamedTuple):
    """A recording in a stream."""

    text: str
    """What is said, without annotators' marks."""
    start: float
    """In seconds from the beginning of the stream."""
    end: float


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """One stream."""

    joint: Joint
    audio: bytes
    """16-bit mono samples at 16 kHz."""
    parts: tuple[Part, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return _seconds(self.audio)


def join(
    utterances: Sequence[Utterance], joint: Joint, *, length_s: float, seed: int
) -> list[Joined]:
    """Put recordings one after the other, in streams of at least a length but the last.

    Args:
        utterances: Each is used once.
        joint: What is between them.
        length_s: Seconds after which a stream is full.
        seed: Of their order and of the pauses.
    """
    draw = random.Random(seed)
    rows = list(utterances)
    draw.shuffle(rows)
    streams: list[Joined] = []
    audio, parts = bytearray(), list[Part]()
    for row in rows:
        if audio:
            audio += quiet(draw.uniform(*PAUSES_S[joint]), SAMPLE_RATE)
        start = _seconds(audio)
        audio += trimmed(pcm(row.path, SAMPLE_RATE))
        parts.append(Part(row.reference, start, _seconds(audio)))
        if _seconds(audio) >= length_s or row is rows[-1]:
            streams.append(Joined(joint=joint, audio=bytes(audio), parts=tuple(parts)))
            audio, parts = bytearray(), []
    return streams


def trimmed(audio: bytes) -> bytes:
    """A recording without the silence before and behind its sound, at a common level."""
    samples = np.frombuffer(audio, dtype="<i2").astype(np.float64)
    levels = _levels(samples)
    if not len(levels):
        return audio
    loud, noise = np.percentile(levels, [95, 5])
    sounding = np.flatnonzero(
        levels > max(loud - _DEPTH_DB, min(noise + _ABOVE_NOISE_DB, loud - 1))
    )
    margin = round(_MARGIN_S * SAMPLE_RATE)
    start = max(int(sounding[0]) * _FRAME - margin, 0)
    end = (int(sounding[-1]) + 1) * _FRAME + margin
    gain = _LEVEL / 10 ** (loud / 20)
    scaled: NDArray[np.float64] = np.rint(samples[start:end] * gain)
    return scaled.clip(-_PCM_MOST, _PCM_MOST).astype("<i2").tobytes()


def _seconds(audio: bytes | bytearray) -> float:
    return len(audio) / _SAMPLE_BYTES / SAMPLE_RATE


def _levels(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Level of each frame in decibels, 0 for one step of 16 bits."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    levels: NDArray[np.float64] = 10 * np.log10(np.mean(frames**2, axis=1) + 1)
    return levels
