/** The page /call: one connection at a time, text and a microphone. */

import { address, given } from "./address.js";
import { Meter } from "./meter.js";
import { Refusals } from "./refusals.js";
import { avatars, call as request } from "./session.js";
import { Trouble } from "./trouble.js";
import { announce, bringIntoView, clock, since } from "./view.js";
import { fill } from "./words.js";

const SAMPLE = "Hello! You can interrupt me at any time, and I will stop at once.";
/** Longer than the server takes to be reached over TCP, when nothing else is let through. */
const CONNECT_MS = 15_000;
const TICK_MS = 500;

const $ = (id) => document.getElementById(id);
const form = $("form");
const video = $("video");
const text = $("text");
const refusals = new Refusals(form, { onAsked() {}, onKey: loadFaces });
const meter = new Meter($("level"), $("bars"));

/** What is on the stage: `{peer, channel, stream, answer, pressed, seen, speaks, asked, timers}`, or null. */
let current = null;

// ---- a connection from Call to Hang up

async function connect() {
  leave();
  refusals.show(null);
  const talk = { peer: new RTCPeerConnection(), pressed: performance.now(), timers: [] };
  current = talk;
  try {
    const microphone = form.microphone.value;
    if (microphone !== "off") {
      showState("asking", "Waiting for the microphone…", "Microphone");
      talk.stream = await openMicrophone();
      if (talk !== current) return silence(talk.stream);
      meter.open(talk.stream);
    }
    talk.pressed = performance.now();
    showState("finding", "Calling…", "Calling");
    bringIntoView($("stage"));
    listen(talk);
    await talk.peer.setLocalDescription(await talk.peer.createOffer());
    const body = { type: "offer", sdp: talk.peer.localDescription.sdp, microphone };
    if (form.avatar.value) body.avatar = form.avatar.value;
    const answer = await request("/api/realtime/offer", { method: "POST", body, key: refusals.key });
    talk.answer = answer;
    if (talk !== current) return free(talk);
    await talk.peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    talk.timers.push(setTimeout(() => unreached(talk), CONNECT_MS));
  } catch (error) {
    if (talk === current) fail(error instanceof Trouble ? error : new Trouble(codeOf(error), error.message));
  }
}

/** What comes from the other side. */
function listen(talk) {
  const { peer } = talk;
  // The face first: its packets then are the ones that the answer's candidates stand beside.
  peer.addTransceiver("video", { direction: "recvonly" });
  const [track] = talk.stream?.getAudioTracks() ?? [];
  peer.addTransceiver(track ?? "audio", { direction: track ? "sendrecv" : "recvonly" });
  const shown = new MediaStream();
  peer.addEventListener("track", ({ track: one }) => {
    shown.addTrack(one);
    video.srcObject = shown;
  });
  talk.channel = peer.createDataChannel("talk");
  talk.channel.addEventListener("open", () => {
    if (talk === current && text.value.trim()) say();
  });
  talk.channel.addEventListener("message", ({ data }) => {
    if (talk === current) hear(JSON.parse(data));
  });
  peer.addEventListener("connectionstatechange", () => {
    if (talk !== current) return;
    if (peer.connectionState === "failed" || peer.connectionState === "closed") ended();
  });
  talk.channel.addEventListener("close", () => {
    if (talk === current) ended();
  });
}

function hear(event) {
  if (event.type === "speaking") {
    if (current.asked) $("delay").textContent = since(current.asked);
    current.asked = 0;
  }
  if (event.type === "speaking" || event.type === "silent") {
    current.speaks = event.type === "speaking";
    showLive();
  }
  if (event.type === "error") refusals.show(new Trouble(event.code, event.error ?? ""));
}

function say() {
  const words = text.value.trim();
  if (!words) return text.focus();
  refusals.show(null);
  current.asked = performance.now();
  current.channel.send(JSON.stringify({ type: "speak", text: words }));
  text.select();
}

