"""G.711 companding: the value of each of the 256 A-law and mu-law bytes.

ITU-T G.711 (11/1988), tables 1a to 2b, on the 16-bit scale of the standard's reference software
(ITU-T G.191), divided by 32768.
"""

import numpy as np
from numpy.typing import NDArray


def _alaw() -> NDArray[np.float32]:
    code = np.arange(256) ^ 0x55
    exponent = (code >> 4) & 0x07
    mantissa = (code & 0x0F) << 4
    magnitude = np.where(
        exponent == 0, mantissa + 0x08, (mantissa + 0x108) << np.maximum(exponent - 1, 0)
    )
    return _signed(magnitude, positive=(code & 0x80) != 0)


def _mulaw() -> NDArray[np.float32]:
    code = np.arange(256) ^ 0xFF
    exponent = (code >> 4) & 0x07
    mantissa = (code & 0x0F) << 3
    magnitude = ((mantissa + 0x84) << exponent) - 0x84
    return _signed(magnitude, positive=(code & 0x80) == 0)


def _signed(magnitude: NDArray[np.int_], *, positive: NDArray[np.bool_]) -> NDArray[np.float32]:
    return (np.where(positive, magnitude, -magnitude) / 32768).astype(np.float32)


ALAW = _alaw()
"""Sample values in [-1, 1] by A-law byte, shape (256,)."""

MULAW = _mulaw()
"""Sample values in [-1, 1] by mu-law byte, shape (256,)."""
