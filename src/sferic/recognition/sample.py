"""A minute of speech that comes with Sferic: ten sentences of a synthetic voice, with pauses.

Made with eSpeak NG from sentences of our own. It is there to measure what recognition costs without
a recording at hand; how well a model understands people it cannot tell.
"""

from collections.abc import Iterator
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from sferic.audio import SAMPLE_RATE, open_decoder

FIRST = (0.0, 4.1)
"""Where the first sentence begins and ends, in seconds."""
SECOND = (5.0, 12.18)
"""The same of the second."""
SECOND_TEXT = (
    "It was supposed to arrive on Tuesday, but nobody has called me, and the page still says that "
    "it is being packed."
)

_PIECE = 8 * 1024


def sample(seconds: float | None = None) -> NDArray[np.float32]:
    """Decode it: mono at 16 kHz, shape (n,).

    Args:
        seconds: Only so much of its beginning.
    """
    wanted = None if seconds is None else round(seconds * SAMPLE_RATE)
    blocks: list[NDArray[np.float32]] = []
    length = 0
    for block in _blocks():
        blocks.append(block)
        length += len(block)
        if wanted is not None and length >= wanted:
            break
    return np.concatenate(blocks)[:wanted]


def _blocks() -> Iterator[NDArray[np.float32]]:
    data = resources.files(__package__).joinpath("sample.ogg").read_bytes()
    decoder = open_decoder("ogg_opus", SAMPLE_RATE)
    for at in range(0, len(data), _PIECE):
        yield from decoder.decode(data[at : at + _PIECE])
    yield from decoder.flush()
