import { PlaybackError } from "./errors.js";
import { keepClose } from "./pace.js";

const RECOVERIES = 3;

/**
 * Plays a live playlist in a `<video>`, as close to its end as it allows: in Safari by itself, elsewhere with hls.js. (Newer
 * Chromium also answers "maybe" for HLS, but stays further behind.)
 */
export function play(video, playlist, { Hls = globalThis.Hls, onError = () => {} } = {}) {
  const native = video.canPlayType("application/vnd.apple.mpegurl") !== "";
  const safari = "webkitShowPlaybackTargetPicker" in video;
  if (Hls?.isSupported() && !(native && safari)) return withHls(Hls, video, playlist, onError);
  if (native) return byItself(video, playlist, onError);
  throw new PlaybackError("no_hls", "the browser plays no HLS, and there is no hls.js");
}

function withHls(Hls, video, playlist, onError) {
  const hls = new Hls({
    lowLatencyMode: true,
    backBufferLength: 30,
  });
  let live = true;
  hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => (live = details.live));
  const letGo = keepClose(video, () => live);
  let recoveries = 0;
  hls.on(Hls.Events.ERROR, (_, data) => {
    if (!data.fatal) return;
    const again = recoveries++ < RECOVERIES;
    if (again && data.type === Hls.ErrorTypes.NETWORK_ERROR && data.response?.code !== 404) hls.startLoad();
    else if (again && data.type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
    else onError(new PlaybackError("playback", data.error?.message ?? data.details));
  });
  const waiting = new AbortController();
  firstSegment(playlist, waiting.signal).then(() => {
    if (!waiting.signal.aborted) hls.loadSource(playlist);
  });
  hls.attachMedia(video);
  return {
    get latency() {
      return hls.latency || null;
    },
    close: () => {
      letGo();
      waiting.abort();
      hls.destroy();
      empty(video);
    },
  };
}

/**
 * Waits until a whole segment is listed: hls.js takes no playlist of parts alone, and would come back a second later. The
 * server holds the request for as long as that lasts.
 */
async function firstSegment(playlist, signal) {
  try {
    await (await fetch(`${playlist}?_HLS_msn=1`, { signal })).text();
  } catch {
    // hls.js finds out what is wrong, and says so.
  }
}

function byItself(video, playlist, onError) {
  const failed = () => onError(new PlaybackError("playback", video.error?.message || "the stream cannot be played"));
  video.addEventListener("error", failed);
  const letGo = keepClose(video, () => video.duration === Infinity);
  video.src = playlist;
  return {
    get latency() {
      const began = video.getStartDate?.().getTime();
      return began ? (Date.now() - began) / 1000 - video.currentTime : null;
    },
    close: () => {
      letGo();
      video.removeEventListener("error", failed);
      empty(video);
    },
  };
}

function empty(video) {
  video.pause();
  video.removeAttribute("src");
  video.load();
}
