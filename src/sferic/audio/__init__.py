"""Encodings to mono float32 at 16 kHz, with one sample clock."""

from sferic.audio.clock import SAMPLE_RATE
from sferic.audio.decoder import BYTES_A_SAMPLE, AudioDecoder, Encoding, open_decoder

__all__ = ["BYTES_A_SAMPLE", "SAMPLE_RATE", "AudioDecoder", "Encoding", "open_decoder"]
