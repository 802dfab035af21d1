/**
 * How long people wait in a call, in Chromium on this machine's own network. Prints one JSON object; nothing is asserted here.
 *
 *   tests/browser/run.sh calls            ten calls, and one of a minute
 *   ROUNDS=3 SECONDS=10 tests/browser/run.sh calls
 */

import { launch, open } from "./browser.js";

const ROUNDS = Number(process.env.ROUNDS ?? 10);
const SECONDS = Number(process.env.SECONDS ?? 60);
// Voiced throughout: an interruption in a pause would measure nothing.
const TEXT = "we were all along a railway line ".repeat(8);

/** Runs in the page: one call, whose times are returned in milliseconds. */
async function callOnce({ text, seconds }) {
  const within = (what, promise) =>
    Promise.race([promise, new Promise((_, refuse) => setTimeout(() => refuse(new Error(`no ${what}`)), 10_000))]);
  const peer = new RTCPeerConnection();
  const channel = peer.createDataChannel("talk");
  const tracks = {};
  peer.addEventListener("track", ({ track }) => (tracks[track.kind] = track));
  peer.addTransceiver("video", { direction: "recvonly" });
  peer.addTransceiver("audio", { direction: "recvonly" });
  await peer.setLocalDescription(await peer.createOffer());
  const begun = performance.now();
  const response = await fetch("/api/realtime/offer", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ type: "offer", sdp: peer.localDescription.sdp, microphone: "off" }),
  });
  if (!response.ok) throw new Error(await response.text());
  const answer = await response.json();
  const answered = performance.now() - begun;
  await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });

  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = new MediaStream([tracks.video]);
  const first = new Promise((resolve) => video.requestVideoFrameCallback(() => resolve(performance.now() - begun)));
  document.body.append(video);
  video.play();

  // What nobody plays is not fetched.
  const audio = new Audio();
  audio.srcObject = new MediaStream([tracks.audio]);
  audio.play();
  // Sound as it would be played, ten milliseconds at a time.
  const sounds = new MediaStreamTrackProcessor({ track: tracks.audio }).readable.getReader();
  let loudAt = 0;
  let waiting = null;
  (async () => {
    for (;;) {
      const { value, done } = await sounds.read();
      if (done) return;
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      value.close();
      if (samples.some((sample) => Math.abs(sample) > 0.01)) {
        loudAt = performance.now();
        waiting?.(loudAt);
        waiting = null;
      }
    }
  })();
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const firstPicture = await within("picture", first);
  const open = new Promise((resolve) => channel.addEventListener("open", resolve));
  if (channel.readyState !== "open") await within("channel", open);
  await sleep(1000);

  const spoke = performance.now();
  const heard = new Promise((resolve) => (waiting = resolve));
  channel.send(JSON.stringify({ type: "speak", text }));
  const speech = (await within("sound", heard)) - spoke;
  await sleep(1500);
  const interrupted = performance.now();
  channel.send(JSON.stringify({ type: "interrupt" }));
  await sleep(1000);
  const silence = Math.max(0, loudAt - interrupted);

  // When what is played now was made, by the server's clock: for lips and voice the same.
  let skew = 0;
  let compared = 0;
  let reports = {};
  channel.send(JSON.stringify({ type: "speak", text: seconds > 5 ? text.repeat(20) : text }));
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    await sleep(500);
    reports = {};
    for (const report of (await peer.getStats()).values()) {
      if (report.type === "inbound-rtp") reports[report.kind] = report;
    }
    const { audio, video: seen } = reports;
    if (audio?.estimatedPlayoutTimestamp && seen?.estimatedPlayoutTimestamp && performance.now() - begun > 8000) {
      compared++;
      skew = Math.max(skew, Math.abs(audio.estimatedPlayoutTimestamp - seen.estimatedPlayoutTimestamp));
    }
  }
  const { framesDropped, freezeCount, framesDecoded } = reports.video;
  const concealed = reports.audio.concealedSamples - reports.audio.silentConcealedSamples;
  peer.close();
  video.remove();
  fetch(answer.peer_url, { method: "DELETE", keepalive: true });
  return { answered, firstPicture, speech, silence, skew, compared, framesDropped, freezeCount, framesDecoded, concealed };
}

/** Runs in the page: a player of WHEP comes to a session that others watch over HLS, and then another. */
async function watchOnce({ text }) {
  const post = (path, body) =>
    fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const started = await post("/api/stream/start", { text: text.repeat(3), language: "en", pace: "live", reuse: false });
  const { session_id } = await started.json();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const join = async () => {
    const peer = new RTCPeerConnection();
    const video = document.createElement("video");
    peer.addEventListener("track", ({ track }) => {
      if (track.kind === "video") video.srcObject = new MediaStream([track]);
    });
    peer.addTransceiver("video", { direction: "recvonly" });
    peer.addTransceiver("audio", { direction: "recvonly" });
    await peer.setLocalDescription(await peer.createOffer());
    const begun = performance.now();
    const answer = await fetch(`/whep/${session_id}`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: peer.localDescription.sdp,
    });
    if (!answer.ok) throw new Error(await answer.text());
    const shown = () => new Promise((resolve) => video.requestVideoFrameCallback(() => resolve(performance.now() - begun)));
    const first = shown();
    await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    video.muted = true;
    document.body.append(video);
    video.play();
    const joined = await first;
    const moving = await shown();
    const leave = async () => {
      peer.close();
      video.remove();
      await fetch(answer.headers.get("Location"), { method: "DELETE" });
    };
    return { joined, moving, leave };
  };
  const first = await join();
  const second = await join();
  await Promise.all([first.leave(), second.leave()]);
  await post("/api/cleanup", { session_id });
  return { joined: first.joined, moving: first.moving, joinedLater: second.joined };
}

const median = (values) => [...values].sort((one, other) => one - other)[Math.floor((values.length - 1) / 2)];

const browser = await launch();
try {
  const { page } = await open(browser, "/call");
  const calls = [];
  for (let round = 0; round < ROUNDS; round++) calls.push(await page.evaluate(callOnce, { text: TEXT, seconds: 1 }));
  const long = await page.evaluate(callOnce, { text: TEXT, seconds: SECONDS });
  const watches = [];
  for (let round = 0; round < ROUNDS; round++) watches.push(await page.evaluate(watchOnce, { text: TEXT }));
  const measured = (field, times = calls) => {
    const values = times.map((time) => time[field]);
    return { median: Math.round(median(values)), worst: Math.round(Math.max(...values)) };
  };
  console.log(
    JSON.stringify({
      calls: ROUNDS,
      offer_to_answer_ms: measured("answered"),
      offer_to_first_picture_ms: measured("firstPicture"),
      speak_to_sound_ms: measured("speech"),
      interrupt_to_silence_ms: measured("silence"),
      whep_to_first_picture_ms: measured("joined", watches),
      whep_of_a_second_to_first_picture_ms: measured("joinedLater", watches),
      whep_to_moving_picture_ms: measured("moving", watches),
      long_call: {
        seconds: SECONDS,
        skew_ms: Math.round(long.skew),
        compared: long.compared,
        pictures: long.framesDecoded,
        dropped: long.framesDropped,
        freezes: long.freezeCount,
        concealed_ms: Math.round(long.concealed / 48),
      },
    }),
  );
} finally {
  await browser.close();
}
