/** Players other than hls.js play a session from the first word to the last, as they come. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch } from "./browser.js";
import { SHORT, words } from "./texts.js";
import { PLAYERS, openPage, start } from "./web-players.js";

/** Seconds in which a player must come to the end of what it plays. */
const LIMIT = 60;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** What the page's `<video>` has played when it stands at the end, where not every player says that it has ended. */
async function playedOut(page) {
  const video = () => {
    const video = document.querySelector("video");
    const ranges = Array.from({ length: video.played.length }, (_, i) => [video.played.start(i), video.played.end(i)]);
    return { duration: video.duration, ended: video.ended, position: video.currentTime, ranges };
  };
  const out = () => {
    const video = document.querySelector("video");
    return video.ended || window.errors.length > 0 || (video.currentTime > 1 && video.currentTime > video.duration - 0.1);
  };
  await page.waitForFunction(out, null, { timeout: LIMIT * 1000 }).catch(() => {});
  return page.evaluate(video);
}

async function plays(name, session, { late = 0, file } = {}) {
  const player = PLAYERS[name];
  const { page, context, answers } = await openPage(browser, player);
  const { playlist } = await start(session);
  const url = file ? new URL(file, playlist).href : playlist;
  if (late) {
    // Somebody else watches from the beginning.
    await fetch(playlist);
    await new Promise((resolve) => setTimeout(resolve, late * 1000));
  }
  await page.evaluate(player.play, { playlist: url });
  const end = await playedOut(page);
  const seen = JSON.stringify(end);
  assert.deepEqual(await page.evaluate(() => window.errors), [], seen);
  const refused = answers.filter(({ status }) => status >= 400).map(({ status, name }) => `${status} ${name}`);
  assert.deepEqual(refused, [], "a part was asked for that never came");
  assert.equal(end.ranges.length, 1, `played in pieces: ${seen}`);
  const [[from, to]] = end.ranges;
  assert.ok(from < 0.1, `began at ${from} s`);
  assert.ok(to > end.duration - 0.15, `ended before the end: ${seen}`);
  // Nobody says more than four words in a second.
  assert.ok(end.duration > words(session.text).length / 4, `${end.duration} s is too short for the text`);
  await context.close();
}

const TWO = "Good morning. How are you today?";

for (const name of ["Shaka", "video.js"]) {
  describe(name, () => {
    for (const pace of ["live", "fast"]) {
      it(`a session of a few seconds, ${pace}`, () => plays(name, { text: TWO, pace }));
      it(`a longer one, ${pace}`, () => plays(name, { text: SHORT, pace }));
      it(`sound alone, ${pace}`, () => plays(name, { text: SHORT, pace, sound: true }, { file: "master.m3u8" }));
    }
    it("who comes late hears it from the beginning", () => plays(name, { text: SHORT, pace: "live" }, { late: 4 }));
  });
}

describe("Chromium by itself", () => {
  // At pace `fast` what is listed at once with the end is skipped but for its last three segments.
  for (const text of [TWO, SHORT]) {
    it(`a session of ${words(text).length} words, live`, () => plays("Chromium", { text, pace: "live" }));
  }
});
