"""Whisper in NumPy, in double precision and in the plainest way."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Variables = dict[str, Array]

_erf = np.vectorize(math.erf)


def cross(variables: Variables, features: Array, heads: int) -> dict[str, Array]:
    """Keys and values of cross-attention, each (heads, steps, width of a head), by their names."""
    x = gelu(convolution(variables, "encoder/conv1", features, stride=1))
    x = gelu(convolution(variables, "encoder/conv2", x, stride=2)).T
    x = x + variables["encoder/position_encodings/encodings"][: len(x)]
    for layer in layers(variables, "encoder"):
        inner = norm(variables, f"{layer}/self_attention/layer_norm", x)
        parts = linear(variables, f"{layer}/self_attention/linear_0", inner)
        query, key, value = (by_head(part, heads) for part in np.split(parts, 3, axis=-1))
        looked_up = join(softmax(scores(query, key)) @ value)
        x = x + linear(variables, f"{layer}/self_attention/linear_1", looked_up)
        x = x + feed_forward(variables, layer, x)
    x = norm(variables, "encoder/layer_norm", x)
    found = {}
    for number, layer in enumerate(layers(variables, "decoder")):
        both = linear(variables, f"{layer}/attention/linear_1", x)
        for kind, part in zip(("key", "value"), np.split(both, 2, axis=-1), strict=True):
            found[f"cross_{kind}_{number}"] = by_head(part, heads)
    return found


def decode(
    variables: Variables, tokens: list[int], crossed: dict[str, Array], heads: int
) -> tuple[Array, list[Array]]:
    """Logits (tokens, vocabulary) and cross-attention (heads, tokens, steps) of each layer."""
    table = variables["decoder/embeddings/weight"]
    x = table[tokens] + variables["decoder/position_encodings/encodings"][: len(tokens)]
    later = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
    attentions = []
    for number, layer in enumerate(layers(variables, "decoder")):
        inner = norm(variables, f"{layer}/self_attention/layer_norm", x)
        parts = linear(variables, f"{layer}/self_attention/linear_0", inner)
        query, key, value = (by_head(part, heads) for part in np.split(parts, 3, axis=-1))
        looked_up = join(softmax(scores(query, key) + later) @ value)
        x = x + linear(variables, f"{layer}/self_attention/linear_1", looked_up)
        inner = norm(variables, f"{layer}/attention/layer_norm", x)
        query = by_head(linear(variables, f"{layer}/attention/linear_0", inner), heads)
        attention = softmax(scores(query, crossed[f"cross_key_{number}"]))
        attentions.append(attention)
        looked_up = join(attention @ crossed[f"cross_value_{number}"])
        x = x + linear(variables, f"{layer}/attention/linear_2", looked_up)
        x = x + feed_forward(variables, layer, x)
    return norm(variables, "decoder/layer_norm", x) @ table.T, attentions


def log_softmax(x: Array) -> Array:
    return x - np.logaddexp.reduce(x, axis=-1, keepdims=True)


def softmax(x: Array) -> Array:
    return np.exp(log_softmax(x))


def layers(variables: Variables, part: str) -> list[str]:
    names = {
        "/".join(name.split("/")[:2]) for name in variables if name.startswith(f"{part}/layer")
    }
    return sorted(names - {f"{part}/layer_norm"})


def convolution(variables: Variables, name: str, x: Array, *, stride: int) -> Array:
    """Over the frames of (channels, frames), three at a time."""
    padded = np.pad(x, [(0, 0), (1, 1)])
    kernel, bias = variables[f"{name}/weight"], variables[f"{name}/bias"]
    frames = range(0, x.shape[1], stride)
    return np.stack(
        [np.tensordot(kernel, padded[:, at : at + 3], 2) + bias for at in frames], axis=1
    )


def linear(variables: Variables, name: str, x: Array) -> Array:
    return x @ variables[f"{name}/weight"].T + variables[f"{name}/bias"]


def norm(variables: Variables, name: str, x: Array) -> Array:
    middle, spread = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    normal: Array = (x - middle) / np.sqrt(spread + 1e-5)
    return normal * variables[f"{name}/gamma"] + variables[f"{name}/beta"]


def gelu(x: Array) -> Array:
    half: Array = (1 + _erf(x / math.sqrt(2))) / 2
    return x * half


def feed_forward(variables: Variables, layer: str, x: Array) -> Array:
    inner = linear(
        variables, f"{layer}/ffn/linear_0", norm(variables, f"{layer}/ffn/layer_norm", x)
    )
    return linear(variables, f"{layer}/ffn/linear_1", gelu(inner))


def scores(query: Array, key: Array) -> Array:
    return query @ key.swapaxes(-1, -2) / math.sqrt(query.shape[-1])


def by_head(x: Array, heads: int) -> Array:
    return x.reshape(len(x), heads, -1).swapaxes(0, 1)


def join(x: Array) -> Array:
    return x.swapaxes(0, 1).reshape(x.shape[1], -1)
