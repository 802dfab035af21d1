/** The page /call in a browser, over a real connection of WebRTC to the real nginx. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { ARTIFACTS, launch, open } from "./browser.js";

const WHEP = new URL("node_modules/whip-whep/whep.js", import.meta.url);
const AXE = new URL("node_modules/axe-core/axe.min.js", import.meta.url);
const SPEECH = "Papa and Mama go far. We see three green trees, and more of them over there.";

let browser;
let recording;
const contexts = [];

before(async () => {
  recording = mkdtempSync(join(tmpdir(), "call-"));
  const file = join(recording, "speech.wav");
  execFileSync("espeak-ng", ["-w", file, SPEECH]);
  browser = await launch([
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    `--use-file-for-fake-audio-capture=${file}`,
  ]);
});
after(async () => {
  await browser?.close();
  rmSync(recording, { recursive: true, force: true });
});
afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()));
});

async function page(options) {
  const opened = await open(browser, "/call", options);
  contexts.push(opened.context);
  await opened.page.waitForSelector('#avatar option[value="anna"]', { state: "attached" });
  return opened;
}

/** Notes every connection that the page makes. */
function watchPeers() {
  const Plain = window.RTCPeerConnection;
  window.__peers = [];
  window.RTCPeerConnection = class extends Plain {
    constructor(...settings) {
      super(...settings);
      window.__peers.push(this);
    }
  };
}

/** What the newest connection has received of `kind`. */
const received = (opened, kind) =>
  opened.evaluate(async (wanted) => {
    const reports = [...(await window.__peers.at(-1).getStats()).values()];
    return reports.find(({ type, kind: of }) => type === "inbound-rtp" && of === wanted) ?? {};
  }, kind);

