"""Models of every kind that sherpa-onnx runs, made at test time, that hear tones.

A word is a tone: each token has a frequency, and is said where its tone begins. The networks are
what an export of the kind looks like (inputs, outputs, caches, metadata, token file); inside they
find the loudest band, and where it got loud, which a cache remembers from chunk to chunk.
"""

import json
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
TOKENS = ("▁RED", "▁BLUE", "▁I", "ISH", "▁GREEN", "▁GREY")
WIDTH = len(TONES)

_SURE, _BLANK = 10.0, 5.0
_AS_INTEGERS = float(2 * np.log(32768))
"""By which the logarithm is larger of samples that go up to 32768."""
_LOUD_POWER = 100.0
"""Of a tone in a frame of samples."""
_LOUD = -9.0
"""Log energy from which a frame is voiced; silence is below -10 in every kind of features."""


def tone(token: int, seconds: float = 0.3) -> Samples:
    """What a token sounds like."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * TONES[token] * at)).astype(np.float32)


def spoken(*tokens: int, gap: float = 0.2) -> Samples:
    """Tones with a pause behind each."""
    parts = [part for token in tokens for part in (tone(token), hush(gap))]
    return np.concatenate(parts) if parts else hush(0)


def hush(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def zipformer(
    folder: Path, *, version: int = 2, tokens: Sequence[str] = TOKENS, doubt: bool = False
) -> Path:
    """A streaming transducer of the two kinds of Zipformer that icefall exports.

    Args:
        folder: Where to.
        version: Which kind.
        tokens: What its tones are called.
        doubt: Whether the last but one is nearly the last to it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chunk = 32
    graph = Graph()
    prior = graph.node("Reshape", "carry", graph.integers(-1, 1, WIDTH))
    cut = _frames(graph, "x", chunk)
    heard, carried = _ear(graph, cut, prior, _bands(80), subsampling=4)
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
    _joiner(folder / "joiner.int8.onnx", len(vocabulary), doubt=doubt)
    write_tokens(folder, vocabulary)
    return folder


def nemo_streaming_transducer(folder: Path, *, prompted: bool = False) -> Path:
    """A FastConformer transducer; with prompts, one of several languages as Nemotron is.

    What it hears as one token in English is the next but two in German.
    """
    size = len(TOKENS) + 1
    about = {"vocab_size": str(size - 1), "normalize_type": "NA", **_RNN, **_CHUNKS}
    prompts = {"auto": 101, "en-US": 0, "de-DE": 1}
    if prompted:
        about["prompt_dictionary"] = json.dumps(prompts)
        about["auto_prompt_id"] = "101"
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph()
    heard = _nemo_chunk(graph)
    if prompted:
        turned = np.stack([np.eye(WIDTH), np.roll(np.eye(WIDTH), 3, axis=1)]).astype(np.float32)
        german = graph.node("Equal", "prompt_index", graph.integers(1))
        which = graph.node("Gather", graph.constant(turned), graph.node("Cast", german, to=INT64))
        heard = graph.node("MatMul", heard, which)
    graph.node("Transpose", heard, perm=[0, 2, 1], name="outputs")
    _save(
        graph,
        folder / "encoder.int8.onnx",
        inputs=_NEMO_INPUTS | ({"prompt_index": (INT64, ("N",))} if prompted else {}),
        outputs={"outputs": (FLOAT, ("N", WIDTH, "F")), **_NEMO_OUTPUTS},
        metadata=about,
    )
    _predictor(folder / "decoder.int8.onnx")
    _nemo_joiner(folder / "joiner.int8.onnx", size)
    write_tokens(folder, [*TOKENS, "<blk>"])
    return folder


def nemo_streaming_ctc(folder: Path) -> Path:
    """A FastConformer with CTC, in chunks."""
    size = len(TOKENS) + 1
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph()
    _log_probabilities(graph, _nemo_chunk(graph), size, "logprobs")
    _save(
        graph,
        folder / "model.int8.onnx",
        inputs=_NEMO_INPUTS,
        outputs={"logprobs": (FLOAT, ("N", "F", size)), **_NEMO_OUTPUTS},
        metadata={"vocab_size": str(size - 1), **_CHUNKS},
    )
    write_tokens(folder, [*TOKENS, "<blk>"])
    return folder


