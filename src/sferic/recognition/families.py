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

_SHERPA: Mapping[str, str] = {
    f"sherpa-{name.replace('_', '-')}": f"sferic.recognition.sherpa.{name}"
    for name in (
        "zipformer",
        "nemo_streaming_transducer",
        "nemo_streaming_ctc",
        "nemo_transducer",
        "nemo_ctc",
        "omnilingual",
        "sense_voice",
        "moonshine",
        "moonshine_v2",
    )
}
MODULES: Mapping[str, str] = MappingProxyType(
    {WHISPER: "sferic.recognition.whisper.engine", **_SHERPA}
)
"""Where `load` of each family is. They are imported when they are needed: some take a while."""


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


class _Layout(Protocol):
    """What a family looks like as files."""

    def fits(self, path: Path) -> bool:
        """Whether a folder holds a model of the family."""


class _Family(Protocol):
    """What the module of a family offers."""

    LAYOUT: _Layout
    """By which folders of the user's are told apart; Whisper's are known by their names."""

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
    for family in _SHERPA:
        if _family(family).LAYOUT.fits(model.folder):
            return msgspec.structs.replace(model, family=family)
    kinds = ", ".join(_SHERPA)
    reason = (
        "its ONNX files are of no kind that is known here. There are a Whisper model for "
        f"CTranslate2, and as sherpa-onnx takes them: {kinds}"
    )
    raise ModelLoadError(model.folder, reason)


def device(model: LocalModel, wanted: Device) -> Device:
    """Where a model runs that is asked for there: `auto` means a GPU only for Whisper."""
    return "cpu" if wanted == "auto" and model.family != WHISPER else wanted


def load(model: LocalModel, running: Running) -> Engine | StreamingEngine:
    """Load a model whose family is known. Blocks.

    Raises:
        ModelLoadError: It does not load.
        MissingExtraError: A package is missing that the family needs.
    """
    return _family(model.family or "").load(model, running)


def _family(name: str) -> _Family:
    return cast("_Family", importlib.import_module(MODULES[name]))
