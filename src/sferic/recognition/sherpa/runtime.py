"""sherpa-onnx itself, which is an extra."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from sferic.errors import MissingExtraError, ModelLoadError
from sferic.recognition.hardware import Device


def library(model: str) -> Any:
    """Import it.

    Args:
        model: What needs it.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import sherpa_onnx  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise MissingExtraError(model, extra="sherpa", package="sherpa-onnx") from error
    module: ModuleType = sherpa_onnx
    return module


def device(wanted: Device, folder: Path) -> Device:
    """Where its models run: on the CPU, unless a GPU is asked for and it was built for one.

    Raises:
        ModelLoadError: It was not built for a GPU.
    """
    if wanted != "cuda":
        return "cpu"
    found = importlib.util.find_spec("sherpa_onnx")
    places = found.submodule_search_locations if found else None
    for place in places or ():
        if any(Path(place).rglob("*onnxruntime_providers_cuda*")):
            return "cuda"
    reason = (
        "this sherpa-onnx was built for CPUs only. Install its CUDA build, or run the model with "
        "device=cpu"
    )
    raise ModelLoadError(folder, reason)
