import { address } from "./address.js";
import { Trouble } from "./trouble.js";

const POLL_MS = 1000;
const FINAL = new Set(["ready", "failed", "error"]);

/** Whether nothing more will change in a session with this status object. */
export function isFinal(status) {
  return FINAL.has(status.status);
}

/** Starts a session; resolves with the server's answer, rejects with {@link Trouble}. */
export function start(request, key) {
  return call("/api/stream/start", { method: "POST", body: request, key });
}

/** Cancels a session's work and frees its files. */
export function cleanup(id, key) {
  return call("/api/cleanup", { method: "POST", body: { session_id: id }, key });
}

/** `{voices}`: what can be asked for as `voice`. */
export const voices = (key) => call("/api/voices", { key });

/** `{avatars}`: what can be asked for as `avatar`. */
export const avatars = (key) => call("/api/avatars", { key });

/**
 * Follows a session's status until it is final: by server-sent events, and by asking where they break off or where a
 * key is needed, since an EventSource cannot send one.
 * `onStatus(status)` is called for every change, `onTrouble(trouble)` at most once. Returns a function that stops.
 */
export function follow(id, key, onStatus, onTrouble) {
  let over = false;
  let timer = null;
  let events = null;

  const stop = () => {
    over = true;
    clearTimeout(timer);
    events?.close();
  };
  const take = (status) => {
    if (over) return;
    if (isFinal(status)) stop();
    onStatus(status);
  };
  const poll = async () => {
    try {
      take(await call(`/api/stream/status/${id}`, { key }));
    } catch (trouble) {
      // A server that restarts is away for a moment; a session that is gone stays gone.
      if (over) return;
      if (trouble.code !== "unreachable") {
        stop();
        onTrouble(trouble);
        return;
      }
    }
    if (!over) timer = setTimeout(poll, POLL_MS);
  };

  if (key) {
    poll();
    return stop;
  }
  events = new EventSource(address(`/api/stream/events/${id}`));
  events.addEventListener("status", (event) => take(JSON.parse(event.data)));
  events.onerror = () => {
    if (over) return;
    events.close();
    poll();
  };
  return stop;
}

/** Makes a call to one of the server's paths; resolves with its JSON answer, rejects with {@link Trouble}. */
export async function call(path, { method = "GET", body, key } = {}) {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (key) headers["X-Avatar-Key"] = key;
  let response;
  try {
    response = await fetch(address(path), { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Trouble("unreachable", "Check that it is running and that you are connected");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw new Trouble(
    answer?.code ?? (response.status === 503 ? "busy" : "internal"),
    answer?.error ?? `HTTP ${response.status}`,
    response.headers.get("Retry-After"),
  );
}
