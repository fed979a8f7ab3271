"""How well models recognise languages, as far as it was measured."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

import msgspec

FEW_MINUTES = 3.0
"""Speech below which a figure only shows that something works."""


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """What `benchmarks.accuracy` found for a model and a language."""

    wer: float
    """Word error rate in percent, streaming."""
    cer: float
    """Character error rate in percent, streaming."""
    offline_wer: float
    """The same of faster-whisper offline, with the same weights and recordings."""
    offline_cer: float
    utterances: int
    minutes: float
    date: str

    @property
    def small(self) -> bool:
        """Whether there was too little speech for the figures to be relied on."""
        return self.minutes < FEW_MINUTES


@lru_cache(1)
def qualities() -> Mapping[tuple[str, str], Quality]:
    """The table, by model and language."""
    text = resources.files("sferic.models").joinpath("quality.toml").read_text("utf-8")
    return MappingProxyType(
        {
            (model, language): msgspec.convert(row, Quality)
            for model, rows in tomllib.loads(text).items()
            for language, row in rows.items()
        }
    )
