"""Which languages are served, by which model, and how well as far as that was measured."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from sferic.languages import AGGREGATES, CODES
from sferic.models.quality import Quality, qualities


class ServedLanguage(msgspec.Struct, frozen=True, kw_only=True):
    """One language, as `GET /v1/languages` and `sferic languages --json` tell it."""

    code: str
    name: str
    model: str
    quality: Quality | None
    """None where it was not measured."""


class ServedAggregate(msgspec.Struct, frozen=True, kw_only=True):
    """A code that stands for several, one of which is found in each piece."""

    code: str
    model: str
    languages: tuple[str, ...]


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    languages: tuple[ServedLanguage, ...]
    aggregates: tuple[ServedAggregate, ...]
    not_served: tuple[str, ...]
    """Codes of the protocol that no model here serves."""


class Named(Protocol):
    """A model, as far as it matters here."""

    @property
    def name(self) -> str:
        """What the user called it."""


class Table(Protocol):
    """Says which model serves what."""

    def model_for(self, language: str) -> Named | None:
        """The model that serves a code or an aggregate; None if none does."""

    def candidates(self, language: str) -> Sequence[str]:
        """The codes that a code or an aggregate stands for here."""


def served(table: Table) -> Served:
    """List what is served."""
    measured = qualities()
    models = {code: model.name for code in CODES if (model := table.model_for(code)) is not None}
    aggregates = [(code, table.model_for(code)) for code in AGGREGATES]
    return Served(
        languages=tuple(
            ServedLanguage(
                code=code, name=CODES[code], model=model, quality=measured.get((model, code))
            )
            for code, model in models.items()
        ),
        aggregates=tuple(
            ServedAggregate(code=code, model=model.name, languages=tuple(table.candidates(code)))
            for code, model in aggregates
            if model is not None
        ),
        not_served=tuple(code for code in CODES if code not in models),
    )