def nemo_transducer(folder: Path, *, durations: bool = True) -> Path:
    """An offline FastConformer transducer; with durations, a TDT such as Parakeet."""
    size = len(TOKENS) + 1
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph()
    heard = _whole(
        graph, graph.node("Transpose", "audio_signal", perm=[0, 2, 1]), _bands(128, slaney=True)
    )
    graph.node("Transpose", heard, perm=[0, 2, 1], name="outputs")
    graph.node("Div", "length", graph.integers(8), name="encoded_lengths")
    _save(
        graph,
        folder / "encoder.int8.onnx",
        inputs={"audio_signal": (FLOAT, ("N", 128, "T")), "length": (INT64, ("N",))},
        outputs={"outputs": (FLOAT, ("N", WIDTH, "F")), "encoded_lengths": (INT64, ("N",))},
        metadata={
            "model_type": "EncDecRNNTBPEModel",
            "vocab_size": str(size - 1),
            "subsampling_factor": "8",
            "normalize_type": "NA",
            "feat_dim": "128",
            "url": "https://example.org/parakeet-tdt" if durations else "",
            **_RNN,
        },
    )
    _predictor(folder / "decoder.int8.onnx")
    _nemo_joiner(folder / "joiner.int8.onnx", size, durations=5 if durations else 0)
    write_tokens(folder, [*TOKENS, "<blk>"])
    return folder


def nemo_ctc(folder: Path) -> Path:
    """An offline NeMo model with CTC, as IndicConformer is."""
    size = len(TOKENS) + 1
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph()
    heard = _whole(
        graph, graph.node("Transpose", "audio_signal", perm=[0, 2, 1]), _bands(80, slaney=True)
    )
    _log_probabilities(graph, heard, size, "logprobs")
    _save(
        graph,
        folder / "model.int8.onnx",
        inputs={"audio_signal": (FLOAT, ("N", 80, "T")), "length": (INT64, ("N",))},
        outputs={"logprobs": (FLOAT, ("N", "F", size))},
        metadata={
            "model_type": "EncDecCTCModelBPE",
            "vocab_size": str(size - 1),
            "subsampling_factor": "8",
            "normalize_type": "",
        },
    )
    write_tokens(folder, [*TOKENS, "<blk>"])
    return folder


def omnilingual_ctc(folder: Path) -> Path:
    """An Omnilingual model: it takes samples, of mean 0 and variance 1, and spells letters."""
    tokens = ["<s>", "r", "b", "i", " ", "g", "y"]
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph()
    framed = graph.node("Reshape", _whole_frames(graph, "x", 320), graph.integers(1, -1, 320))
    weights, bias = _to_logits(len(tokens), 0)
    heard = _raw_ear(graph, framed)
    logits = graph.node("MatMul", heard, graph.constant(weights))
    graph.node("Add", logits, graph.constant(bias), name="logits")
    _save(
        graph,
        folder / "model.int8.onnx",
        inputs={"x": (FLOAT, ("N", "T"))},
        outputs={"logits": (FLOAT, ("N", "F", len(tokens)))},
        metadata={"model_type": "omnilingual-asr", "version": "1"},
    )
    write_tokens(folder, tokens)
    return folder


def sense_voice(folder: Path) -> Path:
    """A SenseVoice: language, emotion, event and kind of text come before the words."""
    special = ["<unk>", "<|en|>", "<|NEUTRAL|>", "<|Speech|>", "<|withitn|>"]
    tokens = [*special, *TOKENS]
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph()
    first = graph.node("Slice", "x", graph.integers(0), graph.integers(80), graph.integers(2))
    quieter = graph.node("Sub", first, _number(graph, _AS_INTEGERS))
    heard = _whole(graph, quieter, _bands(80), subsampling=1)
    weights = np.zeros((WIDTH, len(tokens)), np.float32)
    weights[:, len(special) :] = np.eye(WIDTH)
    bias = np.zeros(len(tokens), np.float32)
    bias[0] = _BLANK
    logits = graph.node(
        "Add", graph.node("MatMul", heard, graph.constant(weights)), graph.constant(bias)
    )
    about = np.eye(len(tokens), dtype=np.float32)[None, 1:5] * 2 * _SURE
    graph.node("Concat", graph.constant(about), logits, axis=1, name="logits")
    numbers = {
        "x_length": (INT32, ("N",)),
        "language": (INT32, ("N",)),
        "text_norm": (INT32, ("N",)),
    }
    _save(
        graph,
        folder / "model.int8.onnx",
        inputs={"x": (FLOAT, ("N", "T", 560)), **numbers},
        outputs={"logits": (FLOAT, ("N", "F", len(tokens)))},
        metadata={
            "model_type": "sense_voice_ctc",
            "comment": "tiny",
            "vocab_size": str(len(tokens)),
            "lfr_window_size": "7",
            "lfr_window_shift": "6",
            "normalize_samples": "0",
            "with_itn": "14",
            "without_itn": "15",
            **{
                f"lang_{code}": str(n)
                for n, code in enumerate(("auto", "zh", "en", "ja", "ko", "yue"))
            },
            "neg_mean": ",".join(["0"] * 560),
            "inv_stddev": ",".join(["1"] * 560),
        },
    )
    write_tokens(folder, tokens)
    return folder


