"""A headless Chromium, told what to do over its DevTools protocol."""

import asyncio
import base64
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WITHIN_S = 30.0

_LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")
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
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
)


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


class Tab:
    """One page. `complaints` is what the browser holds against it: errors, refused resources."""

    def __init__(self, connection: ClientConnection, session: str) -> None:
        self._connection = connection
        self._session = session
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._loaded = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        answer = asyncio.get_running_loop().create_future()
        self._answers[self._number] = answer
        await self._connection.send(
            json.dumps(
                {
                    "id": self._number,
                    "sessionId": self._session,
                    "method": method,
                    "params": parameters,
                }
            )
        )
        result: dict[str, Any] = await asyncio.wait_for(answer, WITHIN_S)
        assert "error" not in result, result["error"]
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
        for kind in ("keyDown", "keyUp"):
            await self.command("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    async def give_file(self, selector: str, file: Path) -> None:
        root = (await self.command("DOM.getDocument"))["root"]["nodeId"]
        node = await self.command("DOM.querySelector", nodeId=root, selector=selector)
        await self.command("DOM.setFileInputFiles", nodeId=node["nodeId"], files=[str(file)])

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
            if event.get("id") in self._answers and event.get("sessionId") == self._session:
                answer = self._answers.pop(event["id"])
                if not answer.done():
                    answer.set_result(event)
            elif "method" in event:
                self._note(event["method"], event["params"])

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
async def browsing(flags: Sequence[str] = (), downloads: Path | None = None) -> AsyncIterator[Tab]:
    """Start a browser with an empty page; it ends with the block."""
    program = chromium()
    assert program is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            *_FLAGS,
            f"--user-data-dir={profile}",
            *flags,
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        draining = None
        try:
            url = await asyncio.wait_for(_address(process), WITHIN_S)
            assert process.stderr is not None
            draining = asyncio.create_task(process.stderr.read())
            async with websockets.connect(url, max_size=None, compression=None) as connection:
                tab = await _tab(connection, downloads)
                try:
                    yield tab
                finally:
                    await tab.close()
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 10)
            if draining:
                await draining


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    while line := await process.stderr.readline():
        said += line
        if found := _LISTENING.search(line):
            return found[1].decode()
    raise AssertionError(said.decode(errors="replace"))


async def _tab(connection: ClientConnection, downloads: Path | None) -> Tab:
    async def ask(number: int, method: str, **parameters: Any) -> Any:
        await connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(await connection.recv())).get("id") != number:
            pass
        return answer["result"]

    target = (await ask(-1, "Target.createTarget", url="about:blank"))["targetId"]
    attached = await ask(-2, "Target.attachToTarget", targetId=target, flatten=True)
    if downloads:
        await ask(-3, "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
    tab = Tab(connection, attached["sessionId"])
    for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
        await tab.command(f"{domain}.enable")
    return tab
