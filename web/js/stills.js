import { address } from "./address.js";
import { Trouble } from "./trouble.js";

const PATH = "/api/stream_mjpeg";
const HEAD_END = [13, 10, 13, 10];

/** The address of an image that shows what `request` asks for. */
export function imageAddress(request) {
  return `${address(PATH)}?${new URLSearchParams(request)}`;
}

/**
 * Asks for a stream of pictures; yields each as a `Blob` as it comes. Rejects with {@link Trouble}.
 * Aborting `signal` ends the stream, and with it the work on the server.
 */
export async function* stills(request, { key, signal }) {
  const headers = { "Content-Type": "application/json" };
  if (key) headers["X-Avatar-Key"] = key;
  let response;
  try {
    response = await fetch(address(PATH), { method: "POST", headers, body: JSON.stringify(request), signal });
  } catch (error) {
    if (signal.aborted) return;
    throw new Trouble("unreachable", "Check that it is running and that you are connected");
  }
  if (!response.ok) {
    const answer = await response.json().catch(() => null);
    throw new Trouble(
      answer?.code ?? "internal",
      answer?.error ?? `HTTP ${response.status}`,
      response.headers.get("Retry-After"),
    );
  }
  const parts = new Parts();
  const reader = response.body.getReader();
  for (;;) {
    let read;
    try {
      read = await reader.read();
    } catch (error) {
      if (signal.aborted) return;
      throw new Trouble("unreachable", "The stream broke off");
    }
    if (read.done) return;
    yield* parts.push(read.value);
  }
}

/** Takes a multipart body apart (RFC 2046, section 5.1.1), each part of which says how long it is. */
class Parts {
  #bytes = new Uint8Array(0);

  /** Takes in more; returns the parts that are complete. */
  push(bytes) {
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    const parts = [];
    let at = 0;
    for (;;) {
      const end = find(joined, HEAD_END, at);
      if (end < 0) break;
      const head = new TextDecoder("latin1").decode(joined.subarray(at, end));
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
      const begin = end + HEAD_END.length;
      if (!Number.isFinite(length)) throw new Trouble("playback", "A picture does not say how long it is");
      if (begin + length > joined.length) break;
      parts.push(new Blob([joined.subarray(begin, begin + length)], { type: "image/jpeg" }));
      at = begin + length;
    }
    this.#bytes = joined.slice(at);
    return parts;
  }
}

function find(bytes, wanted, from) {
  for (let at = bytes.indexOf(wanted[0], from); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (at + wanted.length > bytes.length) return -1;
    if (wanted.every((byte, n) => bytes[at + n] === byte)) return at;
  }
  return -1;
}
