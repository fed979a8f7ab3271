// A session, and the next one where the connection is lost: nothing that was said is.

import { reached } from "./access.js";
import { Problem } from "./problems.js";

const NORMAL = 1000;
const POLICY = 1008;
const TRIES_AFTER_MS = [250, 500, 1000, 2000, 4000, 8000];
const LONGEST_REPLAY_S = 60;
const SENT_LONG_AGO_S = 120;

/**
 * Streams blocks of PCM and says what comes back.
 *
 * `handlers`: `onmessage(message, offset)` with the seconds that lie before the session's own zero,
 * `onstate("connecting" | "open" | "reconnecting" | "ending")`, `onend(problem or null)`.
 */
export class Live {
  constructor({ endpoint, query, access, rate, handlers }) {
    this.endpoint = endpoint;
    this.query = query;
    this.access = access;
    this.rate = rate;
    this.handlers = handlers;
    this.kept = []; // blocks that no final has answered, each with its first second
    this.sent = []; // when each block was first to be sent: [its last second, milliseconds]
    this.seconds = 0;
    this.offset = 0;
    this.ending = false;
    this.over = false;
    this.tries = 0;
  }

  /** Open the first session; a refusal is thrown. */
  async open() {
    this.handlers.onstate("connecting");
    await this.connect();
  }

  send(block) {
    if (this.over || this.ending) return;
    const start = this.seconds;
    this.seconds += block.length / this.rate;
    this.kept.push({ start, block });
    while (this.seconds - this.kept[0].start > LONGEST_REPLAY_S) this.kept.shift();
    this.sent.push([this.seconds, performance.now()]);
    while (this.seconds - this.sent[0][0] > SENT_LONG_AGO_S) this.sent.shift();
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(block);
  }

  /** Bytes that wait for the network. */
  get waiting() {
    return this.socket?.readyState === WebSocket.OPEN ? this.socket.bufferedAmount : Infinity;
  }

  /** Ask for the last transcript; where the connection is lost, as soon as there is one. */
  finish() {
    if (this.over || this.ending) return;
    this.ending = true;
    this.handlers.onstate("ending");
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send('{"type":"finalize"}');
  }

  /** Leave at once. */
  abandon() {
    this.over = true;
    this.socket?.close();
  }

  /** Milliseconds since the block with this second was sent, or null if it is not known. */
  since(second) {
    const block = this.sent.find(([end]) => end >= second);
    return block ? performance.now() - block[1] : null;
  }

  async connect() {
    const token = await this.access.token();
    const url = new URL(this.endpoint, location.href);
    url.search = new URLSearchParams(this.query).toString();
    const plain = url.toString();
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, ["bearer", token]);
    socket.binaryType = "arraybuffer";
    const opened = await new Promise((resolve) => {
      socket.onopen = () => resolve(true);
      socket.onerror = () => resolve(false);
    });
    if (!opened) throw await refusal(plain, token);
    this.begin(socket);
  }

  begin(socket) {
    if (this.over) {
      socket.close();
      return;
    }
    this.socket = socket;
    this.said = null;
    this.offset = this.kept[0]?.start ?? this.seconds;
    for (const { block } of this.kept) socket.send(block);
    if (this.ending) socket.send('{"type":"finalize"}');
    else this.handlers.onstate("open");
    socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    socket.onclose = ({ code }) => this.closed(code);
  }

  hear(message) {
    if (this.over) return;
    if (message.type === "error") {
      this.said = message;
      return;
    }
    if (message.type === "transcription") {
      this.tries = 0;
      if (message.is_final) this.settle(message);
    }
    this.handlers.onmessage(message, this.offset);
  }

  /** Let go of audio that needs not be sent again. */
  settle(message) {
    const last = message.words?.at(-1);
    if (!last && message.transcript) this.kept = [];
    if (!last) return;
    const until = this.offset + last.end;
    this.kept = this.kept.filter(({ start, block }) => start + block.length / this.rate > until);
  }

  async closed(code) {
    this.socket = null;
    if (this.over) return;
    const { said } = this;
    const final = said && code === POLICY && said.code !== "session_limit";
    if (code === NORMAL) this.end(null);
    else if (final || said?.code === "undecodable_audio") {
      this.end(new Problem(said.code, said.message));
    } else await this.again();
  }

  async again() {
    if (!this.ending) this.handlers.onstate("reconnecting");
    while (this.tries < TRIES_AFTER_MS.length) {
      await new Promise((resolve) => setTimeout(resolve, TRIES_AFTER_MS[this.tries]));
      if (this.over) return;
      this.tries += 1;
      try {
        await this.connect();
        return;
      } catch (error) {
        if (!error.passing) {
          this.end(error);
          return;
        }
      }
    }
    this.end(new Problem("lost"));
  }

  end(problem) {
    if (this.over) return;
    this.over = true;
    this.handlers.onend(problem);
  }
}

/** Why a handshake failed: a page is not told, but a plain request with the same is. */
async function refusal(url, token) {
  const response = await reached(url, { headers: { Authorization: `Bearer ${token}` } });
  return response.status === 426 ? new Problem("unreachable") : Problem.of(response);
}
