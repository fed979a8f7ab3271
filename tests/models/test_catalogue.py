import re
from pathlib import Path

import msgspec
import pytest

from sferic.errors import UnknownModelError
from sferic.languages import CODES
from sferic.models.catalogue import (
    DEFAULT_MODEL,
    HubSource,
    Model,
    WebSource,
    WheelSource,
    load_catalogue,
)
from sferic.models.progress import megabytes

SHIPPED = list(load_catalogue())
ENTRY = """
[[models]]
name = "{name}"
family = "silero-vad"
languages = []
licence = "MIT"
files = [{{ name = "{file}", size = 3 }}]
sources = []
"""


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.name)
def test_every_shipped_file_is_pinned_and_every_source_has_every_file(model: Model) -> None:
    names = {file.name for file in model.files}
    assert all(file.sha256 for file in model.files)
    assert model.sources
    for source in model.sources:
        match source:
            case HubSource():
                assert re.fullmatch("[0-9a-f]{40}", source.revision)
            case WheelSource():
                assert set(source.members) == names
                assert all("==" in wheel.requirement for wheel in source.wheels)
            case WebSource():
                assert set(source.urls) == names
                assert all(url.startswith("https://") for url in source.urls.values())


def test_a_recogniser_requires_the_voice_activity_detector() -> None:
    catalogue = load_catalogue()
    for model in catalogue:
        if model.family == "ctranslate2-whisper":
            assert model.requires == ("silero-vad",)
        assert all(needed in catalogue for needed in model.requires)
    assert DEFAULT_MODEL in catalogue


def test_whisper_serves_every_language_of_the_protocol_but_odia() -> None:
    catalogue = load_catalogue()
    assert set(catalogue["whisper-base"].languages) == set(CODES) - {"or"}
    assert catalogue["whisper-tiny.en"].languages == ("en",)
    assert catalogue["silero-vad"].languages == ()


def test_the_manual_lists_every_model_with_its_size() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
    for model in SHIPPED:
        default = " (default)" if model.name == DEFAULT_MODEL else ""
        assert f"| `{model.name}`{default} | {megabytes(model.size)} |" in manual


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownModelError, match=r"no model 'base'.*whisper-base, whisper-tiny\.en"):
        load_catalogue()["base"]


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", "", "a\\b"])
def test_a_name_can_never_be_a_path(name: str) -> None:
    escaped = name.replace("\\", "\\\\")
    with pytest.raises(msgspec.ValidationError):
        load_catalogue(ENTRY.format(name=escaped, file="model.bin"))
    with pytest.raises(msgspec.ValidationError):
        load_catalogue(ENTRY.format(name="model", file=escaped))


def test_a_misspelled_field_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="sha265"):
        load_catalogue(
            ENTRY.format(name="m", file="f").replace("size = 3", 'size = 3, sha265 = ""')
        )


def test_a_file_may_come_without_a_digest() -> None:
    assert load_catalogue(ENTRY.format(name="m", file="f"))["m"].files[0].sha256 is None
