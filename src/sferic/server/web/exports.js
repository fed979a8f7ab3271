// A transcript as a file. Subtitles have two lines of 42 characters at most, and stay readable.

import { joined, runs } from "./transcript.js";

const LINE = 42;
const LONGEST_S = 7;
const SHORTEST_S = 1;
const PAUSE_S = 1;
const APART_S = 0.08;

export const FORMATS = {
  txt: { type: "text/plain", write: text },
  srt: { type: "application/x-subrip", write: srt },
  vtt: { type: "text/vtt", write: vtt },
  json: { type: "application/json", write: json },
};

export function text({ segments }) {
  const lines = [];
  let before = null;
  for (const segment of segments) {
    for (const { speaker, words } of runs(segment.words)) {
      const name = speaker !== null && speaker !== before ? `Speaker ${speaker + 1}: ` : "";
      lines.push(name + joined(words));
      before = speaker;
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

export function srt({ segments }) {
  return cues(segments)
    .map(({ start, end, lines }, at) => `${at + 1}\n${clock(start, ",")} --> ${clock(end, ",")}\n${lines.join("\n")}\n\n`)
    .join("");
}

export function vtt({ segments }) {
  const written = cues(segments).map(
    ({ start, end, speaker, lines }) =>
      `${clock(start, ".")} --> ${clock(end, ".")}\n${voice(speaker)}${lines.map(escaped).join("\n")}\n\n`,
  );
  return `WEBVTT\n\n${written.join("")}`;
}

export function json({ segments, finals }) {
  const words = segments
    .flatMap((segment) => segment.words)
    .filter((word) => word.start !== null)
    .map(({ text: word, start, end, confidence, speaker }) => ({
      word,
      start: rounded(start),
      end: rounded(end),
      confidence,
      ...(speaker === null ? {} : { speaker }),
    }));
  const transcript = segments.map((segment) => segment.text).join(" ");
  return `${JSON.stringify({ transcript, words, messages: finals }, null, 2)}\n`;
}

/** Words laid out as subtitles; those without times cannot be. */
export function cues(segments) {
  const words = segments.flatMap((segment) => segment.words).filter((word) => word.start !== null);
  const groups = [];
  for (const word of words) {
    const group = groups.at(-1);
    if (group && fits(group, word)) group.push(word);
    else groups.push([word]);
  }
  return groups.map((group, at) => {
    const start = group[0].start;
    const spoken = group.at(-1).end;
    const next = groups[at + 1]?.[0].start ?? Infinity;
    // Shown for longer than it is spoken, but only while nothing else is to be shown.
    const end = Math.min(Math.max(spoken, Math.min(start + SHORTEST_S, next - APART_S)), next);
    return { start, end, speaker: group[0].speaker, lines: lines(group) };
  });
}

function fits(group, word) {
  const last = group.at(-1);
  const sentence = /[.?!…。？！]["”’)]?$/.test(last.text) && joined(group).length > LINE / 2;
  return (
    !sentence &&
    word.start - last.end < PAUSE_S &&
    word.end - group[0].start <= LONGEST_S &&
    (word.speaker ?? null) === (last.speaker ?? null) &&
    wrapped([...group, word]) !== null
  );
}

function lines(group) {
  return wrapped(group) ?? [joined(group)];
}

/** One line, or the two that differ least; null where neither is short enough. */
function wrapped(words) {
  if (joined(words).length <= LINE) return [joined(words)];
  let best = null;
  for (let cut = 1; cut < words.length; cut++) {
    if (words[cut].glued) continue;
    const both = [joined(words.slice(0, cut)), joined(words.slice(cut))];
    const longest = Math.max(both[0].length, both[1].length);
    if (longest <= LINE && (best === null || longest < best.longest)) best = { both, longest };
  }
  return best && best.both;
}

export function clock(seconds, point) {
  const milliseconds = Math.round(seconds * 1000);
  const parts = [3600000, 60000, 1000].map((unit, at) => Math.floor(milliseconds / unit) % (at === 0 ? 1e6 : 60));
  const two = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return `${two}${point}${String(milliseconds % 1000).padStart(3, "0")}`;
}

/** Who speaks, as WebVTT says it. */
function voice(speaker) {
  return speaker === null ? "" : `<v Speaker ${speaker + 1}>`;
}

function escaped(line) {
  return line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function rounded(seconds) {
  return Math.round(seconds * 100) / 100;
}
