// The transcript as it stands on the page.

import { element } from "./elements.js";
import { runs } from "./transcript.js";

const MOST_ROWS = 2000;
const COLOURS = 8;
const SURE = 0.85;
const UNSURE = 0.6;

export class View {
  constructor({ finals, partial, empty, word }) {
    this.finals = finals;
    this.partialRow = partial;
    this.empty = empty;
    this.word = word;
    this.active = null;
    this.speaker = null;
    finals.addEventListener("keydown", (event) => this.move(event));
    finals.addEventListener("pointerover", (event) => this.point(event.target));
    finals.addEventListener("pointerleave", () => this.point(null));
    finals.addEventListener("blur", () => this.select(null));
  }

  clear() {
    this.finals.replaceChildren();
    this.select(null);
    this.speaker = null;
    this.partial(null);
  }

  /** Show a segment for good. */
  add(segment) {
    const atEnd = this.atEnd;
    for (const run of runs(segment.words)) this.finals.append(this.row(run, segment.language));
    while (this.finals.childElementCount > MOST_ROWS) this.finals.firstElementChild.remove();
    this.finish(atEnd);
  }

  /** Show what is being said, until the next message. */
  partial(segment) {
    const atEnd = this.atEnd;
    this.partialRow.hidden = segment === null;
    if (segment) {
      const text = element("p", { class: "text" }, segment.text);
      this.partialRow.replaceChildren(time(segment.start), text);
    }
    this.finish(atEnd);
  }

  finish(atEnd) {
    this.empty.hidden = this.finals.childElementCount > 0 || !this.partialRow.hidden;
    if (atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  get scroller() {
    return this.finals.parentElement;
  }

  /** Whether somebody reads along, rather than further up. */
  get atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < 48;
  }

  row({ speaker, words }, language) {
    const text = element("p", { class: "text", lang: language, dir: "auto" });
    if (speaker !== null && speaker !== this.speaker) {
      const colour = `speaker speaker-${speaker % COLOURS}`;
      text.append(element("span", { class: colour }, `Speaker ${speaker + 1}`), " ");
    }
    this.speaker = speaker;
    const colour = speaker === null ? "" : ` speaker-${speaker % COLOURS}`;
    words.forEach((word, at) => {
      if (at > 0 && !word.glued) text.append(" ");
      text.append(shown(word));
    });
    return element("div", { class: `row${colour}` }, time(words[0].start), text);
  }

  point(target) {
    const word = target?.closest?.(".word");
    this.word.textContent = word?.title ?? this.active?.title ?? "";
  }

  move(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const words = [...this.finals.querySelectorAll(".word")];
    if (words.length === 0) return;
    const from = this.active ? words.indexOf(this.active) : step > 0 ? -1 : words.length;
    this.select(words[Math.max(0, Math.min(words.length - 1, from + step))]);
  }

  select(word) {
    this.active?.classList.remove("active");
    this.active = word;
    word?.classList.add("active");
    word?.scrollIntoView({ block: "nearest" });
    this.word.textContent = word?.title ?? "";
  }
}

function shown({ text, start, confidence, speaker }) {
  const word = element("span", { class: "word" }, text);
  if (confidence === null || confidence === undefined) return word;
  word.dataset.sure = confidence >= SURE ? "high" : confidence >= UNSURE ? "middle" : "low";
  const who = speaker === null ? "" : `, speaker ${speaker + 1}`;
  word.title = `“${text}” ${Math.round(confidence * 100)} % sure${who}, at ${minutes(start, 1)}`;
  return word;
}

function time(seconds) {
  return element("span", { class: "time", "aria-hidden": "true" }, seconds === null ? "" : minutes(seconds));
}

export function minutes(seconds, digits = 0) {
  const whole = digits ? seconds : Math.floor(seconds);
  const rest = (whole % 60).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return `${Math.floor(whole / 60)}:${rest}`;
}