def moonshine(folder: Path) -> Path:
    """A Moonshine: its decoder says one token after the other and tells no times."""
    tokens = ["<unk>", "<s>", "</s>", *TOKENS]
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph()
    framed = graph.node("Reshape", _whole_frames(graph, "args_0", 384), graph.integers(1, -1, 384))
    graph.node("Identity", _raw_ear(graph, framed), name="sequential")
    features = {"args_0": (FLOAT, (1, "T", WIDTH))}
    _save(
        graph,
        folder / "preprocess.onnx",
        inputs={"args_0": (FLOAT, (1, "S"))},
        outputs={"sequential": (FLOAT, (1, "T", WIDTH))},
        metadata={},
    )
    graph = Graph()
    graph.node("Identity", "args_0", name="layer_normalization")
    _save(
        graph,
        folder / "encode.int8.onnx",
        inputs={**features, "args_1": (INT32, (1,))},
        outputs={"layer_normalization": (FLOAT, (1, "T", WIDTH))},
        metadata={},
    )
    _moonshine_decoder(folder / "uncached_decode.int8.onnx", len(tokens), cached=False)
    _moonshine_decoder(folder / "cached_decode.int8.onnx", len(tokens), cached=True)
    write_tokens(folder, tokens)
    return folder


def _moonshine_decoder(path: Path, size: int, *, cached: bool) -> None:
    """Says the tone that is as far from the first as there are tokens already."""
    graph = Graph()
    begins = graph.node("ReduceSum", "args_1", graph.integers(2), keepdims=1)
    begun = graph.node("Cast", graph.node("Greater", begins, _number(graph, 0.0)), to=FLOAT)
    counted = graph.node("CumSum", begun, graph.constant(np.array(1, np.int64)))
    wanted = graph.node("Cast", "args_2", to=FLOAT)
    here = graph.node("Cast", graph.node("Equal", counted, wanted), to=FLOAT)
    chosen = graph.node(
        "ReduceSum", graph.node("Mul", "args_1", here), graph.integers(1), keepdims=1
    )
    fresh = graph.node("Mul", chosen, _number(graph, 1.0))
    weights = np.zeros((WIDTH, size), np.float32)
    weights[:, 3:] = np.eye(WIDTH)
    bias = np.zeros(size, np.float32)
    bias[2] = _BLANK
    logits = graph.node("MatMul", fresh, graph.constant(weights))
    graph.node("Add", logits, graph.constant(bias), name="reversible_embedding")
    inputs = {
        "args_0": (INT32, (1, 1)),
        "args_1": (FLOAT, (1, "T", WIDTH)),
        "args_2": (INT32, (1,)),
    }
    if cached:
        inputs["args_3"] = (FLOAT, (1, 1))
    graph.node(
        "Identity",
        "args_3" if cached else graph.constant(np.zeros((1, 1), np.float32)),
        name="state",
    )
    _save(
        graph,
        path,
        inputs=inputs,
        outputs={"reversible_embedding": (FLOAT, (1, 1, size)), "state": (FLOAT, (1, 1))},
        metadata={},
    )


_RNN = {"pred_rnn_layers": "1", "pred_hidden": str(WIDTH)}
_SHIFT, _AHEAD = 56, 9
_CACHE = {
    "cache_last_channel_dim1": "1",
    "cache_last_channel_dim2": "1",
    "cache_last_channel_dim3": str(WIDTH),
    "cache_last_time_dim1": "1",
    "cache_last_time_dim2": "2",
    "cache_last_time_dim3": "2",
}
_CHUNKS = {
    "window_size": str(_SHIFT + _AHEAD),
    "chunk_shift": str(_SHIFT),
    "subsampling_factor": "8",
    **_CACHE,
}
_CACHES: Mapping[str, Any] = {
    "cache_last_channel": (FLOAT, ("N", 1, 1, WIDTH)),
    "cache_last_time": (FLOAT, ("N", 1, 2, 2)),
    "cache_last_channel_len": (INT64, ("N",)),
}
_NEMO_INPUTS: dict[str, Any] = {
    "audio_signal": (FLOAT, ("N", 80, "T")),
    "length": (INT64, ("N",)),
    **_CACHES,
}
_NEMO_OUTPUTS: dict[str, Any] = {
    "encoded_lengths": (INT64, ("N",)),
    **{f"{name}_next": value for name, value in _CACHES.items()},
}


