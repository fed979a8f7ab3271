"""The catalogue of models and the store that fetches them."""

from sferic.models.catalogue import (
    DEFAULT_MODEL,
    WHISPER,
    Catalogue,
    Model,
    load_catalogue,
    remedy,
)
from sferic.models.progress import Progress, on_console
from sferic.models.store import LocalModel, ModelStore

__all__ = [
    "DEFAULT_MODEL",
    "WHISPER",
    "Catalogue",
    "LocalModel",
    "Model",
    "ModelStore",
    "Progress",
    "load_catalogue",
    "on_console",
    "remedy",
]
