// The page: what its controls do, and what a session does to them.

import { Access } from "./access.js";
import * as audio from "./audio.js";
import { byId, element } from "./elements.js";
import { FORMATS } from "./exports.js";
import { Figures } from "./figures.js";
import { Live } from "./live.js";
import { OptionsForm } from "./options.js";
import { Problem } from "./problems.js";
import { SAMPLES } from "./samples.js";
import { Transcript } from "./transcript.js";
import { View, minutes } from "./view.js";

const LOOK_AGAIN_MS = 1000;
const STATES = {
  idle: ["Start", ""],
  connecting: ["Cancel", "Connecting…"],
  open: ["Stop", "Listening"],
  reconnecting: ["Stop", "Connection lost, connecting again…"],
  ending: ["Stop now", "Finishing…"],
};

class App {
  constructor(server) {
    this.access = new Access(server.keyless);
    this.transcript = new Transcript();
    this.view = new View({
      finals: byId("finals"),
      partial: byId("partial"),
      empty: byId("empty"),
      word: byId("word"),
    });
    this.figures = new Figures({
      first: byId("figure-first"),
      final: byId("figure-final"),
      words: byId("figure-words"),
    });
    this.base = 0;
    this.sample = "python";
    this.live = null;
    this.source = null;
    this.state = "idle";
    this.describe(server);
    this.wire();
    this.show("idle");
  }

  describe(server) {
    this.server = server;
    this.options = new OptionsForm(server, {
      featured: byId("featured"),
      others: byId("others"),
      language: byId("language"),
      onchange: () => this.changed(),
    });
    byId("version").textContent = `Sferic ${server.version}`;
    byId("server").textContent = server.ready ? server.model : `${server.model} is being loaded…`;
    this.access.keyless = server.keyless;
    byId("key").hidden = server.keyless;
    this.writeSample();
  }

