/**
 * How long what is said into the microphone takes to be heard from the page /talk, and so to be seen, since sound and picture
 * are one stream. Prints one JSON object, in seconds; nothing is asserted here.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, open } from "./browser.js";

const SECONDS = 25;
// Longer than the loop: each beep is heard before the next.
const BEEPS = "aevalsrc='0.5*sin(2*PI*440*t)*lt(mod(t,3.7),0.5)':s=48000:d=37";

const directory = mkdtempSync(join(tmpdir(), "loop-"));
const file = join(directory, "beeps.wav");
execFileSync("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", BEEPS, "-c:a", "pcm_s16le", file]);
const browser = await launch([
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  `--use-file-for-fake-audio-capture=${file}`,
]);
try {
  const { page } = await open(browser, "/talk", { routes: (page) => page.addInitScript(keepMicrophone) });
  await page.waitForSelector('[name="face"]:checked');
  await page.click("#talk");
  await page.waitForSelector('#studio[data-state="live"]');
  const { said, heard } = await page.evaluate(listen, SECONDS);
  const delays = said.map((at) => heard.find((later) => later > at) - at).filter(Number.isFinite).sort((a, b) => a - b);
  if (!delays.length) throw new Error("nothing was heard");
  const seconds = (value) => Number(value.toFixed(3));
  console.log(
    JSON.stringify({
      beeps: delays.length,
      median: seconds(delays[delays.length >> 1]),
      worst: seconds(delays.at(-1)),
      first_picture: parseFloat(await page.textContent("#first-picture")),
    }),
  );
} finally {
  await browser.close();
  rmSync(directory, { recursive: true, force: true });
}

/** Runs in the page before its scripts. A beep is noise to those who clean up speech. */
function keepMicrophone() {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async () => {
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return (window.__microphone = await ask({ audio }));
  };
}

/** Runs in the page: when beeps began, at the microphone and in the film. */
async function listen(seconds) {
  const context = new AudioContext();
  const ear = (stream) => {
    const analyser = new AnalyserNode(context, { fftSize: 512 });
    context.createMediaStreamSource(stream).connect(analyser);
    return { analyser, loud: true, beeps: [] };
  };
  const ears = [ear(window.__microphone), ear(document.querySelector("video").captureStream())];
  const samples = new Float32Array(512);
  const began = performance.now();
  for (let now = 0; now < seconds; now = (performance.now() - began) / 1000) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const ear of ears) {
      ear.analyser.getFloatTimeDomainData(samples);
      const level = Math.hypot(...samples) / Math.sqrt(samples.length);
      if (level > 0.05 && !ear.loud) ear.beeps.push(now);
      ear.loud = level > 0.05 || (ear.loud && level > 0.01);
    }
  }
  const [said, heard] = ears.map(({ beeps }) => beeps);
  return { said, heard };
}