def _nemo_chunk(graph: Graph) -> str:
    """Where tones begin in a chunk, as (N, F, WIDTH), and the nodes for the caches."""
    x = graph.node("Transpose", "audio_signal", perm=[0, 2, 1])
    prior = graph.node("Reshape", "cache_last_channel", graph.integers(-1, 1, WIDTH))
    bands = _bands(80, slaney=True)
    heard, carried = _ear(graph, _frames(graph, x, _SHIFT), prior, bands, subsampling=8)
    shape = graph.integers(-1, 1, 1, WIDTH)
    graph.node("Reshape", carried, shape, name="cache_last_channel_next")
    graph.node("Identity", "cache_last_time", name="cache_last_time_next")
    graph.node("Identity", "cache_last_channel_len", name="cache_last_channel_len_next")
    graph.node("Div", "length", graph.integers(8), name="encoded_lengths")
    return heard


def _log_probabilities(graph: Graph, heard: str, size: int, name: str) -> None:
    weights, bias = _to_logits(size, size - 1)
    logits = graph.node("MatMul", heard, graph.constant(weights))
    graph.node("LogSoftmax", graph.node("Add", logits, graph.constant(bias)), axis=-1, name=name)


def _predictor(path: Path) -> None:
    """NeMo's decoder: it makes sure that no token is said twice in a row."""
    graph = Graph()
    seen = np.zeros((WIDTH + 1, WIDTH), np.float32)
    seen[:WIDTH] = -2 * _SURE * np.eye(WIDTH)
    told = graph.node("Gather", graph.constant(seen), "targets")
    graph.node("Transpose", told, perm=[0, 2, 1], name="outputs")
    graph.node("Identity", "target_length", name="prednet_lengths")
    for name in ("states.1", "onnx::Slice_3"):
        graph.node("Identity", name, name=f"{name}_next")
    states = dict.fromkeys(("states.1", "onnx::Slice_3"), (FLOAT, (1, "N", WIDTH)))
    _save(
        graph,
        path,
        inputs={"targets": (INT32, ("N", 1)), "target_length": (INT32, ("N",)), **states},
        outputs={
            "outputs": (FLOAT, ("N", WIDTH, 1)),
            "prednet_lengths": (INT32, ("N",)),
            **{f"{name}_next": value for name, value in states.items()},
        },
        metadata={},
    )


def _nemo_joiner(path: Path, size: int, *, durations: int = 0) -> None:
    """NeMo's joint network; with durations it always says to go on by one frame."""
    graph = Graph()
    both = graph.node(
        "Transpose", graph.node("Add", "encoder_outputs", "decoder_outputs"), perm=[0, 2, 1]
    )
    weights, bias = _to_logits(size, size - 1)
    weights = np.pad(weights, ((0, 0), (0, durations)))
    bias = np.append(bias, np.eye(durations, dtype=np.float32)[1:2].ravel())
    logits = graph.node(
        "Add", graph.node("MatMul", both, graph.constant(weights)), graph.constant(bias)
    )
    graph.node("Unsqueeze", logits, graph.integers(2), name="outputs")
    _save(
        graph,
        path,
        inputs={
            "encoder_outputs": (FLOAT, ("N", WIDTH, 1)),
            "decoder_outputs": (FLOAT, ("N", WIDTH, 1)),
        },
        outputs={"outputs": (FLOAT, ("N", 1, 1, size + durations))},
        metadata={},
    )


def _whole(graph: Graph, x: str, bands: NDArray[np.float32], *, subsampling: int = 8) -> str:
    """Where tones begin in all of some features, as (N, F, WIDTH)."""
    first = graph.node("Slice", x, graph.integers(0), graph.integers(1), graph.integers(1))
    nothing = graph.node("MatMul", first, graph.constant(np.zeros_like(bands)))
    return _ear(
        graph, _whole_frames(graph, x, subsampling), nothing, bands, subsampling=subsampling
    )[0]


def _whole_frames(graph: Graph, x: str, frame: int) -> str:
    """What can be cut along the second axis into frames of one size."""
    length = graph.node("Shape", x, start=1, end=2)
    whole = graph.node(
        "Mul", graph.node("Div", length, graph.integers(frame)), graph.integers(frame)
    )
    return str(graph.node("Slice", x, graph.integers(0), whole, graph.integers(1)))


