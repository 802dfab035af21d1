/** The Chromium under test, and what every page in it is watched for. */

import { existsSync, mkdirSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/** Where nginx listens; run.sh starts one and says. */
export const BASE = process.env.BASE ?? "http://127.0.0.1:8080";

/** Where pictures of the page are left to look at. */
export const ARTIFACTS = fileURLToPath(new URL("../../target/browser/", import.meta.url));

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of NAMES) {
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {
      continue;
    }
  }
  throw new Error(`no Chromium on the PATH (${NAMES.join(", ")}); name one with CHROMIUM=/path`);
}

/** Starts Chromium, with `more` arguments, and makes sure that it can decode what the streams carry. */
export async function launch(more = []) {
  mkdirSync(ARTIFACTS, { recursive: true });
  const path = executable();
  if (!existsSync(path)) throw new Error(`CHROMIUM names ${path}, which is not there`);
  const browser = await chromium.launch({
    executablePath: path,
    args: [
      // Tests run as root in containers, where Chromium's own sandbox refuses to start; it sees our pages alone.
      "--no-sandbox",
      "--disable-background-networking",
      "--autoplay-policy=no-user-gesture-required",
      "--mute-audio",
      ...more,
    ],
  });
  const page = await browser.newPage();
  const decodes = await page.evaluate(() =>
    MediaSource.isTypeSupported('video/mp4; codecs="avc1.64001f,mp4a.40.2"'),
  );
  await page.close();
  if (!decodes) {
    await browser.close();
    throw new Error(`${path} cannot decode H.264 and AAC; Debian's chromium and Google Chrome can (CHROMIUM=/path)`);
  }
  return browser;
}

/** A page of its own, with everything it complains about gathered in `complaints`. */
export async function open(browser, path, options = {}) {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()} ${message.location().url}`);
  });
  await page.addInitScript(watchMedia);
  if (options.routes) await options.routes(page);
  await page.goto(BASE + path);
  return { context, page, complaints };
}

/**
 * Runs in the page before its scripts: notes every seek and every wait of every media element, and every cue shown.
 * A seek to where the element stands already moves nothing and is left out.
 */
function watchMedia() {
  const seen = { seeks: [], waits: [], cues: new Map() };
  window.__media = seen;
  const before = new WeakMap();
  const on = (name, take) =>
    document.addEventListener(name, (event) => event.target instanceof HTMLMediaElement && take(event.target), true);
  on("timeupdate", (media) => {
    before.set(media, media.currentTime);
    for (const track of media.textTracks) {
      for (const cue of track.activeCues ?? []) seen.cues.set(`${cue.startTime}`, cue.text);
    }
  });
  on("seeking", (media) => {
    const from = before.get(media) ?? 0;
    if (Math.abs(media.currentTime - from) > 0.001) seen.seeks.push({ from, to: media.currentTime });
  });
  on("waiting", (media) => seen.waits.push(media.currentTime));
}

/** What the page's `<video>` has played so far. */
function played(page) {
  return page.evaluate(() => {
    const video = document.querySelector("video");
    const ranges = (list) => Array.from({ length: list.length }, (_, i) => [list.start(i), list.end(i)]);
    return {
      played: ranges(video.played),
      buffered: ranges(video.buffered),
      currentTime: video.currentTime,
      duration: video.duration,
      ended: video.ended,
      seeks: window.__media.seeks,
      waits: window.__media.waits,
      captions: [...window.__media.cues].sort((a, b) => a[0] - b[0]).map(([, text]) => text),
    };
  });
}

/** Waits until the page's `<video>` has ended, or throws with what it had played when `seconds` were over. */
export async function playedToTheEnd(page, seconds) {
  try {
    await page.waitForFunction(() => document.querySelector("video").ended, null, { timeout: seconds * 1000 });
  } catch (error) {
    throw new Error(`not played to the end: ${JSON.stringify(await played(page))}`, { cause: error });
  }
  return played(page);
}
