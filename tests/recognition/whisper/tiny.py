"""A Whisper of two layers with random weights, written as CTranslate2 writes it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import tokenizers
from numpy.typing import NDArray

BANDS, WIDTH, HEADS, LAYERS = 16, 128, 2, 2
WORDS = tuple(f"w{number}" for number in range(290))
SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|de|>",
    "<|transcribe|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
TOKENS = (*WORDS, *SPECIAL)
END, START, ENGLISH, GERMAN, TRANSCRIBE, BEFORE, NO_SPEECH, NO_TIMES = range(
    len(WORDS), len(TOKENS)
)
SUPPRESSED = (3, 5, START)
SUPPRESSED_FIRST = (7, END)
ALIGNMENT_HEADS = ((0, 1), (1, 0))

Variables = dict[str, NDArray[Any]]


def write(
    folder: Path,
    *,
    quantization: str | None = None,
    width: int = WIDTH,
    blank: str = "",
    **config: Any,
) -> Variables:
    """Write a model and its tokenizer.

    Args:
        folder: Where to.
        quantization: As CTranslate2 names it.
        width: Of its layers.
        blank: A variable that is to be zero.
        config: Entries of config.json that are to be different.

    Returns:
        Its variables before they are rounded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spec = ctranslate2.specs.WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    spec.register_vocabulary([*TOKENS])
    variables = dict(_variables(width))
    if blank:
        variables[blank][:] = 0
    for name, values in variables.items():
        *path, last = name.split("/")
        layer = spec
        for step in path:
            layer = _at(layer, step)
        setattr(layer, last, values.copy())
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    for name, value in _CONFIG.items():
        setattr(spec.config, name, value)
    spec.validate()
    spec.optimize(quantization=quantization)
    spec.save(str(folder))
    (folder / "config.json").write_text(json.dumps(_CONFIG | config))
    vocabulary().save(str(folder / "tokenizer.json"))
    return variables


def vocabulary() -> tokenizers.Tokenizer:
    numbers = {token: number for number, token in enumerate(TOKENS)}
    model = tokenizers.models.WordLevel(numbers, unk_token=WORDS[0])
    found = tokenizers.Tokenizer(model)
    found.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    found.add_special_tokens([*SPECIAL])
    return found


_CONFIG: dict[str, Any] = {
    "suppress_ids": [*SUPPRESSED],
    "suppress_ids_begin": [*SUPPRESSED_FIRST],
    "alignment_heads": [[*head] for head in ALIGNMENT_HEADS],
    "lang_ids": [ENGLISH, GERMAN],
}


def _at(layer: Any, step: str) -> Any:
    if hasattr(layer, step):
        return getattr(layer, step)
    name, number = step.rsplit("_", 1)
    return getattr(layer, name)[int(number)]


def _variables(width: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
    random = np.random.default_rng(1)

    def matrix(*shape: int) -> NDArray[np.float32]:
        deep = np.prod(shape[1:])
        return (random.standard_normal(shape) * deep**-0.5).astype(np.float32)

    def vector(size: int, middle: float = 0.0) -> NDArray[np.float32]:
        return (middle + 0.1 * random.standard_normal(size)).astype(np.float32)

    def norm(name: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
        yield f"{name}/gamma", vector(width, 1.0)
        yield f"{name}/beta", vector(width)

    def linear(name: str, height: int, depth: int) -> Iterator[tuple[str, NDArray[np.float32]]]:
        yield f"{name}/weight", matrix(height, depth)
        yield f"{name}/bias", vector(height)

    for name, depth in (("conv1", BANDS), ("conv2", width)):
        yield f"encoder/{name}/weight", matrix(width, depth, 3)
        yield f"encoder/{name}/bias", vector(width)
    for part, places in (("encoder", 60), ("decoder", 448)):
        yield f"{part}/position_encodings/encodings", matrix(places, width)
        yield from norm(f"{part}/layer_norm")
        for layer in range(LAYERS):
            name = f"{part}/layer_{layer}"
            yield from norm(f"{name}/self_attention/layer_norm")
            yield from linear(f"{name}/self_attention/linear_0", 3 * width, width)
            yield from linear(f"{name}/self_attention/linear_1", width, width)
            if part == "decoder":
                yield from norm(f"{name}/attention/layer_norm")
                yield from linear(f"{name}/attention/linear_0", width, width)
                yield from linear(f"{name}/attention/linear_1", 2 * width, width)
                yield from linear(f"{name}/attention/linear_2", width, width)
            yield from norm(f"{name}/ffn/layer_norm")
            yield from linear(f"{name}/ffn/linear_0", 2 * width, width)
            yield from linear(f"{name}/ffn/linear_1", width, 2 * width)
    yield "decoder/embeddings/weight", matrix(len(TOKENS), width)
