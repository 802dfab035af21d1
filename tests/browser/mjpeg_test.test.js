/** The page /mjpeg_test in a browser, against the real nginx. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BASE } from "./browser.js";
import { fits, hasVoices, picture, trouble, visits } from "./visits.js";

const SENTENCE = "Good morning! This sentence is seen from its very first word to the last one.";

const page = visits("/mjpeg_test", hasVoices);

const inState = (page, kind) => page.waitForSelector(`#stage[data-kind="${kind}"]`, { timeout: 30_000 });
const frames = async (page) => Number(await page.textContent("#frames"));

async function start(page, text) {
  await page.fill("#text", text);
  await page.click("#start");
}

/** Two different moments of the canvas, each as a sum of its bytes. */
const look = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return { side: canvas.width, sum: data.reduce((sum, byte) => sum + byte, 0) };
  });

describe("a stream of pictures", () => {
  it("is shown to its end, counted and in motion", async (test) => {
    const { page: shown, complaints } = await page();
    await start(shown, SENTENCE);
    await inState(shown, "playing");
    await shown.waitForFunction(() => Number(document.querySelector("#frames").textContent) > 10);
    const one = await look(shown);
    await shown.waitForFunction(() => Number(document.querySelector("#frames").textContent) > 40);
    const other = await look(shown);
    assert.equal(one.side, 512);
    assert.notEqual(one.sum, other.sum);
    await inState(shown, "done");
    const count = await frames(shown);
    test.diagnostic(`${count} frames; first picture after ${await shown.textContent("#first-picture")}`);
    assert.ok(count > 75, `${count} frames`);
    assert.ok(await shown.isDisabled("#stop"));
    assert.deepEqual(complaints, []);
  });

  it("is stopped, and its work with it", async () => {
    const { page: shown } = await page();
    const answered = shown.waitForResponse((response) => response.url().endsWith("/api/stream_mjpeg"));
    await start(shown, SENTENCE.repeat(5));
    const session = (await answered).headers()["x-avatar-session"];
    await shown.waitForFunction(() => Number(document.querySelector("#frames").textContent) > 5);
    await shown.click("#stop");
    await inState(shown, "idle");
    for (;;) {
      const status = await shown.request.get(`${BASE}/api/stream/status/${session}`);
      if (status.status() === 404) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const count = await frames(shown);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(await frames(shown), count);
  });

  it("is an image wherever an image is", async () => {
    const { page: shown } = await page();
    const text = new URLSearchParams({ text: SENTENCE, language: "en" });
    const seen = await shown.evaluate(async (address) => {
      const image = new Image();
      image.src = address;
      document.body.append(image);
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = 64;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      const sums = new Set();
      const until = performance.now() + 8000;
      while (sums.size < 5 && performance.now() < until) {
        await new Promise(requestAnimationFrame);
        if (!image.naturalWidth) continue;
        context.drawImage(image, 0, 0, 64, 64);
        sums.add(context.getImageData(0, 0, 64, 64).data.join());
      }
      return [image.naturalWidth, sums.size];
    }, `/api/stream_mjpeg?${text}`);
    assert.deepEqual(seen, [512, 5]);
  });
});

describe("the page", () => {
  it("says what is wrong", async () => {
    const { page: shown } = await page();
    await start(shown, "  ");
    assert.equal((await trouble(shown)).code, "empty_text");
    await start(shown, "x".repeat(5001));
    assert.equal((await trouble(shown)).code, "text_too_long");
  });

  for (const [name, viewport] of [
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 390, height: 844 }],
  ]) {
    it(`fits a ${name}`, async () => {
      const { page: shown } = await page({ viewport });
      await fits(shown);
      await picture(shown, `mjpeg-${name}-idle`, true);
      await start(shown, SENTENCE);
      await shown.waitForFunction(() => Number(document.querySelector("#frames").textContent) > 20);
      await picture(shown, `mjpeg-${name}`, true);
      await fits(shown);
    });
  }
});
