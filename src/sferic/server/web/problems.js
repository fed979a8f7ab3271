// What can go wrong, in words that say what to do.

const SAID = {
  insecure:
    "Browsers give the microphone only to pages on https or on localhost. Open this page that way.",
  microphone_refused:
    "The microphone is not allowed for this page. Allow it in the browser's address bar, then start again.",
  no_microphone:
    "No microphone can be used. Connect one, or see whether another program holds it, then start again.",
  no_tab_audio: "This browser cannot share the audio of a tab. Chrome and Edge on a computer can.",
  tab_refused: "Nothing was shared. Start again and choose a tab.",
  tab_without_audio:
    "What was shared has no audio. Start again, choose a tab and tick “Also share tab audio”.",
  no_file: "Choose a recording first.",
  file_too_big:
    "The recording is longer than two hours or larger than 500 MB, which is too much for a page. The command sferic transcribe takes it.",
  file_unreadable:
    "The browser cannot decode this file. WAV, MP3, M4A, Ogg, FLAC and WebM usually work.",
  needs_key: "This server wants a key.",
  invalid_key: "The key is unknown to this server, or was revoked.",
  key_revoked: "The key was revoked while this session was open.",
  token_expired: "The token has expired. Enter a key, or ask for a new token.",
  token_used_up: "The token has been used. Enter a key, or ask for a new token.",
  invalid_token: "The token is none of this server's, or its key was revoked.",
  server_full: "The server is full at the moment.",
  too_many_sessions: "This key has as many sessions open as it may.",
  server_draining: "The server is stopping.",
  not_ready: "The server is still loading its model.",
  model_failed: "The server could not load its model. Its log says why.",
  lost: "The connection was lost and could not be made again. What was heard so far is kept.",
  unreachable: "The server does not answer. See whether it still runs.",
};

const ABOUT_KEYS = new Set([
  "needs_key",
  "missing_key",
  "invalid_key",
  "key_revoked",
  "token_expired",
  "token_used_up",
  "invalid_token",
]);
const PASSING = new Set(["unreachable", "not_ready", "server_draining", "server_full", "lost"]);

/** Something that stops a session. `code` is the server's, or one of those above. */
export class Problem extends Error {
  constructor(code, message = "", retryAfter = 0) {
    const more = retryAfter ? ` Try again in ${retryAfter} s.` : "";
    super((SAID[code] ?? sentence(message)) + more);
    this.code = code;
  }

  /** Whether another key would help. */
  get aboutKey() {
    return ABOUT_KEYS.has(this.code);
  }

  /** Whether it may be gone in a moment. */
  get passing() {
    return PASSING.has(this.code);
  }

  /** Made of an answer that says in JSON what is wrong. */
  static async of(response) {
    const body = await response.json().catch(() => ({}));
    const told = body.errors?.map((one) => one.message).join("; ") || body.message;
    const retryAfter = Number(response.headers.get("Retry-After")) || 0;
    return new Problem(body.code ?? "unknown", told ?? `The server answers ${response.status}.`, retryAfter);
  }
}

function sentence(text) {
  const trimmed = text.trim();
  if (!trimmed) return "Something went wrong.";
  return trimmed[0].toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? "" : ".");
}
