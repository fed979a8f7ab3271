"""The one entry: what a decoder is, and which one an encoding needs."""

from collections.abc import Iterator
from typing import Literal, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from sferic.audio.linear16 import Linear16Decoder
from sferic.audio.linear32 import Linear32Decoder
from sferic.audio.ogg_opus import OggOpusDecoder
from sferic.audio.opus import OpusDecoder
from sferic.audio.pcm import PcmDecoder
from sferic.audio.samples import ALAW_8, MULAW_8

Encoding = Literal["linear16", "linear32", "alaw", "mulaw", "opus", "ogg_opus"]

BYTES_A_SAMPLE = {"linear16": 2, "linear32": 4, "alaw": 1, "mulaw": 1}
"""By encoding, where it does not compress."""


class AudioDecoder(Protocol):
    """One stream of one encoding; not thread-safe, all of it blocking work.

    Blocks are mono float32 at 16 kHz, at most one second each, finite and within [-1, 1]. Both
    iterators work lazily and raise `UndecodableAudioError` where the damage is: exhaust one before
    the next call. After an error the decoder is of no further use.
    """

    def decode(self, data: bytes | memoryview) -> Iterator[NDArray[np.float32]]:
        """Takes one message of the client, of any length, and yields what is ready."""

    def flush(self) -> Iterator[NDArray[np.float32]]:
        """Yields what the filters still hold.

        The samples handed out since the start then equal `position` exactly. Decoding may go on
        afterwards, with neither a gap nor a sample twice.
        """

    @property
    def position(self) -> int:
        """Audio received so far, in samples at 16 kHz, counted at the input."""


def open_decoder(encoding: Encoding, sample_rate: int) -> AudioDecoder:
    """Opens a decoder for one stream.

    Args:
        encoding: What the client declares. A linear16 stream may begin with a WAV header, which
            then decides about rate, channels and sample format.
        sample_rate: Samples per second of the input, in Hz, any positive number. It says nothing
            about opus and ogg_opus: those always decode at 48 kHz, whatever went into the encoder.
    """
    match encoding:
        case "linear16":
            return Linear16Decoder(sample_rate)
        case "linear32":
            return Linear32Decoder(sample_rate)
        case "alaw":
            return PcmDecoder(sample_rate, ALAW_8)
        case "mulaw":
            return PcmDecoder(sample_rate, MULAW_8)
        case "opus":
            return OpusDecoder()
        case "ogg_opus":
            return OggOpusDecoder()
        case _:
            assert_never(encoding)
