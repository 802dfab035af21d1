/** Web players other than hls.js, each on a page of its own: Shaka Player, video.js, and what Chromium itself makes of HLS. */

import { fileURLToPath } from "node:url";
import { BASE, open } from "./browser.js";

const FILES = {
  "shaka.js": "shaka-player/dist/shaka-player.compiled.js",
  "video.js": "video.js/dist/video.min.js",
};

const page = (script) => `<!doctype html><title>player</title><link rel="icon" href="data:,">
${script ? `<script src="/vendor/${script}"></script>` : ""}<video playsinline></video>`;

/** Runs in the page: Shaka, as it comes but for `config`. */
async function playInShaka({ playlist, config }) {
  const video = document.querySelector("video");
  const noted = (error) => window.errors.push({ code: error.code, fatal: error.severity === 2, data: error.data?.slice(0, 2) });
  shaka.polyfill.installAll();
  const player = new shaka.Player();
  await player.attach(video);
  if (config) player.configure(config);
  player.addEventListener("error", ({ detail }) => noted(detail));
  player.load(playlist).then(() => video.play()).catch(noted);
}

/** Runs in the page: video.js, as it comes but for `config`, which is its engine's. */
function playInVideoJs({ playlist, config }) {
  const video = document.querySelector("video");
  const player = videojs(video, { html5: { vhs: { overrideNative: true, ...config } } });
  player.on("error", () => window.errors.push({ code: player.error().code, fatal: true, data: player.error().message }));
  player.src({ src: playlist, type: "application/x-mpegURL" });
  player.play()?.catch(() => {});
}

/** Runs in the page: the browser by itself. */
function playByItself({ playlist }) {
  const video = document.querySelector("video");
  video.addEventListener("error", () =>
    window.errors.push({ code: video.error.code, fatal: true, data: video.error.message }),
  );
  video.src = playlist;
  video.play().catch(() => {});
}

/** By name. */
export const PLAYERS = {
  Shaka: { script: "shaka.js", play: playInShaka },
  "video.js": { script: "video.js", play: playInVideoJs },
  Chromium: { script: null, play: playByItself },
};

/** Opens a player's page; `answers` gathers every answer that comes from the server, in order. */
export async function openPage(browser, { script }) {
  const answers = [];
  const routes = async (opened) => {
    await opened.addInitScript(() => (window.errors = []));
    await opened.route(`${BASE}/player`, (route) => route.fulfill({ contentType: "text/html", body: page(script) }));
    for (const [name, path] of Object.entries(FILES)) {
      const file = fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));
      await opened.route(`${BASE}/vendor/${name}`, (route) => route.fulfill({ path: file }));
    }
    opened.on("response", (response) => {
      const { pathname, search } = new URL(response.url());
      answers.push({ at: Date.now(), status: response.status(), name: pathname.split("/").pop() + search });
    });
  };
  return { ...(await open(browser, "/player", { routes })), answers };
}

/** Starts a session of `text`; says its id and where the playlist is. */
export async function start({ sound, ...fields }) {
  const path = sound ? "/audiostream/start/" : "/api/stream/start";
  const { text, ...others } = fields;
  const response = await fetch(BASE + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...(sound ? { prompt: text, lang: "en" } : { text, language: "en" }), ...others, reuse: false }),
  });
  if (!response.ok) throw new Error(await response.text());
  const answer = await response.json();
  return { id: answer.session_id, playlist: new URL(answer.playlist_url ?? answer.playlist, BASE).href };
}
