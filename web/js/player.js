import { Trouble } from "./trouble.js";

/**
 * A `<video>` that plays one session's stream from its first word to its last, with captions to switch.
 *
 * Safari plays HLS itself and does it best; every other browser gets hls.js. (Newer Chromium also answers "maybe" for
 * HLS, but without captions and live pacing worth the name, so the question asked is Media Source first.)
 */
export class Player {
  #video;
  #hls = null;
  #captions = true;

  /** `onTrouble(trouble)` is called when playback cannot go on. */
  constructor(video, onTrouble) {
    this.#video = video;
    this.onTrouble = onTrouble;
    video.addEventListener("error", () => {
      if (!this.#hls && video.getAttribute("src")) onTrouble(new Trouble("playback", video.error?.message));
    });
    video.textTracks.addEventListener("addtrack", () => this.#showCaptions());
  }

  /** Loads a playlist and plays; resolves to false if the browser wants a touch before it makes a sound. */
  async play(url) {
    this.close();
    const Hls = window.Hls;
    const native = this.#video.canPlayType("application/vnd.apple.mpegurl") !== "";
    const safari = "webkitShowPlaybackTargetPicker" in this.#video;
    if (native && safari) {
      this.#video.src = url;
    } else if (Hls?.isSupported()) {
      this.#attach(Hls, url);
    } else if (native) {
      this.#video.src = url;
    } else {
      throw new Trouble("no_hls", "It knows neither HLS nor Media Source Extensions");
    }
    return this.resume();
  }

  /** Plays on; resolves to false if the browser refuses to without a touch. */
  async resume() {
    try {
      await this.#video.play();
      return true;
    } catch (refusal) {
      // AbortError: another stream was loaded meanwhile.
      return refusal.name !== "NotAllowedError";
    }
  }

  /** Stops, and lets go of stream and buffers. */
  close() {
    this.#hls?.destroy();
    this.#hls = null;
    this.#video.pause();
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  set captions(on) {
    this.#captions = on;
    this.#showCaptions();
  }

  #attach(Hls, url) {
    const hls = new Hls({
      // What is listed lies in the past of this session: begin at the beginning and stay, however far the end runs ahead.
      startPosition: 0,
      liveSyncDurationCount: 1,
      liveMaxLatencyDurationCount: Infinity,
      backBufferLength: Infinity,
    });
    let recoveries = 0;
    hls.on(Hls.Events.ERROR, (_, data) => {
      if (!data.fatal || hls !== this.#hls) return;
      if (recoveries++ < 3 && data.type === Hls.ErrorTypes.NETWORK_ERROR && data.response?.code !== 404) {
        hls.startLoad();
      } else if (recoveries < 3 && data.type === Hls.ErrorTypes.MEDIA_ERROR) {
        hls.recoverMediaError();
      } else {
        this.onTrouble(new Trouble("playback", data.error?.message ?? data.details));
      }
    });
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => this.#showCaptions());
    hls.loadSource(url);
    hls.attachMedia(this.#video);
    this.#hls = hls;
  }

  #showCaptions() {
    if (this.#hls) {
      this.#hls.subtitleDisplay = this.#captions;
      if (this.#hls.subtitleTracks.length) this.#hls.subtitleTrack = this.#captions ? 0 : -1;
      return;
    }
    for (const track of this.#video.textTracks) track.mode = this.#captions ? "showing" : "hidden";
  }
}
