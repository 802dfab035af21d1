/**
 * The two ways of setting up hls.js that existing clients use must play a session from its first word to its last.
 *
 * Both were written for streams that grow as fast as they are watched; a stream that grows faster tempts them to jump to
 * its live edge, and the viewer loses words. A player left as it comes must do so with transport streams.
 */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BASE, launch, open, playedToTheEnd } from "./browser.js";
import { MINUTE, SHORT, words } from "./texts.js";

const SETUPS = [
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

const PAGE = `<!doctype html><title>player</title><link rel="icon" href="data:,">
<script src="/vendor/hls.min.js"></script><video></video>`;

/** Plays as those clients do: as soon as the playlist is read, and again whenever a fragment finds the video paused. */
async function playLikeAClient({ text, language, format, config, pace, sound }) {
  const video = document.querySelector("video");
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

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Until whoever came before has begun to play. */
let turn = Promise.resolve();

/**
 * Has the page play a session, once those before play. They play side by side, but to make several minutes at full speed and to start
 * as many players in one moment takes seconds on two cores, after which a player that wants to be near the live edge rightly jumps.
 */
async function begin(page, setup) {
  const before = turn;
  let begun;
  turn = new Promise((resolve) => (begun = resolve));
  await before;
  try {
    await page.evaluate(playLikeAClient, setup);
    await page.waitForFunction(() => document.querySelector("video").currentTime > 2);
  } finally {
    begun();
  }
}

/** Plays a session and sees that nothing of it was lost. */
async function plays(test, setup) {
  const routes = (page) =>
    page.route(`${BASE}/player`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
  const { page, complaints, context } = await open(browser, "/player", { routes });
  await begin(page, setup);

  const end = await playedToTheEnd(page, 180);
  const errors = await page.evaluate(() => window.errors);
  test.diagnostic(`${end.duration.toFixed(2)} s, ${end.waits.length} waits`);

  assert.deepEqual(errors.filter(({ fatal }) => fatal), []);
  const empty = errors.filter(({ details }) => details === "levelEmptyError");
  assert.deepEqual(empty, [], "a playlist without a whole segment is asked for again a second later");
  assert.deepEqual(end.seeks, [], "a seek loses words");
  assert.equal(end.played.length, 1, `played in pieces: ${JSON.stringify(end.played)}`);
  const [[from, to]] = end.played;
  assert.ok(from < 0.1, `began at ${from} s`);
  assert.ok(to > end.duration - 0.1, `ended at ${to} of ${end.duration} s`);
  // Nobody says more than four words in a second: the duration itself must not have been cut.
  assert.ok(end.duration > words(setup.text).length / 4, `${end.duration} s is too short for the text`);
  assert.deepEqual(complaints, []);
  await context.close();
}

// Made fast, a minute is soon complete and then plain video. At the pace of a conversation the list grows to the end.
for (const pace of ["fast", "live"]) {
  describe(`hls.js as clients set it up, ${pace}`, { concurrency: true }, () => {
    for (const setup of SETUPS) {
      it(`${setup.name}: a minute, from the first word to the last`, (test) => plays(test, { ...setup, pace }));
    }
  });
}

describe("hls.js as clients of sound alone set it up", { concurrency: true }, () => {
  for (const pace of ["fast", "live"]) {
    for (const config of [SETUPS[1].config, {}]) {
      const setup = { text: SHORT, language: "en", sound: true, config, pace };
      const name = Object.keys(config).length ? "short buffer" : "as it comes";
      it(`${name}, ${pace}: from the first word to the last`, (test) => plays(test, setup));
    }
  }
});

describe("hls.js as it comes, with transport streams", { concurrency: true }, () => {
  for (const pace of ["fast", "live"]) {
    const setup = { text: SHORT, language: "en", format: "ts", config: {}, pace };
    it(`${pace}: from the first word to the last`, (test) => plays(test, setup));
  }
});
