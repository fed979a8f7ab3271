"""Models of every kind that sherpa-onnx runs, made at test time, that hear tones.

A word is a tone: each token has a frequency, and is said where its tone begins. The networks are
what an export of the kind looks like (inputs, outputs, caches, metadata, token file); inside they
find the loudest band, and where it got loud, which a cache remembers from chunk to chunk.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from sferic.audio import SAMPLE_RATE
from sferic.models.graph import FLOAT, INT64, Graph

Samples = NDArray[np.float32]

INT32 = int(TensorProto.INT32)
TONES = (400, 800, 1400, 2200, 3200, 4500)
"""Hertz of the tokens, the blank not counted."""
TOKENS = ("▁ONE", "▁TWO", "▁I", "TEEN", "▁FOUR", "▁FIVE")
WIDTH = len(TONES)

_SURE, _BLANK = 10.0, 5.0
_LOUD = -4.0
"""Log energy from which a frame is voiced; silence is below -10 in every kind of features."""


def tone(token: int, seconds: float = 0.3) -> Samples:
    """What a token sounds like."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * TONES[token] * at)).astype(np.float32)


def hush(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def zipformer(folder: Path, *, version: int = 2, tokens: Sequence[str] = TOKENS) -> Path:
    """A streaming transducer of the two kinds of Zipformer that icefall exports."""
    folder.mkdir(parents=True, exist_ok=True)
    chunk = 32
    graph = Graph()
    prior = graph.node("Reshape", "carry", graph.integers(-1, 1, WIDTH))
    heard, carried = _ear(graph, "x", prior, mels=80, frames=chunk, subsampling=4)
    graph.node("Identity", heard, name="encoder_out")
    batch = "N"
    if version == 1:
        state = {
            "len": (INT64, (1, batch)),
            "carry": (FLOAT, (1, batch, WIDTH)),
            "key": (FLOAT, (1, 2, batch, 4)),
            "val": (FLOAT, (1, 2, batch, 2)),
            "val2": (FLOAT, (1, 2, batch, 2)),
            "conv1": (FLOAT, (1, batch, WIDTH, 2)),
            "conv2": (FLOAT, (1, batch, WIDTH, 2)),
        }
        about = {"attention_dims": "4"}
    else:
        state = {
            "key": (FLOAT, (4, batch, 4)),
            "nonlin": (FLOAT, (1, batch, 4, 3 * WIDTH // 4)),
            "val1": (FLOAT, (4, batch, 4)),
            "val2": (FLOAT, (4, batch, 4)),
            "carry": (FLOAT, (batch, WIDTH, 1)),
            "conv2": (FLOAT, (batch, WIDTH, 1)),
            "embed": (FLOAT, (batch, 128, 3, 19)),
            "processed": (INT64, (batch,)),
        }
        about = {"query_head_dims": "4", "value_head_dims": "4", "num_heads": "1"}
    shape = graph.integers(1, -1, WIDTH) if version == 1 else graph.integers(-1, WIDTH, 1)
    carried = graph.node("Reshape", carried, shape)
    for name in state:
        graph.node("Identity", carried if name == "carry" else name, name=f"new_{name}")
    window = chunk + 13
    _save(
        graph,
        folder / "encoder.int8.onnx",
        inputs={"x": (FLOAT, (batch, window, 80)), **state},
        outputs={
            "encoder_out": (FLOAT, (batch, chunk // 4, WIDTH)),
            **{f"new_{name}": value for name, value in state.items()},
        },
        metadata={
            "model_type": "zipformer" if version == 1 else "zipformer2",
            "encoder_dims": str(WIDTH),
            "num_encoder_layers": "1",
            "cnn_module_kernels": "3",
            "left_context_len": "2" if version == 1 else "4",
            "T": str(window),
            "decode_chunk_len": str(chunk),
            **about,
        },
    )
    vocabulary = ["<blk>", *tokens]
    _stateless_decoder(folder / "decoder.onnx", len(vocabulary))
    _joiner(folder / "joiner.int8.onnx", len(vocabulary), blank=0)
    write_tokens(folder, vocabulary)
    return folder


def write_tokens(folder: Path, vocabulary: Sequence[str]) -> None:
    lines = [f"{token} {index}\n" for index, token in enumerate(vocabulary)]
    (folder / "tokens.txt").write_text("".join(lines), "utf-8")


def _ear(
    graph: Graph, x: str, prior: str, *, mels: int, frames: int, subsampling: int
) -> tuple[str, str]:
    """Where tones begin, as (N, frames / subsampling, WIDTH); and which one goes on, (N, 1, WIDTH).

    Args:
        x: Features as (N, at least so many frames, mels).
        prior: Which one went on at the end of what came before, as (N, 1, WIDTH).
    """
    axis = graph.integers(1)
    count = frames // subsampling
    cut = graph.node("Slice", x, graph.integers(0), graph.integers(frames), axis)
    grouped = graph.node("Reshape", cut, graph.integers(-1, count, subsampling, mels))
    mean = graph.node("ReduceMean", grouped, graph.integers(2), keepdims=0)
    loudest = graph.node("ReduceMax", mean, graph.integers(2), keepdims=1)
    loud = graph.node("Cast", graph.node("Greater", loudest, _number(graph, _LOUD)), to=FLOAT)
    bands = graph.node("MatMul", mean, graph.constant(_bands(mels)))
    best = graph.node("ReduceMax", bands, graph.integers(2), keepdims=1)
    which = graph.node("Cast", graph.node("Equal", bands, best), to=FLOAT)
    present = graph.node("Mul", loud, which)
    if count > 1:
        first = graph.node("Slice", present, graph.integers(0), graph.integers(count - 1), axis)
        before = graph.node("Concat", prior, first, axis=1)
    else:
        before = prior
    fresh = graph.node("Mul", present, graph.node("Sub", _number(graph, 1.0), before))
    heard = graph.node("Mul", fresh, _number(graph, _SURE))
    last = graph.node("Slice", present, graph.integers(count - 1), graph.integers(count), axis)
    return str(heard), str(last)


def _bands(mels: int) -> NDArray[np.float32]:
    """Which mel band each tone lies in: weights of shape (mels, WIDTH)."""

    def mel(hertz: float) -> float:
        return float(1127 * np.log(1 + hertz / 700))

    low, high = mel(20), mel(SAMPLE_RATE / 2 - 400)
    weights = np.zeros((mels, WIDTH), np.float32)
    for index, hertz in enumerate(TONES):
        at = round((mel(hertz) - low) / (high - low) * (mels + 1) - 1)
        weights[max(at - 1, 0) : at + 2, index] = 1 / 3
    return weights


def _stateless_decoder(path: Path, size: int) -> None:
    graph = Graph()
    told = graph.node("ReduceSum", graph.node("Cast", "y", to=FLOAT), graph.integers(1), keepdims=1)
    graph.node("Mul", told, graph.constant(np.zeros((1, WIDTH), np.float32)), name="decoder_out")
    _save(
        graph,
        path,
        inputs={"y": (INT64, ("N", 2))},
        outputs={"decoder_out": (FLOAT, ("N", WIDTH))},
        metadata={"vocab_size": str(size), "context_size": "2"},
    )


def _joiner(path: Path, size: int, *, blank: int) -> None:
    graph = Graph()
    both = graph.node("Add", "encoder_out", "decoder_out")
    weights, bias = _to_logits(size, blank)
    logits = graph.node("MatMul", both, graph.constant(weights))
    graph.node("Add", logits, graph.constant(bias), name="logit")
    _save(
        graph,
        path,
        inputs={"encoder_out": (FLOAT, ("N", WIDTH)), "decoder_out": (FLOAT, ("N", WIDTH))},
        outputs={"logit": (FLOAT, ("N", size))},
        metadata={"joiner_dim": str(WIDTH)},
    )


def _to_logits(size: int, blank: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    weights = np.zeros((WIDTH, size), np.float32)
    for token in range(WIDTH):
        weights[token, token if blank else token + 1] = 1.0
    bias = np.zeros(size, np.float32)
    bias[blank] = _BLANK
    return weights, bias


def _number(graph: Graph, value: float) -> str:
    return graph.constant(np.array(value, np.float32))


def _save(
    graph: Graph,
    path: Path,
    *,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    metadata: Mapping[str, str],
) -> None:
    model = onnx.load_from_string(graph.serialized(inputs, outputs))
    for key, value in metadata.items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, path)
