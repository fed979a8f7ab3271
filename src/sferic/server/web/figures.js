// How quickly text comes: the median of this transcript, in seconds.

export class Figures {
  constructor(shown) {
    this.shown = shown; // elements by figure: first, final, words
    this.clear();
  }

  clear() {
    this.first = [];
    this.final = [];
    this.words = 0;
    this.spoken = false;
    this.show();
  }

  /** `since(second)` says how long ago a second of audio was sent, in milliseconds, or null. */
  note(message, since) {
    const { words } = message;
    if (words?.length && !this.spoken) {
      this.spoken = true;
      keep(this.first, since(words[0].start));
    }
    if (message.is_final) {
      if (words?.length) keep(this.final, since(words.at(-1).end));
      this.words += message.transcript.split(/\s+/).filter(Boolean).length;
      this.spoken = false;
    }
    this.show();
  }

  show() {
    this.shown.first.textContent = median(this.first);
    this.shown.final.textContent = median(this.final);
    this.shown.words.textContent = String(this.words);
  }
}

const MOST = 500;

function keep(figures, milliseconds) {
  if (milliseconds === null) return;
  figures.push(milliseconds);
  if (figures.length > MOST) figures.shift();
}

function median(figures) {
  if (figures.length === 0) return "–";
  const sorted = [...figures].sort((a, b) => a - b);
  return `${(sorted[Math.floor(sorted.length / 2)] / 1000).toFixed(2)} s`;
}
