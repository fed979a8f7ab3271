"""faster-whisper over the whole recording: what accuracy can be had, and what the least costs."""

import asyncio
import time
from importlib import metadata

from benchmarks.harness.errors import OfflineFailedError
from benchmarks.harness.offline import SETTINGS, Job, OfflineWhisper
from benchmarks.peers.ear import Ear
from benchmarks.peers.errors import PeerError
from benchmarks.peers.peer import Facts, Recording, Setup


class Offline:
    """The other side of the accuracy benchmark; it gets the recording when it has been spoken."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._whisper: OfflineWhisper | None = None

    def prepare(self) -> Facts:
        """See `Peer`."""
        return Facts(
            name="faster-whisper offline",
            version=metadata.version("faster-whisper"),
            model=self._setup.model,
            settings=SETTINGS,
            streaming=False,
        )

    async def start(self) -> None:
        """See `Peer`."""
        self._whisper = OfflineWhisper(self._setup.weights, device="cpu")

    async def stream(self, recording: Recording, ear: Ear) -> None:
        """See `Peer`."""
        assert self._whisper is not None
        ear.begin(time.monotonic() - ear.seconds)  # it has all of it, and just now
        job = Job(path=str(recording.row.path.absolute()), language=recording.row.lang)
        try:
            transcript = await asyncio.to_thread(self._whisper.transcribe, job)
        except OfflineFailedError as error:
            raise PeerError(str(error)) from error
        ear.show(transcript.text)
        ear.done()

    async def stop(self) -> None:
        """See `Peer`."""
        if self._whisper is not None:
            self._whisper.__exit__(None, None, None)
            self._whisper = None
