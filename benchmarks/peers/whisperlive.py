"""WhisperLive: what has not been settled yet is decoded again and again, over faster-whisper."""

import asyncio
import time
import uuid
from pathlib import Path

import msgspec
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.harness.live import quiet
from benchmarks.harness.streaming import CHUNK_S
from benchmarks.peers import drivers
from benchmarks.peers.ear import Ear
from benchmarks.peers.environment import Environment
from benchmarks.peers.errors import SessionRefusedError
from benchmarks.peers.peer import Facts, Recording, Setup
from benchmarks.peers.process import HOST, PeerProcess, free_port
from sferic.audio import SAMPLE_RATE

_DRIVER = Path(drivers.__file__ or "").with_name("whisperlive_server.py")
_SETTINGS = (
    "faster_whisper backend as it comes: beam 5, int8, its voice activity filter, one thread "
    "unless told otherwise; silence follows the speech until the text has come to rest"
)
_THREADS = 1
"""What its launcher sets where the environment says nothing."""
_SAME = 3
"""Times that the same text must come after the speech to be taken for the last one."""
_SILENT_S = 10.0
"""Without any message after the speech, nothing more is expected."""


class _Segment(msgspec.Struct):
    """A stretch of text; complete ones do not change any more."""

    start: str
    text: str
    completed: bool = False


class _Message(msgspec.Struct):
    """Any message of the server."""

    message: str | float = ""
    status: str = ""
    segments: list[_Segment] | None = None


class WhisperLive:
    """Its server, with the weights that Sferic has.

    The protocol has a message for the end of the audio, but that closes the session at once and
    what has not been decoded is lost. So this client does what a microphone does: it goes on,
    with silence, and listens until the text has come to rest.
    """

    environment = Environment(name="whisperlive", alone=("whisper-live==0.10.0",))

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._process: PeerProcess | None = None
        self._port = 0

    def prepare(self) -> Facts:
        """See `Peer`."""
        self.environment.require()
        return Facts(
            name="WhisperLive",
            version=self.environment.version("whisper-live"),
            model=self._setup.model,
            settings=_SETTINGS,
        )

    async def start(self) -> None:
        """See `Peer`."""
        self._port = free_port()
        command = [
            *(str(self.environment.python), str(_DRIVER)),
            *(str(self._port), str(self._setup.weights)),
        ]
        self._process = await PeerProcess.listening(
            command, port=self._port, threads=self._setup.threads or _THREADS
        )

    async def stream(self, recording: Recording, ear: Ear) -> None:
        """See `Peer`."""
        assert self._process is not None
        try:
            async with connect(
                f"ws://{HOST}:{self._port}", max_size=None, proxy=None, ping_interval=None
            ) as connection:
                await _open(connection, recording.row.lang)
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


async def _open(connection: ClientConnection, language: str) -> None:
    """Ask for a session as its own client does by default."""
    request = {
        "uid": str(uuid.uuid4()),
        "language": language,
        "task": "transcribe",
        "model": "base",
        "use_vad": True,
        "send_last_n_segments": 10,
        "no_speech_thresh": 0.45,
        "clip_audio": False,
        "same_output_threshold": 10,
        "audio_format": "float32",
    }
    await connection.send(msgspec.json.encode(request).decode())
    async for raw in connection:
        message = msgspec.json.decode(raw, type=_Message)
        if message.message == "SERVER_READY":
            return
        if message.status:
            break
    raise SessionRefusedError


async def _speak(connection: ClientConnection, ear: Ear) -> None:
    async for part in ear.microphone():
        await connection.send(_floats(part))
    silence = _floats(quiet(CHUNK_S, SAMPLE_RATE))
    due = time.monotonic()
    while True:
        due += CHUNK_S
        await asyncio.sleep(due - time.monotonic())
        await connection.send(silence)


async def _follow(connection: ClientConnection, ear: Ear) -> None:
    """Show what comes, until it has stayed the same for a while after the speech."""
    settled: dict[float, str] = {}
    same = 0
    last = time.monotonic()
    while not ear.audio_ended.is_set() or (same < _SAME and time.monotonic() < last + _SILENT_S):
        try:
            raw = await asyncio.wait_for(connection.recv(), timeout=0.5)
        except TimeoutError:
            if not ear.audio_ended.is_set():
                last = time.monotonic()
            continue
        message = msgspec.json.decode(raw, type=_Message)
        if message.segments is None:
            continue
        last = time.monotonic()
        settled |= {float(each.start): each.text for each in message.segments if each.completed}
        open_text = [each.text for each in message.segments if not each.completed]
        changed = ear.show(" ".join([*(text for _, text in sorted(settled.items())), *open_text]))
        same = same + 1 if ear.audio_ended.is_set() and not changed else 0


def _floats(samples: bytes) -> bytes:
    return (np.frombuffer(samples, dtype="<i2").astype("<f4") / 32768).tobytes()
