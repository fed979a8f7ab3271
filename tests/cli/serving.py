"""A server with a fake recognizer, in a thread of its own: for commands that run their own loop."""

import asyncio
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import websockets.sync.client

from fakes import FakeRecognizer, fake_backend
from server.harness import KEY, PATH, PromptServer
from sferic.config import Settings
from sferic.server.app import create_app
from sferic.server.run import listen


class Serving:
    """A server in a thread of its own."""

    def __init__(self, tmp_path: Path, **settings: Any) -> None:
        given = {"api_keys": (KEY,), "key_database": str(tmp_path / "keys.db"), **settings}
        self.recognizer = FakeRecognizer()
        self._settings = Settings(**given)
        sockets = listen("127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{sockets[0].getsockname()[1]}"
        self._up = threading.Event()
        self._held = ExitStack()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(sockets)))

    async def _serve(self, sockets: Any) -> None:
        self.loop = asyncio.get_running_loop()
        app = create_app(self._settings, self.recognizer, backend=fake_backend(self.recognizer))
        self.server = PromptServer(app)
        serving = asyncio.create_task(self.server.serve(sockets))
        await self.server.up.wait()
        self._up.set()
        await serving

    def occupy(self) -> None:
        """Open a session and leave it open."""
        headers = {"Authorization": f"Bearer {KEY}"}
        self._held.enter_context(
            websockets.sync.client.connect(self.url + PATH, additional_headers=headers)
        )

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(lambda: self.server.stop(force=True))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._thread.join()
        self._held.close()
