"""The clock of a stream."""

SAMPLE_RATE = 16_000
"""Rate of the clock and of everything behind the decoders, in Hz."""
