/**
 * How long after its POST a session is played by hls.js in Chromium, for each way in which existing clients set it up. Prints one
 * JSON object of milliseconds; nothing is asserted here.
 */

import { BASE, launch } from "./browser.js";
import { openPlayer } from "./low-latency.js";
import { SETUPS, playIn } from "./setups.js";
import { SHORT } from "./texts.js";

const ROUNDS = 15;
const AS_IT_COMES = {};
const [NEAR, SHORT_BUFFER] = SETUPS.map(({ config }) => config);

const KINDS = {
  "as it comes": { config: AS_IT_COMES },
  "as it comes, live": { config: AS_IT_COMES, pace: "live" },
  "near the live edge": { config: NEAR },
  "short buffer": { config: SHORT_BUFFER },
  "whole segments": { config: { lowLatencyMode: false } },
  "transport streams": { config: AS_IT_COMES, format: "ts" },
  "sound alone": { config: AS_IT_COMES, sound: true },
};

const browser = await launch();
const taken = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
try {
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, setup] of Object.entries(KINDS)) {
      const { page, context } = await openPlayer(browser);
      await playIn(page, { text: SHORT, language: "en", pace: "fast", ...setup });
      await page.waitForFunction(() => window.began);
      taken[kind].push(Math.round(await page.evaluate(() => window.began)));
      // What is not watched any more would be made beside the next.
      const session_id = await page.evaluate(() => window.session);
      await page.request.post(`${BASE}/api/cleanup`, { data: { session_id } });
      await context.close();
    }
  }
} finally {
  await browser.close();
}
const summary = Object.entries(taken).map(([kind, times]) => {
  const sorted = times.toSorted((a, b) => a - b);
  return [kind, { median: sorted[sorted.length >> 1], worst: sorted.at(-1) }];
});
console.log(JSON.stringify(Object.fromEntries(summary), null, 1));
