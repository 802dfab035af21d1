/** The page /talk in a browser whose microphone is a file, against the real nginx. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BASE } from "./browser.js";
import { FACE, NO_FACE } from "./photos.js";
import { fits, picture, trouble, visits } from "./visits.js";

const SPEECH = "Papa and Mama go far. We see three green trees, and more of them over there.";
const FEED = "/api/audio-driven/chunked/feed";
const INIT = "/api/audio-driven/chunked/init";

let recording;

before(() => {
  recording = mkdtempSync(join(tmpdir(), "talk-"));
  execFileSync("espeak-ng", ["-w", join(recording, "speech.wav"), SPEECH]);
});
after(() => rmSync(recording, { recursive: true, force: true }));

// The faces are there as soon as the server has answered.
const hasFaces = (page) => page.waitForSelector('input[name="face"][value="anna"]');
const talk = visits("/talk", hasFaces, () => [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  `--use-file-for-fake-audio-capture=${join(recording, "speech.wav")}`,
]);

/** Runs in the page before its scripts: notes the number and the first bytes of each piece that is sent. */
function watchPieces() {
  window.__pieces = [];
  const send = window.fetch;
  window.fetch = async (address, options) => {
    if (options?.body instanceof FormData && options.body.has("sequence")) {
      const sound = options.body.get("audio_chunk");
      window.__pieces.push([options.body.get("sequence"), sound && (await sound.slice(0, 4).text())]);
    }
    return send(address, options);
  };
}

const inState = (page, state) => page.waitForSelector(`#studio[data-state="${state}"]`, { timeout: 20_000 });
const pick = (page, file) => page.setInputFiles("#photo", file);
const status = (page, id) => page.request.get(`${BASE}/api/audio-driven/chunked/status/${id}`);
const answerOf = (page, path) => page.waitForResponse((response) => response.url().endsWith(path));

/** How much the lower half of the picture changes over a while, as the largest mean difference of two frames, of 255. */
function movement(page, milliseconds) {
  return page.evaluate(async (milliseconds) => {
    const video = document.querySelector("video");
    const canvas = Object.assign(document.createElement("canvas"), { width: 128, height: 128 });
    const pixels = canvas.getContext("2d", { willReadFrequently: true });
    const look = () => {
      pixels.drawImage(video, 0, video.videoHeight / 2, video.videoWidth, video.videoHeight / 2, 0, 0, 128, 128);
      return pixels.getImageData(0, 0, 128, 128).data;
    };
    const first = look();
    let most = 0;
    for (const end = performance.now() + milliseconds; performance.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const difference = look().reduce((sum, value, index) => sum + Math.abs(value - first[index]), 0);
      most = Math.max(most, difference / first.length);
    }
    return most;
  }, milliseconds);
}

