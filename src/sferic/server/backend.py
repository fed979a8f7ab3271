"""What the server needs of recognition, and how it comes by it."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Protocol, cast

import msgspec

from sferic.config import Settings
from sferic.errors import ModelError, SfericError
from sferic.protocol.dialects import Dialect
from sferic.protocol.messages import Message
from sferic.protocol.options import Options
from sferic.recognition.capacity import Capacity, Demand
from sferic.recognition.load import Load
from sferic.served import Served
from sferic.server.refusal import Refusal

if TYPE_CHECKING:
    from sferic.models import Progress
    from sferic.text.redaction import NameFinder

RETRY_MODEL_S = 30
"""What a client is told to wait when one of several models did not load."""
RETRY_LOADING_S = 2
"""What a client is told to wait while the model is loaded."""

logger = logging.getLogger(__name__)


class Recognizer(Protocol):
    """The models of a process."""

    @property
    def usage(self) -> Load:
        """What recognition costs, and how busy it is."""

    @property
    def cadence(self) -> float | None:
        """Seconds of speech between two partials of a stream now, or None for no partials."""

    def holds(self, demand: Demand, *, within: float) -> Capacity:
        """How many live streams that ask for so much have their finals in so many seconds."""

    def check(self, options: Options) -> None:
        """Raise NotServedError when no loaded model serves what they ask for."""

    def served(self) -> Served:
        """Which languages are served, by which model, how well."""

    def close(self) -> None:
        """Let the models go."""


class Stream(Protocol):
    """One stream, as `sferic.Session` is."""

    @property
    def session_id(self) -> str:
        """The name of the stream on the wire."""

    @property
    def audio_seconds(self) -> float:
        """Audio received so far."""

    @property
    def working(self) -> bool:
        """Whether there is audio that has been fed and not answered."""

    async def feed(self, data: bytes) -> None:
        """Take in audio; waits for room."""

    async def finalize(self) -> None:
        """Ask for a final of what came so far."""

    async def finish(self) -> None:
        """Ask for the last final."""

    async def send(self, message: Message) -> None:
        """Put a message into the output at its place in the audio."""

    def __aiter__(self) -> AsyncIterator[Message]:
        """Iterate over the output until its end."""


class Backend(msgspec.Struct, frozen=True):
    """Where recognizers and streams come from; tests give their own."""

    load: Callable[[Settings], Recognizer]
    """Blocks, and may fetch what is missing."""
    open: Callable[[Options, Recognizer, Dialect], AbstractAsyncContextManager[Stream]]


def default_backend(progress: "Progress | None" = None) -> Backend:
    """Return Sferic's own recognition, imported when it is first needed.

    Args:
        progress: Hears of a model that has to be fetched.
    """
    names: NameFinder | None = None

    def load(settings: Settings) -> Recognizer:
        from sferic.recognition.recognizer import Recognizer as Own  # noqa: PLC0415
        from sferic.text.redaction import name_finder  # noqa: PLC0415

        nonlocal names
        names = name_finder(settings.ner)

        recognizer = Own.from_settings(settings, progress)
        recognizer.calibrate()
        return recognizer

    def open_stream(
        options: Options, recognizer: Recognizer, dialect: Dialect
    ) -> AbstractAsyncContextManager[Stream]:
        from sferic.recognition.recognizer import Recognizer as Own  # noqa: PLC0415
        from sferic.session import Session  # noqa: PLC0415

        return Session(options, recognizer=cast("Own", recognizer), dialect=dialect, names=names)

    return Backend(load=load, open=open_stream)


class Engine:
    """The recognizer of an app: there at once, or loaded while the server answers already.

    Args:
        settings: What to load.
        recognizer: One that is loaded already and stays the caller's.
        load: How to load one, on a thread.
    """

    def __init__(
        self,
        settings: Settings,
        recognizer: Recognizer | None,
        load: Callable[[Settings], Recognizer],
    ) -> None:
        self._settings = settings
        self._owned = recognizer is None
        self._load = load
        self._stopped = False
        self.recognizer = recognizer
        """None until it is loaded."""
        self.error: Exception | None = None
        """Why it cannot be loaded."""
        self.on_ready: Callable[[], None] = lambda: None
        """Called on the event loop when it is loaded."""
        self.on_failed: Callable[[Exception], None] = _log_failure
        """Called on the event loop when it cannot be loaded."""

    def start(self) -> None:
        """Begin to load. Call it on the event loop."""
        if self.recognizer is not None:
            self.on_ready()
            return
        loop = asyncio.get_running_loop()

        def work() -> None:
            recognizer, error = None, None
            try:
                recognizer = self._load(self._settings)
            except Exception as caught:  # noqa: BLE001  # told to whoever asks
                error = caught
            try:
                loop.call_soon_threadsafe(self._settle, recognizer, error)
            except RuntimeError:  # the loop is closed
                if recognizer is not None:
                    recognizer.close()

        # A fetch may take minutes and cannot be interrupted: a daemon does not delay the end.
        threading.Thread(target=work, name="sferic-load", daemon=True).start()

    async def stop(self) -> None:
        """Let go of what was loaded."""
        self._stopped = True
        if self._owned and self.recognizer is not None:
            recognizer, self.recognizer = self.recognizer, None
            await asyncio.to_thread(recognizer.close)

    def _settle(self, recognizer: Recognizer | None, error: Exception | None) -> None:
        if self._stopped:
            if recognizer is not None:
                with suppress(Exception):
                    recognizer.close()
            return
        self.recognizer, self.error = recognizer, error
        if error is None:
            self.on_ready()
        else:
            self.on_failed(error)


def _log_failure(error: Exception) -> None:
    if isinstance(error, SfericError):
        logger.error("no sessions can be served: %s", error)
    else:
        logger.error("the model cannot be loaded", exc_info=error)


def failed(error: ModelError) -> Refusal:
    """What is answered where one of several models did not load."""
    return Refusal(503, error.code, str(error), retry_after=RETRY_MODEL_S)


def not_ready(engine: Engine) -> Refusal:
    """Return what a client is told while there is no model."""
    if engine.error is not None:
        return Refusal(503, "model_failed", "the model could not be loaded", retry_after=60)
    message = "the model is being loaded"
    return Refusal(503, "not_ready", message, retry_after=RETRY_LOADING_S)
