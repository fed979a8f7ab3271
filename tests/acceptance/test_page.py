"""The page in a headless Chromium whose microphone hears a reading, against a real server."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from acceptance.serving import KEY, ServerProcess
from audio import material
from browser import Tab, browsing, chromium, fake_microphone, opened
from recordings import BECKETT, TWO_CITIES, clip, error_rate, path_of, plain

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="there is no Chromium; on Debian: apt-get install chromium"
)

IDLE = "document.getElementById('start').dataset.state === 'idle'"
PARTIAL = "document.getElementById('partial')"
HEARD = "[...document.querySelectorAll('#finals .text')].map(row => row.innerText).join(' ')"


@pytest.fixture(scope="module")
def browser() -> Iterator[str]:
    with browsing(fake_microphone(path_of("beckett"))) as devtools:
        yield devtools


@asynccontextmanager
async def page(browser: str, server: ServerProcess) -> AsyncIterator[Tab]:
    address = server.url.removeprefix("ws://").split("/")[0]
    async with opened(browser, f"http://{address}/") as tab:
        await tab.until("document.getElementById('start')?.disabled === false")
        await tab.run(f"sessionStorage.setItem('sferic-key', '{KEY}')")
        yield tab


async def test_what_is_said_to_the_microphone_stands_on_the_page(
    server: ServerProcess, browser: str
) -> None:
    async with page(browser, server) as tab:
        await tab.click("#start")
        await tab.until(f"!{PARTIAL}.hidden && {PARTIAL}.innerText.trim()")
        await tab.until(f"/fail better/i.test({HEARD})")
        assert await tab.run("document.querySelectorAll('.word[data-sure]').length") > 8
        for figure in ("first", "final"):
            seconds = re.fullmatch(r"(\d\.\d\d) s", await tab.text(f"#figure-{figure}"))
            assert seconds
            assert 0 < float(seconds[1]) < 8
        await tab.click("#start")
        await tab.until(IDLE)
        assert error_rate(BECKETT, await tab.run(HEARD)) < 0.3
        assert tab.complaints == []


async def test_a_recording_becomes_a_transcript_and_subtitles(
    server: ServerProcess, browser: str, tmp_path: Path
) -> None:
    async with page(browser, server) as tab:
        await tab.download_to(tmp_path)
        await tab.click("[value=file]")
        await tab.give_file("#file", path_of("two_cities"))
        await tab.choose("#pace", "0")
        await tab.click("#start")
        await tab.until("!document.querySelector('[data-format=srt]').disabled")
        await tab.until(IDLE, within=60)
        assert error_rate(TWO_CITIES, await tab.run(HEARD)) < 0.1
        await tab.click("[data-format=srt]")
        while not (tmp_path / "transcript.srt").exists():
            await tab.run("new Promise(resolve => setTimeout(resolve, 20))")
    subtitles = (tmp_path / "transcript.srt").read_text(encoding="utf-8")
    text = " ".join(line for line in subtitles.splitlines() if not re.match(r"\d+$|.*-->", line))
    assert error_rate(TWO_CITIES, text) < 0.1
    assert len(subtitles.split("\n\n")) > 10


async def test_the_code_for_python_does_the_same(
    server: ServerProcess, browser: str, tmp_path: Path
) -> None:
    async with page(browser, server) as tab:
        await tab.click("#option-punctuate")
        code = await tab.text("#sample")
    assert "punctuate=false" in code
    samples, said = clip("en/quick_brown_fox")
    (tmp_path / "sample.py").write_text(code, encoding="utf-8")
    (tmp_path / "fox.wav").write_bytes(material.wav(material.linear16(samples)))
    ran = await asyncio.to_thread(_run, tmp_path / "sample.py", tmp_path / "fox.wav")
    assert plain(ran) == plain(said)
    assert "." not in ran


async def test_the_code_for_javascript_does_the_same(server: ServerProcess, browser: str) -> None:
    samples, said = clip("en/quick_brown_fox")
    pcm = np.frombuffer(material.linear16(samples), "<i2").tolist()
    async with page(browser, server) as tab:
        await tab.click("#tab-javascript")
        code = await tab.text("#sample")
        heard = await tab.run(
            f"""(async () => {{
              const {{ Access }} = await import("/page/access.js");
              const token = await new Access(false).token();
              const heard = [];
              const console = {{ log: (text) => heard.push(text) }};
              {code}
              await new Promise((resolve) => (socket.onopen = resolve));
              send(new Int16Array({json.dumps(pcm)}));
              finish();
              await new Promise((resolve) => (socket.onclose = resolve));
              return heard.join(" ");
            }})()"""
        )
    assert plain(heard) == plain(said)


def _run(program: Path, recording: Path) -> str:
    """What a program says of a recording."""
    return subprocess.run(
        [sys.executable, program, recording],
        env={**os.environ, "SFERIC_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
