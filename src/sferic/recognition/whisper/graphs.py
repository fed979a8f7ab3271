"""Whisper (Radford et al., 2022) as two ONNX graphs, made from its weights.

The encoder ends where the decoder begins: with the keys and values that cross-attention looks up,
so that they are computed once however often a window is decoded. The decoder takes any number of
tokens at once behind those it has seen before, so that text which is known or guessed costs one
pass. It gives back what greedy decoding needs instead of whole vocabularies, and what the
alignment heads attended to, so that word times cost nothing more.

In 8 bits, activations of the encoder have one scale for each frame, which is faster on hundreds of
frames; those of the decoder one for each 128 of a token, which is faster on few tokens. One scale
for a whole call would be faster still, and costs more than a point of word error rate.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from sferic.recognition.whisper.weights import Weights

_OPSET = 20
_MICROSOFT = "com.microsoft"
_BLOCK = 128
_FLOAT, _INT64 = int(TensorProto.FLOAT), int(TensorProto.INT64)

Array = NDArray[Any]


def encoder(weights: Weights, *, quantized: bool) -> bytes:
    """Log-mel features to the keys and values of cross-attention.

    Input: features (1, bands, 2 t). Outputs, for each layer of the decoder: cross_key (1, heads,
    width, t) and cross_value (1, heads, t, width).
    """
    graph = _Graph(weights, product=_Graph.by_row if quantized else _Graph.plain)
    heads = weights.number("encoder/num_heads")
    x = graph.gelu(graph.convolution("features", "encoder/conv1", stride=1))
    x = graph.gelu(graph.convolution(x, "encoder/conv2", stride=2))
    x = graph.node("Transpose", x, perm=[0, 2, 1])
    length = graph.node("Shape", x, start=1, end=2)
    places = graph.weight("encoder/position_encodings/encodings")
    zero = graph.integers(0)
    x = graph.node("Add", x, graph.node("Slice", places, zero, length, zero))
    for layer in range(weights.layers("encoder")):
        name = f"encoder/layer_{layer}"
        query, key, value = graph.self_attention_inputs(x, name, heads)
        keys = graph.node("Transpose", key, perm=[0, 1, 3, 2])
        attention = graph.node("Softmax", graph.node("MatMul", query, keys), axis=-1)
        x = graph.attended(x, attention, value, f"{name}/self_attention/linear_1")
        x = graph.feed_forward(x, name)
    x = graph.norm(x, "encoder/layer_norm")
    heads = weights.number("decoder/num_heads")
    outputs = []
    for layer in range(weights.layers("decoder")):
        both = graph.linear(x, f"decoder/layer_{layer}/attention/linear_1")
        key, value = graph.node("Split", both, outputs=2, axis=2, num_outputs=2)
        split = graph.node("Reshape", key, graph.integers(0, 0, heads, -1))
        outputs.append(graph.node("Transpose", split, perm=[0, 2, 3, 1], name=f"cross_key_{layer}"))
        outputs.append(graph.by_head(value, heads, name=f"cross_value_{layer}"))
    return graph.serialized({"features": (_FLOAT, 3)}, dict.fromkeys(outputs, _FLOAT))


def decoder(
    weights: Weights,
    *,
    quantized: bool,
    alignment_heads: Sequence[tuple[int, int]],
    suppressed: Sequence[int],
) -> bytes:
    """Tokens to the tokens that follow them.

    Inputs: tokens (1, n), the place of each (1, n), targets (1, n), rows (r,), mask (1, 1, n, p +
    n), and for each layer past_key and past_value (1, heads, p, width), cross_key (1, heads, width,
    t) and cross_value (1, heads, t, width).

    Outputs: best (1, n), the likeliest token after each, those suppressed left out;
    best_score and target_score (1, n), log-probabilities of it and of the target; row_logits (1, r,
    vocabulary) of the rows asked for, with those suppressed; attention (1, alignment heads, n, t);
    key and value (1, heads, n, width) of the tokens for each layer.
    """
    graph = _Graph(weights, product=_Graph.by_block if quantized else _Graph.plain)
    heads = weights.number("decoder/num_heads")
    places = graph.weight("decoder/position_encodings/encodings")
    x = graph.node("Add", graph.embedded("tokens"), graph.node("Gather", places, "places"))
    attentions, outputs, inputs = [], [], {"tokens": (_INT64, 2), "places": (_INT64, 2)}
    inputs |= {"targets": (_INT64, 2), "rows": (_INT64, 1), "mask": (_FLOAT, 4)}
    for layer in range(weights.layers("decoder")):
        name = f"decoder/layer_{layer}"
        query, key, value = graph.self_attention_inputs(x, name, heads)
        outputs += [graph.node("Identity", key, name=f"key_{layer}")]
        outputs += [graph.node("Identity", value, name=f"value_{layer}")]
        key = graph.node("Concat", f"past_key_{layer}", key, axis=2)
        value = graph.node("Concat", f"past_value_{layer}", value, axis=2)
        scores = graph.node("MatMul", query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
        attention = graph.node("Softmax", graph.node("Add", scores, "mask"), axis=-1)
        x = graph.attended(x, attention, value, f"{name}/self_attention/linear_1")
        query = graph.cross_query(x, name, heads)
        scores = graph.node("MatMul", query, f"cross_key_{layer}")
        attention = graph.node("Softmax", scores, axis=-1)
        chosen = [head for at, head in alignment_heads if at == layer]
        if chosen:
            attentions.append(graph.node("Gather", attention, graph.integers(*chosen), axis=1))
        x = graph.attended(x, attention, f"cross_value_{layer}", f"{name}/attention/linear_2")
        x = graph.feed_forward(x, name)
        for cached in ("past_key", "past_value", "cross_key", "cross_value"):
            inputs[f"{cached}_{layer}"] = (_FLOAT, 4)
    x = graph.norm(x, "decoder/layer_norm")
    logits = graph.product(graph, x, weights["decoder/embeddings/weight"])
    penalties = np.zeros(weights["decoder/embeddings/weight"].shape[0], np.float32)
    penalties[[*suppressed]] = -np.inf
    graph.node("Gather", logits, "rows", axis=1, name="row_logits")
    logits = graph.node("Add", logits, graph.constant(penalties))
    total = graph.node("ReduceLogSumExp", logits, graph.integers(-1), keepdims=0)
    graph.node("ArgMax", logits, axis=-1, keepdims=0, name="best")
    best = graph.node("ReduceMax", logits, graph.integers(-1), keepdims=0)
    graph.node("Sub", best, total, name="best_score")
    last = graph.integers(-1)
    target = graph.node("GatherElements", logits, graph.node("Unsqueeze", "targets", last), axis=2)
    graph.node("Sub", graph.node("Squeeze", target, last), total, name="target_score")
    graph.node("Concat", *attentions, axis=1, name="attention")
    floats = ["row_logits", "best_score", "target_score", "attention", *outputs]
    return graph.serialized(inputs, {"best": _INT64} | dict.fromkeys(floats, _FLOAT))


class _Graph:
    """A graph that grows node by node.

    Args:
        weights: Where the names of linear layers and norms are looked up.
        product: How a matrix is multiplied with weights.
    """

    def __init__(self, weights: Weights, *, product: Any) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._known: dict[Any, Any] = {}
        self.product = product

    def node(
        self,
        kind: str,
        *inputs: str,
        outputs: int = 1,
        name: str = "",
        domain: str = "",
        **how: Any,
    ) -> Any:
        """Add a node; the name of its output, or of all."""
        names = [name] if name else [self._name() for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, [*inputs], names, domain=domain, **how))
        return names[0] if outputs == 1 else names

    def constant(self, values: Array | np.generic) -> str:
        name = self._name()
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def integers(self, *values: int) -> str:
        if values not in self._known:
            self._known[values] = self.constant(np.array(values, np.int64))
        return str(self._known[values])

    def weight(self, name: str) -> str:
        return self.constant(self._weights[name])

    def convolution(self, x: str, name: str, *, stride: int) -> Any:
        kernel, bias = self.weight(f"{name}/weight"), self.weight(f"{name}/bias")
        return self.node("Conv", x, kernel, bias, pads=[1, 1], strides=[stride])

    def gelu(self, x: str) -> Any:
        return self.node("Gelu", x)

    def norm(self, x: str, name: str) -> Any:
        scale, bias = self.weight(f"{name}/gamma"), self.weight(f"{name}/beta")
        return self.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5)

    def linear(self, x: str, name: str, *, scale: Array | float = 1.0) -> Any:
        """A linear layer; its outputs are multiplied with `scale`."""
        matrix = self._weights[f"{name}/weight"] * np.reshape(np.float32(scale), (-1, 1))
        bias = self._weights[f"{name}/bias"] * np.float32(scale)
        return self.node("Add", self.product(self, x, matrix), self.constant(bias))

    def embedded(self, tokens: str) -> Any:
        """Embeddings of tokens, kept in 8 bits where products are."""
        table = self._weights["decoder/embeddings/weight"]
        if self.product is _Graph.plain:
            return self.node("Gather", self.constant(table), tokens)
        scales, small = _rounded(table)
        rows = self.node("Cast", self.node("Gather", self.constant(small), tokens), to=_FLOAT)
        return self.node("Mul", rows, self.node("Gather", self.constant(scales), tokens))

    def self_attention_inputs(self, x: str, name: str, heads: int) -> tuple[str, str, str]:
        x = self.norm(x, f"{name}/self_attention/layer_norm")
        width = self._weights[f"{name}/self_attention/layer_norm/gamma"].shape[0]
        scale = np.ones(3 * width, np.float32)
        scale[:width] = (width // heads) ** -0.5
        parts = self.linear(x, f"{name}/self_attention/linear_0", scale=scale)
        parts = self.node("Split", parts, outputs=3, axis=2, num_outputs=3)
        query, key, value = (self.by_head(part, heads) for part in parts)
        return query, key, value

    def cross_query(self, x: str, name: str, heads: int) -> str:
        x = self.norm(x, f"{name}/attention/layer_norm")
        width = self._weights[f"{name}/attention/layer_norm/gamma"].shape[0]
        scale = (width // heads) ** -0.5
        return self.by_head(self.linear(x, f"{name}/attention/linear_0", scale=scale), heads)

    def attended(self, x: str, attention: str, value: str, name: str) -> Any:
        looked_up = self.node("Transpose", self.node("MatMul", attention, value), perm=[0, 2, 1, 3])
        joined = self.node("Reshape", looked_up, self.integers(0, 0, -1))
        return self.node("Add", x, self.linear(joined, name))

    def feed_forward(self, x: str, name: str) -> Any:
        inner = self.linear(self.norm(x, f"{name}/ffn/layer_norm"), f"{name}/ffn/linear_0")
        return self.node("Add", x, self.linear(self.gelu(inner), f"{name}/ffn/linear_1"))

    def by_head(self, x: str, heads: int, *, name: str = "") -> str:
        split = self.node("Reshape", x, self.integers(0, 0, heads, -1))
        return str(self.node("Transpose", split, perm=[0, 2, 1, 3], name=name))

    def plain(self, x: str, matrix: Array) -> Any:
        """A product in single precision."""
        return self.node("MatMul", x, self.constant(matrix.T))

    def by_row(self, x: str, matrix: Array) -> Any:
        """A product in 8 bits, with a scale for each row of activations and for each output."""
        if x not in self._known:
            rows = self.node("Reshape", x, self.integers(-1, matrix.shape[1]))
            top = self.node("ReduceMax", self.node("Abs", rows), self.integers(-1), keepdims=0)
            scale = self.node("Mul", top, self.constant(np.float32(1 / 127)))
            scale = self.node("Max", scale, self.constant(np.float32(1e-9)))
            middle = self.node("Shape", scale)
            middle = self.node("Expand", self.constant(np.array([128], np.uint8)), middle)
            small = self.node("QuantizeLinear", rows, scale, middle, axis=0)
            self._known[x] = small, self.node("Unsqueeze", scale, self.integers(-1))
        small, scale = self._known[x]
        scales, rounded = _rounded(matrix)
        middle = self.constant(np.uint8(128))
        product = self.node("MatMulInteger", small, self.constant(rounded.T), middle)
        product = self.node("Cast", product, to=_FLOAT)
        product = self.node("Mul", product, self.constant(scales[:, 0]))
        return self.node("Unsqueeze", self.node("Mul", product, scale), self.integers(0))

    def by_block(self, x: str, matrix: Array) -> Any:
        """A product in 8 bits, with a scale for each block of inputs."""
        height, depth = matrix.shape
        blocks = matrix.reshape(height, depth // _BLOCK, _BLOCK)
        scales, rounded = _rounded(blocks)
        shifted = (rounded.astype(np.int16) + 128).astype(np.uint8)
        constants = self.constant(shifted), self.constant(scales[..., 0])
        shape = {"K": depth, "N": height, "bits": 8, "block_size": _BLOCK, "accuracy_level": 4}
        return self.node("MatMulNBits", x, *constants, domain=_MICROSOFT, **shape)

    def serialized(self, inputs: dict[str, tuple[int, int]], outputs: dict[str, int]) -> bytes:
        taken = [
            helper.make_tensor_value_info(name, kind, [f"{name}_{axis}" for axis in range(rank)])
            for name, (kind, rank) in inputs.items()
        ]
        given = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()]
        graph = helper.make_graph(self._nodes, "whisper", taken, given, self._constants)
        domains = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=domains, ir_version=9)
        return bytes(model.SerializeToString())

    def _name(self) -> str:
        return f"n{len(self._nodes)}_{len(self._constants)}_{self._count()}"

    def _count(self) -> int:
        self._known["count"] = count = self._known.get("count", 0) + 1
        return int(count)


def _rounded(values: Array) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Scales of the last axis, which they keep as one, and the values rounded to 8 bits."""
    scales = np.abs(values).max(axis=-1, keepdims=True) / np.float32(127)
    scales = np.where(scales == 0, np.float32(1), scales).astype(np.float32)
    return scales, np.rint(values / scales).astype(np.int8)
