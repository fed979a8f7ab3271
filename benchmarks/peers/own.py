"""Sferic itself, as `sferic serve` runs it."""

from benchmarks.harness.errors import ServerFailedError
from benchmarks.harness.live import Pace, Talk, hold
from benchmarks.harness.machine import versions
from benchmarks.harness.server import ServerProcess
from benchmarks.peers.ear import Ear
from benchmarks.peers.errors import PeerError, SessionFailedError
from benchmarks.peers.peer import Facts, Recording, Setup
from sferic.audio import SAMPLE_RATE
from sferic.protocol.options import Options


class Sferic:
    """Its server, over a WebSocket; `finalize` after the audio, and `is_last` when it is done."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._server: ServerProcess | None = None

    def prepare(self) -> Facts:
        """See `Peer`."""
        flags = " ".join(self._setup.serve) or "no flags"
        return Facts(
            name="Sferic",
            version=versions(())["sferic"],
            model=self._setup.model,
            settings=f"sferic serve, {flags}; defaults of the protocol",
        )

    async def start(self) -> None:
        """See `Peer`."""
        server = ServerProcess(model=self._setup.model, flags=self._setup.serve)
        try:
            server.__enter__()  # not in a thread: an interrupt would leave it behind
        except ServerFailedError as error:
            raise PeerError(str(error)) from error
        self._server = server

    async def stream(self, recording: Recording, ear: Ear) -> None:
        """See `Peer`."""
        assert self._server is not None
        options = Options(language=recording.row.lang, sample_rate=SAMPLE_RATE)
        talk = Talk.of(recording.audio, options)
        try:
            await hold(
                talk,
                recording.audio,
                url=self._server.url,
                key=self._server.key,
                options=options,
                pace=Pace(),
            )
        finally:
            _retell(talk, ear)
        if talk.failure is not None:
            raise SessionFailedError(talk.failure)

    async def stop(self) -> None:
        """See `Peer`."""
        if self._server is not None:
            self._server.__exit__(None, None, None)
            self._server = None


def _retell(talk: Talk, ear: Ear) -> None:
    """Show what a session has shown, at the times that it has."""
    if talk.began:
        ear.begin(talk.began)
    finals: list[str] = []
    for at, said in talk.transcripts:
        ear.show(" ".join([*finals, said.transcript]), at)
        if said.is_final:
            finals.append(said.transcript)
            if said.is_last:
                ear.done(at)
