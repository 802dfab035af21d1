/** The page /demo_audio in a browser, against the real nginx. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BASE } from "./browser.js";
import { fits, hasVoices, picture, trouble, visits } from "./visits.js";

const SENTENCE = "Good morning! This sentence is read out from its very first word to the last one.";
const ATTEMPTS = 15;
const PLAYLIST = "**/media/hls/*/audio.m3u8*";
const EMPTY = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-PLAYLIST-TYPE:EVENT\n";

const demo = visits("/demo_audio", hasVoices);

async function start(page, text, language) {
  if (language) await page.getByRole("radio", { name: language }).check();
  await page.fill("#text", text);
  await page.click("#start");
}

const state = (page) => page.getAttribute("#state", "data-kind");

function inState(page, kind, seconds = 30) {
  return page.waitForSelector(`#state[data-kind="${kind}"]`, { timeout: seconds * 1000 });
}

function heard(page) {
  return page.evaluate(() => {
    const audio = document.querySelector("audio");
    const ranges = (list) => Array.from({ length: list.length }, (_, i) => [list.start(i), list.end(i)]);
    return { played: ranges(audio.played), duration: audio.duration, seeks: window.__media.seeks, src: audio.src };
  });
}

/** Answers the first requests for a playlist by itself, and counts all of them. */
async function disturb(page, times, answer) {
  const seen = { requests: 0 };
  await page.route(PLAYLIST, (route) => (seen.requests++ < times ? route.fulfill(answer) : route.continue()));
  return seen;
}

describe("a text", () => {
  it("plays from start to end through all states, and leaves a file", async (test) => {
    const { page, complaints } = await demo();
    const kinds = page.evaluate(
      () =>
        new Promise((resolve) => {
          const kinds = [];
          const element = document.querySelector("#state");
          new MutationObserver(() => {
            if (kinds.at(-1) !== element.dataset.kind) kinds.push(element.dataset.kind);
            if (element.dataset.kind === "done") resolve(kinds);
          }).observe(element, { attributes: true });
        }),
    );
    assert.equal(await state(page), "idle");
    await start(page, SENTENCE, "English");
    await inState(page, "done", 60);
    const { played, duration, seeks } = await heard(page);
    test.diagnostic(`${duration.toFixed(2)} s; first sound ${await page.textContent("#first-sound")}`);
    assert.equal(played.length, 1, JSON.stringify(played));
    assert.ok(played[0][0] < 0.1 && played[0][1] > duration - 0.1, JSON.stringify(played));
    assert.deepEqual(seeks, []);
    assert.deepEqual((await kinds).filter((kind) => kind !== "playing").slice(0, 1), ["loading"]);
    assert.ok((await kinds).includes("playing"));

    assert.equal(await page.textContent("#percent"), "100 %");
    assert.equal(await page.evaluate(() => document.querySelector("#progress").value), 100);
    const chunks = Number(await page.textContent("#chunks"));
    assert.equal(chunks, 1 + Math.ceil((duration - 0.256) / 2.048));
    const file = await page.request.get(new URL(await page.getAttribute("#download", "href"), BASE).href);
    assert.equal(file.headers()["content-type"], "audio/mp4");
    assert.equal((await file.body()).subarray(4, 8).toString("latin1"), "ftyp");
    assert.deepEqual(complaints, []);
  });

  it("in Russian and in Kazakh brings that language's voices", async () => {
    const { page, complaints } = await demo();
    for (const [language, tag] of [["Русский", "ru"], ["Қазақша", "kk"]]) {
      await page.getByRole("radio", { name: language }).check();
      const offered = await page.$$eval("#voice option", (options) => options.map((option) => option.value));
      const { voices } = await (await page.request.get(`${BASE}/api/voices`)).json();
      assert.deepEqual(offered, voices.filter((voice) => voice.language === tag).map((voice) => voice.id));
      const started = page.waitForRequest((request) => request.url().endsWith("/audiostream/start/"));
      await page.click("#start");
      assert.equal((await started).postDataJSON().lang, tag);
      await page.waitForFunction(() => document.querySelector("audio").currentTime > 0.5);
    }
    assert.deepEqual(complaints, []);
  });

  it("is stopped, and its work with it", async () => {
    const { page } = await demo();
    // At the pace of a conversation it cannot be finished before it is stopped.
    await page.route("**/audiostream/start/", (route) =>
      route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), pace: "live" }) }),
    );
    const answer = page.waitForResponse((response) => response.url().endsWith("/audiostream/start/"));
    await start(page, SENTENCE.repeat(10), "English");
    const { task_id: id } = await (await answer).json();
    await page.waitForFunction(() => Number(document.querySelector("#chunks").textContent) > 0);
    const percent = parseInt(await page.textContent("#percent"), 10);
    assert.ok(percent > 0 && percent < 100, `${percent} %`);
    const cleaned = page.waitForResponse((response) => response.url().endsWith("/api/cleanup"));
    await page.click("#stop");
    assert.equal((await cleaned).status(), 200);
    assert.equal((await page.request.get(`${BASE}/audiostream/task-status/${id}/`)).status(), 404);
    assert.equal(await state(page), "idle");
    assert.equal(await page.evaluate(() => document.activeElement.id), "start");
  });
});

