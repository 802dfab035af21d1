import { Calls } from "./calls.js";
import { AvatarError } from "./errors.js";
import { listen } from "./microphone.js";
import { play } from "./player.js";

/** Pieces that are on their way at once. The server takes them in any order, but not more than 64 places early. */
const MOST_UNDER_WAY = 4;
const FIELDS = ["crop", "seed", "nfe", "cfg_scale", "chunk_duration", "audio_sample_rate", "format", "pose_style", "gaze_style"];

/** One face that says what it is fed with. */
export class ChunkedStreamingClient {
  #calls;
  #next = 0;
  #underWay = new Set();
  #waiting = [];
  #end = new AbortController();

  /**
   * `server` is the address of the server, "" for the one that the page came from. `options`: `key`, where the server asks
   * for one; `retries`, how often a call is made again (5).
   */
  constructor(server = "", options = {}) {
    this.#calls = new Calls(server, options);
    /** Of the session that was begun, or null. */
    this.sessionId = null;
    /** What the server answered when it was begun, or null. */
    this.session = null;
  }

  /**
   * Begins a session with a picture of a face (a Blob, File, ArrayBuffer or view: JPEG, PNG, WebP, HEIC or AVIF), or with `{avatar}`, one of
   * the server's own. `options` are the fields of `init` in docs/api.md by their names there, and `signal`, `retries`.
   * Resolves with the server's answer when there is something to watch.
   */
  async initSession(face, options = {}) {
    if (this.sessionId) throw new AvatarError("session_open", "the session before is not cleaned up");
    const form = new FormData();
    if (face && typeof face === "object" && typeof face.avatar === "string") form.set("avatar", face.avatar);
    else form.set("image", blobOf(face), "face");
    for (const name of FIELDS) {
      const value = options[name];
      if (value === undefined || value === null) continue;
      form.set(name, Array.isArray(value) ? JSON.stringify(value) : `${value}`);
    }
    const { signal, retries } = options;
    // One that was begun and never answered for would run until it expires: it is not asked for twice.
    const call = { body: form, signal, retries, twice: false };
    const session = await this.#calls.make("POST", "/api/audio-driven/chunked/init", call);
    this.session = session;
    this.sessionId = session.session_id;
    this.#next = 0;
    this.#end = new AbortController();
    return session;
  }

  /**
   * Feeds a piece of sound (null for none, with the last). Pieces are numbered in the order of these calls, so that it does
   * no harm when one is sent twice. One that failed for good leaves a gap, behind which the face falls silent: feed it
   * again, with the `sequence` that its error carries.
   */
  async feedAudioChunk(sound, isFinal = false, { sequence } = {}) {
    const id = this.#id();
    const number = sequence ?? this.#next++;
    const { signal } = this.#end;
    // The last comes when all others have: nothing is taken after it.
    if (isFinal) await this.#settled();
    else await this.#turn();
    let done;
    const sent = new Promise((resolve) => (done = resolve));
    this.#underWay.add(sent);
    try {
      const form = new FormData();
      form.set("session_id", id);
      form.set("sequence", `${number}`);
      form.set("is_final_chunk", isFinal ? "true" : "false");
      if (sound !== null && sound !== undefined) form.set("audio_chunk", blobOf(sound), "sound");
      return await this.#calls.make("POST", "/api/audio-driven/chunked/feed", { body: form, signal });
    } catch (error) {
      error.sequence = number;
      throw error;
    } finally {
      this.#underWay.delete(sent);
      done();
      this.#waiting.shift()?.();
    }
  }

  /** How the session stands. */
  getStatus() {
    return this.#calls.make("GET", `/api/audio-driven/chunked/status/${this.#id()}`);
  }

  /** Ends the session and frees all of it. Harmless where there is none; can be called while a page goes away. */
  async cleanup() {
    const id = this.sessionId;
    if (!id) return;
    this.sessionId = null;
    this.session = null;
    this.#end.abort();
    for (const go of this.#waiting.splice(0)) go();
    try {
      await this.#calls.make("DELETE", `/api/audio-driven/chunked/session/${id}`, { keepalive: true });
    } catch (error) {
      if (error.code !== "unknown_session") throw error;
    }
  }

  /** Where the session's playlist is. */
  get playlist() {
    this.#id();
    return this.#calls.given(this.session.hls_url);
  }

  /**
   * Plays the session in a `<video>`, close to the present. `options`: `Hls`, the class of hls.js where it is not
   * `window.Hls`; `onError(error)`, called when playback cannot go on. Returns `{latency, close()}`.
   */
  attach(video, options = {}) {
    return play(video, this.playlist, options);
  }

  /**
   * Feeds the session from the microphone. `options`: `chunkDuration`, seconds, else as the session was begun; `stream`, a
   * MediaStream where there is one already; `onError(error)`, called when a piece could not be fed. Resolves, when it
   * listens, with `{stream, mimeType, stop()}`; `stop()` resolves when the last piece was fed.
   */
  async fromMicrophone({ chunkDuration, stream, onError = () => {}, ...rest } = {}) {
    this.#id();
    const { signal } = this.#end;
    const feed = async (sound, isFinal) => {
      try {
        await this.feedAudioChunk(sound, isFinal);
      } catch (error) {
        if (!signal.aborted) onError(error);
      }
    };
    const duration = chunkDuration ?? this.session.chunk_duration;
    const microphone = await listen({ ...rest, duration, stream, onSound: (sound) => feed(sound, false) });
    let stopped = null;
    return {
      stream: microphone.stream,
      mimeType: microphone.mimeType,
      stop: () => {
        stopped ??= microphone.stop().then(() => (signal.aborted ? undefined : feed(null, true)));
        return stopped;
      },
    };
  }

  #id() {
    if (this.sessionId) return this.sessionId;
    throw new AvatarError("no_session", "no session was begun: call initSession first");
  }

  /** Waits until fewer pieces are under way. */
  async #turn() {
    while (this.#underWay.size >= MOST_UNDER_WAY && !this.#end.signal.aborted) {
      await new Promise((resolve) => this.#waiting.push(resolve));
    }
  }

  async #settled() {
    while ((this.#underWay.size || this.#waiting.length) && !this.#end.signal.aborted) await Promise.all(this.#underWay);
  }
}

function blobOf(data) {
  if (data instanceof Blob) return data;
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return new Blob([data]);
  throw new AvatarError("bad_parameter", "expected a Blob, an ArrayBuffer or a view of one");
}
