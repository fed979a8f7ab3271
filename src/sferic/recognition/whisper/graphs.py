"""Whisper (Radford et al., 2022) as two ONNX graphs, made from its weights.

The encoder ends where the decoder begins: with the keys and values that cross-attention looks up,
so that they are computed once however often a window is decoded. The decoder takes any number of
tokens at once behind those it has seen before, so that text which is known or guessed costs one
pass. It gives back what greedy decoding needs instead of whole vocabularies, and what the
alignment heads attended to, so that word times cost nothing more.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sferic.models.conversion import UnreadableWeightsError
from sferic.models.graph import FLOAT, INT64, MICROSOFT, ConstantsFile, Graph
from sferic.recognition.whisper.building import Product, Scale, by_block, by_row, rounded, single
from sferic.recognition.whisper.weights import Weights

_TABLE = "decoder/embeddings/weight"
_PROJECTION = "decoder/projection/weight"
_TAKEN_FOR_GRANTED = {
    "activation": 3,  # the exact GELU
    "alibi": 0,
    "pre_norm": 1,
    "scale_embeddings": 0,
    "start_from_zero_embedding": 0,
}
"""What CTranslate2 says of the decoder of every Whisper."""

Shape = tuple[int | str, ...]


def encoder(weights: Weights, *, quantized: bool, constants: ConstantsFile | None = None) -> bytes:
    """Log-mel features to the keys and values of cross-attention.

    Input: features (1, bands, 2 t). Outputs, for each layer of the decoder: cross_key (1, heads,
    width, t) and cross_value (1, heads, t, width).
    """
    net = _Network(weights, Graph(constants), by_row if quantized else single)
    node = net.graph.node
    bands = weights.shape("encoder/conv1/weight")[1]
    x = node("Gelu", net.convolution("features", "encoder/conv1", stride=1))
    x = node("Gelu", net.convolution(x, "encoder/conv2", stride=2))
    x = node("Transpose", x, perm=[0, 2, 1])
    length = node("Shape", x, start=1, end=2)
    places = net.weight("encoder/position_encodings/encodings")
    zero = net.graph.integers(0)
    x = node("Add", x, node("Slice", places, zero, length, zero))
    heads = weights.number("encoder/num_heads")
    for layer in range(weights.layers("encoder")):
        name = f"encoder/layer_{layer}"
        parts = net.self_attention_inputs(x, name)
        # It never holds all scores of a head at once: these grow with the square of the window.
        attended = node("MultiHeadAttention", *parts, domain=MICROSOFT, num_heads=heads)
        x = node("Add", x, net.linear(attended, f"{name}/self_attention/linear_1"))
        x = net.feed_forward(x, name)
    x = net.norm(x, "encoder/layer_norm")
    heads = weights.number("decoder/num_heads")
    outputs: dict[str, tuple[int, Shape]] = {}
    width = weights.shape(_TABLE)[1] // heads
    for layer in range(weights.layers("decoder")):
        both = net.linear(x, f"decoder/layer_{layer}/attention/linear_1")
        key, value = node("Split", both, outputs=2, axis=2, num_outputs=2)
        split = node("Reshape", key, net.graph.integers(0, 0, heads, -1))
        key = node("Transpose", split, perm=[0, 2, 3, 1], name=f"cross_key_{layer}")
        value = net.by_head(value, heads, name=f"cross_value_{layer}")
        outputs[key] = FLOAT, (1, heads, width, "steps")
        outputs[value] = FLOAT, (1, heads, "steps", width)
    return net.graph.serialized({"features": (FLOAT, (1, bands, "frames"))}, outputs)


def decoder(
    weights: Weights,
    *,
    quantized: bool,
    alignment_heads: Sequence[tuple[int, int]],
    constants: ConstantsFile | None = None,
) -> bytes:
    """Tokens to the tokens that follow them.

    Inputs: tokens (1, n), the place of each (1, n), targets (1, n), rows (r,), mask (1, 1, n, p +
    n), penalties (vocabulary,), and for each layer past_key and past_value (1, heads, p, width),
    cross_key (1, heads, width, t) and cross_value (1, heads, t, width).

    Outputs: best (1, n), the likeliest token after each once the penalties are added to all;
    best_score and target_score (1, n), log-probabilities of it and of the target; row_logits (1, r,
    vocabulary) of the rows asked for, without penalties; attention (1, alignment heads, n, t);
    key and value (1, heads, n, width) of the tokens for each layer.
    """
    _check(weights)
    net = _Network(weights, Graph(constants), by_block if quantized else single)
    node = net.graph.node
    heads = weights.number("decoder/num_heads")
    vocabulary, width = weights.shape(_TABLE)
    width //= heads
    places = net.weight("decoder/position_encodings/encodings")
    x = node("Add", net.embedded("tokens", quantized=quantized), node("Gather", places, "places"))
    each: Shape = (1, "tokens")
    inputs: dict[str, tuple[int, Shape]] = {}
    inputs |= dict.fromkeys(("tokens", "places", "targets"), (INT64, each))
    inputs |= {"rows": (INT64, ("rows",)), "mask": (FLOAT, (1, 1, "tokens", "so_far"))}
    inputs["penalties"] = FLOAT, (vocabulary,)
    outputs: dict[str, tuple[int, Shape]] = {"best": (INT64, each)}
    outputs |= dict.fromkeys(("best_score", "target_score"), (FLOAT, each))
    outputs["row_logits"] = FLOAT, (1, "rows", vocabulary)
    outputs["attention"] = FLOAT, (1, len(alignment_heads), "tokens", "steps")
    attentions = []
    for layer in range(weights.layers("decoder")):
        name = f"decoder/layer_{layer}"
        parts = net.self_attention_inputs(x, name, query_scale=width**-0.5)
        query, key, value = (net.by_head(part, heads) for part in parts)
        for kind, new in (("key", key), ("value", value)):
            node("Identity", new, name=f"{kind}_{layer}")
            outputs[f"{kind}_{layer}"] = FLOAT, (1, heads, "tokens", width)
            inputs[f"past_{kind}_{layer}"] = FLOAT, (1, heads, "past", width)
        inputs[f"cross_key_{layer}"] = FLOAT, (1, heads, width, "steps")
        inputs[f"cross_value_{layer}"] = FLOAT, (1, heads, "steps", width)
        key = node("Concat", f"past_key_{layer}", key, axis=2)
        value = node("Concat", f"past_value_{layer}", value, axis=2)
        turned = node("Transpose", key, perm=[0, 1, 3, 2])
        scores = node("Add", node("MatMul", query, turned), "mask")
        attention = node("Softmax", scores, axis=-1)
        x = net.attended(x, attention, value, f"{name}/self_attention/linear_1")
        query = net.cross_query(x, name, heads)
        attention = node("Softmax", node("MatMul", query, f"cross_key_{layer}"), axis=-1)
        chosen = [head for at, head in alignment_heads if at == layer]
        if chosen:
            attentions.append(node("Gather", attention, net.graph.integers(*chosen), axis=1))
        x = net.attended(x, attention, f"cross_value_{layer}", f"{name}/attention/linear_2")
        x = net.feed_forward(x, name)
    node("Concat", *attentions, axis=1, name="attention")
    net.predict(net.norm(x, "decoder/layer_norm"))
    return net.graph.serialized(inputs, outputs)


def _check(weights: Weights) -> None:
    for name, expected in _TAKEN_FOR_GRANTED.items():
        found = weights.number(f"decoder/{name}", expected)
        if found != expected:
            reason = f"the decoder has {name} {found}, a Whisper has {expected}"
            raise UnreadableWeightsError(reason)


class _Network:
    """The layers of Whisper on a graph.

    Args:
        weights: Where their names are looked up.
        graph: Gets them.
        product: How linear layers multiply.
    """

    def __init__(self, weights: Weights, graph: Graph, product: Product) -> None:
        self.graph = graph
        self._weights = weights
        self._product = product

    def weight(self, name: str) -> str:
        return self.graph.constant(self._weights[name])

    def embedded(self, tokens: str, *, quantized: bool) -> Any:
        """Embeddings of tokens. They are kept apart from those that `predict` multiplies with.

        Of these rows few are ever read, and so few of them come into memory from the file.
        """
        node = self.graph.node
        if not quantized:
            return node("Gather", self.weight(_TABLE), tokens)
        scales, table = rounded(self._weights, _TABLE, block=self._weights.shape(_TABLE)[1])
        rows = node("Cast", node("Gather", self.graph.constant(table), tokens), to=FLOAT)
        return node("Mul", rows, node("Gather", self.graph.constant(scales), tokens))

    def convolution(self, x: str, name: str, *, stride: int) -> Any:
        kernel, bias = self.weight(f"{name}/weight"), self.weight(f"{name}/bias")
        return self.graph.node("Conv", x, kernel, bias, pads=[1, 1], strides=[stride])

    def norm(self, x: str, name: str) -> Any:
        scale, bias = self.weight(f"{name}/gamma"), self.weight(f"{name}/beta")
        return self.graph.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5)

    def linear(self, x: str, name: str, scale: Scale = None) -> Any:
        """A linear layer; its outputs are multiplied with `scale`."""
        bias = self._weights[f"{name}/bias"]
        if scale is not None:
            bias *= scale
        product = self._product(self.graph, x, self._weights, f"{name}/weight", scale)
        return self.graph.node("Add", product, self.graph.constant(bias))

    def self_attention_inputs(self, x: str, name: str, *, query_scale: float = 1.0) -> Any:
        """Query, key and value of all heads."""
        x = self.norm(x, f"{name}/self_attention/layer_norm")
        (width,) = self._weights.shape(f"{name}/self_attention/layer_norm/gamma")
        scale = np.repeat(np.array([query_scale, 1, 1], np.float32), width)
        parts = self.linear(x, f"{name}/self_attention/linear_0", scale)
        return self.graph.node("Split", parts, outputs=3, axis=2, num_outputs=3)

    def cross_query(self, x: str, name: str, heads: int) -> str:
        x = self.norm(x, f"{name}/attention/layer_norm")
        (width,) = self._weights.shape(f"{name}/attention/layer_norm/gamma")
        scale = np.full(width, (width // heads) ** -0.5, np.float32)
        return self.by_head(self.linear(x, f"{name}/attention/linear_0", scale), heads)

    def attended(self, x: str, attention: str, value: str, name: str) -> Any:
        node = self.graph.node
        looked_up = node("Transpose", node("MatMul", attention, value), perm=[0, 2, 1, 3])
        joined = node("Reshape", looked_up, self.graph.integers(0, 0, -1))
        return node("Add", x, self.linear(joined, name))

    def feed_forward(self, x: str, name: str) -> Any:
        inner = self.linear(self.norm(x, f"{name}/ffn/layer_norm"), f"{name}/ffn/linear_0")
        outer = self.linear(self.graph.node("Gelu", inner), f"{name}/ffn/linear_1")
        return self.graph.node("Add", x, outer)

    def predict(self, x: str) -> None:
        """From the last layer to what is said of the tokens that may follow."""
        node, last = self.graph.node, self.graph.integers(-1)
        logits = self._product(self.graph, x, self._weights, _PROJECTION, None)
        node("Gather", logits, "rows", axis=1, name="row_logits")
        logits = node("Add", logits, "penalties")
        node("ArgMax", logits, axis=-1, keepdims=0, name="best")
        scores = node("LogSoftmax", logits, axis=-1)
        node("ReduceMax", scores, last, keepdims=0, name="best_score")
        target = node("GatherElements", scores, node("Unsqueeze", "targets", last), axis=2)
        node("Squeeze", target, last, name="target_score")

    def by_head(self, x: str, heads: int, *, name: str = "") -> str:
        split = self.graph.node("Reshape", x, self.graph.integers(0, 0, heads, -1))
        return str(self.graph.node("Transpose", split, perm=[0, 2, 1, 3], name=name))
