/** hls.js in its low-latency mode plays a session at the pace of a conversation, and plays it part by part. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, playedToTheEnd } from "./browser.js";
import { noted, openPlayer, playIn, start } from "./low-latency.js";
import { words } from "./texts.js";

const TEXT = `Every morning the lighthouse keeper climbed one hundred and twelve steps to look at the sea. He carried a
lamp in one hand and a cup of tea in the other, and he never spilled a drop. On calm days he could see the mountains
behind the far shore, blue and thin like paper.`.replaceAll("\n", " ");

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

describe("hls.js in low-latency mode", () => {
  it("plays from the first word to the last, by parts, without a hole", async (test) => {
    const { page, complaints, context } = await openPlayer(browser);
    const { playlist } = await start(TEXT, "en");
    await playIn(page, playlist);

    const end = await playedToTheEnd(page, 90);
    const { parts, segments, errors } = await noted(page);
    test.diagnostic(`${end.duration.toFixed(2)} s, ${parts} parts, ${segments} segments, ${end.waits.length} waits`);

    assert.deepEqual(errors.filter(({ fatal }) => fatal), []);
    assert.deepEqual(end.seeks, [], "a seek loses words");
    assert.equal(end.buffered.length, 1, `a hole in what was loaded: ${JSON.stringify(end.buffered)}`);
    assert.equal(end.played.length, 1, `played in pieces: ${JSON.stringify(end.played)}`);
    const [[from, to]] = end.played;
    assert.ok(from < 0.1, `began at ${from} s`);
    assert.ok(to > end.duration - 0.1, `ended at ${to} of ${end.duration} s`);
    assert.ok(end.duration > words(TEXT).length / 4, `${end.duration} s is too short for the text`);
    // Five parts are a second. Without parts there would be none; with them at the edge alone, nearly all are.
    assert.ok(parts > 5 * end.duration * 0.8, `${parts} parts of ${end.duration} s, and ${segments} whole segments`);
    assert.deepEqual(complaints, []);
    await context.close();
  });
});
