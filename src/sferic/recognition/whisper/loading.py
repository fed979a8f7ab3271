"""Which of the two backends runs a model."""

import logging
from pathlib import Path

import ctranslate2
import tokenizers

from sferic.models.conversion import REJECTIONS, UnreadableWeightsError
from sferic.recognition.whisper.backend import Backend
from sferic.recognition.whisper.ctranslate_backend import CTranslateBackend
from sferic.recognition.whisper.onnx_backend import OnnxBackend

logger = logging.getLogger(__name__)

_ONNX_TYPES = {"auto": True, "int8": True, "int8_float32": True, "float32": False}
"""Number formats in which a CPU runs the model through ONNX Runtime; whether in 8 bits."""

_UNFIT: tuple[type[Exception], ...] = (UnreadableWeightsError, ValueError, LookupError, *REJECTIONS)
"""What is raised of weights or graphs that are out of the ordinary."""


def load_backend(
    folder: Path,
    vocabulary: tokenizers.Tokenizer,
    *,
    gpu: bool,
    compute_type: str = "auto",
    workers: int = 1,
    threads: int = 1,
    batch: int = 1,
    conversions: Path | None = None,
) -> Backend:
    """Load a model: on a CPU into ONNX Runtime, on a GPU into CTranslate2.

    CTranslate2 also takes over what cannot be made into graphs, or where ONNX Runtime does not run
    them. It is slower then, but what it answers is the same.

    Args:
        folder: Holds model.bin and config.json.
        vocabulary: Of the model.
        gpu: Whether it runs there.
        compute_type: As CTranslate2 names them; `auto` is int8 on a CPU, float16 on a GPU that
            computes in it and float32 on an older one.
        workers: Windows decoded at the same time.
        threads: CPU threads for each of them.
        batch: Windows that CTranslate2 runs as one at most.
        conversions: Where what is made of the weights is kept; None for memory.

    Raises:
        Exception: Neither takes the files.
    """
    if not gpu and compute_type in _ONNX_TYPES:
        try:
            return OnnxBackend(
                folder,
                vocabulary,
                quantized=_ONNX_TYPES[compute_type],
                threads=threads,
                conversions=conversions,
            )
        except _UNFIT as error:
            logger.warning(
                "the model in %s does not run in ONNX Runtime (%s); CTranslate2 takes it, which "
                "needs more time for partials",
                folder,
                error,
            )
    if compute_type == "auto":
        compute_type = _fastest_on_gpu() if gpu else "int8"
    return CTranslateBackend(
        folder,
        vocabulary,
        device="cuda" if gpu else "cpu",
        compute_type=compute_type,
        workers=workers,
        threads=threads,
        batch=batch,
    )


def _fastest_on_gpu() -> str:
    return "float16" if "float16" in ctranslate2.get_supported_compute_types("cuda") else "float32"
