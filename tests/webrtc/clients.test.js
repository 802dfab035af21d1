/** Players of WHEP in Node, werift and node-datachannel, against the module: with default settings, and by names of their own. */

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import datachannel from "node-datachannel";
import { RTCPeerConnection, useH264, useOPUS } from "werift";

const BASE = process.env.BASE;
const PATIENCE_MS = 30_000;
const TEXT = "This sentence is said many times. ".repeat(20);

/** Begins a session of pace "live", and returns where it is watched. */
async function session() {
  const response = await fetch(`${BASE}/api/stream/start`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text: TEXT, language: "en", pace: "live", reuse: false }),
  });
  assert.equal(response.status, 200);
  return `${BASE}/whep/${(await response.json()).session_id}`;
}

async function watch(place, offer) {
  const response = await fetch(place, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: offer });
  const answer = await response.text();
  assert.equal(response.status, 201, answer);
  assert.equal(response.headers.get("Content-Type"), "application/sdp");
  const names = (sdp) => sdp.match(/^a=mid:.*$/gm).map((line) => line.trim());
  assert.deepEqual(names(answer), names(offer));
  return answer;
}

/** Waits until `seen` has so many packets of pictures and sound. */
async function until(seen) {
  const latest = performance.now() + PATIENCE_MS;
  while (seen.video < 50 || seen.audio < 50) {
    assert.ok(performance.now() < latest, JSON.stringify(seen));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("players of WHEP in Node", () => {
  after(() => datachannel.cleanup());

  for (const bundlePolicy of ["max-bundle", "max-compat"]) {
    it(`werift watches, ${bundlePolicy}`, async () => {
      const codecs = { audio: [useOPUS()], video: [useH264()] };
      const peer = new RTCPeerConnection({ codecs, bundlePolicy, iceServers: [] });
      const seen = { video: 0, audio: 0 };
      peer.onTrack.subscribe((track) => track.onReceiveRtp.subscribe(() => seen[track.kind]++));
      peer.addTransceiver("video", { direction: "recvonly" });
      peer.addTransceiver("audio", { direction: "recvonly" });
      let gathered = [];
      try {
        await peer.setLocalDescription(await peer.createOffer());
        gathered = [...peer.iceTransports];
        const answer = await watch(await session(), peer.localDescription.sdp);
        await peer.setRemoteDescription({ type: "answer", sdp: answer });
        await until(seen);
      } finally {
        await peer.close();
        // It forgets the sockets of the section that went into the other's bundle, and Node waits for them.
        await Promise.all(gathered.map((transport) => transport.stop()));
      }
    });
  }

  it("node-datachannel watches, with names of its own", async () => {
    const peer = new datachannel.PeerConnection("player", { iceServers: [], disableAutoNegotiation: true });
    const seen = { video: 0, audio: 0 };
    const video = new datachannel.Video("video-stream", "RecvOnly");
    video.addH264Codec(96);
    const audio = new datachannel.Audio("the-sound-that-belongs-to-it", "RecvOnly");
    audio.addOpusCodec(111);
    const tracks = [video, audio].map((description) => peer.addTrack(description));
    tracks.forEach((track, index) => track.onMessage(() => seen[["video", "audio"][index]]++));
    try {
      const gathered = new Promise((resolve) =>
        peer.onGatheringStateChange((state) => state === "complete" && resolve()),
      );
      peer.setLocalDescription("offer");
      await gathered;
      const answer = await watch(await session(), peer.localDescription().sdp);
      peer.setRemoteDescription(answer, "answer");
      await until(seen);
    } finally {
      peer.close();
    }
  });
});
