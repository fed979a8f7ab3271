"""Speakers of all streams of a process: the networks, and when a voice is another one."""

from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sferic.models import ModelStore, Progress
from sferic.speakers.networks import SpeakerNetworks
from sferic.speakers.tracker import SpeakerTracker
from sferic.speakers.voices import Limits

THRESHOLD = 0.55
"""Likeness below which a voice is another one."""
TELEPHONE_THRESHOLD = 0.68
"""The same where the audio comes over the telephone, which makes voices more alike."""


class Networks(Protocol):
    """What `SpeakerNetworks` does."""

    def embed(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """What a voice is like, shape (192,)."""

    def segment(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Which voices speak at each moment, shape (t, 7)."""


class Diarization:
    """Shared by all streams.

    Args:
        networks: Run on the threads that call them.
        threshold: Likeness below which a voice is another one, -1 to 1.
        telephone_threshold: The same for telephone audio.
    """

    def __init__(
        self,
        networks: Networks,
        *,
        threshold: float = THRESHOLD,
        telephone_threshold: float = TELEPHONE_THRESHOLD,
    ) -> None:
        self.networks = networks
        self._threshold = threshold
        self._telephone_threshold = telephone_threshold

    @classmethod
    def load(
        cls,
        *,
        threshold: float = THRESHOLD,
        telephone_threshold: float = TELEPHONE_THRESHOLD,
        store: ModelStore | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Load the networks, fetching what is missing. Blocks.

        Raises:
            ModelError: They cannot be fetched, or do not load.
        """
        return cls(
            SpeakerNetworks.load(store, progress),
            threshold=threshold,
            telephone_threshold=telephone_threshold,
        )

    def tracker(self, limits: Limits, *, telephone: bool) -> SpeakerTracker:
        """Return the speakers of a new stream.

        Args:
            limits: How many there may be.
            telephone: Whether the audio comes over the telephone.
        """
        threshold = self._telephone_threshold if telephone else self._threshold
        return SpeakerTracker(threshold=threshold, limits=limits)