def _raw_ear(graph: Graph, framed: str) -> str:
    """Where tones begin in frames of samples, (1, F, frame): as (1, F, WIDTH)."""
    size = 320
    cut = graph.node("Slice", framed, graph.integers(0), graph.integers(size), graph.integers(2))
    angles = 2 * np.pi * np.outer(np.arange(size) / SAMPLE_RATE, TONES)
    parts = [
        graph.node("MatMul", cut, graph.constant(wave(angles).astype(np.float32)))
        for wave in (np.sin, np.cos)
    ]
    squares = [graph.node("Mul", part, part) for part in parts]
    power = graph.node("Add", *squares)
    first = graph.node("Slice", power, graph.integers(0), graph.integers(1), graph.integers(1))
    nothing = graph.node("Mul", first, _number(graph, 0.0))
    levels = graph.node("Sub", power, _number(graph, _LOUD_POWER - _LOUD))
    return _ear(graph, levels, nothing, np.eye(WIDTH, dtype=np.float32), subsampling=1)[0]


def unrunnable() -> bytes:
    """A graph that is whole and has an operator that nobody knows."""
    graph = Graph()
    graph.node("NoSuchOperator", "x", name="y")
    shape = {"x": (FLOAT, (1,))}
    return graph.serialized(shape, {"y": (FLOAT, (1,))})


def write_pieces(folder: Path) -> None:
    """The pieces of the vocabulary with their scores, which hotwords need."""
    pieces = [f"{token}\t{-index}\n" for index, token in enumerate(TOKENS)]
    (folder / "bpe.vocab").write_text("".join(pieces), "utf-8")


def write_tokens(folder: Path, vocabulary: Sequence[str]) -> None:
    lines = [f"{token} {index}\n" for index, token in enumerate(vocabulary)]
    (folder / "tokens.txt").write_text("".join(lines), "utf-8")


def _frames(graph: Graph, x: str, count: int) -> str:
    """The first of some features."""
    return str(graph.node("Slice", x, graph.integers(0), graph.integers(count), graph.integers(1)))


def _ear(
    graph: Graph, x: str, prior: str, bands: NDArray[np.float32], *, subsampling: int
) -> tuple[str, str]:
    """Where tones begin, as (N, F, WIDTH); and which one goes on at the end, (N, 1, WIDTH).

    Args:
        x: Features as (N, F times subsampling, mels).
        prior: Which one went on at the end of what came before, as (N, 1, WIDTH).
        bands: Weights of shape (mels, WIDTH).
        subsampling: Frames that are taken together.
    """
    batch = graph.node("Shape", x, start=0, end=1)
    rest = graph.integers(-1, subsampling, len(bands))
    grouped = graph.node("Reshape", x, graph.node("Concat", batch, rest, axis=0))
    mean = graph.node("ReduceMean", grouped, graph.integers(2), keepdims=0)
    loudest = graph.node("ReduceMax", mean, graph.integers(2), keepdims=1)
    loud = graph.node("Cast", graph.node("Greater", loudest, _number(graph, _LOUD)), to=FLOAT)
    levels = graph.node("MatMul", mean, graph.constant(bands))
    best = graph.node("ReduceMax", levels, graph.integers(2), keepdims=1)
    which = graph.node("Cast", graph.node("Equal", levels, best), to=FLOAT)
    present = graph.node("Mul", loud, which)
    axis, end = graph.integers(1), graph.integers(2**31)
    first = graph.node("Slice", present, graph.integers(0), graph.integers(-1), axis)
    before = graph.node("Concat", prior, first, axis=1)
    fresh = graph.node("Mul", present, graph.node("Sub", _number(graph, 1.0), before))
    heard = graph.node("Mul", fresh, _number(graph, _SURE))
    last = graph.node("Slice", present, graph.integers(-1), end, axis)
    return str(heard), str(last)


def _bands(mels: int, *, slaney: bool = False) -> NDArray[np.float32]:
    """Which mel band each tone lies in: weights of shape (mels, WIDTH)."""

    def mel(hertz: float) -> float:
        if not slaney:
            return float(1127 * np.log(1 + hertz / 700))
        if hertz < 1000:
            return hertz * 3 / 200
        return float(15 + 27 * np.log(hertz / 1000) / np.log(6.4))

    low, high = (mel(0), mel(8000)) if slaney else (mel(20), mel(SAMPLE_RATE / 2 - 400))
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


def _joiner(path: Path, size: int, *, doubt: bool) -> None:
    graph = Graph()
    both = graph.node("Add", "encoder_out", "decoder_out")
    weights, bias = _to_logits(size, 0)
    if doubt:
        weights[-2, -1] = 0.95
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