  wire() {
    byId("start").onclick = () => this.press();
    byId("start").disabled = false;
    for (const radio of document.querySelectorAll("[name=source]")) {
      radio.onchange = () => this.chooseSource(radio.value);
    }
    byId("file").onchange = () => this.chooseFile();
    byId("key").onclick = () => this.askForKey();
    byId("problem-key").onclick = () => this.askForKey();
    byId("problem-close").onclick = () => this.tell(null);
    byId("confidence").onclick = ({ currentTarget: button }) => {
      const pressed = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(pressed));
      byId("finals").classList.toggle("confidence", pressed);
    };
    byId("copy").onclick = ({ currentTarget }) => copied(currentTarget, FORMATS.txt.write(this.transcript));
    byId("copy-sample").onclick = ({ currentTarget }) => copied(currentTarget, byId("sample").textContent);
    byId("clear").onclick = () => this.clear();
    for (const button of document.querySelectorAll("[data-format]")) {
      button.setAttribute("aria-label", `Download as ${button.textContent}`);
      button.onclick = () => this.download(button.dataset.format);
    }
    wireTabs((name) => {
      this.sample = name;
      this.writeSample();
    });
    wireTheme();
    this.wireDrop();
    if (!navigator.mediaDevices?.getDisplayMedia) {
      const tab = document.querySelector("[name=source][value=tab]");
      tab.disabled = true;
      tab.parentElement.title = new Problem("no_tab_audio").message;
    }
    this.chooseSource("microphone");
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.listDevices());
  }

  /** A recording may be dropped anywhere. */
  wireDrop() {
    const main = document.querySelector("main");
    const marked = (on) => main.classList.toggle("dropping", on);
    main.ondragover = (event) => {
      event.preventDefault();
      marked(this.state === "idle");
    };
    main.ondragleave = () => marked(false);
    main.ondrop = (event) => {
      event.preventDefault();
      marked(false);
      if (this.state !== "idle" || event.dataTransfer.files.length === 0) return;
      byId("file").files = event.dataTransfer.files;
      document.querySelector("[name=source][value=file]").click();
      this.chooseFile();
    };
  }

  get chosenSource() {
    return document.querySelector("[name=source]:checked").value;
  }

  chooseSource(name) {
    for (const detail of document.querySelectorAll("[data-for]")) {
      detail.hidden = detail.dataset.for !== name;
    }
    if (name === "microphone") this.listDevices();
  }

  /** Microphones have names only once the page may use one. */
  async listDevices() {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
    const named = devices.filter(({ kind, label }) => kind === "audioinput" && label);
    const select = byId("device");
    const before = select.value;
    select.replaceChildren(
      element("option", { value: "" }, "Default microphone"),
      ...named
        .filter(({ deviceId }) => deviceId !== "default" && deviceId !== "communications")
        .map(({ deviceId, label }) => element("option", { value: deviceId }, label)),
    );
    select.value = [...select.options].some(({ value }) => value === before) ? before : "";
    if (this.chosenSource === "microphone") select.parentElement.hidden = select.options.length < 3;
  }

  chooseFile() {
    const [file] = byId("file").files;
    byId("file-name").textContent = file ? file.name : "Choose a recording…";
  }

  changed() {
    byId("options-note").hidden = this.state === "idle";
    this.writeSample();
  }

  writeSample() {
    byId("sample").firstElementChild.textContent = SAMPLES[this.sample]({
      host: location.host,
      secure: location.protocol === "https:",
      endpoint: this.server.endpoint,
      query: (more) => this.options.query(more),
    });
  }

  // A session

  press() {
    if (this.state === "idle") this.start();
    else if (this.state === "open" || this.state === "reconnecting") this.stop();
    else this.abandon();
  }

  async start() {
    this.tell(null);
    if (!this.access.possible) {
      this.askForKey({ thenStart: true });
      return;
    }
    this.base = this.transcript.words.at(-1)?.end ?? 0;
    this.show("connecting");
    const attempt = (this.attempt = {});
    try {
      this.source = await this.open();
      if (this.attempt !== attempt) {
        await this.source.stop();
        return;
      }
      this.listDevices();
      this.live = new Live({
        endpoint: this.server.endpoint,
        query: this.options.query({ encoding: "linear16", sample_rate: String(this.source.rate) }),
        access: this.access,
        rate: this.source.rate,
        handlers: {
          onmessage: (message, offset) => this.hear(message, offset),
          onstate: (state) => this.show(state),
          onend: (problem) => this.ended(problem),
        },
      });
      await this.live.open();
    } catch (problem) {
      if (this.attempt === attempt) this.ended(problem);
    }
  }

  open() {
    const handlers = {
      onblock: (block) => this.send(block),
      onend: () => this.stop(),
      waiting: () => this.live?.waiting ?? Infinity,
    };
    const name = this.chosenSource;
    if (name === "microphone") return audio.microphone(byId("device").value, handlers);
    if (name === "tab") return audio.tab(handlers);
    const [file] = byId("file").files;
    if (!file) throw new Problem("no_file");
    return audio.file(file, Number(byId("pace").value), handlers);
  }

  send(block) {
    if (!this.live) return;
    this.live.send(block);
    showLevel(audio.level(block));
    byId("clock").textContent = minutes(this.live.seconds);
  }

  stop() {
    this.source?.stop();
    this.live?.finish();
    showLevel(0);
  }

  abandon() {
    this.attempt = null;
    this.live?.abandon();
    this.ended(null);
  }

  hear(message, offset) {
    if (message.type === "speech_started" || message.type === "speech_ended") {
      byId("meter").classList.toggle("speech", message.type === "speech_started");
    }
    if (message.type !== "transcription") return;
    const since = this.source?.live ? (second) => this.live.since(offset + second) : () => null;
    this.figures.note(message, since);
    const segment = this.transcript.add(message, this.base + offset);
    if (segment) this.view.add(segment);
    this.view.partial(this.transcript.partial);
    this.enable();
  }

  ended(problem) {
    this.source?.stop();
    this.source = null;
    this.live = null;
    this.view.partial(null);
    byId("meter").classList.remove("speech");
    showLevel(0);
    this.show("idle");
    this.tell(problem);
  }

  // What is shown

  show(state) {
    this.state = state;
    const [label, told] = STATES[state];
    byId("start-label").textContent = label;
    byId("start").dataset.state = state;
    byId("state").textContent = told;
    byId("state").dataset.state = state;
    for (const radio of document.querySelectorAll("[name=source], #file, #pace, #device")) {
      radio.disabled = state !== "idle" || (radio.value === "tab" && !navigator.mediaDevices?.getDisplayMedia);
    }
    if (state === "idle") byId("options-note").hidden = true;
    this.enable();
  }

  enable() {
    const { empty } = this.transcript;
    for (const button of document.querySelectorAll("[data-format], #copy")) button.disabled = empty;
    byId("clear").disabled = empty || this.state !== "idle";
  }

  tell(problem) {
    byId("problem").hidden = !problem;
    if (!problem) return;
    if (!(problem instanceof Problem)) console.error(problem);
    const known = problem instanceof Problem ? problem : new Problem("unknown", "Something in this page failed");
    byId("problem-text").textContent = known.message;
    byId("problem").dataset.code = known.code;
    byId("problem-key").hidden = !known.aboutKey;
  }

  clear() {
    this.transcript.clear();
    this.view.clear();
    this.figures.clear();
    byId("clock").textContent = "0:00";
    this.show(this.state);
  }

  download(format) {
    const { type, write } = FORMATS[format];
    const blob = new Blob([write(this.transcript)], { type: `${type};charset=utf-8` });
    const url = URL.createObjectURL(blob);
    const link = element("a", { href: url, download: `transcript.${format}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }

  askForKey({ thenStart = false } = {}) {
    const dialog = byId("key-dialog");
    const input = byId("key-input");
    input.value = "";
    byId("key-cancel").onclick = () => dialog.close();
    dialog.querySelector("form").onsubmit = () => {
      this.access.key = input.value.trim();
      input.value = "";
      this.tell(null);
      if (thenStart || this.state === "idle") this.start();
    };
    dialog.showModal();
    input.focus();
  }
}

function showLevel(level) {
  const meter = byId("meter");
  meter.firstElementChild.style.setProperty("--level", level.toFixed(3));
  meter.setAttribute("aria-valuenow", String(Math.round(level * 100)));
}

async function copied(button, text) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  setTimeout(() => (button.textContent = label), 1500);
}

function wireTabs(onchosen) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const choose = (tab) => {
    for (const one of tabs) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
    }
    byId("sample").setAttribute("aria-labelledby", tab.id);
    onchosen(tab.dataset.sample);
  };
  tabs.forEach((tab, at) => {
    tab.onclick = () => choose(tab);
    tab.onkeydown = ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
      if (!step) return;
      const next = tabs[(at + step + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    };
  });
}

function wireTheme() {
  const select = byId("theme");
  select.value = document.documentElement.dataset.theme ?? "auto";
  select.onchange = () => {
    if (select.value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = select.value;
    try {
      localStorage.setItem("sferic-theme", select.value);
    } catch {
      // Then it holds for as long as the page is open.
    }
  };
}

async function settings() {
  return (await fetch("/page/settings.json", { cache: "no-store" })).json();
}

async function begin() {
  let server = await settings();
  const app = new App(server);
  while (!server.ready) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    server = await settings().catch(() => server);
    if (server.ready) app.describe(server);
  }
}

begin().catch(() => {
  byId("problem-text").textContent = new Problem("unreachable").message;
  byId("problem").hidden = false;
});