describe("a photo", () => {
  it("says what the microphone hears, until it is stopped", async (test) => {
    const { page, complaints } = await talk();
    const fed = [];
    page.on("response", async (response) => {
      if (response.url().endsWith(FEED)) fed.push(response.status());
    });
    await pick(page, FACE);
    assert.ok(await page.isChecked('input[value="photo"]'));
    const begun = answerOf(page, INIT);
    await page.click("#talk");
    await inState(page, "live");
    const { session_id: id } = await (await begun).json();
    assert.equal(await page.evaluate(() => document.activeElement.id), "stop");

    await page.waitForFunction(() => document.querySelector("video").currentTime > 2);
    const moved = await movement(page, 2000);
    test.diagnostic(`first picture ${await page.textContent("#first-picture")}; moved by ${moved.toFixed(2)}`);
    assert.ok(moved > 0.5, `${moved}`);
    assert.ok(fed.length > 4, `${fed.length} pieces`);
    assert.deepEqual(fed.filter((status) => status !== 200), []);
    const loud = await page.waitForFunction(() => Number(document.querySelector("#level").ariaValueNow) > 20);
    assert.ok(await loud.jsonValue());
    assert.ok(Number(await page.textContent("#frames")) > 25);
    assert.equal((await (await status(page, id)).json()).status, "active");

    const freed = page.waitForResponse((response) => response.request().method() === "DELETE");
    await page.click("#stop");
    assert.equal((await freed).status(), 200);
    await inState(page, "idle");
    assert.equal((await status(page, id)).status(), 404);
    assert.equal(await page.evaluate(() => document.activeElement.id), "talk");
    assert.ok(await page.isHidden("video"));
    assert.deepEqual(complaints, []);
  });

  it("without a face is refused in the server's words", async () => {
    const { page } = await talk();
    await pick(page, { name: "nobody.png", mimeType: "image/png", buffer: NO_FACE });
    const answer = answerOf(page, INIT);
    await page.click("#talk");
    await inState(page, "bad");
    const { error, code } = await (await answer).json();
    assert.equal(code, "bad_image");
    assert.equal(await page.textContent("#trouble-code"), code);
    assert.equal((await page.textContent("#trouble-detail")).toLowerCase(), `${error}.`);
    assert.ok(await page.isEnabled("#talk"));
  });
});

describe("a face of the server's own", () => {
  it("is driven from the keyboard alone, and another can be taken afterwards", async () => {
    const { page, complaints } = await talk();
    await page.focus('input[value="anna"]');
    await page.keyboard.press("ArrowRight");
    assert.ok(await page.isChecked('input[value="dias"]'));
    await page.focus("#talk");
    const begun = page.waitForRequest((request) => request.url().endsWith(INIT));
    await page.keyboard.press("Enter");
    assert.match((await begun).postData(), /name="avatar"\r\n\r\ndias/);
    await inState(page, "live");
    await page.keyboard.press("Enter");
    await inState(page, "idle");
    await page.check('input[value="anna"]');
    await page.keyboard.press("Enter");
    await inState(page, "live");
    assert.deepEqual(complaints, []);
  });

  it("says it from plain samples where the browser cannot record", async () => {
    const { page, complaints } = await talk({
      routes: async (page) => {
        await page.addInitScript(() => delete window.MediaRecorder);
        await page.addInitScript(watchPieces);
      },
    });
    await page.click("#talk");
    await inState(page, "live");
    await page.waitForFunction(() => document.querySelector("video").currentTime > 2);
    const moved = await movement(page, 2000);
    assert.ok(moved > 0.2, `${moved}`);
    const pieces = await page.evaluate(() => window.__pieces);
    assert.deepEqual(pieces.slice(0, 4).map(([number]) => number), ["0", "1", "2", "3"]);
    // One file, however many pieces.
    assert.deepEqual(pieces.map(([, start]) => start).filter((start) => start === "RIFF"), ["RIFF"]);
    assert.deepEqual(complaints, []);
  });

  it("is freed when the page is left", async () => {
    const { page } = await talk();
    const begun = answerOf(page, INIT);
    await page.click("#talk");
    const { session_id: id } = await (await begun).json();
    await inState(page, "live");
    await page.goto(`${BASE}/`);
    await assert.doesNotReject(async () => {
      for (let attempt = 0; (await status(page, id)).status() !== 404; attempt++) {
        if (attempt > 50) throw new Error("the session lives on");
        await page.waitForTimeout(100);
      }
    });
  });
});

