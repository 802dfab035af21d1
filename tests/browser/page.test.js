/** The page /realtime in a browser, against the real nginx. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BASE, playedToTheEnd } from "./browser.js";
import { MINUTE, words } from "./texts.js";
import { fits, hasVoices, picture, trouble, visits } from "./visits.js";

const SENTENCE = "Good morning! This sentence is spoken from its very first word to the last one.";

const realtime = visits("/realtime", hasVoices);

async function say(page, text, language) {
  if (language) await page.getByRole("radio", { name: language }).check();
  await page.fill("#text", text);
  await page.click("#play");
}

describe("a sentence", () => {
  it("plays from start to end with captions, and leaves an MP4", async (test) => {
    const { page, complaints } = await realtime();
    await say(page, SENTENCE, "English");
    const end = await playedToTheEnd(page, 60);
    test.diagnostic(`${end.duration.toFixed(2)} s; first picture ${await page.textContent("#first-picture")}`);

    assert.equal(end.played.length, 1, JSON.stringify(end.played));
    assert.ok(end.played[0][0] < 0.1 && end.played[0][1] > end.duration - 0.1, JSON.stringify(end));
    assert.equal(end.buffered.length, 1, `a hole in what was loaded: ${JSON.stringify(end.buffered)}`);
    assert.deepEqual(end.seeks, []);
    const shown = new Set(words(end.captions.join(" ")));
    assert.deepEqual(words(SENTENCE).filter((word) => !shown.has(word)), [], "words that no caption showed");

    const link = page.locator("#download");
    await link.waitFor({ state: "visible" });
    const mp4 = await page.request.get(new URL(await link.getAttribute("href"), BASE).href, {
      headers: { Range: "bytes=0-1023" },
    });
    assert.equal(mp4.status(), 206);
    assert.equal(mp4.headers()["content-type"], "video/mp4");
    assert.equal((await mp4.body()).subarray(4, 8).toString("latin1"), "ftyp");
    assert.deepEqual(complaints, []);
  });

  it("in Russian and in Kazakh brings that language's voices", async () => {
    const { page, complaints } = await realtime();
    for (const [language, tag] of [["Русский", "ru"], ["Қазақша", "kk"]]) {
      await page.getByRole("radio", { name: language }).check();
      const offered = await page.$$eval("#voice option", (options) => options.map((option) => option.value));
      const { voices } = await (await page.request.get(`${BASE}/api/voices`)).json();
      assert.deepEqual(offered, voices.filter((voice) => voice.language === tag).map((voice) => voice.id));
      assert.equal(await page.getAttribute("#text", "lang"), tag);
      const started = page.waitForResponse((response) => response.url().endsWith("/api/stream/start"));
      await page.click("#play");
      assert.equal((await started).status(), 200);
      await page.waitForFunction(() => document.querySelector("video").currentTime > 1);
    }
    assert.deepEqual(complaints, []);
  });

  it("is played by the keyboard alone", async () => {
    const { page } = await realtime();
    await page.focus("#text");
    await page.keyboard.press("Control+A");
    await page.keyboard.type("Hello.");
    for (const expected of ["voice", "avatar", "play"]) {
      await page.keyboard.press("Tab");
      assert.equal(await page.evaluate(() => document.activeElement.id), expected);
    }
    await page.keyboard.press("Enter");
    const end = await playedToTheEnd(page, 30);
    assert.equal(end.played.length, 1);
  });
});

describe("Stop", () => {
  it("ends an unfinished session, and its work with it", async () => {
    const { page, complaints } = await realtime();
    // At the pace of a conversation it cannot be finished before it is stopped.
    await page.route("**/api/stream/start", (route) =>
      route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), pace: "live" }) }),
    );
    const answer = page.waitForResponse((response) => response.url().endsWith("/api/stream/start"));
    await say(page, MINUTE.en, "English");
    const { session_id: id } = await (await answer).json();
    await page.waitForFunction(() => document.querySelector("video").currentTime > 1);
    const cleaned = page.waitForResponse((response) => response.url().endsWith("/api/cleanup"));
    await page.click("#stop");
    assert.equal((await cleaned).status(), 200);
    assert.equal((await page.request.get(`${BASE}/api/stream/status/${id}`)).status(), 404);
    assert.ok(await page.isHidden("video"));
    assert.equal(await page.evaluate(() => document.activeElement.id), "play");
    assert.deepEqual(complaints, []);
  });

  it("keeps a finished session and its MP4", async () => {
    const { page } = await realtime();
    await say(page, SENTENCE, "English");
    await page.locator("#download").waitFor({ state: "visible" });
    await page.waitForFunction(() => document.querySelector("video").currentTime > 0.5);
    await page.click("#stop");
    assert.ok(await page.evaluate(() => document.querySelector("video").paused));
    assert.ok(await page.isVisible("#download"));
  });
});