/** Waits until what was received of `kind` satisfies `done`, a function of the report. */
async function until(opened, kind, done) {
  const patience = performance.now() + 20_000;
  for (;;) {
    const report = await received(opened, kind);
    if (done(report)) return report;
    assert.ok(performance.now() < patience, JSON.stringify(report));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** For a second the browser may play what it has buffered; after that nothing is heard. */
async function silence(opened) {
  const energy = async () => (await received(opened, "audio")).totalAudioEnergy;
  await opened.waitForTimeout(1000);
  const before = await energy();
  await opened.waitForTimeout(1000);
  assert.ok((await energy()) - before < 1e-4, "it goes on speaking");
}

const state = (opened, wanted) =>
  opened.waitForFunction((words) => document.getElementById("sentence").textContent === words, wanted);

describe("the page /call", () => {
  it("shows a face that says what is typed, and stops when it is interrupted", async () => {
    const { page: opened, complaints } = await page();
    await opened.addInitScript(watchPeers);
    await opened.reload();
    await opened.waitForSelector('#avatar option[value="anna"]', { state: "attached" });
    await opened.fill("#text", "Hello there. ".repeat(30));
    await opened.click("#say");
    await state(opened, "Speaking.");
    const video = await until(opened, "video", ({ framesDecoded }) => framesDecoded > 25);
    assert.equal(video.frameWidth, 512);
    await until(opened, "audio", ({ totalAudioEnergy }) => totalAudioEnergy > 0.001);
    assert.match(await opened.textContent("#delay"), /^\d+\.\d\d s$/);
    await opened.screenshot({ path: join(ARTIFACTS, "call.png") });
    await opened.click("#interrupt");
    await state(opened, "Listening.");
    await silence(opened);

    await opened.fill("#text", "Again.");
    await opened.click("#say");
    await state(opened, "Speaking.");
    await opened.click("#stop");
    await state(opened, "You have hung up.");
    assert.deepEqual(complaints, []);
  });

  it("says what is spoken into the microphone", async () => {
    const { page: opened, complaints } = await page({ permissions: ["microphone"] });
    await opened.addInitScript(watchPeers);
    await opened.reload();
    await opened.waitForSelector('#avatar option[value="anna"]', { state: "attached" });
    await opened.fill("#text", "");
    await opened.selectOption("#microphone", "drive");
    await opened.click("#say");
    await state(opened, "Speaking.");
    await until(opened, "audio", ({ totalAudioEnergy }) => totalAudioEnergy > 0.001);
    await until(opened, "video", ({ framesDecoded }) => framesDecoded > 25);
    assert.deepEqual(complaints, []);
  });

  it("is seen and heard by a page that offers its camera in several qualities", async () => {
    const { page: opened } = await page();
    const seen = await opened.evaluate(async (text) => {
      const peer = new RTCPeerConnection();
      const [camera] = document.createElement("canvas").captureStream(10).getVideoTracks();
      const video = peer.addTransceiver(camera, {
        direction: "sendrecv",
        sendEncodings: [{ rid: "q", scaleResolutionDownBy: 4 }, { rid: "h" }],
      });
      peer.addTransceiver("audio", { direction: "recvonly" });
      await peer.setLocalDescription(await peer.createOffer());
      const offer = peer.localDescription.sdp;
      const response = await fetch("/api/realtime/offer", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ type: "offer", sdp: offer, text, microphone: "off" }),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
      const latest = performance.now() + 20_000;
      for (;;) {
        const reports = [...(await peer.getStats()).values()];
        const of = (type, kind) => reports.find((report) => report.type === type && report.kind === kind) ?? {};
        const { framesDecoded } = of("inbound-rtp", "video");
        const { packetsReceived } = of("inbound-rtp", "audio");
        if ((framesDecoded > 25 && packetsReceived > 50) || performance.now() > latest) {
          const sent = of("outbound-rtp", "video").packetsSent ?? 0;
          const direction = video.currentDirection;
          peer.close();
          return { several: offer.includes("a=simulcast:send q;h"), framesDecoded, packetsReceived, sent, direction };
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }, SPEECH);
    assert.ok(seen.several && seen.framesDecoded > 25 && seen.packetsReceived > 50, JSON.stringify(seen));
    assert.deepEqual([seen.sent, seen.direction], [0, "recvonly"]);
  });

  it("is watched by a player of WHEP", async () => {
    const { page: opened } = await page();
    const player = await readFile(WHEP, "utf8");
    await opened.route("**/whep.js", (route) => route.fulfill({ contentType: "text/javascript", body: player }));
    const seen = await opened.evaluate(async (text) => {
      const body = JSON.stringify({ text: text.repeat(5), language: "en", pace: "live", reuse: false });
      const begun = await fetch("/api/stream/start", { method: "POST", headers: { "Content-Type": "application/json" }, body });
      const { session_id: session } = await begun.json();
      const { WHEPClient } = await import("/whep.js");
      const peer = new RTCPeerConnection();
      peer.addTransceiver("audio", { direction: "recvonly" });
      peer.addTransceiver("video", { direction: "recvonly" });
      const client = new WHEPClient();
      await client.view(peer, new URL(`/whep/${session}`, location));
      const latest = performance.now() + 20_000;
      for (;;) {
        const reports = [...(await peer.getStats()).values()].filter(({ type }) => type === "inbound-rtp");
        const of = (kind) => reports.find((report) => report.kind === kind) ?? {};
        const [{ framesDecoded }, { packetsReceived }] = [of("video"), of("audio")];
        if ((framesDecoded > 25 && packetsReceived > 50) || performance.now() > latest) {
          await client.stop();
          return { framesDecoded, packetsReceived };
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }, SPEECH);
    assert.ok(seen.framesDecoded > 25 && seen.packetsReceived > 50, JSON.stringify(seen));
  });

  it("says so when the server takes no calls", async () => {
    const { page: opened } = await page();
    await opened.route("**/api/realtime/offer", (route) =>
      route.fulfill({ status: 503, json: { code: "busy", error: "there are as many peers as there may be" } }),
    );
    await opened.click("#say");
    await opened.waitForSelector("#trouble:not([hidden])");
    assert.match(await opened.textContent("#trouble"), /busy/);
    assert.equal(await opened.isDisabled("#say"), false);
  });

  for (const [name, viewport] of [["desktop", { width: 1280, height: 800 }], ["phone", { width: 375, height: 740 }]]) {
    it(`is accessible and fits on a ${name}`, async () => {
      const { page: opened } = await page({ viewport });
      await opened.click("#say");
      await opened.waitForFunction(() => document.getElementById("studio").dataset.state === "live");
      await opened.evaluate(await readFile(AXE, "utf8"));
      const { violations } = await opened.evaluate(() => window.axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
      const width = await opened.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `${width} pixels wide`);
      await opened.screenshot({ path: join(ARTIFACTS, `call-${name}.png`), fullPage: true });
    });
  }
});
