import sys
from types import ModuleType, SimpleNamespace
from typing import Any, Self

import pytest

from sferic.cli.microphone import Microphone
from sferic.errors import MicrophoneError
from sferic.protocol.options import Options

FINE = SimpleNamespace(input_overflow=False)
LATE = SimpleNamespace(input_overflow=True)


class PortAudioError(Exception):
    pass


class FakeSound(ModuleType):
    """Says what the tests tell it, at once, when recording begins."""

    PortAudioError = PortAudioError

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.rates = {16_000}
        self.says: list[tuple[bytes, Any]] = []
        self.active = True
        self.opened: dict[str, Any] = {}
        self.open = False

    def check_input_settings(self, *, channels: int, dtype: str, samplerate: int) -> None:
        assert (channels, dtype) == (1, "int16")
        if samplerate not in self.rates:
            raise PortAudioError("Invalid sample rate")

    def RawInputStream(self, **options: Any) -> "FakeSound":  # noqa: N802
        self.opened = options
        return self

    def __enter__(self) -> Self:
        self.open = True
        for data, status in self.says:
            self.opened["callback"](memoryview(data), len(data) // 2, None, status)
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> FakeSound:
    fake = FakeSound()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def test_what_it_hears_comes_as_linear16(sound: FakeSound) -> None:
    sound.says = [(b"\1\0" * 800, FINE), (b"\2\0" * 800, FINE)]
    microphone = Microphone()
    assert microphone.options(Options(encoding="mulaw", sample_rate=8000)) == Options()
    blocks = microphone.blocks(0.5)
    first, second = next(blocks), next(blocks)
    assert (first.data, second.data) == (b"\1\0" * 800, b"\2\0" * 800)
    assert first.seconds == 0.05
    assert sound.open
    microphone.stop()
    assert list(blocks) == []
    assert not sound.open
    assert microphone.notes() == []
    microphone.close()


def test_it_takes_a_rate_that_the_microphone_has(sound: FakeSound) -> None:
    sound.rates = {44_100, 48_000, 96_000}
    assert Microphone().options(Options()).sample_rate == 48_000


def test_one_that_was_unplugged_is_told(sound: FakeSound) -> None:
    sound.active = False
    with pytest.raises(MicrophoneError, match="unplugged"):
        list(Microphone().blocks(0.5))


def test_lost_audio_is_told(sound: FakeSound) -> None:
    sound.says = [(b"\0\0" * 800, LATE)]
    microphone = Microphone()
    next(microphone.blocks(0.5))
    assert "lost" in microphone.notes()[0]


def test_audio_that_nobody_takes_does_not_collect_for_ever(sound: FakeSound) -> None:
    sound.says = [(b"\0\0" * 800, FINE)] * 2000
    microphone = Microphone()
    next(microphone.blocks(0.5))
    assert "lost" in microphone.notes()[0]


def test_no_microphone_is_told(sound: FakeSound) -> None:
    sound.rates = set()
    with pytest.raises(MicrophoneError, match="Invalid sample rate"):
        Microphone()


def test_a_missing_package_is_told_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MicrophoneError, match=r"pip install 'sferic\[microphone\]'"):
        Microphone()


@pytest.mark.parametrize(
    ("platform", "remedy"),
    [
        ("linux", "apt install libportaudio2"),
        ("darwin", "brew install portaudio"),
        ("x", "Install"),
    ],
)
def test_a_missing_library_is_told_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, platform: str, remedy: str
) -> None:
    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(MicrophoneError, match=remedy):
        Microphone()
