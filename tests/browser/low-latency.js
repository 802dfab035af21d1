/** A player of parts: a page with hls.js in its low-latency mode, and what it says of itself. */

import { fileURLToPath } from "node:url";
import { BASE, open } from "./browser.js";

const HLS = fileURLToPath(new URL("../../web/vendor/hls.min.js", import.meta.url));

const PAGE = `<!doctype html><title>player</title><link rel="icon" href="data:,">
<script src="/vendor/hls.min.js"></script><video></video>`;

/**
 * Runs in the page: plays `playlist`, and notes every load and error, when which stretch could be played, and where
 * it stood. Times are milliseconds since 1970 by the page's clock of high resolution.
 */
async function play(playlist) {
  const video = document.querySelector("video");
  const now = () => performance.timeOrigin + performance.now();
  const seen = { parts: 0, segments: 0, errors: [], buffered: [], positions: [] };
  window.__player = seen;

  const hls = new Hls({ lowLatencyMode: true });
  hls.on(Hls.Events.FRAG_LOADED, (_, { part }) => (part ? seen.parts++ : seen.segments++));
  hls.on(Hls.Events.ERROR, (_, { details, fatal }) => seen.errors.push({ details, fatal }));
  hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());

  let covered = 0;
  const look = () => {
    const end = video.buffered.length && video.buffered.start(0) < 0.1 ? video.buffered.end(0) : 0;
    if (end > covered) {
      covered = end;
      seen.buffered.push([now(), end]);
    }
  };
  hls.on(Hls.Events.BUFFER_APPENDED, look);
  setInterval(look, 5);
  setInterval(() => video.paused || seen.positions.push([now(), video.currentTime]), 50);

  hls.loadSource(playlist);
  hls.attachMedia(video);
}

/** What the player has noted so far. */
export const noted = (page) => page.evaluate(() => window.__player);

/** Opens the player's page. */
export function openPlayer(browser) {
  const routes = async (page) => {
    await page.route(`${BASE}/player`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
    await page.route(`${BASE}/vendor/hls.min.js`, (route) => route.fulfill({ path: HLS }));
  };
  return open(browser, "/player", { routes });
}

/** Starts a session at the pace of a conversation and says where its playlist is. */
export async function start(text, language) {
  const response = await fetch(`${BASE}/api/stream/start`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text, language, pace: "live" }),
  });
  if (!response.ok) throw new Error(await response.text());
  const { session_id: id, playlist_url: playlist } = await response.json();
  return { id, playlist: new URL(playlist, BASE).href };
}

/** Has the page play a playlist. */
export const playIn = (page, playlist) => page.evaluate(play, playlist);
