"""RIFF/WAVE read as it arrives, the way streaming writers leave it.

"Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991), and
Microsoft's "Multiple Channel Audio Data and WAVE Files" for WAVE_FORMAT_EXTENSIBLE.
"""

import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sferic.audio.samples import (
    ALAW_8,
    FLOAT_32,
    FLOAT_64,
    MULAW_8,
    SIGNED_16,
    SIGNED_24,
    SIGNED_32,
    UNSIGNED_8,
    SampleFormat,
)
from sferic.errors import UndecodableAudioError

_ENCODING = "linear16"

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")

_FORMATS = {
    (_PCM, 1): UNSIGNED_8,
    (_PCM, 2): SIGNED_16,
    (_PCM, 3): SIGNED_24,
    (_PCM, 4): SIGNED_32,
    (_FLOAT, 4): FLOAT_32,
    (_FLOAT, 8): FLOAT_64,
    (_ALAW, 1): ALAW_8,
    (_MULAW, 1): MULAW_8,
}
_CODEC_NAMES = {0x0002: "MS ADPCM", 0x0011: "IMA ADPCM", 0x0031: "GSM 6.10", 0x0055: "MP3"}

_LOWEST_RATE, _HIGHEST_RATE = 4_000, 384_000
_MOST_CHANNELS = 32
_LONGEST_FORMAT = 4_096
_LONGEST_HEADER = 16 * 2**20
_UNKNOWN_LENGTHS = {0, 0xFFFF_FFFF}
"""What a writer leaves in the data chunk when it cannot go back to fill in the length."""


@dataclass(frozen=True, slots=True)
class WavFormat:
    """What the `fmt ` chunk says."""

    sample_format: SampleFormat
    channels: int
    sample_rate: int

    @property
    def frame_size(self) -> int:
        """Bytes of one sample of every channel."""
        return self.sample_format.width * self.channels


class WavParser:
    """Takes a WAV stream in pieces of any size and gives back the format and bytes of its audio.

    Other chunks are skipped wherever they stand. A second WAV after the first goes on with it if
    its format is the same: some recorders send a header with every message.
    """

    def __init__(self) -> None:
        self._format: WavFormat | None = None
        self._collected = bytearray()
        self._wanted = 12
        self._then: Callable[[bytes], None] = self._on_riff
        self._skip = 0
        self._audio = 0
        self._header_size = 0

    def feed(self, data: memoryview) -> Iterator[tuple[WavFormat, memoryview]]:
        """Yields pieces of audio.

        Raises:
            UndecodableAudioError: The header is broken, or its format is not supported.
        """
        while data:
            if self._format is not None and self._audio:
                piece, data = data[: self._audio], data[self._audio :]
                self._audio -= len(piece)
                yield self._format, piece
            elif self._skip:
                skipped = min(self._skip, len(data))
                self._skip -= skipped
                data = data[skipped:]
            else:
                missing = self._wanted - len(self._collected)
                self._collected += data[:missing]
                data = data[missing:]
                if len(self._collected) == self._wanted:
                    collected = bytes(self._collected)
                    self._collected.clear()
                    self._then(collected)

    def _on_riff(self, head: bytes) -> None:
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            raise UndecodableAudioError(_ENCODING, "there is no RIFF/WAVE header")
        self._expect_chunk()

    def _on_form(self, form: bytes) -> None:
        if form != b"WAVE":
            raise UndecodableAudioError(
                _ENCODING, "what follows the WAV is a RIFF file of another kind"
            )
        self._expect_chunk()

    def _expect_chunk(self) -> None:
        self._wanted, self._then = 8, self._on_chunk

    def _on_chunk(self, head: bytes) -> None:
        name, size = struct.unpack("<4sI", head)
        padded = size + size % 2
        if name == b"fmt ":
            if not 16 <= size <= _LONGEST_FORMAT:
                raise UndecodableAudioError(
                    _ENCODING, f"the WAV header's fmt chunk has {size} bytes"
                )
            self._wanted, self._then = padded, self._on_format
        elif name == b"data":
            self._begin_audio(size, padded)
        elif name == b"RIFF" and self._format is not None:
            self._wanted, self._then = 4, self._on_form
        else:
            self._skip = padded
            self._header_size += padded
            if self._header_size > _LONGEST_HEADER and self._format is None:
                raise UndecodableAudioError(
                    _ENCODING, "the WAV header goes on for 16 MiB without audio"
                )

    def _begin_audio(self, size: int, padded: int) -> None:
        if self._format is None:
            raise UndecodableAudioError(
                _ENCODING, "the WAV header has no fmt chunk before its data"
            )
        if size in _UNKNOWN_LENGTHS:
            self._audio = sys.maxsize
        else:
            self._audio = size - size % self._format.frame_size
            self._skip = padded - self._audio

    def _on_format(self, body: bytes) -> None:
        parsed = _parse_format(body)
        if self._format is not None and parsed != self._format:
            raise UndecodableAudioError(_ENCODING, "the WAV changes its format in mid-stream")
        self._format = parsed
        self._expect_chunk()


def _parse_format(body: bytes) -> WavFormat:
    codec, channels, sample_rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if codec == _EXTENSIBLE and len(body) >= 40 and body[26:40] == _SUBFORMAT_TAIL:
        codec = int.from_bytes(body[24:26], "little")
    if not 1 <= channels <= _MOST_CHANNELS:
        raise UndecodableAudioError(
            _ENCODING, f"the WAV header says {channels} channels; 1 to {_MOST_CHANNELS} work"
        )
    if not _LOWEST_RATE <= sample_rate <= _HIGHEST_RATE:
        raise UndecodableAudioError(
            _ENCODING,
            f"the WAV header says {sample_rate} Hz; {_LOWEST_RATE} to {_HIGHEST_RATE} work",
        )
    # Samples of, say, 20 bits stand in the upper bits of the next wider format.
    sample_format = _FORMATS.get((codec, (bits + 7) // 8))
    if sample_format is None:
        name = _CODEC_NAMES.get(codec, f"codec 0x{codec:04x}")
        raise UndecodableAudioError(
            _ENCODING,
            f"the WAV holds {name} with {bits} bits; PCM of 8, 16, 24 or 32 bits, "
            "float of 32 or 64, A-law and mu-law work",
        )
    return WavFormat(sample_format, channels, sample_rate)
