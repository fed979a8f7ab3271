"""The microphone, with the extra `sferic[microphone]`."""

import queue
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import msgspec

from sferic.cli.sources import Block
from sferic.errors import MicrophoneError
from sferic.protocol.options import Options

RATES = (16_000, 48_000, 44_100)
"""What it is asked for, in this order, in Hz."""

_WIDTH = 2
_BLOCK_S = 0.05
_BEHIND_S = 60.0
"""Audio that may wait; more is lost, and people are told so."""
_POLL_S = 0.1
_PORTAUDIO = {
    "darwin": "Install it with `brew install portaudio`",
    "linux": "Install it, on Debian and Ubuntu with `apt install libportaudio2`",
}


class Microphone:
    """The default microphone of the system, as linear16.

    Raises:
        MicrophoneError: Something that it needs is missing; the message says what.
    """

    name = "microphone"
    duration: float | None = None
    endless = True

    def __init__(self) -> None:
        self._sound = _sounddevice()
        self._rate = self._choose_rate()
        self._waiting: queue.Queue[bytes] = queue.Queue(round(_BEHIND_S / _BLOCK_S))
        self._lost = False
        self._stopped = False

    def options(self, asked: Options) -> Options:
        """Ask for what the microphone gives."""
        return msgspec.structs.replace(asked, encoding="linear16", sample_rate=self._rate)

    def blocks(self, seconds: float) -> Iterator[Block]:  # noqa: ARG002  # it has its own pace
        """Record."""
        try:
            with self._sound.RawInputStream(
                samplerate=self._rate,
                blocksize=round(_BLOCK_S * self._rate),
                channels=1,
                dtype="int16",
                callback=self._take,
            ) as stream:
                while not self._stopped:
                    if (data := self._next()) is not None:
                        yield Block(data, len(data) / (_WIDTH * self._rate))
                    elif not stream.active:
                        reason = "it was unplugged"
                        raise MicrophoneError(reason)
        except self._sound.PortAudioError as error:
            raise MicrophoneError(str(error)) from None

    def stop(self) -> None:
        """Stop recording."""
        self._stopped = True

    def close(self) -> None:
        """There is nothing left to close."""

    def notes(self) -> list[str]:
        """Tell of audio that was lost."""
        lost = "recognition did not keep up, and some of the audio was lost"
        return [lost] if self._lost else []

    def _take(self, data: Any, frames: int, time: object, status: Any) -> None:  # noqa: ARG002
        # Called on a thread of PortAudio, which must not wait.
        self._lost = self._lost or bool(status.input_overflow)
        try:
            self._waiting.put_nowait(bytes(data))
        except queue.Full:
            self._lost = True

    def _next(self) -> bytes | None:
        try:
            return self._waiting.get(timeout=_POLL_S)
        except queue.Empty:
            return None

    def _choose_rate(self) -> int:
        reason = ""
        for rate in RATES:
            try:
                self._sound.check_input_settings(channels=1, dtype="int16", samplerate=rate)
            except (self._sound.PortAudioError, ValueError) as error:
                reason = reason or str(error)
            else:
                return rate
        raise MicrophoneError(reason)


def _sounddevice() -> ModuleType:
    try:
        import sounddevice  # noqa: PLC0415
    except ImportError:
        reason = "the package sounddevice is not installed"
        remedy = "Install it with `pip install 'sferic[microphone]'`"
        raise MicrophoneError(reason, remedy) from None
    except OSError:
        reason = "the PortAudio library is not installed"
        remedy = _PORTAUDIO.get(sys.platform, "Install PortAudio")
        raise MicrophoneError(reason, remedy) from None
    module: ModuleType = sounddevice
    return module
