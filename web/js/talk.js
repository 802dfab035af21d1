/** The page /talk: a face, a microphone, and one session at a time. */

import { ChunkedStreamingClient, openMicrophone } from "../clients/js/index.js";
import { address } from "./address.js";
import { formCommand } from "./curl.js";
import { Meter } from "./meter.js";
import { Refusals } from "./refusals.js";
import { avatars } from "./session.js";
import { Trouble } from "./trouble.js";
import { announce, bringIntoView, clock, since } from "./view.js";

/** Seconds: shorter pieces are heard earlier, and make more requests. */
const CHUNK = 0.2;
const ASK_MS = 1000;
const PLAIN = "the session has begun";

const $ = (id) => document.getElementById(id);
const form = $("form");
const video = $("video");
const refusals = new Refusals(form, { onAsked: showRequest, onKey: loadFaces });
const meter = new Meter($("level"), $("bars"));

/** What is on the stage: `{client, stream, playback, microphone, pressed, seen, timer}`, or null. */
let current = null;
/** Counts the presses of Talk, so that an answer that comes too late is known as such. */
let attempt = 0;
/** The picture that was picked, and where the page shows it from. */
let photo = null;
let photoUrl = "";

// ---- the form

// Not by FormData, which leaves out what is switched off.
const chosen = () => form.querySelector("[name=face]:checked")?.value ?? "";

function showRequest() {
  const api = address("/api/audio-driven/chunked");
  const face = chosen() === "photo" ? ["image", `@${photo.name}`] : ["avatar", chosen() || "anna"];
  const withKey = refusals.wantsKey;
  const id = current?.client.sessionId ?? "SESSION";
  $("curl").textContent = [
    formCommand(`${api}/init`, [face], withKey),
    formCommand(`${api}/feed`, [["session_id", id], ["audio_chunk", "@speech.webm"], ["is_final_chunk", "true"]], withKey),
  ].join("\n\n");
}

function tile({ id, name, default: preferred }) {
  const label = document.createElement("label");
  label.className = "face";
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "face", value: id });
  radio.checked = preferred && !photo;
  const frame = Object.assign(document.createElement("span"), { className: "frame" });
  const image = Object.assign(document.createElement("img"), { alt: "", src: portraitOf(id) });
  // A face without a portrait has its initial.
  image.addEventListener("error", () => frame.replaceChildren((name ?? id).charAt(0).toUpperCase()));
  frame.append(image);
  label.append(radio, frame, Object.assign(document.createElement("span"), { className: "name", textContent: name ?? id }));
  return label;
}

const portraitOf = (id) => address(`/portraits/${encodeURIComponent(id)}.webp`);

async function loadFaces() {
  try {
    const { avatars: known } = await avatars(refusals.key);
    for (const old of form.querySelectorAll(".face:not(.own, .pick)")) old.remove();
    form.querySelector(".faces").append(...known.map(tile));
    refusals.admitted();
  } catch (trouble) {
    refusals.show(trouble);
  }
  showPortrait();
  showRequest();
}

function takePhoto(file) {
  if (!file) return;
  photo = file;
  URL.revokeObjectURL(photoUrl);
  photoUrl = URL.createObjectURL(file);
  $("thumbnail").src = photoUrl;
  $("own").hidden = false;
  $("own").querySelector("input").checked = true;
  $("pick-name").textContent = "Another photo";
  refusals.show(null);
  if (!current) showState("idle", "Ready when you are.");
  showPortrait();
  showRequest();
}

/** The chosen face before it speaks, and behind the video until that has a picture. */
function showPortrait() {
  const face = chosen();
  $("portrait").hidden = true;
  $("portrait").classList.toggle("photo", face === "photo");
  if (face) $("portrait").src = face === "photo" ? photoUrl : portraitOf(face);
}

// ---- a session from Talk to Stop

