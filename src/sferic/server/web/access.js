// The key, which is kept for this tab only, and the tokens that are minted from it.

import { Problem } from "./problems.js";

const KEPT = "sferic-key";
const TOKEN_PREFIX = "sferic-token.";
const TOKEN_SECONDS = 60;

export class Access {
  constructor(keyless) {
    this.keyless = keyless;
  }

  get key() {
    try {
      return sessionStorage.getItem(KEPT) ?? "";
    } catch {
      return this.unkept ?? "";
    }
  }

  set key(key) {
    try {
      if (key) sessionStorage.setItem(KEPT, key);
      else sessionStorage.removeItem(KEPT);
    } catch {
      this.unkept = key;
    }
  }

  /** Whether there is something to open a session with. */
  get possible() {
    return this.keyless || this.key !== "";
  }

  /** A token for one session. */
  async token() {
    const key = this.keyless ? "" : this.key;
    if (key.startsWith(TOKEN_PREFIX)) return key;
    if (!this.possible) throw new Problem("needs_key");
    const headers = { "Content-Type": "application/json" };
    if (key) headers.Authorization = `Bearer ${key}`;
    const body = JSON.stringify({ seconds: TOKEN_SECONDS, sessions: 1 });
    const response = await reached("/v1/tokens", { method: "POST", headers, body });
    if (!response.ok) throw await Problem.of(response);
    return (await response.json()).token;
  }
}

/** `fetch`, where a server that is not there is a `Problem` as well. */
export async function reached(url, options) {
  try {
    return await fetch(url, { cache: "no-store", ...options });
  } catch (error) {
    // A key with letters that no header takes never gets on its way.
    throw new Problem(error instanceof TypeError && /header/i.test(error.message) ? "invalid_key" : "unreachable");
  }
}
