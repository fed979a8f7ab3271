"""The page in a headless Chromium, against a server whose streams say what a test has written."""

import json
import re
import wave
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import Tab, browsing, chromium, fake_microphone, opened
from fakes import FakeRecognizer
from server.harness import KEY, Running, Start, until
from server.scripted import Line, said, scripted_backend
from sferic.protocol.messages import SpeechStarted

pytestmark = pytest.mark.skipif(
    chromium() is None, reason="there is no Chromium; on Debian: apt-get install chromium"
)

READY = "document.getElementById('start')?.disabled === false"
IDLE = "document.getElementById('start').dataset.state === 'idle'"
LISTENING = "document.getElementById('start').dataset.state === 'open'"
FINALS = "document.getElementById('finals').innerText"
PROBLEM = "!document.getElementById('problem').hidden"

TALK: Sequence[Line] = (
    (0.1, said("So what", final=False)),
    (0.2, said("So what do you", final=False)),
    (
        0.6,
        said(
            "So what do you think? I think yes.",
            confidences=[0.97, 0.95, 0.9, 0.92, 0.7, 0.99, 0.5, 0.96],
            speakers=[0, 0, 0, 0, 0, 1, 1, 1],
            every=0.06,
        ),
    ),
    (0.7, said("Then <b>it</b> is", start=0.6, final=False)),
)


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of a tone: the streams here do not listen."""
    path = tmp_path_factory.mktemp("audio") / "tone.wav"
    samples = 8000 * np.sin(np.arange(60 * 16_000) * 0.2)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def browser(tone: Path) -> Iterator[str]:
    with browsing(fake_microphone(tone)) as devtools:
        yield devtools


@asynccontextmanager
async def page(browser: str, running: Running, *, key: str | None = KEY) -> AsyncIterator[Tab]:
    """The page of a server, with a key unless it is None."""
    async with opened(browser, f"http://127.0.0.1:{running.port}/") as tab:
        await tab.until(READY)
        if key is not None:
            await tab.run(f"sessionStorage.setItem('sferic-key', {json.dumps(key)})")
        yield tab


async def serving(start: Start, *scripts: Sequence[Line], **settings: Any) -> Running:
    recognizer = FakeRecognizer()
    recognizer.check = lambda options: None  # type: ignore[method-assign]
    backend = scripted_backend(recognizer, *(scripts or (TALK,)))
    return await start(backend=backend, recognizer=recognizer, **settings)


async def told(tab: Tab) -> tuple[str, str]:
    """What the page says is wrong: the code and the sentence."""
    await tab.until(PROBLEM)
    code = await tab.run("document.getElementById('problem').dataset.code")
    return code, await tab.text("#problem-text")


async def test_what_the_microphone_hears_becomes_text(start: Start, browser: str) -> None:
    running = await serving(start)
    async with page(browser, running) as tab:
        await tab.click("#start")
        await tab.until("document.getElementById('partial').innerText.includes('<b>it</b>')")
        assert await tab.text("#state") == "Listening"
        assert await tab.run("document.getElementById('meter').ariaValueNow > 50")
        assert re.fullmatch(r"\d\.\d\d s", await tab.text("#figure-first"))
        assert re.fullmatch(r"\d\.\d\d s", await tab.text("#figure-final"))
        assert await tab.text("#figure-words") == "8"
        await tab.click("#start")
        await tab.until(IDLE)
        rows = await tab.run("[...document.querySelectorAll('#finals .row')].map(r => r.innerText)")
        assert [re.sub(r"\s+", " ", row) for row in rows] == [
            "0:00 Speaker 1 So what do you think?",
            "0:00 Speaker 2 I think yes.",
        ]
        assert await tab.run("document.getElementById('partial').hidden")
        assert tab.complaints == []
        assert {url.split("/")[2] for url in tab.requests} == {f"127.0.0.1:{running.port}"}
    stream = await running.stream()
    assert "finish" in stream.log
    assert (stream.options.encoding, stream.options.sample_rate) == ("linear16", 16_000)


async def test_options_are_what_the_switches_say(start: Start, browser: str) -> None:
    running = await serving(start)
    async with page(browser, running) as tab:
        await tab.choose("#language", "de")
        await tab.click("#option-redact_pii")
        await tab.click("#option-punctuate")
        await tab.choose("#option-numerals", "false")
        await tab.choose("#option-endpointing_timeout", "300")
        for name, sample in (("python", "websockets"), ("javascript", "bearer"), ("curl", "curl")):
            await tab.click(f"#tab-{name}")
            code = await tab.text("#sample")
            assert sample in code
            for option in ("language=de", "redact_pii=true", "punctuate=false", "numerals=false"):
                assert option in code, name
        await tab.click("#start")
        await tab.until(LISTENING)
        options = (await running.stream()).options
        assert dict(options.query()) == {
            "language": "de",
            "redact_pii": "true",
            "numerals": "false",
            "punctuate": "false",
            "endpointing_timeout": "300",
        }
        await tab.command("Page.reload")
        await tab.until(READY)
        assert await tab.run("document.getElementById('option-redact_pii').checked")
        await tab.click("#option-redact_pii")
        assert "redact_pii" not in await tab.text("#sample")


async def test_every_option_that_there_is_can_be_set(start: Start, browser: str) -> None:
    running = await serving(start)
    async with page(browser, running) as tab:
        offered = set(
            await tab.run(
                "[...document.querySelectorAll('[data-option]')].map(o => o.dataset.option)"
            )
        )
    table = (await running.get("/page/settings.json")).json()["options"]
    available = {option["name"] for option in table if option["available"]}
    assert available - offered == {"encoding", "sample_rate", "language", "external_session_id"}
    assert offered <= available


async def test_a_transcript_is_downloaded_in_every_format(
    start: Start, browser: str, tmp_path: Path
) -> None:
    async with page(browser, await serving(start)) as tab:
        await tab.download_to(tmp_path)
        assert await tab.run("document.querySelector('[data-format=txt]').disabled")
        await tab.click("#start")
        await tab.until("document.querySelectorAll('#finals .row').length == 2")
        await tab.click("#start")
        await tab.until(IDLE)
        files = {}
        for name in ("txt", "srt", "vtt", "json"):
            await tab.click(f"[data-format={name}]")
            path = tmp_path / f"transcript.{name}"
            await until(path.exists)
            await until(lambda: not list(tmp_path.glob("*.crdownload")))
            files[name] = path.read_text(encoding="utf-8")
    assert files["txt"] == "Speaker 1: So what do you think?\nSpeaker 2: I think yes.\n"
    assert files["srt"] == (
        "1\n00:00:00,000 --> 00:00:00,300\nSo what do you think?\n\n"
        "2\n00:00:00,300 --> 00:00:01,300\nI think yes.\n\n"
    )
    assert files["vtt"] == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.300\n<v Speaker 1>So what do you think?\n\n"
        "00:00:00.300 --> 00:00:01.300\n<v Speaker 2>I think yes.\n\n"
    )
    data = json.loads(files["json"])
    assert data["transcript"] == "So what do you think? I think yes."
    assert data["words"][4] == {
        "word": "think?",
        "start": 0.24,
        "end": 0.3,
        "confidence": 0.7,
        "speaker": 0,
    }
    assert data["messages"][0]["session_id"] == "sess_scripted"


async def test_how_sure_recognition_is_can_be_seen_and_read_with_the_keyboard(
    start: Start, browser: str
) -> None:
    async with page(browser, await serving(start)) as tab:
        await tab.click("#start")
        await tab.until("document.querySelectorAll('#finals .row').length == 2")
        low = "getComputedStyle(document.querySelector('[data-sure=low]')).backgroundColor"
        assert await tab.run(low) == "rgba(0, 0, 0, 0)"
        await tab.click("#confidence")
        assert await tab.run(low) != "rgba(0, 0, 0, 0)"
        assert await tab.run("document.getElementById('confidence').ariaPressed") == "true"
        await tab.run("document.getElementById('finals').focus()")
        for _ in range(7):
            await tab.press("ArrowRight")
        assert await tab.text("#word") == "“think” 50 % sure, speaker 2, at 0:00.4"
        await tab.press("ArrowLeft")
        assert (await tab.text("#word")).startswith("“I” 99 % sure")
        assert await tab.text(".word.active") == "I"


async def test_only_finals_are_read_out(start: Start, browser: str) -> None:
    async with page(browser, await serving(start)) as tab:
        live = "[...document.querySelectorAll('[aria-live]')].map(e => [e.id, e.ariaLive])"
        assert await tab.run(live) == [["finals", "polite"], ["partial", "off"]]


async def test_everything_that_can_be_used_has_a_name(start: Start, browser: str) -> None:
    async with page(browser, await serving(start)) as tab:
        nodes = (await tab.command("Accessibility.getFullAXTree"))["nodes"]
    used = {"button", "combobox", "switch", "textbox", "spinbutton", "radio", "tab", "meter", "log"}
    roles = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in used
    ]
    assert {role for role, _ in roles} >= {"button", "combobox", "switch", "radio", "tab", "meter"}
    assert [role for role, name in roles if not name] == []


@pytest.mark.parametrize(
    ("key", "code", "sentence"),
    [
        ("wrong", "invalid_key", "The key is unknown"),
        ("not a key, ключ", "invalid_key", "The key is unknown"),
        ("sferic-token.made.up", "invalid_token", "The token is none of this server's"),
    ],
)
async def test_a_wrong_key_is_told_and_another_asked_for(
    start: Start, browser: str, key: str, code: str, sentence: str
) -> None:
    async with page(browser, await serving(start), key=key) as tab:
        await tab.click("#start")
        assert (await told(tab))[0] == code
        assert (await told(tab))[1].startswith(sentence)
        await tab.click("#problem-key")
        assert await tab.run("document.getElementById('key-dialog').open")


async def test_an_expired_token_says_so(
    start: Start, browser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await serving(start)
    tokens = running.services.tokens
    _, token = await tokens.mint("static-1", seconds=1)
    clock = tokens._clock
    monkeypatch.setattr(tokens, "_clock", lambda: clock() + 2)
    async with page(browser, running, key=token) as tab:
        await tab.click("#start")
        code, sentence = await told(tab)
        assert code == "token_expired"
        assert sentence == "The token has expired. Enter a key, or ask for a new token."


async def test_a_token_opens_its_session_and_then_says_that_it_is_used(
    start: Start, browser: str
) -> None:
    running = await serving(start)
    _, token = await running.services.tokens.mint("static-1")
    async with page(browser, running, key=token) as tab:
        await tab.click("#start")
        await tab.until(LISTENING)
        await tab.click("#start")
        await tab.until(IDLE)
        await tab.click("#start")
        assert (await told(tab))[0] == "token_used_up"


async def test_a_key_is_asked_for_once_and_stays_in_the_tab(start: Start, browser: str) -> None:
    running = await serving(start)
    async with page(browser, running, key=None) as tab:
        await tab.click("#start")
        assert await tab.run("document.getElementById('key-dialog').open")
        await tab.choose("#key-input", KEY)
        await tab.click("#key-save")
        await tab.until(LISTENING)
        kept = "JSON.stringify([{...localStorage}, document.cookie, location.href])"
        assert KEY not in await tab.run(kept)
        assert await tab.run("sessionStorage.getItem('sferic-key')") == KEY
        assert await tab.run("document.getElementById('key-input').value") == ""
        assert not any(KEY in url for url in tab.requests)
        await tab.click("#start")
        await tab.until(IDLE)
        await tab.click("#start")
        await tab.until(LISTENING)


async def test_a_development_server_needs_no_key(start: Start, browser: str) -> None:
    running = await serving(start, development_key="sferic_of-the-tests")
    async with page(browser, running, key="left over from another server") as tab:
        assert await tab.run("document.getElementById('key').hidden")
        await tab.click("#start")
        await tab.until(LISTENING)


async def test_a_full_server_says_when_to_try_again(start: Start, browser: str) -> None:
    running = await serving(start, max_sessions=1)
    async with running.connect(), page(browser, running) as tab:
        await tab.click("#start")
        code, sentence = await told(tab)
        assert code == "server_full"
        assert re.fullmatch(r"The server is full at the moment\. Try again in \d+ s\.", sentence)
        await tab.until(IDLE)


async def test_options_that_the_server_refuses_are_named(start: Start, browser: str) -> None:
    running = await serving(start)
    async with page(browser, running) as tab:
        await tab.choose("#option-max_speakers", "2")
        await tab.choose("#option-min_speakers", "3")
        await tab.click("#start")
        code, sentence = await told(tab)
        assert code == "invalid_parameters"
        assert "min_speakers=3 is not allowed" in sentence.lower()


async def test_a_microphone_that_is_refused_is_told(start: Start, browser: str) -> None:
    async with page(browser, await serving(start)) as tab:
        await tab.run(
            "navigator.mediaDevices.getUserMedia = async () => "
            "{ throw new DOMException('no', 'NotAllowedError'); }"
        )
        await tab.click("#start")
        assert await told(tab) == (
            "microphone_refused",
            "The microphone is not allowed for this page. Allow it in the browser's address bar, "
            "then start again.",
        )


TAB_AUDIO = """(() => {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const audio = context.createMediaStreamDestination();
  tone.connect(audio);
  tone.start();
  const picture = document.createElement("canvas").captureStream();
  const tracks = (%s) ? [...audio.stream.getTracks(), ...picture.getTracks()] : picture.getTracks();
  navigator.mediaDevices.getDisplayMedia = async () => (window.shared = new MediaStream(tracks));
})()"""


async def test_what_a_tab_plays_becomes_text_until_sharing_ends(start: Start, browser: str) -> None:
    async with page(browser, await serving(start)) as tab:
        await tab.run(TAB_AUDIO % "true")
        await tab.click("[value=tab]")
        await tab.click("#start")
        await tab.until("document.querySelectorAll('#finals .row').length == 2")
        assert await tab.run("shared.getVideoTracks()[0].enabled") is False
        await tab.run("shared.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
        await tab.until(IDLE)
        assert await tab.run("document.getElementById('problem').hidden")


async def test_a_tab_without_audio_is_told(start: Start, browser: str) -> None:
    async with page(browser, await serving(start)) as tab:
        await tab.run(TAB_AUDIO % "false")
        await tab.click("[value=tab]")
        await tab.click("#start")
        assert (await told(tab))[0] == "tab_without_audio"


async def test_a_lost_connection_is_made_again_and_loses_nothing(
    start: Start, browser: str
) -> None:
    second = [(0.1, said("And so it goes.", start=3))]
    running = await serving(start, TALK, second)
    async with page(browser, running) as tab:
        await tab.click("#start")
        await tab.until("document.querySelectorAll('#finals .row').length == 2")
        for connection in list(running.server.server_state.connections):
            connection.transport.abort()
        await tab.until("document.querySelectorAll('#finals .row').length == 3")
        text = re.sub(r"\s+", " ", await tab.text("#finals"))
        # The last word ended at 0.48 s: from there on it was sent again.
        assert text.endswith("I think yes. 0:03 And so it goes.")
        assert await tab.text("#state") == "Listening"
    assert len(running.recognizer.streams) == 2
    assert running.recognizer.streams[1].audio >= 32_000 * 0.2


async def test_what_is_there_stays_when_no_connection_can_be_made_again(
    start: Start, browser: str
) -> None:
    running = await serving(start)
    async with page(browser, running) as tab:
        await tab.run("const later = setTimeout; setTimeout = (f, ms) => later(f, ms / 50)")
        await tab.click("#start")
        await tab.until("document.querySelectorAll('#finals .row').length == 2")
        running.server.stop()
        await tab.until("document.getElementById('state').dataset.state === 'reconnecting'")
        assert (await told(tab))[0] in ("lost", "unreachable")
        assert await tab.run("document.querySelectorAll('#finals .row').length") == 2
        assert not await tab.run("document.querySelector('[data-format=txt]').disabled")


async def test_a_recording_is_streamed_as_fast_as_it_goes(
    start: Start, browser: str, tone: Path
) -> None:
    running = await serving(start)
    async with page(browser, running) as tab:
        await tab.click("[value=file]")
        await tab.click("#start")
        assert (await told(tab))[0] == "no_file"
        await tab.give_file("#file", tone)
        await tab.choose("#pace", "0")
        assert await tab.text("#file-name") == "tone.wav"
        await tab.click("#start")
        await tab.until("document.getElementById('clock').innerText == '1:00'", within=10)
        await tab.until(IDLE)
        assert await tab.text("#figure-first") == "–"
    stream = await running.stream()
    assert stream.audio == 60 * 32_000


async def test_a_file_that_is_no_recording_is_told(
    start: Start, browser: str, tmp_path: Path
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no audio")
    async with page(browser, await serving(start)) as tab:
        await tab.click("[value=file]")
        await tab.give_file("#file", path)
        await tab.click("#start")
        assert (await told(tab))[0] == "file_unreadable"


async def test_a_recording_is_dropped_onto_the_page(start: Start, browser: str) -> None:
    async with page(browser, await serving(start)) as tab:
        await tab.run(
            """(() => {
              const dataTransfer = new DataTransfer();
              dataTransfer.items.add(new File(["RIFF"], "dropped.wav"));
              const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
              document.getElementById("transcript").dispatchEvent(drop);
            })()"""
        )
        assert await tab.text("#file-name") == "dropped.wav"
        assert await tab.run("document.querySelector('[value=file]').checked")


async def test_events_of_speech_show_in_the_meter(start: Start, browser: str) -> None:
    event = SpeechStarted(session_id="sess_scripted", timestamp=0.1)
    async with page(browser, await serving(start, [(0.1, event)])) as tab:
        await tab.click("#start")
        await tab.until("document.getElementById('meter').classList.contains('speech')")


async def test_it_fits_into_any_width(start: Start, browser: str) -> None:
    async with page(browser, await serving(start)) as tab:
        await tab.click("#start")
        await tab.until("document.querySelectorAll('#finals .row').length == 2")
        for width in (320, 390, 768, 1280):
            await tab.look(width=width, height=800)
            wide = await tab.run("[document.documentElement.scrollWidth, innerWidth]")
            assert wide[0] <= wide[1] == width


CONTRASTS = """(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const channels = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return channels("Canvas");
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !node.checkVisibility() || node.closest(":disabled, .hidden, noscript")) continue;
    const [a, b] = [luminance(channels(getComputedStyle(node).color)), luminance(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push([node.outerHTML.slice(0, 80), ratio]);
  }
  return poor;
})()"""


@pytest.mark.parametrize("dark", [False, True])
async def test_text_has_enough_contrast(start: Start, browser: str, dark: bool) -> None:
    async with page(browser, await serving(start), key="wrong") as tab:
        await tab.look(dark=dark)
        await tab.run("document.querySelector('details').open = true")
        await tab.click("#start")
        await tab.until(PROBLEM)
        await tab.run(f"sessionStorage.setItem('sferic-key', {json.dumps(KEY)})")
        assert await tab.run(CONTRASTS) == []
        await tab.click("#start")
        await tab.until("document.querySelectorAll('#finals .row').length == 2")
        await tab.click("#confidence")
        await tab.click("#key")
        assert await tab.run(CONTRASTS) == []


async def test_a_chosen_theme_is_kept(start: Start, browser: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    async with page(browser, await serving(start)) as tab:
        await tab.look(dark=True)
        dark = await tab.run(ground)
        await tab.look(dark=False)
        assert await tab.run(ground) != dark
        await tab.choose("#theme", "dark")
        assert await tab.run(ground) == dark
        await tab.command("Page.reload")
        await tab.until(READY)
        assert await tab.run(ground) == dark


async def test_nothing_moves_for_those_who_do_not_want_it(start: Start, browser: str) -> None:
    async with page(browser, await serving(start)) as tab:
        reduced = [{"name": "prefers-reduced-motion", "value": "reduce"}]
        await tab.command("Emulation.setEmulatedMedia", features=reduced)
        moving = (
            "[...document.querySelectorAll('*')].filter("
            "e => parseFloat(getComputedStyle(e).transitionDuration) > 0).length"
        )
        assert await tab.run(moving) == 0


SUBTITLES = """(async () => {
  const { FORMATS, cues } = await import("/page/exports.js");
  const word = (text, n) => ({
    text, glued: false, start: n * 0.3, end: n * 0.3 + 0.3, confidence: 1, speaker: null,
  });
  const words = %s.split(" ").map(word);
  return { cues: cues([{ words }]), srt: FORMATS.srt.write({ segments: [{ words }] }) };
})()"""


async def test_subtitles_have_two_short_lines_and_every_word_once(
    start: Start, browser: str
) -> None:
    text = " ".join(f"{'word' * (n % 4 + 1)}{n}" for n in range(300))
    async with page(browser, await serving(start)) as tab:
        made = await tab.run(SUBTITLES % json.dumps(text))
    lines = [line for cue in made["cues"] for line in cue["lines"]]
    assert " ".join(lines) == text
    assert all(len(cue["lines"]) <= 2 for cue in made["cues"])
    assert max(map(len, lines)) <= 42
    for before, after in zip(made["cues"], made["cues"][1:], strict=False):
        assert before["start"] < before["end"] <= after["start"]
        assert before["end"] - before["start"] <= 7
    assert made["srt"].count("-->") == len(made["cues"])


async def test_options_of_the_page_are_allowed_by_the_table(start: Start, browser: str) -> None:
    running = await serving(start)
    async with page(browser, running) as tab:
        query = await tab.run(
            """(async () => {
              for (const one of document.querySelectorAll("[role=switch]")) one.click();
              const [url] = document.querySelector("#sample").innerText.match(/ws:[^"]+/);
              return new URL(url).search;
            })()"""
        )
        await tab.click("#start")
        await tab.until(LISTENING)
    opened_with = dict((await running.stream()).options.query())
    shown = dict(pair.split("=") for pair in query.removeprefix("?").split("&"))
    assert shown.pop("encoding") == "linear16"
    assert len(shown) > 10
    assert opened_with == shown