describe("captions", () => {
  it("are switched off and on", async () => {
    const { page } = await realtime();
    await say(page, SENTENCE, "English");
    const showing = () =>
      page.evaluate(() => [...document.querySelector("video").textTracks].some((track) => track.mode === "showing"));
    await page.waitForFunction(() => document.querySelector("video").currentTime > 1);
    assert.equal(await showing(), true);
    await page.locator("#captions").uncheck();
    assert.equal(await showing(), false);
    await page.locator("#captions").check();
    assert.equal(await showing(), true);
  });
});

describe("what goes wrong is said in plain words", () => {
  it("no text", async () => {
    const { page } = await realtime();
    await say(page, "   ");
    assert.equal((await trouble(page)).title, "There is no text to say.");
    assert.equal(await page.evaluate(() => document.activeElement.id), "text");
  });

  it("too much text", async () => {
    const { page } = await realtime();
    await say(page, "word ".repeat(4000), "English");
    assert.equal((await trouble(page)).code, "text_too_long");
  });

  it("a voice that is not there", async () => {
    const { page } = await realtime();
    await page.evaluate(() => (document.querySelector("#voice").selectedOptions[0].value = "nobody"));
    await say(page, "Hello.");
    const { title, code } = await trouble(page);
    assert.deepEqual([title, code], ["This voice is not available.", "unknown_voice"]);
  });

  it("a server that is away", async () => {
    const { page } = await realtime();
    await page.route("**/api/stream/start", (route) => route.abort("connectionrefused"));
    await say(page, "Hello.");
    assert.equal((await trouble(page)).title, "The server cannot be reached.");
  });

  it("a server that is busy", async () => {
    const { page } = await realtime();
    await page.route("**/api/stream/start", (route) =>
      route.fulfill({ status: 503, headers: { "Retry-After": "7" }, json: { error: "all places are taken", code: "busy" } }),
    );
    await say(page, "Hello.");
    const { title, detail } = await trouble(page);
    assert.equal(title, "The server is busy.");
    assert.equal(detail, "All places are taken. Try again in 7 s.");
  });

  it("a server that wants a key gets one", async () => {
    const { page } = await realtime();
    let key;
    await page.route("**/api/stream/start", (route) => {
      key = route.request().headers()["x-avatar-key"];
      return key ? route.continue() : route.fulfill({ status: 401, json: { error: "X-Avatar-Key is missing", code: "unauthorized" } });
    });
    await say(page, "Hello.");
    assert.equal((await trouble(page)).code, "unauthorized");
    await page.keyboard.type("open sesame");
    await page.click("#play");
    await playedToTheEnd(page, 30);
    assert.equal(key, "open sesame");
  });

  it("a session that fails on its way", async () => {
    const { page } = await realtime();
    await page.route("**/api/stream/events/*", (route) => {
      const id = route.request().url().split("/").pop();
      const status = { session_id: id, status: "failed", progress: 10, error: "the engine returned no sound", error_code: "tts_empty" };
      return route.fulfill({ contentType: "text/event-stream", body: `event: status\ndata: ${JSON.stringify(status)}\n\n` });
    });
    await say(page, "Hello.");
    assert.deepEqual(await trouble(page), {
      title: "There is nothing in this text that can be spoken.",
      detail: "The engine returned no sound.",
      code: "tts_empty",
    });
    assert.ok(await page.isHidden("video"));
  });

  it("events that break off are replaced by asking", async () => {
    const { page } = await realtime();
    await page.route("**/api/stream/events/*", (route) => route.abort());
    await say(page, "Hello.");
    await page.locator("#download").waitFor({ state: "visible", timeout: 20_000 });
    assert.equal(await page.textContent("#percent"), "100 %");
  });
});

describe("the curl line", () => {
  it("is the request that Play sends", async () => {
    const { page } = await realtime();
    await page.fill("#text", "It's a \"test\"\nof $HOME");
    const line = await page.textContent("#curl");
    const sent = page.waitForRequest((request) => request.url().endsWith("/api/stream/start"));
    await page.click("#play");
    const { execFileSync } = await import("node:child_process");
    // The shell itself says what its words are.
    const args = execFileSync("sh", ["-c", `curl() { printf '%s\\0' "$@"; }\n${line}`], { encoding: "utf8" }).split("\0");
    assert.equal(args[0], `${BASE}/api/stream/start`);
    assert.deepEqual(JSON.parse(args[args.indexOf("-d") + 1]), (await sent).postDataJSON());
  });
});

describe("looks", () => {
  for (const [name, options] of [
    ["desktop", {}],
    ["phone", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }],
    ["narrow", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }],
  ]) {
    for (const colorScheme of ["light", "dark"]) {
      it(`${name}, ${colorScheme}: nothing sticks out, nothing is unlabelled or unreadable`, async () => {
        const { page } = await realtime({ ...options, colorScheme });
        await say(page, SENTENCE, "English");
        await page.waitForFunction(() => document.querySelector("video").currentTime > 1.5);
        await picture(page, `${name}-${colorScheme}`, name !== "desktop");
        await fits(page);
      });
    }
  }
});