async function talk() {
  const mine = ++attempt;
  const face = chosen() === "photo" ? photo : { avatar: chosen() };
  leave();
  refusals.show(null);
  const client = new ChunkedStreamingClient(address("/"), { key: refusals.key || undefined });
  const session = { client, pressed: performance.now() };
  current = session;
  try {
    // First the microphone: without one nothing else is of use.
    showState("asking", "Waiting for the microphone…", "Microphone");
    session.stream = await openMicrophone();
    if (mine !== attempt) return void silence(session.stream);
    session.stream.getAudioTracks()[0]?.addEventListener("ended", () => {
      if (session === current) fail(new Trouble("microphone_missing", "It was unplugged or taken away"));
    });
    meter.open(session.stream);

    showState("finding", face === photo ? "Finding the face…" : "Fetching the face…", "Starting");
    bringIntoView($("stage"));
    // Whoever waits for a busy server should know that it is one.
    const begun = await client.initSession(face, { chunk_duration: CHUNK, retries: 0 });
    if (mine !== attempt) return void client.cleanup().catch(() => {});
    $("note").textContent = begun.message === PLAIN ? "" : sentence(begun.message);
    $("note").hidden = begun.message === PLAIN;
    showRequest();

    session.playback = client.attach(video, { onError: failHere(session) });
    video.hidden = false;
    $("stage").classList.add("on");
    // Muted, it may play without being asked; with sound this is still the press of Talk.
    video.play().catch(() => {});
    session.microphone = await client.fromMicrophone({ stream: session.stream, onError: failHere(session) });
    if (mine !== attempt) return;
    session.timer = setInterval(() => ask(session), ASK_MS);
    showLive();
  } catch (error) {
    if (mine === attempt) fail(error);
  }
}

/** Ends what is on the stage and frees it here and there. */
function leave() {
  const session = current;
  if (!session) return;
  current = null;
  clearInterval(session.timer);
  session.playback?.close();
  session.client.cleanup().catch(() => {});
  session.microphone?.stop();
  if (session.stream) silence(session.stream);
  meter.close();
  video.hidden = true;
  $("stage").classList.remove("on");
  $("note").hidden = true;
  for (const fact of ["first-picture", "duration", "frames"]) $(fact).textContent = "–";
  showPortrait();
  showRequest();
}

const silence = (stream) => stream.getTracks().forEach((track) => track.stop());

function stop() {
  attempt++;
  leave();
  showState("idle", "Stopped.");
  $("talk").focus();
}

const failHere = (session) => (error) => {
  if (session === current) fail(error);
};

function fail(error) {
  attempt++;
  const hadFocus = document.activeElement === $("stop");
  leave();
  refusals.show(error instanceof Trouble ? error : new Trouble(error.code ?? "internal", advice(error), error.retryAfter));
  showState("bad", "Nothing is live.");
  if (hadFocus) $("talk").focus();
}

/** Where the words of an error do not say what to do, the page does. */
function advice({ code, message }) {
  if (code === "microphone_refused") return "Allow it beside the page's address, then press Talk again";
  if (code === "microphone_missing") return "Plug one in, then press Talk again";
  return message;
}

async function ask(session) {
  try {
    const status = await session.client.getStatus();
    if (session !== current) return;
    if (status.status === "error") return fail(new Trouble(status.error_code ?? "internal", status.error ?? ""));
    if (status.status === "completed") return stop();
    $("frames").textContent = status.total_frames_generated.toLocaleString("en");
    $("duration").textContent = clock(status.uptime_seconds);
  } catch (error) {
    // A server that restarts is away for a moment; a session that is gone stays gone.
    if (session === current && error.code === "unknown_session") fail(error);
  }
}

// ---- what is seen

function showLive() {
  if (!current?.microphone) return;
  if (video.readyState > 2 && !video.paused) showState("live", "Live: say something.", "Live");
  else showState("finding", "Waiting for the first picture…", "Starting");
}

function showState(state, words, badge = "") {
  $("studio").dataset.state = state;
  announce($("sentence"), words);
  $("badge").hidden = !badge;
  $("badge").textContent = badge;
  $("badge").dataset.kind = state === "live" ? "live" : "busy";
  const busy = state === "asking" || state === "finding" || state === "live";
  $("stop").disabled = !busy;
  // A button that is switched off loses the focus to nowhere.
  if (busy && document.activeElement === $("talk")) $("stop").focus();
  $("talk").disabled = busy;
  $("faces").disabled = busy;
}

function sentence(words) {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

// ---- wiring

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!$("talk").disabled) talk();
});
form.addEventListener("change", ({ target }) => {
  if (target.id === "photo") takePhoto(target.files[0]);
  if (target.name === "face") {
    showPortrait();
    showRequest();
  }
});
$("stop").addEventListener("click", stop);
$("sound").addEventListener("change", ({ target }) => (video.muted = !target.checked));
$("portrait").addEventListener("load", () => ($("portrait").hidden = false));
for (const event of ["playing", "pause", "waiting"]) video.addEventListener(event, showLive);
video.addEventListener("playing", () => {
  if (!current || current.seen) return;
  current.seen = true;
  $("first-picture").textContent = since(current.pressed);
});
// A picture can also be dropped on the stage.
$("stage").addEventListener("dragover", (event) => event.preventDefault());
$("stage").addEventListener("drop", (event) => {
  event.preventDefault();
  if (!current) takePhoto(event.dataTransfer.files[0]);
});
// Whoever leaves the page leaves the session too.
addEventListener("pagehide", leave);

loadFaces();
