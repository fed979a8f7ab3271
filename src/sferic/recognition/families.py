"""Families of models and what loads them. A new one is a line here and a module."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast

import msgspec

from sferic.errors import ModelLoadError
from sferic.models import WHISPER, LocalModel
from sferic.recognition.engine import Engine, StreamingEngine
from sferic.recognition.hardware import Device, Machine
from sferic.recognition.sherpa.folder import find_layout

_SHERPA = "sferic.recognition.sherpa"
MODULES: Mapping[str, str] = MappingProxyType(
    {
        WHISPER: "sferic.recognition.whisper.engine",
        "sherpa-zipformer": f"{_SHERPA}.online",
        "sherpa-nemo-streaming-transducer": f"{_SHERPA}.online",
    }
)
"""Where `load` of each family is. They are imported when they are needed: some take a while."""
_KINDS = "a Whisper model for CTranslate2, or " + ", ".join(
    family for family in MODULES if family != WHISPER
)


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """On what a model is to run."""

    machine: Machine
    device: Device = "auto"
    compute_type: str = "auto"
    """As CTranslate2 names them; other engines run the numbers that the files hold."""
    threads: int = 1
    """CPU threads for each worker."""
    conversions: Path | None = None
    """Where what is made of weights is kept; None for memory."""


class Family(Protocol):
    """What the module of a family offers."""

    def load(self, model: LocalModel, running: Running) -> Engine | StreamingEngine:
        """Load a model. Blocks.

        Raises:
            ModelError: It does not load.
        """


def identified(model: LocalModel) -> LocalModel:
    """Find out which family a folder of the user's is of, if that is not known yet.

    Raises:
        ModelLoadError: It is of none that turns speech into words, or a file in it is damaged.
    """
    if model.family in MODULES:
        return model
    if model.family is not None:
        reason = f"a model of the family {model.family} does not turn speech into words"
        raise ModelLoadError(model.folder, reason)
    layout = find_layout(model.folder)
    if layout is None:
        raise ModelLoadError(
            model.folder, f"it holds no kind of model that is known here: {_KINDS}"
        )
    return msgspec.structs.replace(model, family=layout.family)


def device(model: LocalModel, wanted: Device) -> Device:
    """Where a model runs that is asked for there: `auto` means a GPU only for Whisper."""
    return "cpu" if wanted == "auto" and model.family != WHISPER else wanted


def load(model: LocalModel, running: Running) -> Engine | StreamingEngine:
    """Load a model whose family is known. Blocks.

    Raises:
        ModelLoadError: It does not load.
        MissingExtraError: A package is missing that the family needs.
    """
    module = importlib.import_module(MODULES[model.family or ""])
    return cast("Family", module).load(model, running)
