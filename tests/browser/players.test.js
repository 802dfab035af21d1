/**
 * The two ways of setting up hls.js that existing clients use must play a session from its first word to its last.
 *
 * Both were written for streams that grow as fast as they are watched; a stream that grows faster tempts them to jump to
 * its live edge, and the viewer loses words. A player left as it comes must do so with transport streams.
 */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, playedToTheEnd } from "./browser.js";
import { openPlayer } from "./low-latency.js";
import { SETUPS, playIn } from "./setups.js";
import { SHORT, words } from "./texts.js";

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
    await playIn(page, setup);
    await page.waitForFunction(() => document.querySelector("video").currentTime > 2);
  } finally {
    begun();
  }
}

/** Plays a session and sees that nothing of it was lost. */
async function plays(test, setup) {
  const { page, complaints, context } = await openPlayer(browser);
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
