// What has been said so far: finals for good, and the partial that the next message replaces.

const MOST_SEGMENTS = 20_000;

/** It keeps the last 20,000 segments, which is a day of speech. */
export class Transcript {
  constructor() {
    this.clear();
  }

  clear() {
    this.segments = [];
    this.partial = null;
    this.finals = [];
  }

  get empty() {
    return this.segments.length === 0;
  }

  get words() {
    return this.segments.flatMap((segment) => segment.words);
  }

  /** Take a transcription; returns the segment it adds, or null for a partial or an empty one. */
  add(message, offset = 0) {
    const segment = message.transcript.trim() ? segmentOf(message, offset) : null;
    if (!message.is_final) {
      this.partial = segment;
      return null;
    }
    this.partial = null;
    this.finals.push(offset ? { ...message, offset } : message);
    if (segment) this.segments.push(segment);
    if (this.finals.length > MOST_SEGMENTS) this.finals.shift();
    if (this.segments.length > MOST_SEGMENTS) this.segments.shift();
    return segment;
  }
}

function segmentOf(message, offset) {
  const words = aligned(message, offset);
  return {
    text: message.transcript.trim(),
    language: message.language ?? null,
    start: words[0].start,
    end: words.at(-1).end,
    words,
  };
}

/** The words as the transcript writes them: placeholders in capitals, in some scripts no spaces. */
function aligned(message, offset) {
  const { transcript } = message;
  if (!message.words?.length) {
    return [{ text: transcript.trim(), glued: false, start: null, end: null, confidence: null }];
  }
  const lower = transcript.toLowerCase();
  const same = lower.length === transcript.length;
  let place = 0;
  return message.words.map((word) => {
    const sought = word.word.toLowerCase();
    const found = lower.indexOf(sought, place);
    const glued = found === place && found > 0;
    if (found >= 0) place = found + sought.length;
    return {
      text: found >= 0 && same ? transcript.slice(found, place) : word.word,
      glued,
      start: word.start + offset,
      end: word.end + offset,
      confidence: word.confidence,
      speaker: word.speaker ?? null,
    };
  });
}

/** Words of one speaker in a row. */
export function runs(words) {
  const found = [];
  for (const word of words) {
    const last = found.at(-1);
    if (last && last.speaker === (word.speaker ?? null)) last.words.push(word);
    else found.push({ speaker: word.speaker ?? null, words: [word] });
  }
  return found;
}

export function joined(words) {
  return words.map((word, at) => (at === 0 || word.glued ? word.text : ` ${word.text}`)).join("");
}
