"""A headless Chromium, told what to do over its DevTools protocol."""

import asyncio
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WITHIN_S = 30.0

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--mute-audio",
    "--remote-debugging-port=0",
)
_DOMAINS = ("Page", "Runtime", "Log", "Network", "DOM")


def chromium() -> str | None:
    """Where it is, if it is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def fake_microphone(recording: Path) -> tuple[str, ...]:
    """Flags of a browser whose microphone plays a WAV, once, and asks nobody."""
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={recording}%noloop",
    )


@contextmanager
def browsing(flags: Sequence[str] = ()) -> Iterator[str]:
    """Run a browser for as long as the block; yields the address of its DevTools."""
    program = chromium()
    assert program is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, *_FLAGS, f"--user-data-dir={profile}", *flags, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield _address(process, Path(profile) / "DevToolsActivePort")
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Tab:
    """One page, with storage of its own.

    Attributes:
        complaints: What the browser holds against it: errors, refused resources.
        requests: Addresses it has asked for.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._session: str | None = None
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())
        self.context = ""
        self.complaints: list[str] = []
        self.requests: list[str] = []

    async def begin(self) -> None:
        self.context = (await self.command("Target.createBrowserContext"))["browserContextId"]
        target = await self.command(
            "Target.createTarget", url="about:blank", browserContextId=self.context
        )
        attached = await self.command(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = attached["sessionId"]
        for domain in _DOMAINS:
            await self.command(f"{domain}.enable")

    async def close(self) -> None:
        self._session = None
        await self.command("Target.disposeBrowserContext", browserContextId=self.context)
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        command: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            command["sessionId"] = self._session
        await self._connection.send(json.dumps(command))
        result = await asyncio.wait_for(answer, WITHIN_S)
        assert "error" not in result, (method, result["error"])
        return dict(result["result"])

    async def open(self, url: str) -> None:
        self._loaded.clear()
        await self.command("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), WITHIN_S)

    async def run(self, script: str) -> Any:
        """The value of a JavaScript expression, awaited."""
        answer = await self.command(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, condition: str, within: float = WITHIN_S) -> Any:
        """Wait for a JavaScript expression to be true, and return its value."""
        for _ in range(round(within / 0.05)):
            if value := await self.run(condition):
                return value
            await asyncio.sleep(0.05)
        page = await self.run("document.body.innerText")
        message = f"never became true: {condition}\n{page}\n{self.complaints}"
        raise AssertionError(message)

    async def click(self, selector: str) -> None:
        await self.run(f"document.querySelector({json.dumps(selector)}).click()")

    async def text(self, selector: str) -> str:
        return str(await self.run(f"document.querySelector({json.dumps(selector)}).innerText"))

    async def choose(self, selector: str, value: str) -> None:
        """Set a select or a field as somebody would."""
        await self.run(
            f"(() => {{ const one = document.querySelector({json.dumps(selector)});"
            f"one.value = {json.dumps(value)};"
            "one.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )

    async def press(self, key: str) -> None:
        code = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowRight": 39, "End": 35}[key]
        for kind in ("rawKeyDown", "keyUp"):
            await self.command(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code
            )

    async def give_file(self, selector: str, file: Path) -> None:
        root = (await self.command("DOM.getDocument"))["root"]["nodeId"]
        node = await self.command("DOM.querySelector", nodeId=root, selector=selector)
        await self.command("DOM.setFileInputFiles", nodeId=node["nodeId"], files=[str(file)])

    async def download_to(self, folder: Path) -> None:
        await self.command(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(folder),
            browserContextId=self.context,
        )

    async def look(
        self, *, width: int = 1280, height: int = 900, dark: bool = False, scale: float = 1
    ) -> None:
        """Be a screen of this size."""
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.command("Emulation.setEmulatedMedia", features=[scheme])

    async def screenshot(self, *, whole: bool = False) -> bytes:
        """A PNG of what is seen, or of the whole page."""
        answer = await self.command(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole
        )
        return base64.b64decode(answer["data"])

    async def _listen(self) -> None:
        async for raw in self._connection:
            event = json.loads(raw)
            if "method" in event:
                self._note(event["method"], event["params"])
            elif (answer := self._answers.pop(event["id"], None)) and not answer.done():
                answer.set_result(event)

    def _note(self, method: str, event: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requests.append(event["request"]["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(event["exceptionDetails"]))
            case "Log.entryAdded" if event["entry"]["level"] == "error":
                self.complaints.append(event["entry"]["text"])
            case "Runtime.consoleAPICalled" if event["type"] == "error":
                self.complaints.append(json.dumps(event["args"]))


@asynccontextmanager
async def opened(devtools: str, url: str) -> AsyncIterator[Tab]:
    """Open a page in a browser that runs."""
    async with websockets.connect(devtools, max_size=None, compression=None) as connection:
        tab = Tab(connection)
        await tab.begin()
        try:
            await tab.open(url)
            yield tab
        finally:
            await tab.close()


def _address(process: subprocess.Popen[bytes], file: Path) -> str:
    for _ in range(round(WITHIN_S / 0.05)):
        if file.exists() and len(lines := file.read_text().split()) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        assert process.poll() is None, "the browser does not start"
        time.sleep(0.05)
    raise TimeoutError
