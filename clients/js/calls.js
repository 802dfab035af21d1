import { AvatarError, RefusedError, UnreachableError } from "./errors.js";

/** A server that asks for more patience than this, in seconds, is not waited for. */
const LONGEST_WAIT = 30;
const FIRST_WAIT = 0.25;
/** Statuses that a proxy in front gives when nothing behind it answered. */
const NOBODY_BEHIND = new Set([502, 504]);

/**
 * Makes calls to one server, and makes them again where that is of use: after 429 and 503, when the server said; and, for
 * calls that may be made twice, after no answer at all.
 */
export class Calls {
  #base;
  #key;
  #retries;
  #fetch;

  constructor(base, { key, retries = 5, fetch = globalThis.fetch } = {}) {
    this.#base = `${base}`.replace(/\/+$/, "");
    this.#key = key;
    this.#retries = retries;
    this.#fetch = fetch.bind(globalThis);
  }

  /** A path of the server as an address. */
  address(path) {
    return this.#base + path;
  }

  /** The same of a path that the server gave: one that knows what it lies below has put that before the path already. */
  given(path) {
    const [, origin, below] = /^([a-z]+:\/\/[^/]*)?(.*)$/i.exec(this.#base);
    return path.startsWith(`${below}/`) ? (origin ?? "") + path : this.address(path);
  }

  /** The answer, read as JSON; rejects with an {@link AvatarError}. */
  async make(method, path, { body, signal, keepalive, twice = true, retries = this.#retries } = {}) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(method, path, { body, signal, keepalive });
      } catch (error) {
        const wait = attempt < retries ? delay(error, attempt, twice) : null;
        if (wait === null) throw error;
        await sleep(wait, signal);
      }
    }
  }

  async #once(method, path, { body, signal, keepalive }) {
    const headers = this.#key ? { "X-Avatar-Key": this.#key } : {};
    let response;
    let text;
    try {
      response = await this.#fetch(this.address(path), { method, headers, body, signal, keepalive });
      text = await response.text();
    } catch (cause) {
      if (signal?.aborted) throw aborted();
      throw new UnreachableError(cause);
    }
    const answer = parsed(text);
    if (response.ok && answer) return answer;
    throw new RefusedError(
      answer?.code ?? (response.status === 429 || response.status === 503 ? "busy" : "internal"),
      answer?.error ?? `the server answered with HTTP status ${response.status}`,
      response.status,
      seconds(response.headers.get("Retry-After")),
    );
  }
}

/** Seconds until a call is made again, or null where that is of no use. */
function delay(error, attempt, twice) {
  const usual = FIRST_WAIT * 2 ** attempt;
  if (error instanceof UnreachableError || NOBODY_BEHIND.has(error.status)) return twice ? usual : null;
  if (error.status !== 429 && error.status !== 503) return null;
  const wait = error.retryAfter ?? usual;
  return wait <= LONGEST_WAIT ? wait : null;
}

/** `Retry-After`, a number of seconds or a date: RFC 9110, 10.2.3. */
function seconds(header) {
  if (!header) return null;
  if (/^\d+$/.test(header.trim())) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function sleep(seconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(aborted());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

function aborted() {
  return new AvatarError("aborted", "the call was given up");
}
