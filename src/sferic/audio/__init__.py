"""Encodings to mono float32 at 16 kHz, with one sample clock."""

SAMPLE_RATE = 16_000
"""Rate of the clock and of everything behind the decoders, in Hz."""
