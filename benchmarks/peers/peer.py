"""What a peer is to the benchmark."""

from pathlib import Path
from typing import Protocol

import msgspec

from benchmarks.harness.speech import Utterance, pcm
from benchmarks.peers.ear import Ear
from sferic.audio import SAMPLE_RATE


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What is said, and how it sounds."""

    row: Utterance
    audio: bytes
    """16-bit little-endian mono samples at 16 kHz."""

    @classmethod
    def of(cls, row: Utterance) -> "Recording":
        """Decode the audio of an utterance."""
        return cls(row=row, audio=pcm(row.path, SAMPLE_RATE))


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer is, for the report."""

    name: str
    version: str
    model: str
    settings: str
    """How it runs, in words."""
    streaming: bool = True
    """Whether it shows text while the audio is still coming."""


class Peer(Protocol):
    """A speech recogniser, run as its makers mean it to be run.

    All that it needs processes for it runs in children of this one: that is how its cost is told.
    """

    def prepare(self) -> Facts:
        """Look whether it can run here.

        Raises:
            PeerError: It cannot; the message says why and what to do.
        """
        ...

    async def start(self) -> None:
        """Start it and wait until its model is loaded.

        Raises:
            PeerProcessError: It did not come up.
        """
        ...

    async def stream(self, recording: Recording, ear: Ear) -> None:
        """Play one recording to it in real time, and tell the ear what it shows.

        Returns when nothing more will come. It is cancelled when that takes too long.

        Raises:
            PeerError: It ended by itself, or broke its own protocol.
        """
        ...

    async def stop(self) -> None:
        """End it; nothing happens if it is not running."""
        ...


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What all peers are run with."""

    model: str
    """A name of the catalogue, or a folder."""
    weights: Path
    """The folder of the model in CTranslate2's format: all that can use it do."""
    threads: int = 0
    """Threads of the models' arithmetic; 0 leaves each peer its own default."""
    serve: tuple[str, ...] = ()
    """More flags of `sferic serve`."""
