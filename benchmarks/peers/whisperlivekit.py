"""WhisperLiveKit: LocalAgreement over faster-whisper."""

import asyncio

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.peers.ear import Ear
from benchmarks.peers.environment import Environment
from benchmarks.peers.errors import SessionBrokenOffError, SessionFailedError
from benchmarks.peers.peer import Facts, Recording, Setup
from benchmarks.peers.process import HOST, PeerProcess, free_port

_SETTINGS = (
    "--backend faster-whisper --backend-policy localagreement --pcm-input --lan en, all else as "
    "it comes: beam 5, int8, voice activity control"
)


class _Line(msgspec.Struct):
    """A stretch of settled text."""

    text: str | None = None


class _Update(msgspec.Struct):
    """Any message of the server; it says everything every time."""

    type: str = ""
    error: str = ""
    lines: list[_Line] = []
    buffer_transcription: str = ""
    remaining_time_transcription_processing: float = 0.0

    @property
    def text(self) -> str:
        """All that is shown."""
        return " ".join([*(line.text or "" for line in self.lines), self.buffer_transcription])


class WhisperLiveKit:
    """Its server, with the weights that Sferic has.

    Audio ends with an empty message; `ready_to_stop` says that nothing follows.
    """

    environment = Environment(name="whisperlivekit")

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._process: PeerProcess | None = None
        self._port = 0

    def prepare(self) -> Facts:
        """See `Peer`."""
        self.environment.require()
        return Facts(
            name="WhisperLiveKit",
            version=self.environment.version("whisperlivekit"),
            model=self._setup.model,
            settings=_SETTINGS,
        )

    async def start(self) -> None:
        """See `Peer`."""
        self._port = free_port()
        command = [
            *(str(self.environment.command("whisperlivekit-server")), "--pcm-input"),
            *("--host", HOST, "--port", str(self._port), "--log-level", "WARNING"),
            *("--backend", "faster-whisper", "--backend-policy", "localagreement"),
            *("--model_dir", str(self._setup.weights), "--lan", "en"),
            *("--warmup-file", ""),  # it would fetch one
        ]
        self._process = await PeerProcess.listening(
            command, port=self._port, threads=self._setup.threads
        )

    async def stream(self, recording: Recording, ear: Ear) -> None:  # noqa: ARG002
        """See `Peer`."""
        assert self._process is not None
        try:
            async with connect(
                f"ws://{HOST}:{self._port}/asr", max_size=None, proxy=None, ping_interval=None
            ) as connection:
                speaking = asyncio.create_task(_speak(connection, ear))
                try:
                    await _follow(connection, ear)
                finally:
                    speaking.cancel()
                    await asyncio.gather(speaking, return_exceptions=True)
        except (OSError, WebSocketException) as error:
            raise self._process.broken(error) from error

    async def stop(self) -> None:
        """See `Peer`."""
        if self._process is not None:
            self._process.stop()
            self._process = None


async def _speak(connection: ClientConnection, ear: Ear) -> None:
    async for part in ear.microphone():
        await connection.send(part)
    await connection.send(b"")


async def _follow(connection: ClientConnection, ear: Ear) -> None:
    async for message in connection:
        update = msgspec.json.decode(message, type=_Update)
        if update.error:
            raise SessionFailedError(update.error)
        if update.type == "config":
            continue
        if update.type == "ready_to_stop":
            ear.owed_s = 0.0
            ear.done()
            return
        ear.owed_s = update.remaining_time_transcription_processing
        ear.show(update.text)
    raise SessionBrokenOffError
