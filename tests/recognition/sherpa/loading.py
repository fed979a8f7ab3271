"""Engines out of folders."""

from pathlib import Path

from sferic.models import LocalModel
from sferic.recognition import families
from sferic.recognition.engine import Engine, StreamingEngine
from sferic.recognition.hardware import Device, Machine

MACHINE = Machine(workers=1, cores=2)


def loaded(
    folder: Path, *, languages: tuple[str, ...] | None = ("en",), device: Device = "auto"
) -> Engine | StreamingEngine:
    """Load what a folder of the user's holds."""
    model = LocalModel(name=folder.name, family=None, folder=folder, languages=languages)
    found = families.identified(model)
    running = families.Running(machine=MACHINE, device=families.device(found, device))
    return families.load(found, running)


def streaming(folder: Path, *, languages: tuple[str, ...] | None = ("en",)) -> StreamingEngine:
    engine = loaded(folder, languages=languages)
    assert isinstance(engine, StreamingEngine)
    return engine


def offline(folder: Path, *, languages: tuple[str, ...] | None = ("en",)) -> Engine:
    engine = loaded(folder, languages=languages)
    assert not isinstance(engine, StreamingEngine)
    return engine