describe("patience", () => {
  it("a playlist that lists nothing yet is asked for again", async () => {
    const { page } = await demo();
    const playlist = await disturb(page, 3, { contentType: "application/vnd.apple.mpegurl", body: EMPTY });
    const retries = page.waitForFunction(() => document.querySelector("#state").dataset.retry === "2");
    await start(page, SENTENCE, "English");
    await retries;
    assert.match(await page.textContent("#sentence"), /listed.*of 15/);
    await inState(page, "done", 60);
    assert.ok(playlist.requests > 3);
  });

  it("an answer that comes before the browser has turned to the new stream leaves nothing of it behind", async () => {
    const { page, complaints } = await demo();
    await start(page, SENTENCE, "English");
    await inState(page, "playing");
    await page.evaluate(() => {
      const { Events, ErrorTypes, ErrorDetails } = window.Hls;
      const attach = window.Hls.prototype.attachMedia;
      window.Hls.prototype.attachMedia = function (media) {
        window.Hls.prototype.attachMedia = attach;
        attach.call(this, media);
        this.trigger(Events.ERROR, { type: ErrorTypes.NETWORK_ERROR, details: ErrorDetails.LEVEL_EMPTY_ERROR, fatal: false });
      };
    });
    await page.click("#start");
    await page.waitForFunction(() => document.querySelector("#state").dataset.retry === "1");
    assert.equal(await page.getAttribute("audio", "src"), null);
    await inState(page, "playing");
    assert.deepEqual(complaints, []);
  });

  it("a playlist that cannot be loaded is asked for again", async () => {
    const { page } = await demo();
    const playlist = await disturb(page, 4, { status: 502, body: "no" });
    const retries = page.waitForFunction(() => document.querySelector("#state").dataset.retry === "3");
    await start(page, SENTENCE, "English");
    await retries;
    assert.match(await page.textContent("#sentence"), /could not be loaded.*of 15/);
    await inState(page, "done", 60);
    assert.ok(playlist.requests > 4);
  });

  for (const [what, answer] of [
    ["empty", { contentType: "application/vnd.apple.mpegurl", body: EMPTY }],
    ["away", { status: 404, body: "no" }],
  ]) {
    it(`a playlist that stays ${what} is given up after ${ATTEMPTS} attempts more`, async () => {
      const { page } = await demo();
      // Waiting is not what is tested.
      await page.evaluate(() => {
        const wait = window.setTimeout;
        window.waited = [];
        window.setTimeout = (body, ms, ...rest) => {
          if (ms >= 250 && ms !== 1000) window.waited.push(ms);
          return wait(body, ms >= 250 && ms <= 4000 ? 5 : ms, ...rest);
        };
      });
      const playlist = await disturb(page, Infinity, answer);
      await start(page, SENTENCE, "English");
      await inState(page, "error", 60);
      assert.equal(await page.textContent("#trouble-code"), "playback");
      assert.ok(playlist.requests >= ATTEMPTS + 1, `${playlist.requests} requests`);
      const waited = (await page.evaluate(() => window.waited)).filter((ms) => ms <= 4000);
      assert.ok(waited.includes(250) && waited.includes(375) && waited.includes(4000), `${waited}`);
    });
  }

  it("without hls.js the browser plays by itself", async () => {
    const { page } = await demo({
      routes: async (page) => {
        await page.route("**/vendor/hls.min.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
        await page.addInitScript(() => {
          HTMLMediaElement.prototype.canPlayType = () => "maybe";
        });
      },
    });
    const answer = page.waitForResponse((response) => response.url().endsWith("/audiostream/start/"));
    await start(page, SENTENCE, "English");
    const { playlist } = await (await answer).json();
    await page.waitForFunction((playlist) => document.querySelector("audio").src.endsWith(playlist), playlist);
  });

  it("without either it says so", async () => {
    const { page } = await demo({
      routes: async (page) => {
        await page.route("**/vendor/hls.min.js", (route) => route.fulfill({ contentType: "text/javascript", body: "" }));
        await page.addInitScript(() => {
          HTMLMediaElement.prototype.canPlayType = () => "";
        });
      },
    });
    await start(page, SENTENCE, "English");
    await inState(page, "error");
    assert.equal(await page.textContent("#trouble-code"), "no_hls");
  });
});

describe("what goes wrong is said in plain words", () => {
  const toldOf = async (page) => {
    const { title, code } = await trouble(page);
    assert.equal(await state(page), "error");
    return [title, code];
  };

  it("no text", async () => {
    const { page } = await demo();
    await start(page, "   ");
    assert.deepEqual(await toldOf(page), ["There is no text to say.", "empty_text"]);
  });

  it("a server that is busy, and one that is away", async () => {
    const { page } = await demo();
    const answers = [
      (route) => route.fulfill({ status: 503, headers: { "Retry-After": "7" }, json: { error: "all places are taken", code: "busy" } }),
      (route) => route.abort("connectionrefused"),
    ];
    await page.route("**/audiostream/start/", (route) => answers.shift()(route));
    await start(page, "Hello.");
    assert.deepEqual(await toldOf(page), ["The server is busy.", "busy"]);
    await page.click("#start");
    await page.waitForFunction(() => document.querySelector("#trouble-code").textContent === "unreachable");
  });

  it("a task that fails on its way", async () => {
    const { page } = await demo();
    await page.route("**/audiostream/task-status/*/", (route) =>
      route.fulfill({ json: { state: "FAILURE", status: "it ended early", error: "the engine returned no sound", error_code: "tts_empty" } }),
    );
    await start(page, "Hello.");
    assert.deepEqual(await toldOf(page), ["There is nothing in this text that can be spoken.", "tts_empty"]);
  });
});

describe("looks", () => {
  for (const [name, options] of [
    ["desktop", {}],
    ["phone", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }],
  ]) {
    for (const colorScheme of ["light", "dark"]) {
      it(`${name}, ${colorScheme}: nothing sticks out, nothing is unlabelled or unreadable, whatever the state`, async () => {
        const { page } = await demo({ ...options, colorScheme });
        await start(page, SENTENCE, "English");
        await page.waitForFunction(() => document.querySelector("audio").currentTime > 0.5);
        await picture(page, `audio-${name}-${colorScheme}`, name !== "desktop");
        for (const kind of ["loading", "playing", "done", "error"]) {
          await page.evaluate((kind) => (document.querySelector("#state").dataset.kind = kind), kind);
          await fits(page);
        }
      });
    }
  }
});