describe("what goes wrong is said in plain words", () => {
  const toldOf = async (page) => {
    const { title, code } = await trouble(page);
    await inState(page, "bad");
    return [title, code];
  };
  const without = (name) => ({
    routes: (page) =>
      page.addInitScript((name) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", name));
      }, name),
  });

  for (const [name, title, code] of [
    ["NotAllowedError", "The microphone was refused.", "microphone_refused"],
    ["NotFoundError", "There is no microphone.", "microphone_missing"],
    ["NotReadableError", "The microphone cannot be read.", "microphone_busy"],
  ]) {
    it(`the microphone: ${code}`, async () => {
      const { page, complaints } = await talk(without(name));
      await page.click("#talk");
      assert.deepEqual(await toldOf(page), [title, code]);
      assert.deepEqual(complaints, []);
    });
  }

  it("a server that is busy, and that is not any more", async () => {
    const { page } = await talk();
    const busy = { status: 503, headers: { "Retry-After": "7" }, json: { error: "all places are taken", code: "busy" } };
    await page.route(`**${INIT}`, (route) => route.fulfill(busy), { times: 1 });
    await page.click("#talk");
    assert.deepEqual(await toldOf(page), ["The server is busy.", "busy"]);
    assert.match(await page.textContent("#trouble-detail"), /Try again in 7 s/);
    await page.click("#talk");
    await inState(page, "live");
    assert.ok(await page.isHidden("#trouble"));
  });

  it("a piece that is refused for now comes again, and no other", async () => {
    const { page } = await talk({ routes: (page) => page.addInitScript(watchPieces) });
    const later = { status: 429, headers: { "Retry-After": "1" }, json: { error: "too fast", code: "busy" } };
    await page.route(`**${FEED}`, (route) => route.fulfill(later), { times: 1 });
    await page.click("#talk");
    await inState(page, "live");
    await page.waitForFunction(() => window.__pieces.filter(([number]) => number === "0").length === 2);
    // All of it: what comes behind a gap is not shown.
    await page.waitForFunction(() => Number(document.querySelector("#frames").textContent) > 100);
    const pieces = await page.evaluate(() => window.__pieces.map(([number]) => number));
    assert.equal(new Set(pieces).size, pieces.length - 1, `${pieces}`);
    assert.equal(await page.getAttribute("#studio", "data-state"), "live");
  });
});

describe("the looks", () => {
  const SCREENS = [["desktop", { width: 1280, height: 800 }], ["phone", { width: 390, height: 844 }]];
  const STATES = {
    idle: { reach: () => {} },
    photo: { reach: (page) => pick(page, FACE) },
    finding: {
      routes: (page) => page.route(`**${INIT}`, () => {}),
      reach: async (page) => {
        await pick(page, FACE);
        await page.click("#talk");
        await inState(page, "finding");
      },
    },
    live: {
      reach: async (page) => {
        await pick(page, FACE);
        await page.click("#talk");
        await inState(page, "live");
        await page.waitForFunction(() => document.querySelector("video").currentTime > 2);
      },
    },
    "no-face": {
      reach: async (page) => {
        await pick(page, { name: "nobody.png", mimeType: "image/png", buffer: NO_FACE });
        await page.click("#talk");
        await inState(page, "bad");
      },
    },
    refused: {
      routes: (page) =>
        page.addInitScript(() => {
          navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
        }),
      reach: async (page) => {
        await page.click("#talk");
        await inState(page, "bad");
      },
    },
    busy: {
      routes: (page) =>
        page.route(`**${INIT}`, (route) =>
          route.fulfill({ status: 503, headers: { "Retry-After": "7" }, json: { error: "all places are taken", code: "busy" } }),
        ),
      reach: async (page) => {
        await page.click("#talk");
        await inState(page, "bad");
      },
    },
  };

  for (const [screen, viewport] of SCREENS) {
    for (const colorScheme of ["light", "dark"]) {
      for (const [state, { routes, reach }] of Object.entries(STATES)) {
        it(`${screen}, ${colorScheme}, ${state}: fits, and axe finds nothing`, async () => {
          const { page } = await talk({ viewport, colorScheme, routes, reducedMotion: "reduce" });
          await reach(page);
          await page.waitForFunction(() => [...document.images].every((image) => image.complete));
          await picture(page, `talk-${screen}-${colorScheme}-${state}`, true);
          await fits(page);
        });
      }
    }
  }
});