function unreached(talk) {
  if (talk !== current || talk.peer.connectionState === "connected") return;
  fail(new Trouble("unreachable", "The server answered, but no packets pass: its address for WebRTC may be wrong"));
}

function leave() {
  const talk = current;
  if (!talk) return;
  current = null;
  talk.timers.forEach(clearTimeout);
  free(talk);
  if (talk.stream) silence(talk.stream);
  meter.close();
  video.srcObject = null;
  video.hidden = true;
  $("stage").classList.remove("on");
  for (const fact of ["first-picture", "delay", "duration"]) $(fact).textContent = "–";
}

/** The server would notice by itself, some seconds later. */
function free(talk) {
  talk.peer.close();
  if (!talk.answer) return;
  const headers = refusals.key ? { "X-Avatar-Key": refusals.key } : {};
  fetch(given(talk.answer.peer_url), { method: "DELETE", headers, keepalive: true }).catch(() => {});
}

const silence = (stream) => stream.getTracks().forEach((track) => track.stop());

async function openMicrophone() {
  if (!navigator.mediaDevices) throw new Trouble("microphone_unavailable", "It must be opened over HTTPS");
  return navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
}

function codeOf({ name }) {
  if (name === "NotAllowedError") return "microphone_refused";
  if (name === "NotFoundError") return "microphone_missing";
  return name === "NotReadableError" ? "microphone_busy" : "internal";
}

function ended() {
  leave();
  showState("idle", "The call has ended.");
}

function fail(trouble) {
  leave();
  refusals.show(trouble);
  showState("bad", "Nobody is there.");
}

// ---- what is seen

function showState(state, words, badge = "") {
  const live = state === "live";
  const busy = live || state === "asking" || state === "finding";
  $("studio").dataset.state = state;
  announce($("sentence"), words);
  $("badge").hidden = !badge;
  $("badge").textContent = badge;
  $("badge").dataset.kind = live ? "live" : "busy";
  $("say").textContent = live ? "Say" : "Call";
  $("say").disabled = busy && !live;
  $("interrupt").disabled = !live;
  $("stop").disabled = !busy;
  $("avatar").disabled = busy;
  $("microphone").disabled = busy;
}

/** What is heard may come before what is seen. */
function showLive() {
  if (current.seen) showState("live", current.speaks ? "Speaking." : "Listening.", "Live");
}

function seen() {
  if (!current || current.seen) return;
  current.seen = performance.now();
  video.hidden = false;
  $("stage").classList.add("on");
  $("first-picture").textContent = since(current.pressed);
  showLive();
  const { seen: begun } = current;
  current.timers.push(
    setInterval(() => ($("duration").textContent = clock((performance.now() - begun) / 1000)), TICK_MS),
  );
}

function count() {
  const length = [...text.value].length;
  $("count").textContent = length === 1 ? "1 character" : `${length.toLocaleString("en")} characters`;
}

async function loadFaces() {
  try {
    const { avatars: known } = await avatars(refusals.key);
    fill($("avatar"), known);
    refusals.admitted();
  } catch (trouble) {
    fill($("avatar"), []);
    refusals.show(trouble);
  }
  showPortrait();
}

function showPortrait() {
  $("portrait").hidden = true;
  if ($("avatar").value) $("portrait").src = address(`/portraits/${encodeURIComponent($("avatar").value)}.webp`);
}

// ---- wiring

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if ($("say").disabled) return;
  if (current) say();
  else connect();
});
text.addEventListener("input", count);
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});
$("avatar").addEventListener("change", showPortrait);
$("portrait").addEventListener("load", () => ($("portrait").hidden = false));
$("interrupt").addEventListener("click", () => current?.channel.send(JSON.stringify({ type: "interrupt" })));
$("stop").addEventListener("click", () => {
  leave();
  showState("idle", "You have hung up.");
  $("say").focus();
});
for (const event of ["playing", "loadeddata"]) video.addEventListener(event, seen);
addEventListener("pagehide", leave);

text.value = SAMPLE;
count();
loadFaces();
