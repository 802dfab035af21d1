/** How existing clients set up hls.js, and play with it. */

import { MINUTE } from "./texts.js";

/** Two that are recommended to users of the systems whose clients these are. */
export const SETUPS = [
  {
    name: "near the live edge, nothing kept behind",
    text: MINUTE.ru,
    language: "ru",
    config: { lowLatencyMode: true, liveSyncDurationCount: 1, liveMaxLatencyDurationCount: 3, backBufferLength: 0 },
  },
  {
    name: "short buffer, first fragment early",
    text: MINUTE.en,
    language: "en",
    config: {
      lowLatencyMode: true,
      liveSyncDurationCount: 3,
      maxBufferLength: 10,
      startFragPrefetch: true,
      manifestLoadingMaxRetry: 8,
    },
  },
];

/**
 * Runs in the page: starts a session and plays it as those clients do, as soon as the playlist is read, and again whenever a
 * fragment finds the video paused.
 */
async function playLikeAClient({ text, language, format, config, pace, sound }) {
  const video = document.querySelector("video");
  const asked = performance.now();
  video.addEventListener("playing", () => (window.began ??= performance.now() - asked));
  const [path, fields] = sound
    ? ["/audiostream/start/", { prompt: text, lang: language }]
    : ["/api/stream/start", { text, language, mode: "dynamic", segment_format: format }];
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...fields, pace, reuse: false }),
  });
  if (!response.ok) throw new Error(await response.text());
  const answer = await response.json();
  const playlist = answer.playlist_url ?? answer.playlist;
  window.session = answer.session_id;

  window.errors = [];
  const hls = new Hls(config);
  const play = () => video.play().catch(() => {});
  hls.on(Hls.Events.MANIFEST_PARSED, play);
  hls.on(Hls.Events.FRAG_BUFFERED, () => video.paused && !video.ended && play());
  hls.on(Hls.Events.ERROR, (_, data) => {
    window.errors.push({ details: data.details, fatal: data.fatal, reason: data.error?.message });
    if (data.fatal && data.type === Hls.ErrorTypes.NETWORK_ERROR) hls.startLoad();
  });
  hls.loadSource(new URL(playlist, location.origin).href);
  hls.attachMedia(video);
}

/** Has a player's page start a session and play it. */
export const playIn = (page, setup) => page.evaluate(playLikeAClient, setup);
