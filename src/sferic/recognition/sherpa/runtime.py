"""sherpa-onnx itself, which is an extra."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sferic.errors import MissingExtraError, ModelLoadError
from sferic.recognition.families import Running
from sferic.recognition.sherpa.folder import Folder

_CUDA = "*onnxruntime_providers_cuda*"


def loaded(
    folder: Folder, name: str, running: Running, build: Callable[[Any, dict[str, Any]], Any]
) -> Any:
    """Have sherpa-onnx load a model. Blocks.

    Args:
        folder: Its files, which have been looked at.
        name: What the user called it.
        running: On what it runs.
        build: Makes a recogniser of the module and the arguments that all kinds have.

    Raises:
        MissingExtraError: sherpa-onnx is not installed.
        ModelLoadError: It rejects the files, or cannot run them where it is told to.
    """
    try:
        import sherpa_onnx  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise MissingExtraError(name, extra="sherpa", package="sherpa-onnx") from error
    if running.device == "cuda" and not _runs_on_gpus():
        reason = (
            "this sherpa-onnx was built for CPUs only. Install its CUDA build, or set device=cpu"
        )
        raise ModelLoadError(folder.path, reason)
    arguments = {
        **folder.arguments,
        "num_threads": running.threads,
        "provider": "cuda" if running.device == "cuda" else "cpu",
    }
    try:
        return build(sherpa_onnx, arguments)
    except Exception as error:
        raise ModelLoadError(folder.path, str(error)) from error


def _runs_on_gpus() -> bool:
    spec = importlib.util.find_spec("sherpa_onnx")
    places = (spec.submodule_search_locations if spec else None) or ()
    return any(next(Path(place).rglob(_CUDA), None) for place in places)
