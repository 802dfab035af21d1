import { Trouble } from "./trouble.js";

/** How often a playlist is asked for again: while it lists nothing, and after it could not be loaded. */
export const ATTEMPTS = 15;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4000;

/** How long to wait before the next attempt, counted from one. */
export function backOff(attempt) {
  return Math.min(FIRST_WAIT_MS * 1.5 ** (attempt - 1), LONGEST_WAIT_MS);
}

/**
 * An `<audio>` that plays one session from its first word to its last, and is patient: a playlist that lists nothing yet
 * or cannot be loaded is asked for again, {@link ATTEMPTS} times each and ever more slowly.
 *
 * hls.js does the playing, and the browser itself where hls.js cannot.
 */
export class Listener {
  #audio;
  #hls = null;
  #timer = null;
  #url = null;
  #attempts = { empty: 0, manifest: 0 };

  /**
   * `onRetry({reason, attempt})` is called before each new attempt, with `reason` `empty` or `manifest`;
   * `onTrouble(trouble)` when playback cannot go on.
   */
  constructor(audio, { onRetry, onTrouble }) {
    this.#audio = audio;
    this.onRetry = onRetry;
    this.onTrouble = onTrouble;
    audio.addEventListener("error", () => {
      // The browser's own player does not say what was wrong with a playlist.
      if (!this.#hls && audio.getAttribute("src")) this.#again("manifest", audio.error?.message);
    });
  }

  /** Loads a playlist and plays. */
  play(url) {
    this.close();
    this.#url = url;
    this.#attempts = { empty: 0, manifest: 0 };
    this.#load();
  }

  /** Stops, and lets go of stream and buffers. */
  close() {
    clearTimeout(this.#timer);
    this.#url = null;
    this.#release();
  }

  /** hls.js leaves the element its revoked source where another was played before and the browser has not turned to this one yet. */
  #release() {
    this.#hls?.destroy();
    this.#hls = null;
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#audio.load();
  }

  #load() {
    const Hls = window.Hls;
    if (Hls?.isSupported()) {
      this.#attach(Hls);
    } else if (this.#audio.canPlayType("application/vnd.apple.mpegurl") !== "") {
      this.#audio.src = this.#url;
    } else {
      this.onTrouble(new Trouble("no_hls", "It knows neither HLS nor Media Source Extensions"));
      return;
    }
    // A browser that wants a touch first shows its controls; a load that failed reports itself.
    this.#audio.play().catch(() => {});
  }

  #attach(Hls) {
    const hls = new Hls({
      lowLatencyMode: true,
      startPosition: 0,
      liveSyncDurationCount: 3,
      maxBufferLength: 10,
      startFragPrefetch: true,
      // Attempts are counted here, so that people can be told of them.
      manifestLoadPolicy: { default: { maxTimeToFirstByteMs: 30_000, maxLoadTimeMs: 40_000, timeoutRetry: null, errorRetry: null } },
    });
    this.#hls = hls;
    const { ErrorDetails, ErrorTypes, Events } = Hls;
    const unloaded = [
      ErrorDetails.MANIFEST_LOAD_ERROR,
      ErrorDetails.MANIFEST_LOAD_TIMEOUT,
      ErrorDetails.MANIFEST_PARSING_ERROR,
      ErrorDetails.LEVEL_LOAD_ERROR,
      ErrorDetails.LEVEL_LOAD_TIMEOUT,
    ];
    hls.on(Events.ERROR, (_, data) => {
      if (hls !== this.#hls) return;
      const words = data.error?.message ?? data.details;
      if (data.details === ErrorDetails.LEVEL_EMPTY_ERROR) this.#again("empty", words);
      else if (!data.fatal) return;
      else if (unloaded.includes(data.details)) this.#again("manifest", words);
      else if (data.type === ErrorTypes.MEDIA_ERROR && !hls.recovered) {
        hls.recovered = true;
        hls.recoverMediaError();
      } else this.onTrouble(new Trouble("playback", words));
    });
    hls.loadSource(this.#url);
    hls.attachMedia(this.#audio);
  }

  /** Loads the playlist again in a while, unless that was done often enough. */
  #again(reason, words) {
    if (!this.#url) return;
    const attempt = ++this.#attempts[reason];
    const played = this.#audio.currentTime;
    this.#release();
    if (attempt > ATTEMPTS || played > 0) {
      this.onTrouble(new Trouble("playback", reason === "empty" ? "The playlist stays empty" : words));
      return;
    }
    this.onRetry({ reason, attempt });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(), backOff(attempt));
  }
}
